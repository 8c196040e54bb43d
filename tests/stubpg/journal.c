#include "journal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define NOWHERE UINT32_MAX

bool journal_init(struct journal *journal, size_t cap, struct err *err)
{
    *journal = (struct journal){.cap = cap, .epoch = 1};
    void *memory = mmap(NULL, cap * sizeof *journal->records, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return err_system(err, NULL, "cannot reserve a log of %zu records", cap);
    journal->records = memory;
    return true;
}

void journal_deinit(struct journal *journal)
{
    if (journal->records)
        munmap(journal->records, journal->cap * sizeof *journal->records);
    *journal = (struct journal){0};
}

void journal_clear(struct journal *journal)
{
    journal->n = 0;
    journal->n_dropped = 0;
    journal->epoch++;
}

struct journal_slot journal_add(struct journal *journal)
{
    if (journal->n < journal->cap)
        return (struct journal_slot){.epoch = journal->epoch, .index = (uint32_t)journal->n++};
    journal->n_dropped++;
    return (struct journal_slot){.epoch = journal->epoch, .index = NOWHERE};
}

struct stub_record *journal_at(struct journal *journal, struct journal_slot slot)
{
    return slot.epoch == journal->epoch && slot.index != NOWHERE ? &journal->records[slot.index] : NULL;
}

static void write_csv(const struct journal *journal, FILE *file)
{
    fputs("request,connection,pid,recv_ns,begin_ns,service_ns,due_ns,send_ns,in_service,sqlstate\n", file);
    for (size_t i = 0; i < journal->n; i++) {
        const struct stub_record *r = &journal->records[i];
        fprintf(file,
                "%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64
                ",%" PRIu32 ",%s\n",
                r->request, r->connection, r->pid, r->recv_ns, r->begin_ns, r->service_ns, r->due_ns, r->send_ns,
                r->in_service, r->sqlstate);
    }
}

static void write_binary(const struct journal *journal, FILE *file)
{
    struct stub_log_header header = {.n_records = journal->n, .n_dropped = journal->n_dropped};
    memcpy(header.magic, STUB_LOG_MAGIC, sizeof header.magic);
    fwrite(&header, sizeof header, 1, file);
    fwrite(journal->records, sizeof *journal->records, journal->n, file);
}

bool journal_write(const struct journal *journal, const char *path, struct err *err)
{
    FILE *file = fopen(path, "we");
    if (!file)
        return err_system(err, path, "cannot write the log");
    size_t len = strlen(path);
    bool csv = len >= 4 && strcmp(path + len - 4, ".csv") == 0;
    (csv ? write_csv : write_binary)(journal, file);
    bool ok = !ferror(file);
    ok = fclose(file) == 0 && ok;
    return ok || err_system(err, path, "cannot write the log");
}

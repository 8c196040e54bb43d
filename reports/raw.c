/* Little endian throughout, so that od, awk and numpy read it on any machine that people have:
 *
 *     0  "PGDYNREC"        24  i64 window's start, ns since 1970    48  f64 rate, tx/s, 0: closed
 *     8  u32 version 1     32  i64 window's length, ns              56  i32 connections
 *    12  u32 header bytes  40  u32 flags: 1 = records are complete  60  i32 clients
 *    16  u64 records       44  u32 transactions                     64  their names, each ended by a NUL
 *
 * Records follow from byte "header bytes" on, a multiple of 32, each 32 bytes: struct record, member by member. */
#include "reports/raw.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIXED_BYTES = 64,
    RECORD_BYTES = 32,
    VERSION = 1,
    FLAG_COMPLETE = 1,
    CHUNK = 1024, /* records at once */
    NAMES_MOST_BYTES = 1 << 20
};
static const char magic[8] = {'P', 'G', 'D', 'Y', 'N', 'R', 'E', 'C'};

/* --- Numbers ------------------------------------------------------------------------------------------------------ */

static void put_u32(unsigned char *to, uint32_t value)
{
    value = htole32(value);
    memcpy(to, &value, sizeof value);
}

static void put_u64(unsigned char *to, uint64_t value)
{
    value = htole64(value);
    memcpy(to, &value, sizeof value);
}

static uint32_t get_u32(const unsigned char *from)
{
    uint32_t value;
    memcpy(&value, from, sizeof value);
    return le32toh(value);
}

static uint64_t get_u64(const unsigned char *from)
{
    uint64_t value;
    memcpy(&value, from, sizeof value);
    return le64toh(value);
}

static void put_record(unsigned char *to, const struct record *record)
{
    put_u64(to, (uint64_t)record->intended_ns);
    put_u64(to + 8, (uint64_t)record->pool_wait_ns);
    put_u64(to + 16, (uint64_t)record->service_ns);
    put_u32(to + 24, record->lag_ns);
    to[28] = (unsigned char)(record->transaction & 0xff);
    to[29] = (unsigned char)(record->transaction >> 8);
    to[30] = record->attempts;
    to[31] = record->status;
}

static void get_record(const unsigned char *from, struct record *record)
{
    record->intended_ns = (int64_t)get_u64(from);
    record->pool_wait_ns = (int64_t)get_u64(from + 8);
    record->service_ns = (int64_t)get_u64(from + 16);
    record->lag_ns = get_u32(from + 24);
    record->transaction = (uint16_t)(from[28] | from[29] << 8);
    record->attempts = from[30];
    record->status = from[31];
}

/* --- Writing ------------------------------------------------------------------------------------------------------ */

static size_t header_bytes(const struct raw_trial *trial)
{
    size_t bytes = FIXED_BYTES;
    for (size_t i = 0; i < trial->n_names; i++)
        bytes += strlen(trial->names[i]) + 1;
    return (bytes + RECORD_BYTES - 1) / RECORD_BYTES * RECORD_BYTES;
}

static void write_header(FILE *file, const struct raw_trial *trial)
{
    unsigned char head[FIXED_BYTES] = {0};
    size_t bytes = header_bytes(trial), used = FIXED_BYTES;
    uint64_t rate_bits;
    memcpy(&rate_bits, &trial->rate_tps, sizeof rate_bits);
    memcpy(head, magic, sizeof magic);
    put_u32(head + 8, VERSION);
    put_u32(head + 12, (uint32_t)bytes);
    put_u64(head + 16, trial->records.n);
    put_u64(head + 24, (uint64_t)trial->started_wall_ns);
    put_u64(head + 32, (uint64_t)trial->duration_ns);
    put_u32(head + 40, trial->records.complete ? FLAG_COMPLETE : 0);
    put_u32(head + 44, (uint32_t)trial->n_names);
    put_u64(head + 48, rate_bits);
    put_u32(head + 56, (uint32_t)trial->connections);
    put_u32(head + 60, (uint32_t)trial->clients);
    fwrite(head, 1, sizeof head, file);
    for (size_t i = 0; i < trial->n_names; i++)
        used += fwrite(trial->names[i], 1, strlen(trial->names[i]) + 1, file);
    for (; used < bytes; used++)
        fputc('\0', file);
}

static void write_records(FILE *file, const struct records *records)
{
    unsigned char chunk[CHUNK * RECORD_BYTES];
    for (size_t at = 0; at < records->n && !ferror(file); at += CHUNK) {
        size_t n = records->n - at < CHUNK ? records->n - at : CHUNK;
        for (size_t i = 0; i < n; i++)
            put_record(chunk + i * RECORD_BYTES, &records->list[at + i]);
        fwrite(chunk, RECORD_BYTES, n, file);
    }
}

bool raw_write(const char *path, const struct raw_trial *trial, struct err *err)
{
    FILE *file = fopen(path, "we");
    if (!file)
        return err_system(err, path, "cannot create");
    errno = 0;
    write_header(file, trial);
    write_records(file, &trial->records);
    bool written = fflush(file) == 0 && !ferror(file);
    int first_errno = errno;
    if (fclose(file) == 0 && written)
        return true;
    errno = first_errno ? first_errno : errno;
    return err_system(err, path,
                      "cannot write the trial's raw records (earlier trials are safe; without --raw a trial "
                      "needs less room)");
}

/* --- Reading ------------------------------------------------------------------------------------------------------ */

/* *start: where the records begin. */
static bool read_header(FILE *file, const char *path, struct raw_trial *out, long *start, struct err *err)
{
    unsigned char head[FIXED_BYTES];
    if (fread(head, 1, sizeof head, file) != sizeof head || memcmp(head, magic, sizeof magic) != 0)
        return err_set(err, ERR_INPUT, path, "not a file of raw records");
    if (get_u32(head + 8) != VERSION)
        return err_set(err, ERR_INPUT, path, "its version is %u: this pgdyno reads version %d", get_u32(head + 8),
                       VERSION);
    uint32_t bytes = get_u32(head + 12);
    uint64_t n = get_u64(head + 16), rate_bits = get_u64(head + 48);
    if (bytes < FIXED_BYTES || bytes > NAMES_MOST_BYTES || bytes % RECORD_BYTES != 0)
        return err_set(err, ERR_INPUT, path, "its header is damaged");
    *start = (long)bytes;
    if (fseek(file, 0, SEEK_END) != 0)
        return err_system(err, path, "cannot read");
    uint64_t there = ftell(file) > (long)bytes ? (uint64_t)(ftell(file) - (long)bytes) / RECORD_BYTES : 0;
    if (n > there)
        return err_set(err, ERR_INPUT, path, "cut short: it holds %llu of %llu records", (unsigned long long)there,
                       (unsigned long long)n);
    out->started_wall_ns = (int64_t)get_u64(head + 24);
    out->duration_ns = (int64_t)get_u64(head + 32);
    out->records.complete = get_u32(head + 40) & FLAG_COMPLETE;
    out->records.n = (size_t)n;
    out->n_names = get_u32(head + 44);
    memcpy(&out->rate_tps, &rate_bits, sizeof rate_bits);
    out->connections = (int)get_u32(head + 56);
    out->clients = (int)get_u32(head + 60);
    return true;
}

static bool possible(const struct record *record, size_t n_transactions)
{
    return record->transaction < n_transactions && record->status <= RECORD_CENSORED && record->pool_wait_ns >= 0 &&
           record->service_ns >= 0;
}

static bool read_records(FILE *file, const char *path, struct raw_trial *out, struct err *err)
{
    struct records *records = &out->records;
    unsigned char chunk[CHUNK * RECORD_BYTES];
    records->list = calloc(records->n ? records->n : 1, sizeof *records->list);
    if (!records->list)
        return err_memory(err);
    for (size_t at = 0; at < records->n; at += CHUNK) {
        size_t n = records->n - at < CHUNK ? records->n - at : CHUNK;
        if (fread(chunk, RECORD_BYTES, n, file) != n)
            return err_system(err, path, "cannot read");
        for (size_t i = 0; i < n; i++) {
            get_record(chunk + i * RECORD_BYTES, &records->list[at + i]);
            if (!possible(&records->list[at + i], out->n_names))
                return err_set(err, ERR_INPUT, path, "damaged: record %zu cannot be", at + i + 1);
        }
    }
    return true;
}

bool raw_read(const char *path, struct raw_trial *out, bool *found, struct err *err)
{
    long start;
    *out = (struct raw_trial){0};
    FILE *file = fopen(path, "re");
    *found = file || errno != ENOENT;
    if (!file)
        return err_system(err, path, "cannot open");
    bool ok = read_header(file, path, out, &start, err);
    if (ok && fseek(file, start, SEEK_SET) != 0)
        ok = err_system(err, path, "cannot read");
    ok = ok && read_records(file, path, out, err);
    fclose(file);
    if (!ok)
        raw_deinit(out);
    return ok;
}

void raw_deinit(struct raw_trial *trial)
{
    free(trial->records.list);
    *trial = (struct raw_trial){0};
}

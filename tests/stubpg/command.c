#include "command.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

enum {
    LINE = 512
};

static bool run_reset(struct server *server, const char *words, struct status *status, struct err *err)
{
    (void)words;
    (void)status;
    (void)err;
    server->service.model = server->first;
    server->counters = (struct counters){0};
    service_clear(&server->service);
    service_model_changed(&server->service, clock_now_ns());
    return true;
}

static bool run_clear(struct server *server, const char *words, struct status *status, struct err *err)
{
    (void)words;
    (void)status;
    (void)err;
    server->counters = (struct counters){0};
    service_clear(&server->service);
    return true;
}

static bool run_log(struct server *server, const char *words, struct status *status, struct err *err)
{
    (void)status;
    if (words[0] != '/')
        return err_set(err, ERR_USAGE, "log", "wanted: log FILE, with its absolute path");
    return journal_write(&server->service.journal, words, err);
}

static bool run_status(struct server *server, const char *words, struct status *status, struct err *err)
{
    (void)words;
    (void)err;
    const struct counters *counters = &server->counters;
    const struct service *service = &server->service;
    const struct {
        const char *name;
        uint64_t value;
    } rows[] = {
        {"requests", counters->requests},
        {"errors", counters->errors},
        {"commits", counters->commits},
        {"rollbacks", counters->rollbacks},
        {"cancels", counters->cancels},
        {"connects", counters->connects},
        {"refused", counters->refused},
        {"connections", (uint64_t)server->n_conns},
        {"in_service", (uint64_t)service->n_in_service},
        {"logged", service->journal.n},
        {"dropped", service->journal.n_dropped},
    };
    status->n = sizeof rows / sizeof *rows;
    _Static_assert(sizeof rows / sizeof *rows <= STATUS_COLUMNS, "room for all figures");
    for (int i = 0; i < status->n; i++) {
        snprintf(status->text[i], sizeof status->text[i], "%" PRIu64, rows[i].value);
        status->names[i] = rows[i].name;
        status->values[i] = status->text[i];
    }
    return true;
}

static const struct {
    const char *name;
    bool (*run)(struct server *server, const char *words, struct status *status, struct err *err);
} commands[] = {
    {"reset", run_reset},
    {"clear", run_clear},
    {"log", run_log},
    {"status", run_status},
};

/* "STUB name words": the name into *name, the words returned, both in `line`. */
static const char *take_apart(char *line, const char **name)
{
    char *p = line + strlen("stub");
    while (isspace((unsigned char)*p))
        p++;
    *name = p;
    while (*p && !isspace((unsigned char)*p))
        p++;
    if (*p)
        *p++ = '\0';
    while (isspace((unsigned char)*p))
        p++;
    return p;
}

bool command_run(struct server *server, const struct sql *sql, struct status *status, struct err *err)
{
    char line[LINE];
    const char *name;
    status->n = 0;
    if (sql->len >= sizeof line)
        return err_set(err, ERR_USAGE, "STUB", "too long");
    memcpy(line, sql->text, sql->len);
    line[sql->len] = '\0';
    const char *words = take_apart(line, &name);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(commands[i].name, name) == 0)
            return commands[i].run(server, words, status, err);
    if (!model_set(&server->service.model, name, words, err))
        return false;
    service_model_changed(&server->service, clock_now_ns());
    return true;
}

/* STUB statements: a setting of the model, or one of reset, clear, log, status. */
#ifndef PGDYNO_TESTS_STUBPG_COMMAND_H
#define PGDYNO_TESTS_STUBPG_COMMAND_H

#include "server.h"
#include "sql.h"

enum {
    STATUS_COLUMNS = 12,
    STATUS_DIGITS = 24
};

/* A row of figures for `STUB status`. */
struct status {
    const char *names[STATUS_COLUMNS];
    char text[STATUS_COLUMNS][STATUS_DIGITS];
    const char *values[STATUS_COLUMNS];
    int n; /* 0: this command has none */
};

/* False: nothing was changed, and the error says what was wrong. */
bool command_run(struct server *server, const struct sql *sql, struct status *status, struct err *err);

#endif

/* SQLSTATE codes as small integers, so that the measured path compares and counts without text. */
#ifndef PGDYNO_PG_SQLSTATE_H
#define PGDYNO_PG_SQLSTATE_H

#include <stdbool.h>
#include <stdint.h>

/* Five characters of [0-9A-Z], six bits each; 0 is "no code" (the connection was lost before any came). */
typedef uint32_t sqlstate;

#define SQLSTATE_CHAR(c) ((sqlstate)((c) >= 'A' ? (c) - 'A' + 10 : (c) - '0'))
#define SQLSTATE(a, b, c, d, e)                                                                                        \
    (SQLSTATE_CHAR(a) << 24 | SQLSTATE_CHAR(b) << 18 | SQLSTATE_CHAR(c) << 12 | SQLSTATE_CHAR(d) << 6 |                \
     SQLSTATE_CHAR(e))

#define SQLSTATE_SERIALIZATION_FAILURE SQLSTATE('4', '0', '0', '0', '1')
#define SQLSTATE_DEADLOCK_DETECTED     SQLSTATE('4', '0', 'P', '0', '1')
#define SQLSTATE_QUERY_CANCELED        SQLSTATE('5', '7', '0', '1', '4')
#define SQLSTATE_TOO_MANY_CONNECTIONS  SQLSTATE('5', '3', '3', '0', '0')
#define SQLSTATE_ADMIN_SHUTDOWN        SQLSTATE('5', '7', 'P', '0', '1')
#define SQLSTATE_CRASH_SHUTDOWN        SQLSTATE('5', '7', 'P', '0', '2')
#define SQLSTATE_CANNOT_CONNECT_NOW    SQLSTATE('5', '7', 'P', '0', '3')
#define SQLSTATE_INVALID_PASSWORD      SQLSTATE('2', '8', 'P', '0', '1')
#define SQLSTATE_READ_ONLY             SQLSTATE('2', '5', '0', '0', '6')
#define SQLSTATE_NOT_PERMITTED         SQLSTATE('4', '2', '5', '0', '1')

/* 0 unless `text` is exactly five of [0-9A-Z]. NULL is fine. */
sqlstate sqlstate_parse(const char *text);
/* "40001"; "-" for 0. `buf` has at least 6 bytes. */
const char *sqlstate_text(sqlstate code, char buf[6]);
/* PostgreSQL's condition name ("serialization_failure") for the codes that a load run meets, else "". */
const char *sqlstate_name(sqlstate code);
/* The inverse, for a workload's retry list: a condition name or a five-character code; 0 if unknown. */
sqlstate sqlstate_find(const char *name);

#endif

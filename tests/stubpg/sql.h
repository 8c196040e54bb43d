/* What the stub makes of a statement: its first words decide. */
#ifndef PGDYNO_TESTS_STUBPG_SQL_H
#define PGDYNO_TESTS_STUBPG_SQL_H

#include <stdbool.h>
#include <stddef.h>

/* All but SQL_DATA are answered at once. */
enum sql_kind {
    SQL_EMPTY,
    SQL_DATA, /* has a service time */
    SQL_BEGIN,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_ROLLBACK_TO,
    SQL_VALUE,  /* SHOW, set_config() and their like: one row of text */
    SQL_FORGET, /* DISCARD, DEALLOCATE ALL: prepared statements go */
    SQL_COPY,   /* refused */
    SQL_STUB,   /* to the stub itself */
    SQL_OTHER   /* SET, CREATE, VACUUM …: done */
};

struct sql {
    const char *text; /* from its first word on; borrowed */
    size_t len;
    enum sql_kind kind;
    bool rows;       /* does it return one? */
    const char *tag; /* of CommandComplete; static */
};

/* The first statement of `text`, without what stands before it and its semicolon; *rest is what follows that. */
struct sql sql_first(const char *text, size_t len, const char **rest);

/* The largest n of its $n. */
int sql_params(const char *text, size_t len);

#endif

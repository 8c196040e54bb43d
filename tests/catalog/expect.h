/* What a catalog workload promises, from expect/NAME.txt (README.md has the language). */
#ifndef PGDYNO_TESTS_CATALOG_EXPECT_H
#define PGDYNO_TESTS_CATALOG_EXPECT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

enum promise_kind {
    PROMISE_HAS,    /* the plan holds the text */
    PROMISE_LACKS,  /* it does not */
    PROMISE_SAME,   /* one plan shape under all variants */
    PROMISE_FAILS,  /* gives up with this SQLSTATE, or `timeout` */
    PROMISE_BREAKS, /* at this isolation level the check does not hold */
    PROMISE_MEETS,  /* the counter is above 0 */
    PROMISE_NEVER   /* the counter stays 0 */
};

enum {
    EXPECT_WORD_BYTES = 64,
    EXPECT_OPTIONS = 8
};

struct promise {
    enum promise_kind kind;
    int line;
    char variant[EXPECT_WORD_BYTES]; /* "*": each; "" with PROMISE_SAME */
    char transaction[EXPECT_WORD_BYTES];
    int statement;
    bool generic;   /* of the generic plan, whatever the sample's values */
    char text[256]; /* of the plan; SQLSTATE; check; counter */
    char level[8];  /* rc, rr, ser */
};

struct expect {
    char scale[EXPECT_WORD_BYTES];
    char duration[EXPECT_WORD_BYTES];
    char options[EXPECT_OPTIONS][EXPECT_WORD_BYTES]; /* more of the command line */
    int n_options;
    struct promise *promises; /* owned */
    size_t n_promises;
};

/* False with the line at fault; *out is to be deinited either way. */
bool expect_read(const char *path, struct expect *out, struct err *err);
void expect_deinit(struct expect *expect);

/* May a transaction of this variant fail like this? `how` NULL: in any way. */
bool expect_fails(const struct expect *expect, const char *variant, const char *transaction, const char *how);
/* Is the check to break there? */
bool expect_breaks(const struct expect *expect, const char *variant, const char *level, const char *check);
static inline bool expect_covers(const char *promised, const char *variant)
{
    return promised[0] == '*' || __builtin_strcmp(promised, variant) == 0;
}

#endif

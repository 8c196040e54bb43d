/* How long a service takes and what becomes of it: the settings, and what is drawn from them. A setting is a name and
 * words; the command line's --NAME="words" and the statement STUB NAME words are the same row of the same table. */
#ifndef PGDYNO_TESTS_STUBPG_MODEL_H
#define PGDYNO_TESTS_STUBPG_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "record.h"

enum {
    MODEL_STALLS = 16,
    MODEL_DELAYS = 16,
    MODEL_ERRORS = 8
};

enum shape {
    SHAPE_CONSTANT,    /* a */
    SHAPE_EXPONENTIAL, /* mean a */
    SHAPE_LOGNORMAL,   /* median a, sigma p */
    SHAPE_BIMODAL      /* a with probability p, else b */
};

/* The whole server stands still. */
struct stall {
    int64_t length_ns;
    int64_t at_ns;    /* after the first request since the last reset; -1: at once */
    bool at_is_clock; /* at_ns is a time of the clock instead */
};

/* One request of a connection takes longer: its `request`-th, or every `every`-th; the one that is not asked is 0. */
struct delay {
    int64_t length_ns;
    int64_t connection; /* 0: of every connection */
    int64_t request, every;
};

struct injected {
    char sqlstate[6];
    double p;
};

struct model {
    enum shape shape;
    double a_ns, b_ns, p;
    double factor;
    int64_t limit; /* services at once; 0: no limit */
    int64_t contention_size;
    double contention_slope;
    struct stall stalls[MODEL_STALLS]; /* those not begun yet */
    int n_stalls;
    struct delay delays[MODEL_DELAYS];
    int n_delays;
    struct injected errors[MODEL_ERRORS];
    int n_errors;
    int64_t connections; /* more are refused with 53300; 0: no limit */
    int64_t spin_ns;     /* before a due time the stub polls instead of sleeping */
    uint64_t seed;
};

/* A service of no time at all, no limit, no trouble. */
void model_init(struct model *model);
/* One setting from its words; in an error it is told what the words should be. The model is untouched on failure. */
bool model_set(struct model *model, const char *name, const char *words, struct err *err);
/* A line a setting, for --help. NULL after the last. */
const char *model_help(int row, const char **name, const char **words);

/* Fills in service_ns and sqlstate of a record that knows its request, connection and in_service. `nth` is the
 * request's number on its connection. A function of the seed and these numbers alone. */
void model_draw(const struct model *model, int64_t nth, struct stub_record *record);

#endif

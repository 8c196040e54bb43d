/* The command line: options are rows of a const table, and parsing, help and the man page read the rows. */
#ifndef PGDYNO_CLI_OPT_H
#define PGDYNO_CLI_OPT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "pg/target.h"
#include "workloads/workload.h"

/* Which commands an option belongs to. */
enum for_command {
    FOR_RUN = 1,
    FOR_SEED = 2,
    FOR_CHECK = 4,
    FOR_REPORT = 8,
    FOR_COMPARE = 16,
    FOR_LIST = 32,
    FOR_CLEAN = 64,
    FOR_HELP = 128,
    FOR_ALL = 255
};

enum {
    OPT_OPERANDS = 2,
    OPT_PERCENTILES = 8
};

/* What the command line said. Strings live in `arena`, free of argv. */
struct options {
    struct arena *arena;
    struct target target;
    struct override *overrides;
    size_t n_overrides;
    size_t cap_overrides;
    const char *operands[OPT_OPERANDS]; /* WORKLOAD or DIR; for compare BASE and HEAD */
    int n_operands;
    int n_scripts;                       /* -f and -b */
    bool list_builtins;                  /* -b list */
    const char *output;                  /* NULL: a folder of our choosing */
    const char *plots;                   /* "svg" (NULL), "png", "none" */
    double percentiles[OPT_PERCENTILES]; /* 0..1 */
    int n_percentiles;
    int progress_s; /* 0: not asked for */
    int jobs;       /* 0: one a core */
    bool raw; /* raw records stay on disk */
    bool quiet, no_color, keep, dry_run, help, version;
};

/* A value of an option, from `value` to `options`. */
struct option_row;
typedef bool option_fn(struct options *options, const struct option_row *row, const char *value, struct err *err);

struct option_row {
    char letter;          /* 0: none */
    const char *name;     /* NULL and no letter: a heading, in `help` */
    const char *argument; /* "SEC"; NULL: a flag */
    unsigned commands;    /* enum for_command, or-ed */
    option_fn *set;
    size_t offset;      /* of the member in struct options, where `set` needs one */
    const char *detail; /* override key; or why it is refused */
    const char *help;   /* NULL: known, but not shown */
};

/* Ends with a row of zeros. */
extern const struct option_row option_rows[];

/* Read what follows the command's name (argv[0] is the first option or operand). `max_operands` as the command has; a
 * connection string among the operands becomes the target. False with ERR_USAGE; call options_deinit in any case. */
bool options_parse(struct options *options, unsigned command, int max_operands, int argc, char *const *argv,
                   struct err *err);
void options_deinit(struct options *options);

/* The row that shows itself as --help, for tests and help: does it belong to `command`? */
bool option_shown(const struct option_row *row, unsigned command);

#endif

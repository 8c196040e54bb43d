/* The commands as rows; main.c has the table. */
#ifndef PGDYNO_CLI_COMMAND_H
#define PGDYNO_CLI_COMMAND_H

#include "cli/opt.h"

/* conventions.md, "Exit status". */
enum exit_status {
    EXIT_OK = 0,
    EXIT_USAGE = 1,      /* usage, workload file, first connection */
    EXIT_TROUBLE = 2,    /* errors while running; what was measured is written */
    EXIT_INVALID = 3,    /* measured, but not valid */
    EXIT_SIGNALLED = 128 /* + the signal's number; what was measured is written */
};

struct command {
    const char *name;
    enum for_command bit;
    const char *operands; /* "WORKLOAD [URI]" */
    int min_operands, max_operands;
    int (*run)(const struct options *options, const char *command_line);
    const char *about;    /* one line */
    const char *examples; /* lines of "command  # what for" */
    const char *more;     /* a paragraph; may be NULL */
};

int cmd_run(const struct options *options, const char *command_line);
int cmd_seed(const struct options *options, const char *command_line);
int cmd_check(const struct options *options, const char *command_line);
int cmd_report(const struct options *options, const char *command_line);
int cmd_compare(const struct options *options, const char *command_line);
int cmd_list(const struct options *options, const char *command_line);
int cmd_clean(const struct options *options, const char *command_line);

#endif

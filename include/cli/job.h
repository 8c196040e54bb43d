/* What run, seed, check and clean have in common: the workload, the terminal, the server, and how errors end. */
#ifndef PGDYNO_CLI_JOB_H
#define PGDYNO_CLI_JOB_H

#include <stdbool.h>

#include "cli/command.h"
#include "cli/view.h"
#include "run/run.h"

struct job {
    const struct options *options;
    struct workload *workload;
    struct view view;
    struct log log;
    struct progress_sink progress;
    struct session *session;
};

/* Find and read the workload with the command line's overrides; prints what is wrong. False: end with EXIT_USAGE. Call
 * job_close in any case. */
bool job_open(struct job *job, const struct options *options);
void job_close(struct job *job);

/* The server: the given one, else a private one. run_id and command_line may be NULL. */
bool job_connect(struct job *job, const char *run_id, const char *command_line, struct err *err);
/* Is it the user's own server? */
bool job_on_given_server(const struct job *job);

/* Print the error and return the status: `otherwise` unless it is the input's fault or a stop. */
int job_failed(struct job *job, const struct err *err, int otherwise);

/* Print an error that comes before any job. Returns EXIT_USAGE. */
int error_print(const struct err *err);
/* stdout to its end; EXIT_TROUBLE if that failed, else `status`. */
int finish_output(int status);
/* Is `out` a terminal that wants colour? Not with --no-color, NO_COLOR, or TERM=dumb. */
bool wants_colour(const struct options *options, FILE *out);
/* COLUMNS if it is set, else those of the terminal; 0 if it is none. */
int terminal_columns(FILE *out);

/* Bytes of the first sentence of a workload's `about`: the question. */
int question_length(const char *about);
/* What the run would do, in words. */
bool print_plan(const struct workload *workload, bool given_server, struct str *out, struct err *err);

#endif

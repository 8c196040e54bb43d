/* What the person sees while a run goes on: one live line on a terminal, plain lines elsewhere. All of it goes to
 * stderr, so that stdout has the table alone. */
#ifndef PGDYNO_CLI_VIEW_H
#define PGDYNO_CLI_VIEW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/log.h"
#include "base/str.h"
#include "run/progress.h"
#include "run/result.h"

/* The seconds since the last `progress:` line. */
struct view_sums {
    int seconds;
    double transactions, latency_ns, latency_squares;
    int64_t p95_ns, p99_ns, wait_p99_ns; /* the largest of the seconds: the true one is at most that */
    int64_t failed, retried, retries;
};

struct view {
    FILE *out;
    bool live;   /* a terminal that can redraw a line */
    bool quiet;  /* neither progress nor notices; warnings stay */
    int every_s; /* a `progress:` line each so many seconds; 0: none */
    int columns; /* 0: ask the terminal */
    bool drawn;  /* the live line is on the screen */
    bool stop_said;
    bool announced;       /* phase and label below were */
    unsigned phases_said; /* a bit a phase */
    enum phase phase;
    char label[160];
    int64_t drawn_ns;
    int64_t sweep_started_ns; /* when the first trial began; 0: none yet */
    int first_trial;
    struct view_sums sums;
    struct progress last; /* the last second's figures */
    bool has_last;
};

void view_init(struct view *view, FILE *out, bool quiet, int every_s);
/* Both are valid while the view is. */
struct progress_sink view_sink(struct view *view);
struct log view_log(struct view *view);
/* Take the live line away, before anything else is printed. */
void view_clear(struct view *view);
/* A finished trial, for those who read a log: one line of figures. `n_trials`: of the whole run. */
void view_trial(struct view *view, const struct workload *workload, const struct trial_result *trial, int n_trials);

/* One live line for this state, at most `columns` wide; pgbench's line. For tests. */
void view_line(const struct view *view, const struct progress *progress, int64_t now_ns, int columns, struct str *out);
void view_pgbench_line(const struct view_sums *sums, const struct progress *progress, struct str *out);
void view_add(struct view_sums *sums, const struct progress *progress);

#endif

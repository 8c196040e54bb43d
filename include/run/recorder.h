/* What one thread saw. Nothing is shared and nothing is locked: a thread records into its own recorder, and the main
 * thread merges after the join. Only finished seconds are handed over while the trial runs, through a list with one
 * writer and one reader. */
#ifndef PGDYNO_RUN_RECORDER_H
#define PGDYNO_RUN_RECORDER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "run/result.h"
#include "run/window.h"
#include "workloads/spec.h"

/* What ended in the running second, for one transaction. */
struct second_counts {
    int64_t ok, failed, timed_out, retried, retries;
};

/* One finished second of one thread: for each transaction its counts, and the touched counters of its responses and
 * pool waits. */
struct second {
    _Atomic(struct second *) next;
    int64_t number; /* from 0, in seconds since the window's start */
    struct second_part {
        struct second_counts counts;
        struct second_dist {
            int64_t min, max;
            double sum, sum_squares;
            size_t n_pairs; /* its part of `pairs`, which follow each other: each transaction's responses, then waits */
        } response, pool_wait;
    } * parts; /* one a transaction */
    struct hist_pair *pairs;
};

/* A histogram is two pages of memory or more, and after each turn of the server none of them is in the caches.
 * Therefore what several distributions have in common is recorded once, and added to each of them when a second or the
 * window ends. */
struct recorded {
    struct transaction_result result;
    struct hist *running;                   /* responses that ended in the running second, of transactions that count */
    struct hist *early;                     /* and of those that began before the window: in the timeline only */
    struct hist *running_wait, *early_wait; /* the same of pool waits that are not 0 */
    int64_t running_no_wait, early_no_wait; /* and how many were 0: with a connection for each client all are */
    struct hist
        *plain; /* service of a lone statement that ended well at once: it is the transaction's and the statement's */
    bool lone;  /* one autocommit statement is all it is */
    struct second_counts counts;
};

/* How one transaction ended. */
struct outcome {
    int transaction;
    enum record_status status;
    int attempts; /* 0: it was never sent, and has neither lag nor service */
    int64_t intended_ns;
    int64_t pool_wait_ns, lag_ns, service_ns; /* which add up to the response */
    int64_t backoff_ns, wasted_ns;
};

struct recorder {
    const struct window *window;
    struct recorded *transactions;
    size_t n_transactions;
    struct hist *lag;
    int64_t begun; /* transactions of the window that were begun, or found no connection: what must come to an end */
    struct record *records; /* room for max_records; one each until they are full */
    size_t n_records, max_records;
    bool records_full;
    int64_t commits, rollbacks; /* over the whole trial */

    struct sqlstate_count errors[RESULT_SQLSTATES];
    size_t n_errors;
    char first_error[512];
    sqlstate first_error_code;
    int64_t first_error_ns;

    int64_t second_end_ns; /* of the running second; 0 before the window is known, INT64_MAX in its last second */
    int64_t second_number;
    struct second *last;  /* the writer's end; never NULL */
    struct second *first; /* the reader's end: an empty or already read one, then what is new */
    bool failed;          /* no memory for a second: it is missing from the intervals */
};

/* Of a variant's transactions. `raw_bytes`: memory for raw records, which is touched as it fills. */
bool recorder_init(struct recorder *recorder, const struct transaction *transactions, size_t n_transactions,
                   const struct window *window, int64_t raw_bytes, struct err *err);
void recorder_deinit(struct recorder *recorder); /* all-zero and half-built ones too */

/* A transaction that is counted begins; recorder_outcome() is to follow for it. */
static inline void recorder_begin(struct recorder *recorder, int64_t intended_ns)
{
    recorder->begun += window_holds(recorder->window, intended_ns);
}
/* Censored ones too: their service, or their wait if they were never sent, is what it is so far. */
void recorder_outcome(struct recorder *recorder, const struct outcome *outcome);

/* One statement that ended well in the transaction's attempt number `attempt`, meant to start at `intended_ns`. */
static inline void recorder_statement(struct recorder *recorder, int transaction, int statement, int attempt,
                                      int64_t intended_ns, int64_t service_ns)
{
    struct recorded *recorded = &recorder->transactions[transaction];
    if ((recorded->lone && attempt == 1) || !window_holds(recorder->window, intended_ns))
        return; /* recorder_outcome() has it */
    recorded->result.statements[statement].count++;
    hist_record(recorded->result.statements[statement].service, service_ns);
}

/* One failed attempt. `where` and `text` (which may lack) become the trial's first error if there was none. */
void recorder_error(struct recorder *recorder, int transaction, int64_t intended_ns, int64_t now_ns, sqlstate code,
                    const char *where, const char *text);

/* Hand over the seconds of the window that have ended by `now_ns`. */
void recorder_roll(struct recorder *recorder, int64_t now_ns);
/* To be called before what happened at `now_ns` is recorded, and when a second has ended without anything happening. */
static inline void recorder_tick(struct recorder *recorder, int64_t now_ns)
{
    if (now_ns >= recorder->second_end_ns)
        recorder_roll(recorder, now_ns);
}
/* Hand over the window's last second too, which may be shorter, complete the results, and sort the records. */
void recorder_close(struct recorder *recorder);

/* For the main thread: the next finished second, or NULL if there is none yet. It belongs to the recorder and is valid
 * until the next call. */
const struct second *recorder_take(struct recorder *recorder);

#endif

/* A runner runs one transaction after the other on its link. Each state is a function that gets the reply it waited
 * for:
 *
 *     begin ─► [acquire] ─► attempt ─► [begun] ─► steps_advance ⇄ a reply, a nap ─► [ended] ─► done
 *                              ▲                       │ an error
 *                              └── back-off ◄── [rolled_back] ──► gave up ─► done
 *
 * States in brackets are of some transactions only. One function stamps, and each send comes after it. Times
 * are those of measurement.md §1. Whose transactions it runs depends on the kind of load:
 *
 *     warming   its own, in a closed loop, until each statement has run often enough
 *     direct    the same for good: a closed loop with a connection for each client needs no queue
 *     dealt     whoever's ticket comes next (tickets.h); between two of them it is idle, and its link in the pool's
 * list
 */
#ifndef PGDYNO_RUN_RUNNER_H
#define PGDYNO_RUN_RUNNER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "generators/value.h"
#include "run/client.h"
#include "run/mix.h"
#include "run/pool.h"
#include "run/recorder.h"
#include "run/tickets.h"
#include "run/window.h"
#include "workloads/eval.h"

enum {
    /* Of each transaction at most, for statements that an `if` keeps from running: one that runs in 5 % of them is
     * missed by one connection in 70 million. Before that, the warm-up's limit in time may end it. */
    RUNNER_WARM_TURNS = 600,
    /* Statements of a pipeline that are under way at once: more of them wait for answers, so that neither libpq's
     * memory nor the server's answers grow without limit. */
    RUNNER_PIPELINE = 256
};

struct runner;
typedef void runner_step_fn(struct runner *runner, int64_t now_ns);

/* Random streams of a trial; each is numbered by client, connection or ticket. */
struct streams {
    uint64_t warm_up, window, lead, tickets, back_off;
};

/* What the runners of one thread share. */
struct runner_group {
    const struct mix *mix;
    const struct workload *workload;
    const struct window *window;
    enum protocol protocol;
    const char *begin_sql;
    struct streams streams;
    struct loop *loop;
    struct recorder *recorder;
    struct pool *pool;
    bool rests_when_warm;  /* with a rate: a closed loop would be far more load than was asked for */
    bool dealt;            /* tickets are dealt: the warm-up's own transactions are over */
    bool measured_tickets; /* the tickets are the window's, not the warm-up's */
    int n_warming;         /* runners whose link has not yet run all statements often enough */
    int n_running;         /* direct: runners that have not finished. Dealt: that have a transaction */
    int cold_statement;    /* of the mix: one that did not run often enough before the window; -1: none */
    int n_cold;            /* runners where any did not */
    bool thinks;           /* its runners between transactions of their own: with a connection for each client */
    void *user;
    /* A dealt transaction has ended: the link is the pool's again, and `next`, if a client's, wants to be queued. */
    void (*ended)(void *user, const struct ticket *next, int64_t now_ns);
};

enum runner_state {
    RUNNER_IDLE,      /* dealt, without a transaction */
    RUNNER_WAITING,   /* for its link: to begin, or to try again */
    RUNNER_ACQUIRING, /* for the pool to connect or ping it */
    RUNNER_RUNNING,   /* for a reply */
    RUNNER_RESTING,   /* for its timer: back-off, thinking, a step's sleep, or a pause after a local failure */
    RUNNER_FINISHED
};

/* A loop of the transaction under way. */
struct runner_loop {
    double left;    /* rounds to go, of a repeat */
    PGresult *rows; /* of an each: what it walks over, owned */
    int next;
};

/* What was sent without waiting for its answer. */
struct runner_pipeline {
    bool begun_by_step;                      /* STEP_PIPELINE: up to STEP_PIPELINE_END */
    bool failed;                             /* something of it, and that was counted */
    bool in_transaction, transaction_failed; /* the server is in one that no COMMIT or sync has ended yet */
    bool in_block;                           /* and a sync would not end it */
    bool unsynced;                           /* something was queued since the last sync */
    int n_sent;                              /* of the n below: on their way already */
    int first, n;
    int entries[RUNNER_PIPELINE]; /* a ring: a statement of the transaction, or −1 */
    runner_step_fn *then;         /* when all is answered */
};

struct runner {
    struct runner_group *group;
    struct link *link;
    bool has_client;    /* direct: it goes on after the warm-up */
    struct client self; /* of its own transactions: warming and direct */
    enum runner_state state;
    runner_step_fn *on_reply;
    runner_step_fn *on_wake; /* after WAITING or RESTING */

    /* the transaction under way */
    bool active;
    struct ticket ticket;
    int entry; /* of the mix */
    const struct transaction *transaction;
    int step;      /* the next step */
    int statement; /* the one that was sent last; of a failure, the one that failed */
    int attempts;
    sqlstate code; /* of the attempt that failed */
    int64_t free_ns, first_sent_ns;
    int64_t attempt_sent_ns; /* 0: this attempt has sent nothing yet */
    int64_t sent_ns;
    int64_t rest_from_ns;
    int64_t backoff_ns, wasted_ns;
    struct rng rng;            /* choices and parameters */
    struct rng rng_after_lets; /* a retry repeats the draws of its steps */
    struct rng jitter;
    bool row_lost; /* of \aset: it did not fit */
    bool cut_off;  /* its connection went while it slept */

    int warm_turn;
    bool warm_pause; /* the last turn went to a cold transaction: this one is the mix's */
    bool warm;
    struct scratch scratch;
    size_t scratch_after_lets;
    struct value *slots;
    const char **params;
    struct timer timer;

    struct value *slots_after_lets;
    struct runner_loop *loops;
    int n_jumps; /* back, since the thread's loop had its turn */
    struct runner_pipeline pipeline;
    const struct copy_rows *copy; /* under way */
    double copy_left;
    struct value *copy_cells;
    struct str copy_text;
};

/* `number` is the connection's, and its own client's, among all of the trial. `has_client`: false for connections that
 * have none when clients are fewer. `warms`: its link is to be warmed. False when there is no memory; deinit it all the
 * same. */
bool runner_init(struct runner *runner, struct runner_group *group, struct link *link, int number, bool has_client,
                 bool warms);
void runner_deinit(struct runner *runner); /* all-zero and half-built ones too */

/* The warm-up begins. */
void runner_start(struct runner *runner, int64_t now_ns);
/* From here on tickets are dealt: what has no transaction becomes idle. */
void runner_deal(struct runner *runner, int64_t now_ns);
/* Run this one, on a link that pool_idle() gave. */
void runner_begin(struct runner *runner, const struct ticket *ticket, int64_t now_ns);
/* The window has ended: whoever only thinks, and would begin behind it, need not be awaited. */
void runner_end_thought(struct runner *runner);
/* A ticket that found no connection in time, or until the end: an outcome with `status` after `waited_ns`. The runner
 * lends its group only. */
void runner_give_up(struct runner_group *group, struct ticket *ticket, enum record_status status, int64_t waited_ns);
/* From the pool's hooks. */
void runner_link_ready(struct runner *runner, int64_t now_ns);
void runner_link_taken(struct runner *runner, int64_t now_ns);
void runner_link_refused(struct runner *runner, int64_t now_ns);
void runner_reply(struct runner *runner, int64_t now_ns);
void runner_answer(struct runner *runner, int64_t now_ns); /* CONN_ANSWER */
void runner_copy(struct runner *runner, int64_t now_ns);   /* CONN_COPY_IN */
void runner_link_lost(struct runner *runner, int64_t now_ns);
/* The drain is over: what still runs is censored. True: the server still works on a statement of it. */
bool runner_cut(struct runner *runner, int64_t now_ns);

#endif

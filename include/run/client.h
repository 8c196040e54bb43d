/* A client runs one transaction after the other. Each state is a function that gets the reply it waited for:
 *
 *     next ─► attempt ─► [begun] ─► advance ⇄ statement_done ─► [committed] ─► done ─► next
 *                ▲                       │ an error
 *                └── back-off ◄── [rolled_back] ──► gave up ─► done
 *
 * States in brackets are of blocks only. One function sends, so that there is one place that stamps. Times are those of
 * measurement.md §1; in a closed loop the next intended start is the end of the transaction before it. */
#ifndef PGDYNO_RUN_CLIENT_H
#define PGDYNO_RUN_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "generators/value.h"
#include "run/mix.h"
#include "run/pool.h"
#include "run/recorder.h"
#include "run/window.h"
#include "workloads/eval.h"

enum {
    /* Of each transaction at most, for statements that an `if` keeps from running: one that runs in 5 % of them is
     * missed by one connection in 70 million. Before that, the warm-up's limit in time may end it. */
    CLIENT_WARM_TURNS = 600
};

struct client;
typedef void client_step_fn(struct client *client, int64_t now_ns);

/* What the clients of one thread share. */
struct client_group {
    const struct mix *mix;
    const struct workload *workload;
    const struct window *window;
    enum protocol protocol;
    const char *begin_sql;
    uint64_t seed;
    int block;
    struct loop *loop;
    struct recorder *recorder;
    bool started;       /* the warm-up has begun */
    int n_warming;      /* clients that have not yet run all statements often enough */
    int n_running;      /* clients that have not finished */
    int cold_statement; /* of the mix: one that did not run often enough before the window; -1: none */
    int n_cold;         /* clients where any did not */
};

enum client_state {
    CLIENT_WAITING, /* for its link: to begin, or to try again */
    CLIENT_RUNNING, /* for a reply */
    CLIENT_RESTING, /* for its timer: back-off, or a pause after a local failure */
    CLIENT_FINISHED
};

struct client {
    struct client_group *group;
    struct link *link;
    int number; /* among all clients of the trial: its random stream hangs on it, not on its thread */
    enum client_state state;
    client_step_fn *on_reply;
    client_step_fn *on_wake; /* after WAITING or RESTING */

    /* the transaction under way */
    bool active;
    int entry; /* of the mix */
    const struct transaction *transaction;
    int step;      /* the next step */
    int statement; /* the one that was sent */
    int attempts;
    sqlstate code; /* of the attempt that failed */
    int64_t intended_ns, free_ns, first_sent_ns;
    int64_t attempt_sent_ns; /* 0: this attempt has sent nothing yet */
    int64_t sent_ns;
    int64_t rest_from_ns;
    int64_t backoff_ns, wasted_ns;

    struct rng rng;            /* choices and parameters */
    struct rng rng_after_lets; /* a retry repeats the draws of its conditions */
    struct rng jitter;
    bool measuring; /* the window's stream is in use */
    int warm_turn;
    bool warm_pause; /* the last turn went to a cold transaction: this one is the mix's */
    bool warm;
    struct scratch scratch;
    size_t scratch_after_lets;
    struct value *slots;
    const char **params;
    struct timer timer;
};

/* False when there is no memory; deinit it all the same. */
bool client_init(struct client *client, struct client_group *group, struct link *link, int number);
void client_deinit(struct client *client); /* all-zero and half-built ones too */

/* The warm-up begins. */
void client_start(struct client *client, int64_t now_ns);
/* From the pool's hooks. */
void client_link_ready(struct client *client, int64_t now_ns);
void client_reply(struct client *client, int64_t now_ns);
void client_link_lost(struct client *client, int64_t now_ns);
/* The drain is over: what still runs is censored, and cancelled on the server. */
void client_cut(struct client *client, int64_t now_ns);

#endif

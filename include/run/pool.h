/* The connections of one thread, and what keeps each of them usable:
 *
 *     DOWN ──► CONNECTING ──► SETTING ──► PREPARING ──► READY        a state is a row of a table of step functions
 *      ▲ back-off   │ refused     │ error      │ error      │ lost
 *      └────────────┴─────────────┴────────────┴────────────┘
 *
 * A link knows no transactions: its replies while it is READY go through the hooks to the client that has it. With as
 * many clients as connections each link has one client for good and no queue is touched. With fewer connections, links
 * will pass from client to client here. */
#ifndef PGDYNO_RUN_POOL_H
#define PGDYNO_RUN_POOL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "pg/conn.h"
#include "run/loop.h"
#include "run/mix.h"

struct pool;
struct client;

enum {
    LINK_WARM_RUNS = 6 /* PostgreSQL settles on a generic plan or not after five */
};

enum link_state {
    LINK_DOWN,
    LINK_CONNECTING,
    LINK_SETTING,
    LINK_PREPARING,
    LINK_READY,
    LINK_STATES
};

struct link {
    struct conn conn;
    struct pool *pool;
    struct client *client; /* who has it; set by the pool's owner */
    enum link_state state;
    bool watched_write; /* the loop watches for writability too */
    bool failed;        /* was given up while starting */
    int n_prepared;
    int attempt;         /* to connect, since it was last READY */
    int64_t lost_ns;     /* when it was last READY; 0: never */
    int64_t deadline_ns; /* for getting READY */
    struct timer retry;
    struct timer deadline;
    uint8_t *runs; /* of each statement of the mix, up to LINK_WARM_RUNS */
};

/* What the pool's owner is told; all from the thread of the pool. */
struct pool_hooks {
    void *user;
    void (*ready)(struct link *link, int64_t now_ns);
    void (*reply)(struct link *link, int64_t now_ns); /* conn_receive() said CONN_DONE */
    void (*lost)(struct link *link, int64_t now_ns);  /* was READY */
};

/* What all pools of a trial have in common. */
struct pool_plan {
    const struct target *target;
    const char *app;
    const char *setup_sql;
    const struct mix *mix;
    enum protocol protocol;
};

struct pool {
    const struct pool_plan *plan;
    struct loop *loop;
    struct pool_hooks hooks;
    struct link *links;
    uint8_t *runs;
    int n;
    int n_ready;
    int n_begun;   /* links that have begun to connect for the first time */
    bool starting; /* until all have been READY once: a refusal is final */
    bool refused;  /* one was refused while starting; `err` says why */
    sqlstate code; /* its SQLSTATE */
    struct err err;
    int64_t commits; /* transactions that connecting and set-up made on the server */
    int64_t reconnects;
    int64_t outage_ns;            /* of links that came back */
    _Atomic int alive;            /* n_ready, for other threads */
    _Atomic int64_t last_lost_ns; /* when a READY link was last lost */
};

bool pool_init(struct pool *pool, const struct pool_plan *plan, struct loop *loop, const struct pool_hooks *hooks,
               int n, struct err *err);
/* Close all connections, for good. */
void pool_close(struct pool *pool);
void pool_deinit(struct pool *pool); /* all-zero and half-built ones too */

/* Begin to connect, a few at a time. */
void pool_start(struct pool *pool, int64_t now_ns);
/* The event that `loop` returned for one of its links. */
void pool_event(struct link *link, uint32_t events, int64_t now_ns);

/* To be called after each send on a link. False: the connection is lost, and the hook has been told. */
bool link_sent(struct link *link, bool sent, int64_t now_ns);
/* A statement of the mix ran to its end. */
static inline void link_count_run(struct link *link, int statement)
{
    if (__builtin_expect(link->runs[statement] < LINK_WARM_RUNS, 0))
        link->runs[statement]++;
}
/* Does one of this entry's statements still lack runs? */
bool link_is_cold(const struct link *link, int entry);
/* A statement of the mix that lacks runs; -1: none. */
int link_cold_statement(const struct link *link);

/* Connection × time without a connection up to `now_ns`: what is over, and what lasts still. */
int64_t pool_outage_ns(const struct pool *pool, int64_t now_ns);

#endif

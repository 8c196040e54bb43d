/* The connections of one thread, and what keeps each of them usable:
 *
 *     DOWN ──► CONNECTING ──► SETTING ──► PREPARING ──► READY ◄──► PINGING     a state is a row of a table of step
 *      ▲ back-off   │ refused     │ error      │ error      │ lost              functions
 *      ├────────────┴─────────────┴────────────┴────────────┤
 *      │                                                    │ on purpose
 *     PARKED ◄──────────────────────────────────────────────┘
 *
 * A link knows no transactions: its replies while it is READY go through the hooks to the runner that has it. Beside
 * keeping connections, it does what an application's pool does (struct pool_habits): those that cost a transaction time
 * lie between pool_take() and the hook `taken`, and are part of that transaction's pool wait. */
#ifndef PGDYNO_RUN_POOL_H
#define PGDYNO_RUN_POOL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "pg/conn.h"
#include "run/loop.h"
#include "run/mix.h"
#include "run/result.h"
#include "run/window.h"

struct pool;
struct runner;

enum {
    LINK_WARM_RUNS = 6 /* PostgreSQL settles on a generic plan or not after five */
};

struct link_list;

enum link_state {
    LINK_DOWN,   /* lost; tries again by itself */
    LINK_PARKED, /* closed on purpose, or never opened; connects when it is taken */
    LINK_CONNECTING,
    LINK_SETTING,
    LINK_PREPARING,
    LINK_READY,
    LINK_PINGING,
    LINK_STATES
};

struct link {
    struct conn conn;
    struct pool *pool;
    struct runner *runner; /* who runs transactions on it; set by the pool's owner */
    enum link_state state;
    bool watched_write;     /* the loop watches for writability too */
    bool failed;            /* was given up while starting */
    bool wanted;            /* a transaction waits for it: between pool_take() and the hook `taken` or `refused` */
    bool broken;            /* its last attempt to connect failed, or it was lost: not alive */
    bool overflow;          /* beyond the pool's size */
    struct link_list *list; /* of the pool's, that it is in; NULL: none */
    struct link *newer, *older;
    int64_t born_ns;   /* when this connection became READY */
    int64_t free_ns;   /* when it was last released, or became READY */
    int64_t wanted_ns; /* since when it has been connecting or pinging for a transaction */
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
    void (*ready)(struct link *link, int64_t now_ns);  /* again, or for the first time; nobody waited for it */
    void (*reply)(struct link *link, int64_t now_ns);  /* conn_receive() said CONN_DONE */
    void (*answer)(struct link *link, int64_t now_ns); /* it said CONN_ANSWER; nothing may be sent */
    void (*copy)(struct link *link, int64_t now_ns);   /* it said CONN_COPY_IN */
    void (*lost)(struct link *link, int64_t now_ns);   /* was READY */
    void (*taken)(struct link *link, int64_t now_ns);  /* what pool_take() began is done: the link is READY */
    void (*refused)(struct link *link,
                    int64_t now_ns); /* or it failed, and conn_error() says why; the link is parked */
};

/* What all pools of a trial have in common. */
struct pool_plan {
    const struct target *target;
    const char *app;
    const char *setup_sql;
    const struct mix *mix;
    enum protocol protocol;
    struct pool_habits habits;
    const struct window *window; /* what the pool does within it is counted */
    int connect_timeout_s;       /* for a connection to get READY, and for the answer to a ping; 0: no limit */
};

/* Free links, the one released last first. */
struct link_list {
    struct link *newest, *oldest;
};

struct pool {
    const struct pool_plan *plan;
    struct loop *loop;
    struct pool_hooks hooks;
    struct link *links;
    uint8_t *runs;
    int n;                                       /* overflow included */
    int size;                                    /* without overflow */
    int n_alive;                                 /* not broken, without overflow */
    int n_begun;                                 /* links that have begun to connect for the first time */
    int n_reached;                               /* of them, how many became READY while starting */
    struct link_list idle, extra, parked, spare; /* READY; READY beyond the size; closed; closed beyond the size */
    struct timer idle_timer;
    bool starting; /* until all have been READY once: a refusal is final */
    bool refused;  /* one was refused while starting; `err` says why */
    sqlstate code; /* its SQLSTATE */
    struct err err;
    int64_t commits; /* transactions that connecting and set-up made on the server */
    int64_t reconnects;
    int64_t outage_ns;            /* of links that came back */
    struct pool_counts counts;    /* but for the summaries */
    struct hist *connect, *ping;  /* of those in the window */
    _Atomic int alive;            /* n_alive, for other threads */
    _Atomic int64_t last_lost_ns; /* when n_alive last fell */
};

/* `size` connections that are opened at the start; max_overflow more are parked. */
bool pool_init(struct pool *pool, const struct pool_plan *plan, struct loop *loop, const struct pool_hooks *hooks,
               int size, struct err *err);
/* Close all connections, for good. */
void pool_close(struct pool *pool);
void pool_deinit(struct pool *pool); /* all-zero and half-built ones too */

/* Begin to connect, a few at a time. */
void pool_start(struct pool *pool, int64_t now_ns);
/* The event that `loop` returned for one of its links. */
void pool_event(struct link *link, uint32_t events, int64_t now_ns);

/* A link that a transaction could have: the one released last, else a closed one, else one beyond the size; NULL: all
 * are in use. */
static inline struct link *pool_idle(const struct pool *pool)
{
    struct link *link = pool->idle.newest;
    if (__builtin_expect(!link, 0))
        link = pool->extra.newest ? pool->extra.newest : pool->parked.newest ? pool->parked.newest : pool->spare.newest;
    return link;
}
/* Take that link for a transaction. True: it is READY. False: it must be connected, replaced or pinged first; the hook
 * `taken` or `refused` comes later. */
bool pool_take(struct link *link, int64_t now_ns);
/* Give it back: it is idle now, or closed if that is the pool's habit. One that is not READY comes back by the hook
 * `ready`, after which it is released too. */
void pool_release(struct link *link, int64_t now_ns);
/* Close what is idle beyond the size. */
void pool_trim(struct pool *pool);

/* To be called after each send on a link. False: the connection is lost, and the hook has been told. */
bool link_sent(struct link *link, bool sent, int64_t now_ns);
/* No more rows of a COPY, as conn_copy_end(). The server may have refused it long ago, with an answer that was read
 * among the rows and that no event will tell of: the hook for the reply may be called before this returns. */
void link_copy_end(struct link *link, const char *why, int64_t now_ns);
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

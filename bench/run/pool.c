#include "run/pool.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/clock.h"
#include "link.h"
#include "run/cacheline.h"
#include "run/cold.h"

enum {
    CONNECT_AT_ONCE = 16 /* a thread: a full listen queue refuses the rest of a crowd */
};

/* --- Lists -------------------------------------------------------------------------------------------------------- */

static struct link_list *list_of(struct link *link)
{
    struct pool *pool = link->pool;
    if (link->state == LINK_READY)
        return link->overflow ? &pool->extra : &pool->idle;
    return link->overflow ? &pool->spare : &pool->parked;
}

void pool_put(struct link *link)
{
    struct link_list *list = list_of(link);
    link->list = list;
    link->newer = NULL;
    link->older = list->newest;
    if (list->newest)
        list->newest->newer = link;
    else
        list->oldest = link;
    list->newest = link;
}

void pool_remove(struct link *link)
{
    struct link_list *list = link->list;
    if (!list)
        return;
    *(link->newer ? &link->newer->older : &list->newest) = link->older;
    *(link->older ? &link->older->newer : &list->oldest) = link->newer;
    link->list = NULL;
}

/* --- Taking ------------------------------------------------------------------------------------------------------- */

static bool counts(const struct pool *pool, int64_t now_ns)
{
    return window_holds(pool->plan->window, now_ns);
}

static bool too_old(const struct link *link, int64_t now_ns)
{
    int64_t lifetime_ns = link->pool->plan->habits.max_lifetime_ns;
    return lifetime_ns > 0 && link->state == LINK_READY && now_ns - link->born_ns >= lifetime_ns;
}

/* Replace or open it while the transaction waits. */
COLD static void connect_for(struct link *link, int64_t now_ns)
{
    struct pool *pool = link->pool;
    if (link->state == LINK_READY) {
        pool->counts.recycled += counts(pool, now_ns);
        link_park(link);
    }
    pool->counts.overflows += link->overflow && counts(pool, now_ns);
    link->wanted = true;
    link->wanted_ns = now_ns;
    link_open(link, now_ns);
}

bool pool_take(struct link *link, int64_t now_ns)
{
    pool_remove(link);
    if (__builtin_expect(link->state != LINK_READY || too_old(link, now_ns), 0)) {
        connect_for(link, now_ns);
        return false;
    }
    if (!link->pool->plan->habits.pre_ping)
        return true;
    link->wanted = true;
    link->wanted_ns = now_ns;
    link_ping(link, now_ns);
    return false;
}

static void hand_over(struct link *link, int64_t now_ns)
{
    link->wanted = false;
    link->pool->hooks.taken(link, now_ns);
}

COLD void pool_connected(struct link *link, int64_t now_ns)
{
    struct pool *pool = link->pool;
    if (counts(pool, now_ns)) {
        pool->counts.connects++;
        hist_record(pool->connect, now_ns - link->wanted_ns);
    }
    hand_over(link, now_ns);
}

void pool_pinged(struct link *link, int64_t now_ns)
{
    struct pool *pool = link->pool;
    if (counts(pool, now_ns)) {
        pool->counts.pings++;
        hist_record(pool->ping, now_ns - link->wanted_ns);
    }
    hand_over(link, now_ns);
}

/* --- Giving back -------------------------------------------------------------------------------------------------- */

static struct pool *pool_of_idle_timer(struct timer *timer)
{
    return (struct pool *)(void *)((char *)timer - offsetof(struct pool, idle_timer));
}

static void watch_idle(struct pool *pool)
{
    int64_t timeout_ns = pool->plan->habits.idle_timeout_ns;
    if (timeout_ns > 0 && pool->idle.oldest && !pool->idle_timer.armed)
        loop_arm(pool->loop, &pool->idle_timer, pool->idle.oldest->free_ns + timeout_ns);
}

/* Close an idle one. */
static void shut(struct link *link)
{
    pool_remove(link);
    link_park(link);
    pool_put(link);
}

static void on_idle_timer(struct timer *timer, int64_t now_ns)
{
    struct pool *pool = pool_of_idle_timer(timer);
    struct link *link;
    while ((link = pool->idle.oldest) != NULL && now_ns - link->free_ns >= pool->plan->habits.idle_timeout_ns) {
        pool->counts.idled_out += counts(pool, now_ns);
        shut(link);
    }
    watch_idle(pool);
}

void pool_release(struct link *link, int64_t now_ns)
{
    struct pool *pool = link->pool;
    if (link->state != LINK_READY)
        return;
    link->free_ns = now_ns;
    if (pool->plan->habits.connect_each)
        link_park(link);
    pool_put(link);
    watch_idle(pool);
}

void pool_trim(struct pool *pool)
{
    struct link *link;
    while ((link = pool->extra.newest) != NULL)
        shut(link);
}

/* --- All of them -------------------------------------------------------------------------------------------------- */

bool pool_init(struct pool *pool, const struct pool_plan *plan, struct loop *loop, const struct pool_hooks *hooks,
               int size, struct err *err)
{
    size_t n_runs = (size_t)plan->mix->n_statements;
    int n = size + plan->habits.max_overflow;
    *pool = (struct pool){
        .plan = plan, .loop = loop, .hooks = *hooks, .size = size, .starting = true, .idle_timer.fire = on_idle_timer};
    pool->links = cacheline_array((size_t)n, sizeof *pool->links);
    pool->runs = cacheline_array((size_t)n, n_runs + 1);
    pool->connect = hist_new();
    pool->ping = hist_new();
    if (!pool->links || !pool->runs || !pool->connect || !pool->ping)
        return err_memory(err);
    for (; pool->n < n; pool->n++) {
        struct link *link = &pool->links[pool->n];
        link_init(link, pool, pool->n >= size);
        link->runs = pool->runs + (size_t)pool->n * n_runs;
        if (link->overflow) {
            link->state = LINK_PARKED;
            pool_put(link);
        }
    }
    return true;
}

void pool_close(struct pool *pool)
{
    for (int i = 0; i < pool->n; i++) {
        conn_close(&pool->links[i].conn);
        pool->links[i].state = LINK_DOWN;
    }
}

void pool_deinit(struct pool *pool)
{
    pool_close(pool);
    hist_free(pool->connect);
    hist_free(pool->ping);
    free(pool->links);
    free(pool->runs);
    *pool = (struct pool){0};
}

static void begin_next(struct pool *pool, int64_t now_ns)
{
    if (pool->n_begun < pool->size)
        link_open(&pool->links[pool->n_begun++], now_ns);
}

void pool_start(struct pool *pool, int64_t now_ns)
{
    for (int i = 0; i < CONNECT_AT_ONCE; i++)
        begin_next(pool, now_ns);
}

COLD void pool_reached(struct pool *pool, int64_t now_ns)
{
    pool->starting = ++pool->n_reached < pool->size;
    begin_next(pool, now_ns);
}

int64_t pool_outage_ns(const struct pool *pool, int64_t now_ns)
{
    int64_t sum = pool->outage_ns;
    for (int i = 0; i < pool->n; i++)
        if (pool->links[i].state != LINK_READY && pool->links[i].lost_ns > 0)
            sum += now_ns - pool->links[i].lost_ns;
    return sum;
}

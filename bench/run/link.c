/* One connection on its way through its states. */
#include "link.h"

#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "run/cold.h"
#include "run/retry.h"

static struct link *link_of_retry(struct timer *timer)
{
    return (struct link *)(void *)((char *)timer - offsetof(struct link, retry));
}

static struct link *link_of_deadline(struct timer *timer)
{
    return (struct link *)(void *)((char *)timer - offsetof(struct link, deadline));
}

/* --- Going down --------------------------------------------------------------------------------------------------- */

static void set_broken(struct link *link, bool broken, int64_t now_ns)
{
    struct pool *pool = link->pool;
    if (link->broken == broken)
        return;
    link->broken = broken;
    if (link->overflow) /* one that the server has no room for says nothing about the server */
        return;
    pool->n_alive += broken ? -1 : 1;
    if (broken)
        atomic_store_explicit(&pool->last_lost_ns, now_ns, memory_order_relaxed);
    atomic_store_explicit(&pool->alive, pool->n_alive, memory_order_relaxed);
}

/* The server went, whatever it was asked just then: no mistake of the statement's. */
COLD static bool server_left(sqlstate code)
{
    return code == 0 || code == SQLSTATE_ADMIN_SHUTDOWN || code == SQLSTATE_CRASH_SHUTDOWN ||
           code == SQLSTATE_CANNOT_CONNECT_NOW;
}

COLD static void refuse_start(struct link *link)
{
    struct pool *pool = link->pool;
    link->failed = true;
    if (pool->refused)
        return;
    char buf[1024];
    const char *text = conn_error(&link->conn, buf, sizeof buf);
    pool->refused = true;
    pool->code = link->conn.code;
    if (link->state == LINK_PREPARING && !server_left(pool->code)) {
        const struct statement *statement = mix_statement(pool->plan->mix, link->n_prepared, NULL);
        err_set(&pool->err, ERR_INPUT, statement->where, "cannot prepare this statement: %s", text);
        err_append(&pool->err, "%s", statement->text);
    } else if (link->state == LINK_SETTING || link->state == LINK_PREPARING) {
        err_set(&pool->err, ERR_SERVER, NULL, "cannot set up a session: %s", text);
    } else {
        err_set(&pool->err, ERR_SERVER, NULL, "cannot connect: %s", text);
        if (link->conn.unanswered_s > 0)
            err_append(&pool->err, "is the server up, and does the network let it answer? connect_timeout in the "
                                   "connection string sets another limit");
    }
}

/* An application's pool hands the error to whoever wanted the connection. */
COLD static void refuse_transaction(struct link *link, int64_t now_ns)
{
    struct pool *pool = link->pool;
    link->wanted = false;
    link->state = LINK_PARKED;
    set_broken(link, true, now_ns);
    pool->hooks.refused(link, now_ns);
    conn_close(&link->conn);
    pool_put(link);
}

COLD static void ping_failed(struct link *link, int64_t now_ns)
{
    link->pool->counts.failed_pings += window_holds(link->pool->plan->window, now_ns);
    conn_close(&link->conn);
    link_open(link, now_ns);
}

COLD static void lose(struct link *link, int64_t now_ns)
{
    struct pool *pool = link->pool;
    bool was_ready = link->state == LINK_READY;
    link->state = LINK_DOWN;
    pool_remove(link);
    if (was_ready) {
        set_broken(link, true, now_ns);
        link->lost_ns = now_ns;
        pool->hooks.lost(link, now_ns); /* it may want the server's last words */
    }
    conn_close(&link->conn);
    if (!link->failed && !link->retry.armed)
        loop_arm(pool->loop, &link->retry, now_ns + retry_reconnect_ns(link->attempt++));
}

/* Every way down that is not our own wish ends here. While starting a refusal is final; later the link tries again for
 * as long as the trial runs, or fails the transaction that it was to be opened for. */
COLD static void go_down(struct link *link, int64_t now_ns)
{
    if (link->pool->starting)
        refuse_start(link);
    if (link->state == LINK_PINGING)
        ping_failed(link, now_ns);
    else if (link->wanted)
        refuse_transaction(link, now_ns);
    else
        lose(link, now_ns);
}

static void on_retry(struct timer *timer, int64_t now_ns)
{
    link_open(link_of_retry(timer), now_ns);
}

static void set_deadline(struct link *link, int64_t now_ns)
{
    int64_t timeout_ns = link->pool->plan->connect_timeout_s * NS_PER_S;
    link->deadline_ns = timeout_ns > 0 ? now_ns + timeout_ns : INT64_MAX;
}

static void watch_deadline(struct link *link)
{
    if (!link->deadline.armed && link->deadline_ns < INT64_MAX)
        loop_arm(link->pool->loop, &link->deadline, link->deadline_ns);
}

/* The timer may be an earlier attempt's: what counts is deadline_ns. */
static void on_deadline(struct timer *timer, int64_t now_ns)
{
    struct link *link = link_of_deadline(timer);
    if (link->state == LINK_DOWN || link->state == LINK_PARKED || link->state == LINK_READY)
        return;
    if (now_ns >= link->deadline_ns) {
        link->conn.unanswered_s = link->pool->plan->connect_timeout_s;
        go_down(link, now_ns);
    } else {
        watch_deadline(link);
    }
}

void link_park(struct link *link)
{
    conn_close(&link->conn);
    link->state = LINK_PARKED;
}

/* --- Going up ----------------------------------------------------------------------------------------------------- */

/* Writability is watched only while something waits to be written: on a Unix socket it would otherwise wake us a second
 * time for every request, when the server takes it out of the socket. */
COLD static bool watch(struct link *link, uint32_t how)
{
    uint32_t events = how | EPOLLRDHUP;
    if (link->conn.want & CONN_WANT_READ)
        events |= EPOLLIN;
    if (link->conn.want & CONN_WANT_WRITE)
        events |= EPOLLOUT;
    link->watched_write = link->conn.want & CONN_WANT_WRITE;
    return loop_watch(link->pool->loop, conn_socket(&link->conn), events, link);
}

bool link_sent(struct link *link, bool sent, int64_t now_ns)
{
    bool wants_write = link->conn.want & CONN_WANT_WRITE;
    if (__builtin_expect(sent && wants_write == link->watched_write, 1))
        return true;
    if (sent && watch(link, EPOLLET))
        return true;
    go_down(link, now_ns);
    return false;
}

COLD void link_open(struct link *link, int64_t now_ns)
{
    const struct pool_plan *plan = link->pool->plan;
    link->state = LINK_CONNECTING;
    set_deadline(link, now_ns);
    if (conn_open(&link->conn, plan->target, plan->app) == CONN_LOST || !watch(link, 0))
        go_down(link, now_ns);
    else
        watch_deadline(link);
}

COLD static void note_reconnect(struct link *link, int64_t now_ns)
{
    struct pool *pool = link->pool;
    if (link->lost_ns == 0)
        return;
    pool->reconnects++;
    pool->outage_ns += now_ns - link->lost_ns;
    link->lost_ns = 0;
}

COLD static void become_ready(struct link *link, int64_t now_ns)
{
    struct pool *pool = link->pool;
    link->state = LINK_READY;
    link->attempt = 0;
    link->born_ns = link->free_ns = now_ns;
    set_broken(link, false, now_ns);
    note_reconnect(link, now_ns);
    if (pool->starting)
        pool_reached(pool, now_ns);
    if (link->wanted)
        pool_connected(link, now_ns);
    else
        pool->hooks.ready(link, now_ns);
}

COLD static void prepare_next(struct link *link, int64_t now_ns)
{
    const struct mix *mix = link->pool->plan->mix;
    while (link->n_prepared < mix->n_statements && mix_statement(mix, link->n_prepared, NULL)->late)
        link->n_prepared++;
    if (link->pool->plan->protocol != PROTOCOL_PREPARED || link->n_prepared == mix->n_statements) {
        become_ready(link, now_ns);
        return;
    }
    const struct statement *statement = mix_statement(mix, link->n_prepared, NULL);
    link->state = LINK_PREPARING;
    link_sent(link, conn_send_prepare(&link->conn, statement->prepared_name, statement->sql), now_ns);
}

COLD static void step_connecting(struct link *link, int64_t now_ns)
{
    enum conn_status status = conn_connect(&link->conn);
    if (status == CONN_PENDING && watch(link, 0))
        return;
    if (status != CONN_DONE || !watch(link, EPOLLET)) {
        go_down(link, now_ns);
        return;
    }
    link->state = LINK_SETTING;
    link->pool->commits++; /* a backend looks itself up in the catalogs, in a transaction */
    link->n_prepared = 0;
    memset(link->runs, 0, (size_t)link->pool->plan->mix->n_statements);
    link_sent(link, conn_send_query(&link->conn, link->pool->plan->setup_sql), now_ns);
}

COLD static void step_set(struct link *link, int64_t now_ns)
{
    link->pool->commits++;
    prepare_next(link, now_ns);
}

COLD static void step_prepared(struct link *link, int64_t now_ns)
{
    link->pool->commits++;
    link->n_prepared++;
    prepare_next(link, now_ns);
}

static void step_reply(struct link *link, int64_t now_ns)
{
    link->pool->hooks.reply(link, now_ns);
}

void link_ping(struct link *link, int64_t now_ns)
{
    link->state = LINK_PINGING;
    set_deadline(link, now_ns);
    if (link_sent(link, conn_send_query(&link->conn, ";"), now_ns))
        watch_deadline(link);
}

static void step_pinged(struct link *link, int64_t now_ns)
{
    link->pool->commits++; /* an empty query is a transaction too */
    link->state = LINK_READY;
    pool_pinged(link, now_ns);
}

typedef void link_step_fn(struct link *link, int64_t now_ns);

/* What a complete reply means in each state. */
static link_step_fn *const on_reply[LINK_STATES] = {
    [LINK_SETTING] = step_set,
    [LINK_PREPARING] = step_prepared,
    [LINK_READY] = step_reply,
    [LINK_PINGING] = step_pinged,
};

/* It may be writable again, and then need not be watched for that any more. */
COLD static void copy_on(struct link *link, int64_t now_ns)
{
    if (link_sent(link, true, now_ns))
        link->pool->hooks.copy(link, now_ns);
}

static void received(struct link *link, enum conn_status status, int64_t now_ns)
{
    while (__builtin_expect(status == CONN_ANSWER, 0)) {
        link->pool->hooks.answer(link, now_ns);
        status = conn_next(&link->conn);
        if (status == CONN_PENDING)
            status = conn_receive(&link->conn);
    }
    bool broken = status == CONN_LOST || (link->state != LINK_READY && status == CONN_DONE && link->conn.failed);
    if (__builtin_expect(broken, 0))
        go_down(link, now_ns);
    else if (status == CONN_DONE)
        on_reply[link->state](link, now_ns);
    else if (status == CONN_COPY_IN)
        copy_on(link, now_ns);
    else
        link_sent(link, true, now_ns); /* what was to be written may be out now */
}

void pool_event(struct link *link, uint32_t events, int64_t now_ns)
{
    if (__builtin_expect(link->state <= LINK_CONNECTING, 0)) {
        if (link->state == LINK_CONNECTING)
            step_connecting(link, now_ns);
        return;
    }
    if (__builtin_expect(events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR), 0))
        link->conn.hung_up = true;
    received(link, conn_receive(&link->conn), now_ns);
}

void link_copy_end(struct link *link, const char *why, int64_t now_ns)
{
    if (link_sent(link, conn_copy_end(&link->conn, why), now_ns))
        received(link, conn_next(&link->conn), now_ns);
}

/* --- Runs of each statement --------------------------------------------------------------------------------------- */

/* The first of `n` statements that lacks runs; -1: none. Only a prepared statement has a plan to settle on. */
static int first_cold(const struct link *link, int from, int n)
{
    if (link->pool->plan->protocol != PROTOCOL_PREPARED)
        return -1;
    for (int i = from; i < from + n; i++)
        if (link->runs[i] < LINK_WARM_RUNS)
            return i;
    return -1;
}

bool link_is_cold(const struct link *link, int entry)
{
    const struct mix *mix = link->pool->plan->mix;
    const struct mix_entry *e = &mix->entries[entry];
    return first_cold(link, e->first_statement, mix_transaction(mix, entry)->n_statements) >= 0;
}

int link_cold_statement(const struct link *link)
{
    return first_cold(link, 0, link->pool->plan->mix->n_statements);
}

void link_init(struct link *link, struct pool *pool, bool overflow)
{
    *link = (struct link){
        .pool = pool, .overflow = overflow, .broken = !overflow, .retry.fire = on_retry, .deadline.fire = on_deadline};
}

#include "run/tickets.h"

#include <stdlib.h>

bool tickets_init(struct tickets *tickets, const struct schedule_spec *spec, int n_clients, int n_threads,
                  struct err *err)
{
    *tickets = (struct tickets){
        .spec = spec,
        .capacity = (size_t)n_clients + (size_t)n_threads,
    };
    atomic_init(&tickets->first_ns, INT64_MAX);
    pthread_mutex_init(&tickets->lock, NULL);
    tickets->ring = calloc(tickets->capacity, sizeof *tickets->ring);
    tickets->hungry = calloc((size_t)n_threads, sizeof *tickets->hungry);
    tickets->joined = calloc((size_t)n_threads, sizeof *tickets->joined);
    return (tickets->ring && tickets->hungry && tickets->joined) || err_memory(err);
}

void tickets_deinit(struct tickets *tickets)
{
    if (tickets->capacity > 0)
        pthread_mutex_destroy(&tickets->lock);
    free(tickets->ring);
    free(tickets->hungry);
    free(tickets->joined);
    *tickets = (struct tickets){0};
}

/* --- The ring, with the lock held --------------------------------------------------------------------------------- */

static struct ticket *place(struct tickets *tickets, size_t i)
{
    return &tickets->ring[(tickets->first + i) % tickets->capacity];
}

static void show_first(struct tickets *tickets)
{
    int64_t first_ns = tickets->n > 0 ? place(tickets, 0)->intended_ns : INT64_MAX;
    atomic_store_explicit(&tickets->first_ns, first_ns, memory_order_relaxed);
}

/* Clients come in the order of their times, give or take what two threads' clock readings differ: the place is the last
 * one, or near. */
static void insert(struct tickets *tickets, const struct ticket *ticket)
{
    size_t i = tickets->n++;
    for (; i > 0 && place(tickets, i - 1)->intended_ns > ticket->intended_ns; i--)
        *place(tickets, i) = *place(tickets, i - 1);
    *place(tickets, i) = *ticket;
    show_first(tickets);
}

static bool pop(struct tickets *tickets, int64_t until_ns, struct ticket *out)
{
    if (tickets->n == 0 || place(tickets, 0)->intended_ns >= until_ns)
        return false;
    *out = *place(tickets, 0);
    tickets->first = (tickets->first + 1) % tickets->capacity;
    tickets->n--;
    show_first(tickets);
    return true;
}

static void be_hungry(struct tickets *tickets, struct loop *loop)
{
    for (int i = 0; i < tickets->n_hungry; i++)
        if (tickets->hungry[i] == loop)
            return;
    tickets->hungry[tickets->n_hungry++] = loop;
}

/* --- Taking ------------------------------------------------------------------------------------------------------- */

static bool take_waiting(struct tickets *tickets, int64_t until_ns, struct ticket *out)
{
    if (!tickets_have_earlier(tickets, INT64_MAX))
        return false;
    pthread_mutex_lock(&tickets->lock);
    bool taken = pop(tickets, until_ns, out);
    pthread_mutex_unlock(&tickets->lock);
    return taken;
}

static struct ticket scheduled(const struct tickets *tickets, struct schedule *schedule, int64_t number)
{
    return (struct ticket){.intended_ns = tickets->origin_ns + schedule_offset(schedule, number), .number = number};
}

static enum take take_scheduled(struct tickets *tickets, struct schedule *schedule, int64_t until_ns,
                                struct ticket *out)
{
    if (take_waiting(tickets, until_ns, out))
        return TAKE_TICKET;
    *out = scheduled(tickets, schedule, atomic_fetch_add_explicit(&tickets->next, 1, memory_order_relaxed));
    return __builtin_expect(out->intended_ns < until_ns, 1) ? TAKE_TICKET : TAKE_NO_MORE;
}

static enum take take_client(struct tickets *tickets, struct loop *loop, int64_t until_ns, struct ticket *out)
{
    pthread_mutex_lock(&tickets->lock);
    bool empty = tickets->n == 0, taken = pop(tickets, until_ns, out);
    if (!taken)
        be_hungry(tickets, loop);
    pthread_mutex_unlock(&tickets->lock);
    return taken ? TAKE_TICKET : empty ? TAKE_NONE_YET : TAKE_NO_MORE;
}

enum take tickets_take(struct tickets *tickets, struct schedule *schedule, struct loop *loop, int64_t until_ns,
                       struct ticket *out)
{
    if (tickets->spec)
        return take_scheduled(tickets, schedule, until_ns, out);
    return take_client(tickets, loop, until_ns, out);
}

bool tickets_take_due(struct tickets *tickets, struct schedule *schedule, int64_t before_ns, int64_t until_ns,
                      struct ticket *out)
{
    int64_t limit_ns = before_ns < until_ns ? before_ns + 1 : until_ns;
    if (take_waiting(tickets, limit_ns, out))
        return true;
    if (!tickets->spec)
        return false;
    int64_t next = atomic_load_explicit(&tickets->next, memory_order_relaxed);
    do {
        *out = scheduled(tickets, schedule, next);
        if (out->intended_ns >= limit_ns)
            return false;
    } while (!atomic_compare_exchange_weak_explicit(&tickets->next, &next, next + 1, memory_order_relaxed,
                                                    memory_order_relaxed));
    return true;
}

int64_t tickets_peek(struct tickets *tickets, struct schedule *schedule)
{
    int64_t first_ns = atomic_load_explicit(&tickets->first_ns, memory_order_relaxed);
    if (!tickets->spec)
        return first_ns;
    int64_t next_ns =
        scheduled(tickets, schedule, atomic_load_explicit(&tickets->next, memory_order_relaxed)).intended_ns;
    return first_ns < next_ns ? first_ns : next_ns;
}

/* --- Putting ------------------------------------------------------------------------------------------------------ */

/* Some of those that were hungry may have been fed since; waking is rare, so all are. */
static void wake_hungry(struct tickets *tickets)
{
    while (tickets->n_hungry > 0)
        loop_wake(tickets->hungry[--tickets->n_hungry]);
}

void tickets_put(struct tickets *tickets, const struct ticket *ticket, bool wake)
{
    pthread_mutex_lock(&tickets->lock);
    insert(tickets, ticket);
    if (wake)
        wake_hungry(tickets);
    pthread_mutex_unlock(&tickets->lock);
}

/* --- Those who take ----------------------------------------------------------------------------------------------- */

void tickets_join(struct tickets *tickets, struct loop *loop)
{
    pthread_mutex_lock(&tickets->lock);
    tickets->joined[tickets->n_joined++] = loop;
    pthread_mutex_unlock(&tickets->lock);
}

void tickets_wake_all(struct tickets *tickets)
{
    pthread_mutex_lock(&tickets->lock);
    for (int i = 0; i < tickets->n_joined; i++)
        loop_wake(tickets->joined[i]);
    pthread_mutex_unlock(&tickets->lock);
}

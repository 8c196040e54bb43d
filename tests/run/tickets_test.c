/* The queue in front of the pool: order, hand-over between threads, and that no ticket is lost or served twice. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "run/tickets.h"
#include "unit.h"

enum {
    THREADS = 4,
    CLIENTS = 50,
    ROUNDS = 2000
};

static struct schedule_spec constant(double rate_tps)
{
    return (struct schedule_spec){.rate_tps = rate_tps, .arrivals = ARRIVALS_CONSTANT};
}

static void test_clients_come_in_the_order_of_their_times(void **state)
{
    (void)state;
    struct tickets tickets;
    struct client clients[3] = {{.number = 0}, {.number = 1}, {.number = 2}};
    struct ticket t;
    struct loop loop;
    assert_true(loop_init(&loop, 1, NULL) && tickets_init(&tickets, NULL, 3, 1, NULL));
    assert_int_equal(tickets_take(&tickets, NULL, &loop, 1000, &t), TAKE_NONE_YET);
    const int64_t times[] = {30, 10, 20};
    for (int i = 0; i < 3; i++)
        tickets_put(&tickets, &(struct ticket){.intended_ns = times[i], .client = &clients[i]}, false);
    assert_true(tickets_have_earlier(&tickets, 11) && !tickets_have_earlier(&tickets, 10));
    assert_int_equal(tickets_peek(&tickets, NULL), 10);
    assert_false(tickets_take_due(&tickets, NULL, 9, 1000, &t));
    assert_true(tickets_take_due(&tickets, NULL, 10, 1000, &t) && t.client == &clients[1]);
    assert_int_equal(tickets_take(&tickets, NULL, &loop, 1000, &t), TAKE_TICKET);
    assert_ptr_equal(t.client, &clients[2]);
    assert_int_equal(tickets_take(&tickets, NULL, &loop, 30, &t), TAKE_NO_MORE); /* at the end itself is too late */
    assert_int_equal(tickets_take(&tickets, NULL, &loop, 31, &t), TAKE_TICKET);
    assert_int_equal(tickets_peek(&tickets, NULL), INT64_MAX);
    tickets_deinit(&tickets);
    loop_deinit(&loop);
}

static void test_a_ticket_given_back_comes_first(void **state)
{
    (void)state;
    struct schedule_spec spec = constant(1000);
    struct tickets tickets;
    struct schedule schedule;
    struct loop loop;
    struct ticket first, t;
    assert_true(loop_init(&loop, 1, NULL) && tickets_init(&tickets, &spec, 0, 2, NULL));
    schedule_init(&schedule, &spec);
    tickets.origin_ns = 5000;
    assert_int_equal(tickets_take(&tickets, &schedule, &loop, INT64_MAX, &first), TAKE_TICKET);
    assert_true(first.intended_ns == 5000 && first.number == 0 && !first.client);
    tickets_take(&tickets, &schedule, &loop, INT64_MAX, &t);
    assert_int_equal(t.intended_ns, 5000 + NS_PER_MS);
    tickets_put(&tickets, &first, true);
    assert_int_equal(tickets_peek(&tickets, &schedule), 5000);
    tickets_take(&tickets, &schedule, &loop, INT64_MAX, &t);
    assert_int_equal(t.number, 0);
    assert_true(tickets_take_due(&tickets, &schedule, 5000 + 2 * NS_PER_MS, INT64_MAX, &t) && t.number == 2);
    assert_false(tickets_take_due(&tickets, &schedule, 5000 + 2 * NS_PER_MS, INT64_MAX, &t));
    assert_int_equal(tickets_take(&tickets, &schedule, &loop, 5000 + 3 * NS_PER_MS, &t), TAKE_NO_MORE);
    tickets_deinit(&tickets);
    loop_deinit(&loop);
}

static void test_who_found_nothing_is_woken(void **state)
{
    (void)state;
    struct tickets tickets;
    struct client client = {.number = 0};
    struct ticket t;
    struct loop loop;
    assert_true(loop_init(&loop, 1, NULL) && tickets_init(&tickets, NULL, 1, 1, NULL));
    assert_int_equal(tickets_take(&tickets, NULL, &loop, 1000, &t), TAKE_NONE_YET);
    tickets_put(&tickets, &(struct ticket){.intended_ns = 1, .client = &client}, true);
    assert_int_equal(loop_wait(&loop), 0); /* would hang */
    assert_int_equal(tickets_take(&tickets, NULL, &loop, 1000, &t), TAKE_TICKET);
    tickets_deinit(&tickets);
    loop_deinit(&loop);
}

/* One thread found no more, the other holds a later one: both have to hear of what is given back. */
static void test_a_lost_connection_wakes_everybody(void **state)
{
    (void)state;
    struct schedule_spec spec = constant(1000);
    struct tickets tickets;
    struct schedule schedule;
    struct loop loops[2];
    struct ticket first, later, t;
    assert_true(tickets_init(&tickets, &spec, 0, 2, NULL));
    schedule_init(&schedule, &spec);
    for (int i = 0; i < 2; i++) {
        assert_true(loop_init(&loops[i], 1, NULL));
        tickets_join(&tickets, &loops[i]);
    }
    const int64_t until_ns = 2 * NS_PER_MS;
    assert_int_equal(tickets_take(&tickets, &schedule, &loops[0], until_ns, &first), TAKE_TICKET);
    assert_int_equal(tickets_take(&tickets, &schedule, &loops[1], until_ns, &later), TAKE_TICKET);
    assert_int_equal(tickets_take(&tickets, &schedule, &loops[0], until_ns, &t), TAKE_NO_MORE);
    tickets_put(&tickets, &first, false);
    tickets_wake_all(&tickets);
    for (int i = 0; i < 2; i++)
        assert_int_equal(loop_wait(&loops[i]), 0); /* would hang */
    assert_true(tickets_have_earlier(&tickets, later.intended_ns));
    assert_true(tickets_take_due(&tickets, &schedule, later.intended_ns - 1, until_ns, &t) && t.number == first.number);
    tickets_deinit(&tickets);
    for (int i = 0; i < 2; i++)
        loop_deinit(&loops[i]);
}

struct taker {
    struct tickets *tickets;
    struct loop loop;
    int64_t *taken; /* by number */
    int64_t n;
    pthread_t thread;
};

static void *take_all(void *arg)
{
    struct taker *taker = arg;
    struct schedule schedule;
    struct ticket t;
    schedule_init(&schedule, taker->tickets->spec);
    while (tickets_take(taker->tickets, &schedule, &taker->loop, NS_PER_S, &t) == TAKE_TICKET) {
        __atomic_fetch_add(&taker->taken[t.number], 1, __ATOMIC_RELAXED);
        if (++taker->n % 1000 == 7) /* as if its connection was lost */
            tickets_put(taker->tickets, &t, true), __atomic_fetch_sub(&taker->taken[t.number], 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

static void test_each_ticket_is_taken_once(void **state)
{
    (void)state;
    struct schedule_spec spec = constant(50000);
    struct tickets tickets;
    struct taker takers[THREADS] = {{0}};
    int64_t *taken = calloc(50000, sizeof *taken);
    assert_true(tickets_init(&tickets, &spec, 0, THREADS, NULL));
    for (int i = 0; i < THREADS; i++) {
        takers[i] = (struct taker){.tickets = &tickets, .taken = taken};
        assert_true(loop_init(&takers[i].loop, 1, NULL));
        assert_int_equal(pthread_create(&takers[i].thread, NULL, take_all, &takers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(takers[i].thread, NULL);
    take_all(&takers[0]); /* what was given back when the others had gone */
    for (int i = 0; i < 50000; i++)
        assert_int_equal(taken[i], 1);
    for (int i = 0; i < THREADS; i++)
        loop_deinit(&takers[i].loop);
    tickets_deinit(&tickets);
    free(taken);
}

static void *pass_clients(void *arg)
{
    struct taker *taker = arg;
    for (int i = 0; i < ROUNDS; i++) {
        struct ticket t;
        if (tickets_take(taker->tickets, NULL, &taker->loop, INT64_MAX, &t) != TAKE_TICKET)
            continue;
        t.client->turns++; /* nobody else has it now */
        t.intended_ns++;
        tickets_put(taker->tickets, &t, false);
        taker->n++;
    }
    return NULL;
}

static void test_a_client_is_with_one_thread_at_a_time(void **state)
{
    (void)state;
    struct tickets tickets;
    struct client clients[CLIENTS];
    struct taker takers[THREADS] = {{0}};
    int64_t turns = 0, passes = 0;
    memset(clients, 0, sizeof clients);
    assert_true(tickets_init(&tickets, NULL, CLIENTS, THREADS, NULL));
    for (int i = 0; i < CLIENTS; i++)
        tickets_put(&tickets, &(struct ticket){.intended_ns = 1, .client = &clients[i]}, false);
    for (int i = 0; i < THREADS; i++) {
        takers[i].tickets = &tickets;
        assert_true(loop_init(&takers[i].loop, 1, NULL));
        assert_int_equal(pthread_create(&takers[i].thread, NULL, pass_clients, &takers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(takers[i].thread, NULL);
        loop_deinit(&takers[i].loop);
        passes += takers[i].n;
    }
    int64_t least = INT64_MAX, most = 0;
    for (int i = 0; i < CLIENTS; i++) {
        turns += clients[i].turns;
        least = clients[i].turns < least ? clients[i].turns : least;
        most = clients[i].turns > most ? clients[i].turns : most;
    }
    assert_int_equal(turns, passes);
    assert_true(most - least <= THREADS + 1); /* first come, first served */
    tickets_deinit(&tickets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clients_come_in_the_order_of_their_times),
        cmocka_unit_test(test_a_ticket_given_back_comes_first),
        cmocka_unit_test(test_who_found_nothing_is_woken),
        cmocka_unit_test(test_a_lost_connection_wakes_everybody),
        cmocka_unit_test(test_each_ticket_is_taken_once),
        cmocka_unit_test(test_a_client_is_with_one_thread_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The replay finds a harness that makes transactions wait, and nothing where the queue was perfect. */
#include <string.h>

#include "base/clock.h"
#include "run/replay.h"
#include "simulate.h"
#include "unit.h"

static const struct pool_habits no_habits = {0};

static struct simulation open_load(double rate_tps, int servers)
{
    return (struct simulation){.rate_tps = rate_tps,
                               .service_ns = 10 * NS_PER_MS,
                               .servers = servers,
                               .duration_ns = 20 * NS_PER_S,
                               .seed = 7};
}

/* 20 clients on 4 connections, in the middle of it when the window begins. */
static struct simulation closed_load(void)
{
    return (struct simulation){.exponential = true,
                               .service_ns = 5 * NS_PER_MS,
                               .servers = 4,
                               .clients = 20,
                               .from_ns = -NS_PER_S,
                               .duration_ns = 5 * NS_PER_S,
                               .seed = 7};
}

static struct trial_result simulated(const struct simulation *simulation)
{
    struct trial_result trial = {0};
    simulate(simulation, &trial);
    return trial;
}

static void perfect(const struct simulation *simulation)
{
    struct trial_result trial = simulated(simulation);
    replay_audit(&no_habits, &trial);
    assert_true(trial.audit.made);
    assert_true(trial.audit.passed);
    assert_int_equal(trial.audit.excess_p99_ns, 0);
    free(trial.records.list);
}

static void a_perfect_queue_has_no_excess(void **state)
{
    (void)state;
    struct simulation fixed = open_load(300, 4), exponential = open_load(700, 8), beyond = open_load(500, 4);
    exponential.exponential = true;
    perfect(&fixed);
    perfect(&exponential);
    perfect(&beyond);
}

static void a_perfect_closed_loop_has_no_excess(void **state)
{
    (void)state;
    struct simulation simulation = closed_load();
    perfect(&simulation);
}

/* Every start, not only 99 of 100; and the waits are those of theory: M/D/4 at rho 0.75 is 2.98 ms (measurement.md,
 * T3). */
static void each_start_is_the_simulations(void **state)
{
    (void)state;
    struct simulation simulation = open_load(300, 4);
    simulation.duration_ns = 300 * NS_PER_S;
    struct trial_result trial = simulated(&simulation);
    struct replay replay;
    struct hist *wait = hist_new();
    assert_true(replay_init(&replay, 4));
    for (size_t i = 0; i < trial.records.n; i++) {
        const struct record *record = &trial.records.list[i];
        assert_int_equal(replay_start(&replay, record), record->intended_ns + record->pool_wait_ns);
    }
    assert_true(replay_waits(&trial.records, 4, wait));
    if (fabs(hist_mean(wait) / 1e6 - 2.98) > 0.15 * 2.98)
        fail_msg("mean wait %.3f ms", hist_mean(wait) / 1e6);
    replay_deinit(&replay);
    hist_free(wait);
    free(trial.records.list);
}

/* All of the list but every `step`th keeps its wait. */
static void delay(struct trial_result *trial, size_t step, int64_t wait_ns, uint32_t lag_ns)
{
    for (size_t i = 0; i < trial->records.n; i += step) {
        trial->records.list[i].pool_wait_ns += wait_ns;
        trial->records.list[i].lag_ns += lag_ns;
    }
}

static void audited(const struct simulation *simulation, size_t step, int64_t wait_ns, uint32_t lag_ns, bool passed)
{
    struct trial_result trial = simulated(simulation);
    delay(&trial, step, wait_ns, lag_ns);
    replay_audit(&no_habits, &trial);
    assert_true(trial.audit.made);
    if (trial.audit.passed != passed)
        fail_msg("excess %.3f ms, limit %.3f ms", (double)trial.audit.excess_p99_ns / 1e6,
                 (double)trial.audit.limit_ns / 1e6);
    free(trial.records.list);
}

static void who_was_let_wait_is_found(void **state)
{
    (void)state;
    struct simulation light = open_load(100, 4), closed = closed_load();
    audited(&light, 50, NS_PER_MS, 0, false);
    audited(&light, 50, 0, (uint32_t)NS_PER_MS, false);
    audited(&light, 50, 250 * NS_PER_US, 0, true);  /* under 0.3 ms */
    audited(&light, 200, NS_PER_MS, 0, true);       /* fewer than 1 in 100 */
    audited(&closed, 50, 20 * NS_PER_MS, 0, false); /* the next one that is free there is known all the same */
}

/* The limit grows with the predicted wait: 5 % of its p99. */
static void a_long_queue_allows_more(void **state)
{
    (void)state;
    struct simulation beyond = open_load(500, 4);
    struct trial_result trial = simulated(&beyond);
    replay_audit(&no_habits, &trial);
    /* 100/s too many for 20 s, 400/s served: the last waits about 5 s */
    assert_in_range(trial.audit.limit_ns, 200 * NS_PER_MS, 300 * NS_PER_MS);
    free(trial.records.list);
    audited(&beyond, 1, 150 * NS_PER_MS, 0, true);
    audited(&beyond, 1, 400 * NS_PER_MS, 0, false);
}

/* A harness that keeps one connection of four idle. */
static void an_idle_connection_is_found(void **state)
{
    (void)state;
    struct simulation simulation = open_load(290, 3);
    struct trial_result trial = simulated(&simulation);
    trial.connections = 4;
    replay_audit(&no_habits, &trial);
    assert_true(trial.audit.made);
    assert_false(trial.audit.passed);
    free(trial.records.list);
    struct simulation closed = closed_load();
    trial = simulated(&closed);
    trial.connections = 5;
    replay_audit(&no_habits, &trial);
    assert_true(trial.audit.passed); /* the fifth may have been busy with one transaction since before the window */
    free(trial.records.list);
}

/* Timed-out ones never had a server; a censored one keeps its until the end. */
static void what_did_not_end_well(void **state)
{
    (void)state;
    struct record list[] = {
        {.intended_ns = 0, .service_ns = 100, .attempts = 1},
        {.intended_ns = 10, .pool_wait_ns = 50, .status = RECORD_TIMED_OUT},
        {.intended_ns = 20, .pool_wait_ns = 80, .service_ns = 900, .attempts = 1, .status = RECORD_CENSORED},
        {.intended_ns = 30, .pool_wait_ns = 970, .status = RECORD_CENSORED},
        {.intended_ns = 40, .pool_wait_ns = NS_PER_S, .status = RECORD_CENSORED}, /* who knows when its turn was */
    };
    struct trial_result trial = {
        .rate_tps = 1, .connections = 1, .clients = 1, .records = {.list = list, .n = 5, .complete = true}};
    replay_audit(&no_habits, &trial);
    assert_true(trial.audit.made);
    assert_int_equal(trial.audit.excess_p99_ns, 0);
    struct hist *wait = hist_new();
    assert_true(replay_waits(&trial.records, 1, wait));
    assert_int_equal(wait->total, 4);
    assert_int_equal(wait->max, 970);
    hist_clear(wait);
    assert_true(replay_waits(&trial.records, 2, wait)); /* with another connection nobody would have waited */
    assert_int_equal(wait->max, 70);
    hist_free(wait);
}

/* A client's transactions before the window leave no record, and one of them may last. */
static void a_long_one_from_before_the_window(void **state)
{
    (void)state;
    struct record list[100];
    for (int i = 0; i < 100; i++) /* one connection serves all: each ready when the one before it began */
        list[i] = (struct record){
            .intended_ns = i * NS_PER_MS, .pool_wait_ns = NS_PER_MS, .service_ns = NS_PER_MS, .attempts = 1};
    struct trial_result trial = {.connections = 2, .clients = 3, .records = {.list = list, .n = 100, .complete = true}};
    replay_audit(&no_habits, &trial);
    assert_true(trial.audit.made);
    assert_int_equal(trial.audit.excess_p99_ns, 0);
}

/* More at once than there are connections: that is for other checks to find, and must not break this one. */
static void records_that_cannot_be(void **state)
{
    (void)state;
    struct simulation simulation = closed_load();
    struct trial_result trial = simulated(&simulation);
    trial.connections = 2;
    replay_audit(&no_habits, &trial);
    assert_true(trial.audit.made);
    free(trial.records.list);
}

static void refused(const struct trial_result *like, const struct pool_habits *habits, const char *words)
{
    struct trial_result trial = *like;
    replay_audit(habits, &trial);
    assert_false(trial.audit.made);
    if (!strstr(trial.audit.why_not, words))
        fail_msg("\"%s\" is not in: %s", words, trial.audit.why_not);
}

static void where_it_would_mean_nothing(void **state)
{
    (void)state;
    struct record record = {.service_ns = 5, .attempts = 1};
    const struct trial_result good = {
        .rate_tps = 1, .connections = 1, .clients = 1, .records = {.list = &record, .n = 1, .complete = true}};
    struct trial_result trial = good;
    replay_audit(&no_habits, &trial);
    assert_true(trial.audit.made);
    trial = good;
    trial.rate_tps = 0;
    refused(&trial, &no_habits, "closed loop without a queue");
    trial = good;
    trial.records.complete = false;
    refused(&trial, &no_habits, "memory");
    trial.records.n = 0;
    refused(&trial, &no_habits, "no raw records");
    trial = good;
    trial.reconnects = 1;
    refused(&trial, &no_habits, "lost");
    trial = good;
    trial.pool_counts.connects = 1;
    refused(&trial, &no_habits, "opened");
    trial.pool_counts.overflows = 1;
    refused(&trial, &no_habits, "grew");
    refused(&good, &(struct pool_habits){.connect_each = true}, "opened a connection");
    refused(&good, &(struct pool_habits){.pre_ping = true}, "pre_ping");
    trial = good; /* a habit that did not come to anything */
    replay_audit(&(struct pool_habits){.max_overflow = 5, .max_lifetime_ns = NS_PER_S}, &trial);
    assert_true(trial.audit.made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_perfect_queue_has_no_excess), cmocka_unit_test(a_perfect_closed_loop_has_no_excess),
        cmocka_unit_test(each_start_is_the_simulations), cmocka_unit_test(who_was_let_wait_is_found),
        cmocka_unit_test(a_long_queue_allows_more),      cmocka_unit_test(an_idle_connection_is_found),
        cmocka_unit_test(what_did_not_end_well),         cmocka_unit_test(a_long_one_from_before_the_window),
        cmocka_unit_test(records_that_cannot_be),        cmocka_unit_test(where_it_would_mean_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

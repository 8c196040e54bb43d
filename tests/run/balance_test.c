/* Little's law and overload, on simulated queues. */
#include "base/clock.h"
#include "run/balance.h"
#include "simulate.h"
#include "unit.h"

static struct simulation load(double rate_tps, int servers, int64_t service_ns)
{
    return (struct simulation){
        .rate_tps = rate_tps, .service_ns = service_ns, .servers = servers, .duration_ns = 15 * NS_PER_S, .seed = 42};
}

static struct trial_result simulated(const struct simulation *simulation, struct transaction_result *transaction)
{
    struct trial_result trial = {.complete = true};
    assert_true(transaction_result_init(transaction, 0));
    simulate(simulation, &trial);
    simulate_histograms(&trial.records, transaction);
    trial.transactions = transaction;
    trial.n_transactions = 1;
    return trial;
}

static void release(struct trial_result *trial)
{
    free(trial->records.list);
    transaction_result_deinit(trial->transactions);
}

/* --- Little's law ------------------------------------------------------------------------------------------------- */

static void little_by_hand(void **state)
{
    (void)state;
    struct transaction_result transaction;
    assert_true(transaction_result_init(&transaction, 0));
    /* 1 in the system for 3 s, 2 for 2 s, 1 for 1 s; the window ends after 4 s */
    struct record list[] = {{.intended_ns = 0, .service_ns = 5 * NS_PER_S},
                            {.intended_ns = 3 * NS_PER_S, .pool_wait_ns = 2 * NS_PER_S, .service_ns = NS_PER_S}};
    struct trial_result trial = {.transactions = &transaction,
                                 .n_transactions = 1,
                                 .duration_ns = 4 * NS_PER_S,
                                 .records = {.list = list, .n = 2, .complete = true}};
    simulate_histograms(&trial.records, &transaction);
    balance_little(&trial);
    assert_true(trial.little.made);
    assert_true(fabs(trial.little.integral_s - 8) < 1e-9);
    assert_true(fabs(trial.little.sum_s - 8) < 1e-9);
    assert_true(fabs(trial.little.mean_in_system - 5.0 / 4) < 1e-9);
    trial.records.complete = false;
    balance_little(&trial);
    assert_false(trial.little.made);
    transaction_result_deinit(&transaction);
}

/* M/M/1 at rho = 0.5 has one in the system on average. */
static void little_of_a_queue(void **state)
{
    (void)state;
    struct transaction_result transaction;
    struct simulation simulation = load(100, 1, 5 * NS_PER_MS);
    simulation.exponential = true;
    simulation.duration_ns = 300 * NS_PER_S;
    struct trial_result trial = simulated(&simulation, &transaction);
    balance_little(&trial);
    assert_true(trial.little.made);
    assert_true(trial.little.error < 1e-9);
    assert_true(fabs(trial.little.mean_in_system - 1) < 0.1);
    trial.records.n = trial.records.n * 99 / 100; /* records that were lost */
    balance_little(&trial);
    assert_true(trial.little.error > 0.001);
    release(&trial);
}

/* --- Overload ----------------------------------------------------------------------------------------------------- */

/* T5: 196/s can be carried, 230/s come: after 15 s about 510 are left. */
static void more_than_can_be_carried(void **state)
{
    (void)state;
    for (int constant = 0; constant < 2; constant++) {
        struct transaction_result transaction;
        struct overload overload;
        struct simulation simulation = load(230, 2, 10204082);
        simulation.constant = constant;
        struct trial_result trial = simulated(&simulation, &transaction);
        balance_overload(&trial, &overload);
        assert_true(overload.made && overload.overloaded);
        assert_false(overload.refusing);
        assert_true(overload.busy > 0.999);
        assert_true(fabs(overload.carried_tps - 196) < 1);
        trial.unsent_at_end = records_unsent(&trial.records, trial.duration_ns);
        assert_in_range(trial.unsent_at_end, constant ? 505 : 510 - 120, constant ? 513 : 510 + 120);
        release(&trial);
    }
}

static void busy_is_not_overloaded(void **state)
{
    (void)state;
    int overloaded = 0;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        struct transaction_result transaction;
        struct overload overload;
        struct simulation simulation = load(190, 1, 5 * NS_PER_MS); /* rho = 0.95 */
        simulation.exponential = true;
        simulation.seed = seed;
        struct trial_result trial = simulated(&simulation, &transaction);
        balance_overload(&trial, &overload);
        overloaded += overload.overloaded;
        release(&trial);
    }
    assert_in_range(overloaded, 0, 2);
}

/* A pause of the server's that is over when the window ends leaves no backlog. */
static void a_stall_is_not_overload(void **state)
{
    (void)state;
    struct transaction_result transaction;
    struct overload overload;
    struct simulation simulation = load(200, 4, 5 * NS_PER_MS);
    simulation.slower_after_ns = 10 * NS_PER_S;
    simulation.slower = 3; /* rho from 0.25 to 0.75 */
    struct trial_result trial = simulated(&simulation, &transaction);
    balance_overload(&trial, &overload);
    assert_true(overload.made);
    assert_false(overload.overloaded);
    release(&trial);
}

/* Responses that grow while connections are free: more are under way, but nobody is refused one. */
static void slow_is_not_overloaded(void **state)
{
    (void)state;
    struct transaction_result transaction;
    struct overload overload;
    struct simulation simulation = load(20, 60, 5 * NS_PER_MS);
    simulation.slower_after_ns = simulation.duration_ns / 2;
    simulation.slower = 400;
    struct trial_result trial = simulated(&simulation, &transaction);
    balance_overload(&trial, &overload);
    assert_true(overload.arrivals - overload.carried > 3 * sqrt(overload.arrivals));
    assert_true(overload.made && !overload.overloaded);
    trial.unsent_at_end = records_unsent(&trial.records, trial.duration_ns);
    assert_int_equal(trial.unsent_at_end, 0);
    release(&trial);
}

/* acquire_timeout keeps the queue short, and is as good a sign. */
static void refused_by_the_pool(void **state)
{
    (void)state;
    struct transaction_result transaction;
    struct overload overload;
    struct simulation simulation = load(230, 2, 10204082);
    struct trial_result trial = simulated(&simulation, &transaction);
    transaction_result_deinit(&transaction);
    assert_true(transaction_result_init(&transaction, 0));
    size_t kept = 0;
    for (size_t i = 0; i < trial.records.n; i++) /* those that fit, and a tenth that gave up after 50 ms */
        if (i * 200 / 230 != (i + 1) * 200 / 230 || i % 7 == 0) {
            struct record record = trial.records.list[i];
            record.pool_wait_ns = 40 * NS_PER_MS;
            if (i % 7 == 0)
                record = (struct record){
                    .intended_ns = record.intended_ns, .pool_wait_ns = 50 * NS_PER_MS, .status = RECORD_TIMED_OUT};
            trial.records.list[kept++] = record;
        }
    trial.records.n = kept;
    trial.scheduled = (int64_t)kept;
    simulate_histograms(&trial.records, &transaction);
    balance_overload(&trial, &overload);
    assert_true(overload.overloaded && overload.refusing);
    assert_int_equal(overload.timed_out, transaction.timed_out);
    trial.unsent_at_end = records_unsent(&trial.records, trial.duration_ns);
    assert_in_range(trial.unsent_at_end, 1, 20);
    release(&trial);
}

/* A pool that spends the connections' time on connecting: nobody holds one, and nobody would get one. */
static void busy_connecting(void **state)
{
    (void)state;
    struct transaction_result transaction;
    struct overload overload;
    struct simulation simulation = load(230, 2, 10204082);
    struct trial_result trial = simulated(&simulation, &transaction);
    for (size_t i = 0; i < trial.records.n; i++) {
        trial.records.list[i].pool_wait_ns += 9 * NS_PER_MS;
        trial.records.list[i].service_ns -= 9 * NS_PER_MS;
    }
    balance_overload(&trial, &overload);
    assert_true(overload.overloaded);
    release(&trial);
}

static void without_records(void **state)
{
    (void)state;
    struct interval_result intervals[10] = {0};
    struct transaction_result transaction = {.ok = 2000};
    struct overload overload;
    struct trial_result trial = {.rate_tps = 230,
                                 .connections = 2,
                                 .duration_ns = 10 * NS_PER_S,
                                 .scheduled = 2300,
                                 .transactions = &transaction,
                                 .n_transactions = 1,
                                 .intervals = intervals,
                                 .n_intervals = 10};
    for (int i = 0; i < 10; i++) {
        intervals[i].start_s = i;
        intervals[i].length_s = 1;
        intervals[i].all.ok = 196;
    }
    balance_overload(&trial, &overload);
    assert_true(overload.made && overload.overloaded);
    assert_true(overload.busy < 0);
    assert_int_equal(trial.unsent_at_end, 2300 - 1960 - 2);
    for (int i = 0; i < 10; i++)
        intervals[i].all.ok = 230;
    balance_overload(&trial, &overload);
    assert_true(overload.made && !overload.overloaded);
    assert_int_equal(trial.unsent_at_end, 0);
    for (int i = 0; i < 10; i++)
        intervals[i].all.ok = 49500; /* 1 % short: many, and yet not worth the word */
    trial.rate_tps = 50000;
    trial.scheduled = 500000;
    balance_overload(&trial, &overload);
    assert_true(overload.made && !overload.overloaded);
    assert_int_equal(trial.unsent_at_end, 5000 - 2);
    trial.n_intervals = 1; /* a short window has no second half */
    trial.duration_ns = intervals[0].length_s * NS_PER_S / 2;
    intervals[0].length_s = 0.5;
    intervals[0].all.ok = 400;
    trial.scheduled = 25000;
    balance_overload(&trial, &overload);
    assert_true(overload.overloaded && overload.carried_tps == 800);
    trial.n_intervals = 0;
    balance_overload(&trial, &overload);
    assert_false(overload.made);
}

static void a_closed_loop_is_never_overloaded(void **state)
{
    (void)state;
    struct transaction_result transaction;
    struct overload overload;
    struct simulation simulation = load(0, 2, 10300 * NS_PER_US);
    simulation.clients = 10;
    struct trial_result trial = simulated(&simulation, &transaction);
    balance_overload(&trial, &overload);
    assert_false(overload.made);
    assert_false(overload.overloaded);
    trial.unsent_at_end = records_unsent(&trial.records, trial.duration_ns);
    assert_int_equal(trial.unsent_at_end, 8);
    release(&trial);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(little_by_hand),           cmocka_unit_test(little_of_a_queue),
        cmocka_unit_test(more_than_can_be_carried), cmocka_unit_test(busy_is_not_overloaded),
        cmocka_unit_test(a_stall_is_not_overload),  cmocka_unit_test(slow_is_not_overloaded),
        cmocka_unit_test(refused_by_the_pool),      cmocka_unit_test(busy_connecting),
        cmocka_unit_test(without_records),          cmocka_unit_test(a_closed_loop_is_never_overloaded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Whether a trial knows its own mean, and whether that drifts: simulated queues of which theory knows the truth. */
#include "base/clock.h"
#include "run/steady.h"
#include "simulate.h"
#include "unit.h"

enum {
    SEEDS = 60
};

static struct simulation mm1(double rate_tps)
{
    return (struct simulation){.rate_tps = rate_tps,
                               .exponential = true,
                               .service_ns = 5 * NS_PER_MS,
                               .servers = 1,
                               .duration_ns = 60 * NS_PER_S};
}

static struct simulation many_servers(void)
{
    return (struct simulation){
        .rate_tps = 800, .exponential = true, .service_ns = 5 * NS_PER_MS, .servers = 8, .duration_ns = 8 * NS_PER_S};
}

struct tally {
    int resolved, drifts, mean_covered, p99_covered, p99_bounded;
};

/* In a stationary M/M/1 response is exponential with mean 1/(mu − lambda). */
static struct tally count(struct simulation simulation)
{
    struct tally tally = {0};
    double mean_ns = 1e9 / (1e9 / (double)simulation.service_ns - simulation.rate_tps), p99_ns = -log(0.01) * mean_ns;
    for (simulation.seed = 1; simulation.seed <= SEEDS; simulation.seed++) {
        struct trial_result trial = {0};
        struct steady steady;
        struct steady_percentile p99;
        simulate(&simulation, &trial);
        steady_judge(&trial, &steady);
        assert_true(steady.made);
        assert_int_equal(steady.batches, 20);
        assert_true(steady_percentile(&trial.records, 0.99, &p99));
        assert_true(p99.low_ns <= p99.value_ns && p99.value_ns <= p99.high_ns);
        tally.resolved += steady_resolved(&steady);
        tally.drifts += steady_resolved(&steady) && steady_drifts(&steady);
        tally.mean_covered += fabs(steady.mean_ns - mean_ns) <= steady.half_width * steady.mean_ns;
        tally.p99_covered += p99.low_ns <= p99_ns && p99_ns <= p99.high_ns;
        tally.p99_bounded += isfinite(p99.high_ns);
        free(trial.records.list);
    }
    return tally;
}

/* T17. At rho = 0.5, a minute holds about as many independent stretches as the margin needs; at 0.9 it does not. The
 * bounds are binomial: 88 % at least, of 60. */
static void a_minute_of_mm1(void **state)
{
    (void)state;
    struct tally half = count(mm1(100)), nine_tenths = count(mm1(180));
    assert_in_range(half.resolved, SEEDS * 3 / 4, SEEDS);
    assert_int_equal(half.drifts, 0);
    assert_in_range(half.mean_covered, SEEDS * 88 / 100, SEEDS);
    assert_in_range(half.p99_covered, SEEDS * 88 / 100, SEEDS);
    assert_in_range(half.p99_bounded, SEEDS * 3 / 4, SEEDS);
    assert_int_equal(nine_tenths.resolved, 0);
    assert_in_range(nine_tenths.p99_bounded, 0, SEEDS / 4);
}

static void chance_is_no_drift(void **state)
{
    (void)state;
    struct tally tally = count(many_servers());
    assert_in_range(tally.resolved, SEEDS * 95 / 100, SEEDS);
    assert_int_equal(tally.drifts, 0);
}

static void a_step_is_a_drift(void **state)
{
    (void)state;
    struct simulation simulation = many_servers();
    simulation.slower_after_ns = 4 * NS_PER_S;
    simulation.slower = 1.3;
    struct tally tally = count(simulation);
    assert_in_range(tally.resolved, SEEDS * 95 / 100, SEEDS); /* the step is not taken for scatter */
    assert_in_range(tally.drifts, SEEDS * 95 / 100, SEEDS);
    simulation.slower = 1.05;
    assert_in_range(count(simulation).drifts, 0, SEEDS / 10); /* within the margin, but for chance */
}

static void figures_by_hand(void **state)
{
    (void)state;
    /* four batches of five, by R:
     *   m <- c(10, 12, 11, 15); within <- c(-1, 1, -2, 2); se <- sqrt(sum(within^2) / 2 / 4)
     *   qt(0.975, 2) * se / 12; 3 / 12 -> change is (13 − 11) / 12 */
    static const double means[] = {10, 12, 11, 15};
    struct record list[20];
    for (int i = 0; i < 20; i++)
        list[i] = (struct record){.intended_ns = i, .service_ns = (int64_t)means[i / 5]};
    struct trial_result trial = {.records = {.list = list, .n = 20, .complete = true}};
    struct steady steady;
    steady_judge(&trial, &steady);
    assert_int_equal(steady.batches, 4);
    assert_true(fabs(steady.mean_ns - 12) < 1e-12);
    assert_true(fabs(steady.half_width - 4.3026527 * sqrt(10.0 / 8) / 12) < 1e-4);
    assert_true(fabs(steady.change - 2.0 / 12) < 1e-12);
    assert_true(fabs(steady.noise - 31.599055 * 2 * sqrt(10.0 / 8) / 12) < 1e-4);
    assert_false(steady_resolved(&steady));
    assert_false(steady_drifts(&steady));
}

static void too_few(void **state)
{
    (void)state;
    struct record list[19];
    for (int i = 0; i < 19; i++)
        list[i] = (struct record){.intended_ns = i, .service_ns = 10};
    struct trial_result trial = {.records = {.list = list, .n = 19, .complete = true}};
    struct steady steady;
    struct steady_percentile p99;
    steady_judge(&trial, &steady);
    assert_true(steady.made);
    assert_int_equal(steady.batches, 0);
    assert_false(steady_resolved(&steady));
    assert_false(steady_drifts(&steady));
    assert_false(steady_percentile(&trial.records, 0.99, &p99));
}

/* Without records the timeline's seconds are the batches. */
static void from_the_seconds(void **state)
{
    (void)state;
    struct interval_result intervals[40] = {0};
    struct steady steady;
    for (int i = 0; i < 40; i++)
        intervals[i].all.response = (struct dist_summary){.count = 100, .mean = (i < 20 ? 10 : 13) + (i / 2) % 2};
    struct trial_result trial = {.intervals = intervals, .n_intervals = 40};
    steady_judge(&trial, &steady);
    assert_true(steady.made);
    assert_int_equal(steady.batches, 20);
    assert_true(fabs(steady.mean_ns - 12) < 1e-9);
    assert_true(steady_resolved(&steady));
    assert_true(steady_drifts(&steady));
    trial.n_intervals = 3;
    steady_judge(&trial, &steady);
    assert_false(steady.made);
    assert_true(steady_resolved(&steady)); /* not known to be otherwise */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_minute_of_mm1),   cmocka_unit_test(chance_is_no_drift),
        cmocka_unit_test(a_step_is_a_drift), cmocka_unit_test(figures_by_hand),
        cmocka_unit_test(too_few),           cmocka_unit_test(from_the_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* T8 and T9: is each transaction sent when it is due, and is it due when it should be? */
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "run/loop.h"
#include "stub_log.h"
#include "theory.h"
#include "truth.h"

#define LOOKUP "transactions:\n  lookup: { weight: 1, sql: SELECT 1 }\n"

/* --- T8 ----------------------------------------------------------------------------------------------------------- */

static void t8_check(struct truth *truth, const char *setup, bool spins, double p50_us, double p99_us)
{
    double most_p50 = spins ? 10 : 100, most_p99 = spins ? 100 : 250, slack = FORM(truth, 1, 4);
    truth_check(
        truth, TIMING, p50_us <= slack * most_p50 && p99_us <= slack * most_p99, setup,
        TEXT("lag p50 %.1f µs, p99 %.1f µs", p50_us, p99_us),
        TEXT("%s: at most %.0f and %.0f µs", spins ? "spinning" : "not spinning", slack * most_p50, slack * most_p99));
}

static void t8_driver(struct truth *truth)
{
    struct trial_case c = {.text = LOOKUP,
                           .target = &truth->stub->target,
                           .connections = 4,
                           .threads = 1,
                           .rate_tps = 300,
                           .arrivals = ARRIVALS_CONSTANT,
                           .protocol = PROTOCOL_PREPARED,
                           .warmup_ns = 500 * NS_PER_MS,
                           .duration_ns = FORM(truth, 30, 2) * NS_PER_S};
    struct trial_result trial;
    STUB_SCRIPT(truth->stub, "service none");
    if (!truth_drive(truth, &c, &trial))
        return;
    char *setup = TEXT("driver on the stub, constant 300/s, %.0f s, spin %.1f µs", (double)trial.duration_ns / 1e9,
                       (double)trial.spin_ns / 1e3);
    t8_check(truth, setup, trial.spin_ns > 0, (double)trial.harness_lag.p50 / 1e3, (double)trial.harness_lag.p99 / 1e3);
    truth_check_accounts(truth, setup, &trial);
    trial_result_deinit(&trial);
}

/* The driver's own loop and timers in a thread of their own, told not to spin. */
struct sleeper {
    struct hist *late;
    int n;
    bool ok;
};

static void *sleep_often(void *arg)
{
    struct sleeper *sleeper = arg;
    struct loop loop;
    struct err err;
    if (!loop_init(&loop, 1, &err))
        return NULL;
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    timing_take_short_turns();
    int64_t due_ns = clock_now_ns();
    for (int i = 0; i < sleeper->n; i++) {
        due_ns += NS_PER_S / 300;
        loop.precise_ns = due_ns;
        while (clock_now_ns() < due_ns)
            loop_wait(&loop);
        hist_record(sleeper->late, clock_now_ns() - due_ns);
    }
    loop_deinit(&loop);
    sleeper->ok = true;
    return NULL;
}

static void t8_without_spin(struct truth *truth)
{
    struct sleeper sleeper = {.late = hist_new(), .n = FORM(truth, 9000, 600)};
    pthread_t thread;
    if (sleeper.late && pthread_create(&thread, NULL, sleep_often, &sleeper) == 0)
        pthread_join(thread, NULL);
    if (sleeper.ok)
        t8_check(truth, "the driver's loop alone, 300/s, spin off", false, 1e3 * truth_percentile_ms(sleeper.late, 0.5),
                 1e3 * truth_percentile_ms(sleeper.late, 0.99));
    else
        truth_broken(truth, "the driver's loop alone", &(struct err){.text = "no thread or memory for it"});
    hist_free(sleeper.late);
}

void truth_t8(struct truth *truth)
{
    t8_driver(truth);
    t8_without_spin(truth);
}

/* --- T9 ----------------------------------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Kolmogorov and Smirnov's p of the gaps against the exponential distribution. */
static double exponential_p(const struct records *records, double rate)
{
    double *gaps = malloc((records->n + 1) * sizeof *gaps), worst = 0;
    size_t n = 0;
    for (size_t i = 1; gaps && i < records->n; i++)
        gaps[n++] = (double)(records->list[i].intended_ns - records->list[i - 1].intended_ns) / 1e9;
    if (n > 0)
        qsort(gaps, n, sizeof *gaps, by_value);
    for (size_t i = 0; i < n; i++) {
        double should = -expm1(-rate * gaps[i]);
        worst = fmax(worst, fmax((double)(i + 1) / (double)n - should, should - (double)i / (double)n));
    }
    free(gaps);
    return theory_ks_p(worst, n);
}

static bool evenly_spaced(const struct records *records, int64_t gap_ns)
{
    for (size_t i = 0; i < records->n; i++)
        if (records->list[i].intended_ns != (int64_t)i * gap_ns)
            return false;
    return records->n > 0;
}

static bool t9_trial(struct truth *truth, enum arrivals arrivals, struct trial_result *trial)
{
    struct trial_case c = {.text = LOOKUP,
                           .target = &truth->stub->target,
                           .connections = 8,
                           .threads = 2,
                           .rate_tps = 1000,
                           .arrivals = arrivals,
                           .protocol = PROTOCOL_PREPARED,
                           .warmup_ns = 200 * NS_PER_MS,
                           .duration_ns = FORM(truth, 60, 3) * NS_PER_S};
    STUB_SCRIPT(truth->stub, "service none");
    return truth_drive(truth, &c, trial);
}

static void t9_received(struct truth *truth, const char *setup, const struct trial_result *trial)
{
    struct stub_window log = stub_window(truth->stub, trial);
    truth_check(truth, EXACT, (int64_t)log.n == trial->scheduled, setup, TEXT("the stub received %zu", log.n),
                TEXT("%" PRId64 " scheduled", trial->scheduled));
    free(log.list);
}

static void t9_poisson(struct truth *truth)
{
    struct trial_result trial;
    if (!t9_trial(truth, ARRIVALS_POISSON, &trial))
        return;
    double seconds = (double)trial.duration_ns / 1e9, wanted = 1000 * seconds, p = exponential_p(&trial.records, 1000);
    char *setup = TEXT("Poisson, λ=1000, %.0f s", seconds);
    truth_check(truth, EXACT, fabs((double)trial.scheduled - wanted) <= 3 * sqrt(wanted), setup,
                TEXT("%" PRId64 " arrivals", trial.scheduled), TEXT("%.0f ±%.0f", wanted, 3 * sqrt(wanted)));
    truth_check(truth, EXACT, p > 0.001, setup, TEXT("KS of the gaps: p = %.4f", p), "exponential: p > 0.001");
    t9_received(truth, setup, &trial);
    trial_result_deinit(&trial);
}

static void t9_constant(struct truth *truth)
{
    struct trial_result trial;
    if (!t9_trial(truth, ARRIVALS_CONSTANT, &trial))
        return;
    double seconds = (double)trial.duration_ns / 1e9, p = exponential_p(&trial.records, 1000);
    char *setup = TEXT("constant, λ=1000, %.0f s", seconds);
    truth_check(truth, EXACT, (double)trial.scheduled == 1000 * seconds, setup,
                TEXT("%" PRId64 " arrivals", trial.scheduled), TEXT("exactly %.0f", 1000 * seconds));
    truth_check(truth, EXACT, evenly_spaced(&trial.records, NS_PER_MS), setup, "each gap", "1 ms to the nanosecond");
    truth_check(truth, EXACT, p <= 0.001, "control: the same taken for Poisson", TEXT("KS: p = %.4f", p),
                "is caught: p ≤ 0.001");
    t9_received(truth, setup, &trial);
    trial_result_deinit(&trial);
}

void truth_t9(struct truth *truth)
{
    t9_poisson(truth);
    t9_constant(truth);
}

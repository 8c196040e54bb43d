/* T3, T4 and T5: queues whose mean wait is known from theory, and one that has none because it grows. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "generators/rng.h"
#include "pgbench.h"
#include "run/replay.h"
#include "stub_log.h"
#include "theory.h"
#include "truth.h"

#define NAP(ms)    "transactions:\n  nap: { weight: 1, sql: \"SELECT pg_sleep(" ms " / 1000.0)\" }\n"
#define NAP_SQL    "SELECT pg_sleep(0.01)"
#define EXCESS_MS  0.3
#define MOST_RATIO 1.10

/* --- T3 ----------------------------------------------------------------------------------------------------------- */

enum {
    T3_RATE = 300,
    T3_CONNECTIONS = 4
};

/* Short windows meet few of the queue's rare long moments: then the truth is a replay of the same arrivals. */
static double replayed_wait_ms(const struct trial_result *trial)
{
    struct hist *wait = hist_new();
    bool ok = wait && replay_waits(&trial->records, trial->connections, wait);
    double mean_ms = ok ? truth_mean_ms(wait) : NAN;
    hist_free(wait);
    return mean_ms;
}

static bool t3_trial(struct truth *truth, bool stub, int threads, struct trial_result *trial)
{
    struct trial_case c = {.text = NAP("10"),
                           .target = stub ? &truth->stub->target : truth_postgres(truth),
                           .connections = T3_CONNECTIONS,
                           .threads = threads,
                           .rate_tps = T3_RATE,
                           .arrivals = ARRIVALS_POISSON,
                           .protocol = PROTOCOL_PREPARED,
                           .warmup_ns = FORM(truth, 2000, 200) * NS_PER_MS,
                           .duration_ns = FORM(truth, 60000, 1500) * NS_PER_MS};
    if (stub)
        STUB_SCRIPT(truth->stub, "service constant 10ms");
    return truth_drive(truth, &c, trial);
}

/* Returns the mean wait in ms; NAN if there was none. */
static double t3_check(struct truth *truth, bool stub, int threads)
{
    struct trial_result trial;
    if (!t3_trial(truth, stub, threads, &trial))
        return NAN;
    const struct transaction_result *t = &trial.transactions[0];
    double service_ms = truth_mean_ms(t->service), wait_ms = truth_mean_ms(t->pool_wait);
    double theory_ms = theory_mdc_wait(T3_RATE / 1e3, service_ms, T3_CONNECTIONS), replay_ms = replayed_wait_ms(&trial);
    double excess_ms = (double)trial.audit.excess_p99_ns / 1e6;
    char *setup = TEXT("%s: %.3f ms, c=4, Poisson 300/s, %g s, threads %d", stub ? "stub" : "PostgreSQL", service_ms,
                       (double)trial.duration_ns / 1e9, threads);
    truth_check(truth, TIMING, within(wait_ms, FORM(truth, theory_ms, replay_ms), FORM(truth, 0.15, 0.1)), setup,
                TEXT("mean pool wait %.3f ms", wait_ms),
                TEXT("%s %.3f ms ±%s (replay %.3f ms)", FORM(truth, "M/D/4", "replay; M/D/4"), theory_ms,
                     FORM(truth, "15 %", "10 % of replay"), replay_ms));
    truth_check(truth, TIMING, trial.audit.made && excess_ms <= FORM(truth, EXCESS_MS, 5 * EXCESS_MS), setup,
                TEXT("replay excess p99 %.3f ms; lag p99 %.3f ms", excess_ms, (double)trial.harness_lag.p99 / 1e6),
                TEXT("at most %.1f ms", FORM(truth, EXCESS_MS, 5 * EXCESS_MS)));
    /* Whatever the machine does: nobody can begin earlier than in a perfect queue. */
    double late_ms = wait_ms + trial.harness_lag.mean / 1e6;
    truth_check(truth, EXACT, late_ms >= 0.999 * replay_ms, setup, TEXT("mean pool wait + lag %.3f ms", late_ms),
                TEXT("at least replay's %.3f ms", replay_ms));
    truth_check_accounts(truth, setup, &trial);
    trial_result_deinit(&trial);
    return wait_ms;
}

static void t3_threads(struct truth *truth, bool stub)
{
    static const int threads[] = {1, 2, 4};
    double least = INFINITY, most = 0;
    for (int i = 0; i < 3; i++) {
        double wait_ms = t3_check(truth, stub, threads[i]);
        least = fmin(least, wait_ms);
        most = fmax(most, wait_ms);
    }
    truth_check(truth, TIMING, most / least <= FORM(truth, MOST_RATIO, 1.3),
                TEXT("%s: 1, 2 and 4 threads", stub ? "stub" : "PostgreSQL"),
                TEXT("mean wait %.3f … %.3f ms: max/min %.3f", least, most, most / least),
                TEXT("at most %.2f", FORM(truth, MOST_RATIO, 1.3)));
}

/* What a schedule a thread makes of the same transactions: each of four queues has one connection. */
static void t3_control(struct truth *truth)
{
    struct trial_result trial;
    struct hist *wait = hist_new();
    struct records part = {.complete = true};
    double shared_ms = NAN, split_ms = NAN;
    if (!wait || !t3_trial(truth, true, 1, &trial))
        goto out;
    part.list = malloc((trial.records.n + 1) * sizeof *part.list);
    for (uint64_t thread = 0; part.list && thread < T3_CONNECTIONS; thread++) {
        struct rng rng = rng_at(3, 0, 0, 0); /* the same thread for each arrival in each pass */
        part.n = 0;
        for (size_t i = 0; i < trial.records.n; i++)
            if (rng_next(&rng) % T3_CONNECTIONS == thread)
                part.list[part.n++] = trial.records.list[i];
        replay_waits(&part, 1, wait);
    }
    shared_ms = replayed_wait_ms(&trial);
    split_ms = truth_mean_ms(wait);
    trial_result_deinit(&trial);
    free(part.list);
out:
    hist_free(wait);
    truth_check(truth, EXACT, isfinite(split_ms) && !within(split_ms, shared_ms, FORM(truth, 0.15, 0.1)),
                "control: a schedule for each of four threads", TEXT("mean wait %.3f ms", split_ms),
                TEXT("is caught: not %.3f ms", shared_ms));
}

static void t3_pgbench(struct truth *truth, int threads)
{
    struct pgbench_case c = {NAP_SQL, T3_RATE, T3_CONNECTIONS, threads, 60 * NS_PER_S};
    struct pgbench_log log;
    pgbench_run(truth, &c, NULL, NULL, &log);
    if (log.list)
        truth_note(truth, TEXT("pgbench -R 300 -c 4 -j %d, the same 60 s", threads),
                   TEXT("mean schedule lag %.3f ms; %zu transactions", pgbench_mean_lag_ms(&log), log.n),
                   "its wait for a free client");
    pgbench_log_deinit(&log);
}

void truth_t3(struct truth *truth)
{
    t3_threads(truth, true);
    t3_control(truth);
    if (!truth->full)
        return;
    t3_threads(truth, false);
    t3_pgbench(truth, 1);
    t3_pgbench(truth, 2);
    t3_pgbench(truth, 4);
}

/* --- T4 ----------------------------------------------------------------------------------------------------------- */

void truth_t4(struct truth *truth)
{
    static const struct {
        double rho, share;
    } rows[] = {{0.5, 0.1}, {0.7, 0.1}, {0.9, 0.25}};
    for (int i = 0; i < 3; i++) {
        struct trial_case c = {.text = NAP("5"),
                               .target = &truth->stub->target,
                               .connections = 8,
                               .threads = 2,
                               .rate_tps = rows[i].rho * 8 / 0.005,
                               .arrivals = ARRIVALS_POISSON,
                               .protocol = PROTOCOL_PREPARED,
                               .warmup_ns = FORM(truth, 2000, 200) * NS_PER_MS,
                               .duration_ns = FORM(truth, 120000, 1500) * NS_PER_MS};
        struct trial_result trial;
        STUB_SCRIPT(truth->stub, "service exponential 5ms");
        if (!truth_drive(truth, &c, &trial))
            return;
        const struct transaction_result *t = &trial.transactions[0];
        double service_ms = truth_mean_ms(t->service), wait_ms = truth_mean_ms(t->pool_wait);
        double theory_ms = theory_mmc_wait(c.rate_tps / 1e3, service_ms, 8), replay_ms = replayed_wait_ms(&trial);
        char *setup = TEXT("stub: exponential %.3f ms, c=8, ρ=%.1f, %g s", service_ms, rows[i].rho,
                           (double)trial.duration_ns / 1e9);
        truth_check(truth, TIMING,
                    truth->full ? within(wait_ms, theory_ms, rows[i].share)
                                : fabs(wait_ms - replay_ms) <= fmax(0.1 * replay_ms, 0.1),
                    setup, TEXT("mean pool wait %.4f ms", wait_ms),
                    TEXT("Erlang-C %.4f ms ±%.0f %% (5 ms: %.4f); replay %.4f", theory_ms, 100 * rows[i].share,
                         theory_mmc_wait(c.rate_tps / 1e3, 5, 8), replay_ms));
        truth_check_accounts(truth, setup, &trial);
        trial_result_deinit(&trial);
    }
}

/* --- T5 ----------------------------------------------------------------------------------------------------------- */

enum {
    T5_RATE = 230,
    T5_CONNECTIONS = 2
};

/* On a machine that is taken away from us now and then a trial may be invalid besides, which weighs more. */
static bool says_overload(const struct trial_result *trial)
{
    for (size_t i = 0; i < trial->n_warnings; i++)
        if (strstr(trial->warnings[i], "had no connection when the window ended"))
            return true;
    return false;
}

static void t5_check(struct truth *truth, bool stub, int threads)
{
    struct trial_case c = {.text = NAP("10"),
                           .target = stub ? &truth->stub->target : truth_postgres(truth),
                           .connections = T5_CONNECTIONS,
                           .threads = threads,
                           .rate_tps = T5_RATE,
                           .arrivals = ARRIVALS_CONSTANT,
                           .protocol = PROTOCOL_PREPARED,
                           .warmup_ns = 200 * NS_PER_MS,
                           .duration_ns = FORM(truth, 15, 2) * NS_PER_S};
    struct trial_result trial;
    if (stub)
        STUB_SCRIPT(truth->stub, "service constant 10.2ms");
    if (!truth_drive(truth, &c, &trial))
        return;
    const struct transaction_result *t = &trial.transactions[0];
    double length_s = (double)trial.duration_ns / 1e9;
    double capacity = T5_CONNECTIONS / (truth_mean_ms(t->service) + trial.harness_lag.mean / 1e6) * 1e3;
    double backlog = (T5_RATE - capacity) * length_s, least = (T5_RATE - T5_CONNECTIONS / 0.01) * length_s;
    char *setup = TEXT("%s: capacity %.1f/s, constant 230/s, %.0f s, threads %d", stub ? "stub" : "PostgreSQL",
                       capacity, length_s, threads);
    truth_check_accounts(truth, setup, &trial);
    truth_check(truth, EXACT, trial.scheduled == T5_RATE * c.duration_ns / NS_PER_S, setup,
                TEXT("%" PRId64 " scheduled", trial.scheduled), TEXT("%.0f, none dropped", T5_RATE * length_s));
    truth_check(truth, EXACT, (double)trial.unsent_at_end >= least - T5_CONNECTIONS, setup,
                TEXT("backlog %" PRId64 " at the end", trial.unsent_at_end),
                TEXT("at least %.0f: no service is below 10 ms", least - T5_CONNECTIONS));
    truth_check(truth, TIMING, fabs((double)trial.unsent_at_end - backlog) <= fmax(0.02 * backlog, 3), setup,
                TEXT("backlog %" PRId64 " at the end", trial.unsent_at_end), TEXT("(λ−μ)T = %.1f ±2 %%, ±3", backlog));
    truth_check(truth, TIMING, trial.verdict == VERDICT_OVERLOADED || (!truth->full && says_overload(&trial)), setup,
                TEXT("%s: %.90s", verdict_name(trial.verdict), trial.reason), "overloaded");
    trial_result_deinit(&trial);
}

static void t5_pgbench(struct truth *truth, int threads)
{
    struct pgbench_case c = {NAP_SQL, T5_RATE, T5_CONNECTIONS, threads, 15 * NS_PER_S};
    struct pgbench_log log;
    pgbench_run(truth, &c, NULL, NULL, &log);
    if (log.list)
        truth_note(truth, TEXT("pgbench -R 230 -c 2 -j %d, 15 s on PostgreSQL", threads),
                   TEXT("%zu of about 3450 transactions, %.0f %% dropped", log.n, 100 - (double)log.n / 34.5),
                   "what was due and not begun is left out");
    pgbench_log_deinit(&log);
}

void truth_t5(struct truth *truth)
{
    t5_check(truth, true, 1);
    if (!truth->full)
        return;
    t5_check(truth, true, 2);
    t5_check(truth, false, 1);
    t5_check(truth, false, 2);
    t5_pgbench(truth, 1);
    t5_pgbench(truth, 2);
}

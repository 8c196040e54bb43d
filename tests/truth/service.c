/* T6 and T7: service times beside the server's own log of them. */
#include <inttypes.h>
#include <math.h>

#include "stub_log.h"
#include "truth.h"

#define LOOKUP "transactions:\n  lookup: { weight: 1, sql: SELECT 1 }\n"

/* From the last byte received to the reply's hand-over. */
static bool served(const struct stub_window *log, struct hist *out)
{
    for (size_t i = 0; out && i < log->n; i++)
        hist_record(out, log->list[i].send_ns - log->list[i].recv_ns);
    return out;
}

/* --- T6 ----------------------------------------------------------------------------------------------------------- */

static void t6_percentile(struct truth *truth, const char *setup, const struct hist *ours, const struct hist *theirs,
                          double q, double share, double least_us)
{
    double is_us = 1e3 * truth_percentile_ms(ours, q), should_us = 1e3 * truth_percentile_ms(theirs, q);
    double limit_us = truth->full ? fmax(share * should_us, least_us) : fmax(0.1 * should_us, 300);
    truth_check(truth, TIMING, fabs(is_us - should_us) <= limit_us, setup,
                TEXT("p%g %.1f µs: %+.1f µs", 100 * q, is_us, is_us - should_us),
                TEXT("log's %.1f µs ±%.0f µs", should_us, limit_us));
}

static void t6_compare(struct truth *truth, const char *setup, const struct trial_result *trial)
{
    struct stub_window log = stub_window(truth->stub, trial);
    struct hist *theirs = hist_new();
    const struct hist *ours = trial->transactions[0].service;
    truth_check(truth, EXACT, (int64_t)log.n == trial->scheduled, setup,
                TEXT("%" PRId64 " scheduled", trial->scheduled), TEXT("the log has %zu", log.n));
    if (served(&log, theirs)) {
        t6_percentile(truth, setup, ours, theirs, 0.5, 0, 30);
        t6_percentile(truth, setup, ours, theirs, FORM(truth, 0.99, 0.9), 0.01, 50);
        if (truth->full)
            t6_percentile(truth, setup, ours, theirs, 0.999, 0.02, 100);
    }
    hist_free(theirs);
    free(log.list);
}

void truth_t6(struct truth *truth)
{
    static const char *const services[] = {"service constant 1ms", "service bimodal 1ms 50ms 0.95",
                                           "service lognormal 2ms 0.8"};
    for (int i = 0; i < 3; i++) {
        struct trial_case c = {.text = LOOKUP,
                               .target = &truth->stub->target,
                               .connections = 16,
                               .threads = 1,
                               .rate_tps = 1000,
                               .arrivals = ARRIVALS_POISSON,
                               .protocol = PROTOCOL_PREPARED,
                               .warmup_ns = FORM(truth, 2000, 200) * NS_PER_MS,
                               .duration_ns = FORM(truth, 60000, 1500) * NS_PER_MS};
        struct trial_result trial;
        STUB_SCRIPT(truth->stub, services[i]);
        if (!truth_drive(truth, &c, &trial))
            return;
        char *setup = TEXT("stub: %s, λ=1000, c=16, %g s", services[i] + 8, (double)trial.duration_ns / 1e9);
        t6_compare(truth, setup, &trial);
        truth_check_accounts(truth, setup, &trial);
        trial_result_deinit(&trial);
    }
}

enum {
    T7_CONNECTIONS = 32
};

/* --- T7 ----------------------------------------------------------------------------------------------------------- */

/* Which connections the pool uses most is its own affair: take the busiest when the window is a third over, and let its
 * next request but some be the long one. */
struct staller {
    struct stub *stub;
    int64_t at_ns;
    bool done;
};

static void stall_busiest(void *user, const struct progress *progress)
{
    struct staller *staller = user;
    uint32_t requests[T7_CONNECTIONS + 1] = {0}, busiest = 1;
    size_t n;
    if (staller->done || progress->phase != PHASE_MEASURE || progress->phase_elapsed_ns < staller->at_ns)
        return;
    struct stub_record *log = stub_log(staller->stub, &n);
    for (size_t i = 0; i < n; i++)
        if (log[i].connection <= T7_CONNECTIONS)
            requests[log[i].connection]++;
    for (uint32_t c = 1; c <= T7_CONNECTIONS; c++)
        busiest = requests[c] > requests[busiest] ? c : busiest;
    free(log);
    stub_tellf(staller->stub, "delay 500ms connection %u request %u", busiest, requests[busiest] + 50);
    staller->done = true;
}

void truth_t7(struct truth *truth)
{
    struct staller staller = {.stub = truth->stub, .at_ns = FORM(truth, 10000, 600) * NS_PER_MS};
    struct trial_case c = {.text = LOOKUP,
                           .target = &truth->stub->target,
                           .connections = T7_CONNECTIONS,
                           .threads = 2,
                           .rate_tps = 2000,
                           .arrivals = ARRIVALS_CONSTANT,
                           .protocol = PROTOCOL_PREPARED,
                           .warmup_ns = 200 * NS_PER_MS,
                           .duration_ns = FORM(truth, 30, 2) * NS_PER_S,
                           .update = stall_busiest,
                           .user = &staller};
    struct trial_result trial;
    int64_t long_ones = 0;
    double high = 0.999;
    STUB_SCRIPT(truth->stub, "service constant 1ms");
    if (!truth_drive(truth, &c, &trial))
        return;
    for (size_t i = 0; i < trial.records.n; i++)
        long_ones += trial.records.list[i].service_ns >= 250 * NS_PER_MS;
    double wait_ms = truth_percentile_ms(trial.transactions[0].pool_wait, high);
    char *setup = TEXT("stub: 1 of 32 connections stalls 500 ms, λ=2000, %.0f s", (double)trial.duration_ns / 1e9);
    truth_check(truth, TIMING, long_ones == 1, setup, TEXT("%" PRId64 " long services", long_ones), "exactly one");
    truth_check(truth, TIMING, wait_ms < FORM(truth, 1, 5), setup, TEXT("pool wait p99.9 %.3f ms", wait_ms),
                TEXT("below %d ms", FORM(truth, 1, 5)));
    truth_check(truth, EXACT, trial.transactions[0].service->max >= 500 * NS_PER_MS, setup,
                TEXT("longest service %.1f ms", (double)trial.transactions[0].service->max / 1e6), "at least 500 ms");
    truth_check_accounts(truth, setup, &trial);
    trial_result_deinit(&trial);
}

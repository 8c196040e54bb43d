/* A trial in which something other than the variant made the difference must say so itself, in words that tell a user
 * what to do. */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/units.h"
#include "run/balance.h"
#include "run/replay.h"
#include "run/steady.h"
#include "session.h"

/* How late pgdyno may be (measurement.md section 3), and below which mean nobody would see it: a difference under 20 µs
 * is never a verdict (section 4), so neither is a lag. */
#define LAG_P99_NS     (100 * NS_PER_US)
#define LAG_P99_SHARE  0.05 /* of the median service */
#define LAG_MEAN_NS    (20 * NS_PER_US)
#define LAG_MEAN_SHARE 0.02 /* of the mean response */

/* Without a queue there is no schedule to be late for: lag acts as if the client thought that long, and what is
 * reported (service) does not contain it. When replies come together, the last connection's next send waits for all
 * others', and beside 64 busy servers on two cores the driver loses its own in between. Measured there, undisturbed,
 * lag p99 is at most 2.1 times the median service: 0.34 / 0.22 ms at 16 connections, 1.85 / 0.87 ms at 64, and 10 / 8
 * ms at 64 with a scan instead of a row by its key. With a busy loop on the driver's core it was 5.7 to 9 times: 4.8 /
 * 0.56 ms, 6.2 / 1.1 ms at 64. (At 16 and below such a loop hardly shows in the lag: it takes the core while the driver
 * sleeps, and what that costs is in the service.) */
#define IDLE_LAG_P99_NS    NS_PER_MS
#define IDLE_LAG_P99_TIMES 4 /* the median service */

/* Of the window that a thread of ours waited for a core. Beside the server, both take turns on the same cores: a
 * saturated closed loop on two of them waits 30 to 80 % with nothing else running, so that only a load with room to
 * spare has something to say. */
#define RUN_DELAY_SHARE       0.01
#define RUN_DELAY_LOCAL_SHARE 0.10

#define LITTLE_ERROR   0.001
#define ARRIVALS_SHARE 0.01

/* The set-up connection's own transactions, an autovacuum worker's, and pg_stat's delay. */
enum {
    FOREIGN_COMMITS = 100
};
#define FOREIGN_SHARE 0.01

/* Parallel COPY does not lay the pages out alike each time: each connection leaves some half filled. */
#define PAGES_SHARE 0.01
enum {
    PAGES_SLACK = 64
};

static int64_t counter(const struct trial_result *trial, enum serverstat_id id)
{
    return trial->server.has[id] ? trial->server.value[id] : 0;
}

static bool expected_failure(sqlstate code)
{
    return code == SQLSTATE_SERIALIZATION_FAILURE || code == SQLSTATE_DEADLOCK_DETECTED;
}

static bool has_queue(const struct trial_result *trial)
{
    return trial->rate_tps > 0 || trial->clients > trial->connections;
}

/* The heaviest verdict stands with its reason; what else speaks against the trial is a warning. */
static void find(struct trial_result *trial, enum verdict verdict, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void find(struct trial_result *trial, enum verdict verdict, const char *fmt, ...)
{
    char text[RESULT_WARNING_BYTES];
    bool heavier = verdict > trial->verdict;
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (heavier) {
        trial->verdict = verdict;
        memcpy(trial->reason, text, sizeof text);
    }
    if (!heavier || verdict == VERDICT_INVALID) /* why a trial does not count is read where the warnings are */
        trial_result_warn(trial, "%s", text);
}

/* --- What makes a trial invalid ----------------------------------------------------------------------------------- */

static void judge_complete(const struct session *session, struct trial_result *trial)
{
    double wanted_s = (double)session->workload->measure.duration_ns / 1e9;
    if (trial->complete)
        return;
    find(trial, VERDICT_INVALID, "measured %.1f s of %.1f s: the run was stopped or the server went away",
         (double)trial->duration_ns / 1e9, wanted_s);
}

static void warn_refused(const char *role, const struct sqlstate_count *error, struct trial_result *trial)
{
    trial_result_warn(trial, "%" PRId64 " attempt%s refused to role %.64s (42501), as this variant has it",
                      error->count, error->count == 1 ? " was" : "s were", role);
}

static void judge_error(const struct session *session, struct trial_result *trial, const struct sqlstate_count *error)
{
    char code[6];
    const char *name = sqlstate_name(error->code);
    const char *role = variant_role(&session->workload->variants[trial->variant]);
    bool is_first = trial->first_error[0] && trial->first_error_code == error->code;
    const char *message = is_first ? trial->first_error : error->first;
    if (expected_failure(error->code))
        return;
    if (error->code == SQLSTATE_NOT_PERMITTED && role)
        warn_refused(role, error, trial);
    else if (error->code == 0)
        find(trial, VERDICT_INVALID, "%" PRId64 " connection%s lost in mid-transaction", error->count,
             error->count == 1 ? " was" : "s were");
    else
        find(trial, VERDICT_INVALID, "%" PRId64 " attempt%s failed with %s%s%s%s%.90s", error->count,
             error->count == 1 ? "" : "s", sqlstate_text(error->code, code), *name ? " " : "", name,
             *message ? ": " : "", message);
}

static void judge_errors(const struct session *session, struct trial_result *trial)
{
    int64_t ok = 0;
    for (size_t i = 0; i < trial->n_errors; i++)
        judge_error(session, trial, &trial->errors[i]);
    for (size_t t = 0; t < trial->n_transactions; t++)
        ok += trial->transactions[t].ok;
    if (ok > 0 || !trial->complete)
        return;
    find(trial, VERDICT_INVALID, "no transaction succeeded within the window");
}

/* --- Did pgdyno do what it says? ---------------------------------------------------------------------------------- */

/* Nothing is dropped silently. */
static void judge_accounting(struct trial_result *trial)
{
    int64_t ended = 0;
    for (size_t t = 0; t < trial->n_transactions; t++) {
        const struct transaction_result *result = &trial->transactions[t];
        ended += result->ok + result->failed + result->timed_out + result->censored;
    }
    if (ended != trial->scheduled)
        find(trial, VERDICT_INVALID,
             "%" PRId64 " transactions were scheduled, but ok, failed, timed out and censored together are %" PRId64
             ": a defect of pgdyno",
             trial->scheduled, ended);
}

/* Four standard deviations more for Poisson's. */
static void judge_arrivals(const struct session *session, struct trial_result *trial)
{
    double wanted = trial->rate_tps * (double)trial->duration_ns / 1e9;
    double slack = session->workload->load.arrivals == ARRIVALS_POISSON ? 4 * sqrt(wanted) : 1;
    if (trial->rate_tps > 0 && fabs((double)trial->scheduled - wanted) > ARRIVALS_SHARE * wanted + slack)
        find(trial, VERDICT_INVALID, "%" PRId64 " transactions arrived instead of about %.0f: a defect of pgdyno",
             trial->scheduled, wanted);
}

/* False without memory, or if nothing was measured. */
static bool service_and_response(const struct trial_result *trial, int64_t *service_p50_ns, double *response_mean_ns)
{
    struct hist *service = hist_new();
    double sum = 0, count = 0;
    for (size_t t = 0; service && t < trial->n_transactions; t++) {
        const struct transaction_result *result = &trial->transactions[t];
        if (result->service)
            hist_merge(service, result->service);
        if (!result->response)
            continue;
        sum += result->response->sum;
        count += (double)result->response->total;
    }
    bool measured = service && service->total > 0 && count > 0;
    *service_p50_ns = measured ? hist_percentile(service, 0.5) : 0;
    *response_mean_ns = measured ? sum / count : 0;
    hist_free(service);
    return measured;
}

static double ms(double ns)
{
    return ns / 1e6;
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

static void judge_queue_lag(struct trial_result *trial, double p99_limit_ns, double mean_limit_ns)
{
    const struct dist_summary *lag = &trial->harness_lag;
    if ((double)lag->p99 > p99_limit_ns)
        find(trial, VERDICT_INVALID,
             "pgdyno was late itself: harness lag p99 is %.3f ms, and %.3f ms is allowed; give it a core of its own",
             ms((double)lag->p99), ms(p99_limit_ns));
    else if (lag->mean > mean_limit_ns)
        find(trial, VERDICT_INVALID,
             "pgdyno was late itself: harness lag is %.3f ms on average, and %.3f ms is allowed; give it a core of its "
             "own",
             ms(lag->mean), ms(mean_limit_ns));
}

static void judge_lag(struct trial_result *trial)
{
    const struct dist_summary *lag = &trial->harness_lag;
    int64_t service_ns;
    double response_ns;
    if (lag->count == 0 || !service_and_response(trial, &service_ns, &response_ns))
        return;
    double p99_limit_ns = larger(LAG_P99_NS, LAG_P99_SHARE * (double)service_ns);
    double mean_limit_ns = larger(LAG_MEAN_NS, LAG_MEAN_SHARE * response_ns);
    double idle_limit_ns = larger(IDLE_LAG_P99_NS, IDLE_LAG_P99_TIMES * (double)service_ns);
    if (has_queue(trial))
        judge_queue_lag(trial, p99_limit_ns, mean_limit_ns);
    else if ((double)lag->p99 > idle_limit_ns)
        judge_queue_lag(trial, idle_limit_ns, INFINITY);
    else if ((double)lag->p99 > p99_limit_ns || lag->mean > mean_limit_ns)
        trial_result_warn(trial,
                          "each connection waited %.3f ms for pgdyno between transactions (p99 %.3f ms): throughput is "
                          "that of both",
                          ms(lag->mean), ms((double)lag->p99));
}

static void judge_run_delay(const struct session *session, struct trial_result *trial)
{
    double share = trial->duration_ns > 0 ? (double)trial->run_delay_ns / (double)trial->duration_ns : 0;
    if (share <= RUN_DELAY_SHARE)
        return;
    if (!session->cluster && !target_is_local(&session->target))
        find(trial, VERDICT_INVALID,
             "pgdyno waited %.1f %% of the window for a core, and 1 %% is allowed: something else runs on its machine",
             100 * share);
    else if (share > RUN_DELAY_LOCAL_SHARE && trial->rate_tps > 0)
        trial_result_warn(trial, "pgdyno waited %.1f %% of the window for a core, which it shares with the server",
                          100 * share);
}

static void judge_audit(const struct session *session, struct trial_result *trial)
{
    const struct audit *audit = &trial->audit;
    replay_audit(&session->workload->variants[trial->variant].pool, trial);
    if (audit->made && !audit->passed)
        find(trial, VERDICT_INVALID,
             "replay: 1 %% began over %.3f ms later than there was a connection for them, and %.3f ms is allowed: "
             "pgdyno made that wait",
             ms((double)audit->excess_p99_ns), ms((double)audit->limit_ns));
}

static void judge_little(struct trial_result *trial)
{
    const struct little *little = &trial->little;
    balance_little(trial);
    if (little->made && little->error > LITTLE_ERROR)
        find(trial, VERDICT_INVALID,
             "Little's law is off by %.2f %%: records say %.6g s of response, histograms %.6g s; a defect of pgdyno",
             100 * little->error, little->integral_s, little->sum_s);
}

/* --- What the figures can be used for ----------------------------------------------------------------------------- */

static const char *per_second(char *buf, size_t size, double rate)
{
    return units_format_count(buf, size, rate, rate < 100 ? 1 : 0);
}

static bool judge_overload(struct trial_result *trial)
{
    char offered[32], carried[32], left[32], all[32];
    struct overload overload;
    balance_overload(trial, &overload);
    if (!overload.overloaded || !trial->complete) /* what a server leaves that has gone is no backlog */
        return false;
    per_second(offered, sizeof offered, trial->rate_tps);
    per_second(carried, sizeof carried, overload.carried_tps);
    units_format_count(left, sizeof left, (double)(overload.refusing ? overload.timed_out : trial->unsent_at_end), 0);
    units_format_count(all, sizeof all, (double)trial->scheduled, 0);
    if (overload.refusing)
        find(trial, VERDICT_OVERLOADED,
             "offered %s/s, carried %s/s: %s of %s transactions got no connection within acquire_timeout", offered,
             carried, left, all);
    else
        find(trial, VERDICT_OVERLOADED,
             "offered %s/s, carried %s/s: %s of %s transactions had no connection when the window ended; percentiles "
             "would grow with a longer window",
             offered, carried, left, all);
    return true;
}

static void judge_steady(struct trial_result *trial)
{
    struct steady steady;
    steady_judge(trial, &steady);
    double times = steady.half_width / STEADY_MARGIN;
    if (steady.made && steady.batches == 0)
        find(trial, VERDICT_UNDER_RESOLVED, "too few transactions in the window to know their mean: measure longer");
    else if (!steady_resolved(&steady))
        find(trial, VERDICT_UNDER_RESOLVED,
             "the mean response of %.3f ms is known to ±%.0f %% only, and ±%.0f %% is wanted: measure about %.0f times "
             "as long",
             ms(steady.mean_ns), 100 * steady.half_width, 100 * STEADY_MARGIN, ceil(times * times));
    else if (steady_drifts(&steady))
        find(trial, VERDICT_UNSTEADY,
             "the mean response was %.3f ms in the window's first half and %.3f ms in its second: warm up longer",
             ms(steady.mean_ns * (1 - steady.change / 2)), ms(steady.mean_ns * (1 + steady.change / 2)));
}

static void judge_use(struct trial_result *trial)
{
    if (!judge_overload(trial) && trial->verdict != VERDICT_INVALID)
        judge_steady(trial);
}

/* --- What only deserves a word ------------------------------------------------------------------------------------ */

static void judge_give_ups(const struct session *session, struct trial_result *trial)
{
    for (size_t t = 0; t < trial->n_transactions; t++) {
        const struct transaction_result *result = &trial->transactions[t];
        if (result->failed > 0 && result->serialization_failures + result->deadlock_failures > 0)
            trial_result_warn(trial, "%s: %" PRId64 " transaction%s gave up (max_tries is %d)",
                              session->workload->transactions[t].name, result->failed, result->failed == 1 ? "" : "s",
                              session->workload->retry.max_tries);
    }
}

/* With them the percentiles are lower bounds. */
static void judge_censored(const struct session *session, struct trial_result *trial)
{
    for (size_t t = 0; t < trial->n_transactions; t++) {
        const struct transaction_result *result = &trial->transactions[t];
        if (result->censored > 0)
            trial_result_warn(trial,
                              "%s: %" PRId64 " transaction%s still ran when the wait after the window ended: its high "
                              "percentiles are at least what is shown",
                              session->workload->transactions[t].name, result->censored,
                              result->censored == 1 ? "" : "s");
    }
}

/* Said only where records were wanted: without memory for any there are none. */
static void judge_records(const struct session *session, struct trial_result *trial)
{
    if (session->workload->measure.raw_bytes > 0 && !trial->records.complete && trial->scheduled > 0)
        trial_result_warn(trial,
                          "raw records of %zu of %" PRId64
                          " transactions only: no replay audit, no Little's law; raise raw_memory",
                          trial->records.n, trial->scheduled);
}

static void judge_background(struct trial_result *trial)
{
    static const struct {
        enum serverstat_id id;
        const char *what;
    } rows[] = {
        {STAT_CHECKPOINTS, "checkpoint"},
        {STAT_AUTOVACUUM_COUNT, "autovacuum"},
        {STAT_AUTOANALYZE_COUNT, "autoanalyze"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (counter(trial, rows[i].id) > 0)
            trial_result_warn(trial, "%" PRId64 " %s%s during the trial", counter(trial, rows[i].id), rows[i].what,
                              counter(trial, rows[i].id) == 1 ? "" : "s");
}

/* Only on the private server: elsewhere others commit too. */
static void judge_counters(const struct session *session, struct trial_result *trial)
{
    int64_t server = counter(trial, STAT_XACT_COMMIT), ours = trial->total_commits;
    int64_t slack = FOREIGN_COMMITS + (int64_t)(FOREIGN_SHARE * (double)ours);
    if (!session->cluster || !trial->server.has[STAT_XACT_COMMIT] || !trial->complete || trial->reconnects > 0)
        return;
    bool too_many = server > ours + slack && !session->parallel; /* each worker has a transaction of its own */
    if (server < ours || too_many)
        trial_result_warn(trial, "the server counted %" PRId64 " commits, pgdyno %" PRId64, server, ours);
}

static bool far_in_pages(int64_t a, int64_t b)
{
    return (double)llabs(a - b) > PAGES_SLACK + PAGES_SHARE * (double)b;
}

static void judge_state(const struct session *session, const struct state_print *now, struct trial_result *trial)
{
    const struct state_print *first = &session->first_prints[trial->variant];
    if (!session->has_first_print[trial->variant] || session->workload->existing) /* nobody restores those */
        return;
    if (now->rows != first->rows)
        trial_result_warn(trial, "began with %" PRId64 " rows, the variant's first trial with %" PRId64, now->rows,
                          first->rows);
    if (far_in_pages(now->pages, first->pages))
        trial_result_warn(trial, "began with %" PRId64 " pages, the variant's first trial with %" PRId64, now->pages,
                          first->pages);
    if (llabs(now->dead - first->dead) > now->rows / 100)
        trial_result_warn(trial, "began with %" PRId64 " dead rows, the variant's first trial with %" PRId64, now->dead,
                          first->dead);
}

static void judge_examined(const struct session *session, bool examined, struct trial_result *trial)
{
    if (examined || session->workload->n_checks == 0)
        return;
    find(trial, VERDICT_INVALID, "the checks were not evaluated: the run was stopped or the server went away");
}

void judge_trial(const struct session *session, const struct state_print *before, bool examined,
                 struct trial_result *trial)
{
    trial->verdict = VERDICT_VALID; /* a broken check too: what was measured of a wrong level is still what it does */
    trial->reason[0] = '\0';
    judge_complete(session, trial);
    judge_examined(session, examined, trial);
    judge_errors(session, trial);
    judge_accounting(trial);
    judge_arrivals(session, trial);
    judge_lag(trial);
    judge_run_delay(session, trial);
    judge_audit(session, trial);
    judge_little(trial);
    judge_use(trial);
    judge_give_ups(session, trial);
    judge_censored(session, trial);
    judge_records(session, trial);
    judge_background(trial);
    judge_counters(session, trial);
    judge_state(session, before, trial);
    trial->valid = trial->verdict != VERDICT_INVALID;
}

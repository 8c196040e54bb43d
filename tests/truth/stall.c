/* T1 and T2: a server that stands still for a moment. Every transaction that was due meanwhile has waited, and a
 * harness that counts from sending does not see it. */
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pgbench.h"
#include "plot.h"
#include "run/replay.h"
#include "stub_log.h"
#include "theory.h"
#include "truth.h"

enum {
    CONNECTIONS = 4,
    RATE = 200,
    MOST_PIDS = 64
};
#define LOOKUP "transactions:\n  lookup: { weight: 1, sql: SELECT 1 }\n"
#define LISTED "SELECT pid FROM pg_stat_activity WHERE application_name = '%s'"

/* --- Stopping processes ------------------------------------------------------------------------------------------- */

struct stopper {
    struct truth *truth;
    const char *app; /* whose backends; NULL: the stub */
    int64_t at_ns, length_ns;
    pid_t pids[MOST_PIDS];
    int n;
    bool begun, joined;
    pthread_t thread;
    int64_t stopped_ns; /* how long they really were */
};

static void find_pids(struct stopper *stopper)
{
    struct err err = {0};
    char sql[160];
    if (!stopper->app) {
        stopper->pids[stopper->n++] = stopper->truth->stub->pid;
        return;
    }
    snprintf(sql, sizeof sql, LISTED, stopper->app);
    PGresult *rows = db_rows(stopper->truth->db, "pids", sql, 0, NULL, &err);
    for (int i = 0; rows && i < PQntuples(rows) && stopper->n < MOST_PIDS; i++)
        stopper->pids[stopper->n++] = atoi(PQgetvalue(rows, i, 0));
    PQclear(rows);
}

static void signal_all(const struct stopper *stopper, int number)
{
    for (int i = 0; i < stopper->n; i++)
        kill(stopper->pids[i], number);
}

static void pause_for(int64_t ns)
{
    struct timespec length = {ns / NS_PER_S, ns % NS_PER_S};
    nanosleep(&length, NULL);
}

static void *stop_for_a_while(void *arg)
{
    struct stopper *stopper = arg;
    int64_t from_ns = clock_now_ns();
    signal_all(stopper, SIGSTOP);
    pause_for(stopper->length_ns - (clock_now_ns() - from_ns));
    signal_all(stopper, SIGCONT);
    stopper->stopped_ns = clock_now_ns() - from_ns;
    return NULL;
}

static void on_progress(void *user, const struct progress *progress)
{
    struct stopper *stopper = user;
    if (stopper->begun || progress->phase != PHASE_MEASURE || progress->phase_elapsed_ns < stopper->at_ns)
        return;
    find_pids(stopper);
    stopper->begun = pthread_create(&stopper->thread, NULL, stop_for_a_while, stopper) == 0;
}

/* For pgbench, which has no progress that we could follow: its start is the window's. */
static void stop_after(void *user)
{
    struct stopper *stopper = user;
    pause_for(stopper->at_ns);
    find_pids(stopper);
    stop_for_a_while(stopper);
}

static void join(struct stopper *stopper)
{
    if (stopper->begun)
        pthread_join(stopper->thread, NULL);
    stopper->begun = false;
}

/* --- T1 and T2 ---------------------------------------------------------------------------------------------------- */

struct stall_case {
    const char *server;
    bool stub;
    enum arrivals arrivals;
    bool closed; /* no rate: 4 clients that think for 20 ms, which makes about as many transactions */
};

static int64_t length_of(const struct truth *truth)
{
    return FORM(truth, 20000, 2500) * NS_PER_MS;
}

static struct stopper stopper_of(struct truth *truth, const char *app)
{
    return (struct stopper){
        .truth = truth, .app = app, .at_ns = length_of(truth) / 2, .length_ns = FORM(truth, 500, 100) * NS_PER_MS};
}

static bool stall(struct truth *truth, const struct stall_case *s, struct stopper *stopper, struct trial_result *trial)
{
    struct trial_case c = {.text = LOOKUP,
                           .target = s->stub ? &truth->stub->target : truth_postgres(truth),
                           .connections = CONNECTIONS,
                           .threads = 2,
                           .clients = s->closed ? CONNECTIONS : 0,
                           .think_ns = s->closed ? 20 * NS_PER_MS : 0,
                           .rate_tps = s->closed ? 0 : RATE,
                           .arrivals = s->arrivals,
                           .protocol = PROTOCOL_PREPARED,
                           .warmup_ns = FORM(truth, 1000, 200) * NS_PER_MS,
                           .duration_ns = length_of(truth),
                           .update = on_progress,
                           .user = stopper};
    *stopper = stopper_of(truth, s->stub ? NULL : TRUTH_APP);
    if (s->stub)
        STUB_SCRIPT(truth->stub, "service constant 0.1ms");
    bool ok = truth_drive(truth, &c, trial);
    join(stopper);
    return ok;
}

/* The two percentiles that the form has enough transactions for, and how near they must be. */
static double high_q(const struct truth *truth)
{
    return FORM(truth, 0.999, 0.995);
}

struct stall_truth {
    double p99_ms, high_ms;
};

static struct stall_truth expected(const struct truth *truth, const struct stopper *stopper,
                                   const struct trial_result *trial)
{
    double service_ms = truth_percentile_ms(trial->transactions[0].service, 0.5);
    double stall_ms = (double)stopper->stopped_ns / 1e6, length_ms = (double)trial->duration_ns / 1e6;
    double rho = RATE / 1e3 * service_ms / CONNECTIONS;
    return (struct stall_truth){theory_stall(0.99, service_ms, stall_ms, rho, length_ms),
                                theory_stall(high_q(truth), service_ms, stall_ms, rho, length_ms)};
}

static bool found(const struct truth *truth, const struct hist *hist, const struct stall_truth *expect)
{
    return within(truth_percentile_ms(hist, 0.99), expect->p99_ms, FORM(truth, 0.03, 0.1)) &&
           within(truth_percentile_ms(hist, high_q(truth)), expect->high_ms, FORM(truth, 0.02, 0.1));
}

static char *percentiles(const struct truth *truth, const struct hist *hist, char *buf)
{
    return truth_text(buf, "p99 %.1f, p%g %.1f ms", truth_percentile_ms(hist, 0.99), 100 * high_q(truth),
                      truth_percentile_ms(hist, high_q(truth)));
}
#define PERCENTILES(truth, hist) percentiles(truth, hist, (char[TRUTH_TEXT]){0})

static void check_stall(struct truth *truth, const struct stall_case *s, const struct stopper *stopper,
                        const struct trial_result *trial)
{
    const struct transaction_result *t = &trial->transactions[0];
    struct stall_truth expect = expected(truth, stopper, trial);
    int64_t long_ones = 0, wanted = RATE * (length_of(truth) / NS_PER_MS) / 1000;
    char *setup = TEXT("%s: constant %d/s, c=%d, %g s, stopped for %.1f ms", s->server, RATE, CONNECTIONS,
                       (double)trial->duration_ns / 1e9, (double)stopper->stopped_ns / 1e6);
    for (size_t i = 0; i < trial->records.n; i++)
        long_ones += trial->records.list[i].service_ns > stopper->stopped_ns / 2;
    truth_check(truth, TIMING, found(truth, t->response, &expect), setup, PERCENTILES(truth, t->response),
                TEXT("%.1f ±%s, %.1f ±%s ms", expect.p99_ms, FORM(truth, "3 %", "10 %"), expect.high_ms,
                     FORM(truth, "2 %", "10 %")));
    truth_check(truth, TIMING, long_ones <= CONNECTIONS, setup,
                TEXT("%" PRId64 " services over half of the stall", long_ones), TEXT("at most %d", CONNECTIONS));
    truth_check(truth, EXACT, trial->scheduled == wanted && t->ok == wanted, setup,
                TEXT("%" PRId64 " scheduled, %" PRId64 " ok", trial->scheduled, t->ok),
                TEXT("exactly %" PRId64, wanted));
    truth_check(truth, TIMING, !found(truth, t->service, &expect), "control: the same, counted from sending",
                PERCENTILES(truth, t->service), "is caught: not what it should be");
}

static void pgbench_stall(struct truth *truth, struct plot *plot)
{
    struct pgbench_case c = {"SELECT 1", RATE, CONNECTIONS, 1, length_of(truth)};
    struct stopper stopper = stopper_of(truth, "pgbench");
    struct pgbench_log log;
    pgbench_run(truth, &c, stop_after, &stopper, &log);
    if (log.list)
        truth_note(truth, "pgbench -R 200 -c 4 -j 1 (Poisson only), same stop",
                   TEXT("p99 %.1f, p%g %.1f ms; %zu transactions", pgbench_percentile_ms(&log, 0.99),
                        100 * high_q(truth), pgbench_percentile_ms(&log, high_q(truth)), log.n),
                   "its `time`, from the scheduled start");
    for (size_t i = 0; i < log.n; i++)
        plot_point(plot, PLOT_PGBENCH, log.list[i].end_s - log.list[i].response_ms / 1e3, log.list[i].response_ms);
    pgbench_log_deinit(&log);
}

static void add_to_plot(struct plot *plot, enum plot_series series, const struct trial_result *trial)
{
    for (size_t i = 0; i < trial->records.n; i++) {
        const struct record *record = &trial->records.list[i];
        plot_point(plot, series, (double)record->intended_ns / 1e9, (double)record_response_ns(record) / 1e6);
    }
}

/* Whoever waits for an answer before the next question hardly meets the stall. */
static void without_rate(struct truth *truth, struct plot *plot)
{
    struct stall_case s = {.server = "PostgreSQL", .closed = true};
    struct stopper stopper;
    struct trial_result trial;
    if (!stall(truth, &s, &stopper, &trial))
        return;
    truth_note(truth, TEXT("no rate: %d clients thinking 20 ms, same stop", CONNECTIONS),
               PERCENTILES(truth, trial.transactions[0].response),
               TEXT("%zu transactions: the stall is hidden", trial.records.n));
    add_to_plot(plot, PLOT_CLOSED, &trial);
    trial_result_deinit(&trial);
}

static void with_rate(struct truth *truth, const struct stall_case *s, struct plot *plot)
{
    struct stopper stopper;
    struct trial_result trial;
    if (!stall(truth, s, &stopper, &trial))
        return;
    check_stall(truth, s, &stopper, &trial);
    if (!s->stub)
        add_to_plot(plot, PLOT_RATE, &trial);
    trial_result_deinit(&trial);
}

void truth_t1(struct truth *truth)
{
    struct stall_case postgres = {.server = "PostgreSQL", .arrivals = ARRIVALS_CONSTANT};
    struct stall_case stub = {.server = "stub", .stub = true, .arrivals = ARRIVALS_CONSTANT};
    struct plot plot = {0};
    with_rate(truth, &postgres, &plot);
    with_rate(truth, &stub, &plot);
    if (truth->full) {
        without_rate(truth, &plot);
        pgbench_stall(truth, &plot);
        plot_draw(truth, &plot);
    }
    plot_deinit(&plot);
}

/* --- T2 ----------------------------------------------------------------------------------------------------------- */

/* What a perfect harness would have recorded of the same services. */
static bool replayed(const struct trial_result *trial, struct hist *response)
{
    struct replay replay;
    bool ok = replay_init(&replay, trial->connections);
    for (size_t i = 0; ok && i < trial->records.n; i++) {
        const struct record *record = &trial->records.list[i];
        hist_record(response, replay_start(&replay, record) - record->intended_ns + record->service_ns);
    }
    replay_deinit(&replay);
    return ok;
}

static void compare_with_replay(struct truth *truth, const char *setup, const struct trial_result *trial)
{
    static const double quantiles[] = {0.5, 0.9, 0.95, 0.99, 0.999, 1};
    struct hist *response = hist_new();
    double worst = 0, worst_q = 0, off_ms = 0;
    bool ok = response && replayed(trial, response);
    for (size_t i = 0; ok && i < sizeof quantiles / sizeof *quantiles; i++) {
        double is = truth_percentile_ms(trial->transactions[0].response, quantiles[i]);
        double should = truth_percentile_ms(response, quantiles[i]), limit = fmax(0.02 * should, 1);
        if (fabs(is - should) / limit < worst)
            continue;
        worst = fabs(is - should) / limit;
        worst_q = quantiles[i];
        off_ms = is - should;
    }
    truth_check(truth, TIMING, ok && worst <= 1, setup,
                TEXT("worst of p50 … max: p%g is off by %.3f ms", 100 * worst_q, off_ms),
                "replay ±max(2 %, 1 ms), every percentile");
    hist_free(response);
}

void truth_t2(struct truth *truth)
{
    struct stall_case cases[] = {{.server = "PostgreSQL", .arrivals = ARRIVALS_POISSON},
                                 {.server = "stub", .stub = true, .arrivals = ARRIVALS_POISSON}};
    for (int i = 0; i < 2; i++) {
        struct stopper stopper;
        struct trial_result trial;
        if (!stall(truth, &cases[i], &stopper, &trial))
            return;
        char *setup = TEXT("%s: Poisson %d/s, c=%d, %g s, stopped for %.1f ms", cases[i].server, RATE, CONNECTIONS,
                           (double)trial.duration_ns / 1e9, (double)stopper.stopped_ns / 1e6);
        compare_with_replay(truth, setup, &trial);
        truth_check_accounts(truth, setup, &trial);
        truth_note(truth, setup, PERCENTILES(truth, trial.transactions[0].response), "to hold beside pgbench's");
        trial_result_deinit(&trial);
    }
    if (truth->full)
        pgbench_stall(truth, NULL);
}

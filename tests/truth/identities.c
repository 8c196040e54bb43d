/* T11 and T12: what must be equal is equal: our times to the stub's, our counts to the server's counters. */
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "stub_log.h"
#include "truth.h"

/* --- PostgreSQL's counters ---------------------------------------------------------------------------------------- */

struct counters {
    int64_t commits, rollbacks;
};

/* Asked from another database, so that the question is not counted with the answer; autovacuum is off. Backends report
 * what they counted when they end. */
static bool read_counters(struct truth *truth, struct db *watch, struct counters *out)
{
    static const char *const gone = "SELECT count(*) FROM pg_stat_activity WHERE application_name = '" TRUTH_APP "'";
    struct timespec pause = {.tv_nsec = 5 * NS_PER_MS};
    struct err err = {0};
    int64_t left = 1;
    bool ok = true;
    for (int i = 0; ok && left > 0 && i < 1000; i++) {
        ok = db_int(watch, gone, &left, &err);
        nanosleep(&pause, NULL);
    }
#define OF(column) "SELECT " column " FROM pg_stat_database WHERE datname = 'postgres'"
    ok = ok && db_int(watch, OF("xact_commit"), &out->commits, &err) &&
         db_int(watch, OF("xact_rollback"), &out->rollbacks, &err);
    if (!ok)
        truth_broken(truth, "pg_stat_database", &err);
    return ok;
}

static bool open_watch(struct truth *truth, struct db **out)
{
    struct err err = {0};
    struct target target = *truth_postgres(truth);
    target.database = "template1";
    if (db_open(&target, out, &err))
        return true;
    truth_broken(truth, "template1", &err);
    return false;
}

/* Our own connection reports its statements when it ends; a new one has none yet. */
static bool forget_own_statements(struct truth *truth)
{
    struct err err = {0};
    db_close(truth->db);
    truth->db = NULL;
    if (db_open(truth_postgres(truth), &truth->db, &err))
        return true;
    truth_broken(truth, "reconnect", &err);
    return false;
}

/* Drives between two readings of the counters; *delta is their difference. */
static bool drive_counted(struct truth *truth, const struct trial_case *c, struct trial_result *trial,
                          struct counters *delta)
{
    struct db *watch = NULL;
    struct counters before, after;
    bool driven = forget_own_statements(truth) && open_watch(truth, &watch) && read_counters(truth, watch, &before) &&
                  truth_drive(truth, c, trial);
    bool ok = driven && read_counters(truth, watch, &after);
    if (driven && !ok)
        trial_result_deinit(trial);
    if (ok)
        *delta = (struct counters){after.commits - before.commits, after.rollbacks - before.rollbacks};
    db_close(watch);
    return ok;
}

/* --- T11 ---------------------------------------------------------------------------------------------------------- */

#define MIXED                                                                                                          \
    "transactions:\n"                                                                                                  \
    "  auto: { weight: 3, sql: SELECT 1 }\n"                                                                           \
    "  block:\n"                                                                                                       \
    "    weight: 2\n"                                                                                                  \
    "    let: { id: \"random(1, 3)\" }\n"                                                                              \
    "    steps:\n"                                                                                                     \
    "      - sql: SELECT v FROM kv WHERE id = :id\n"                                                                   \
    "      - sql: UPDATE kv SET v = v + 1 WHERE id = :id\n"                                                            \
    "  bad: { weight: 1, let: { z: \"0\" }, sql: \"SELECT 1 / :z::int\" }\n"                                             \
    "  undone:\n"                                                                                                      \
    "    steps: [ { sql: UPDATE kv SET v = v + 1 WHERE id = 1 }, { rollback: true } ]\n"                               \
    "  piped:\n"                                                                                                       \
    "    pipeline: true\n"                                                                                             \
    "    steps: [ { sql: SELECT 1 }, { sql: SELECT 2, into: [two] }, { sql: SELECT 3 } ]\n"                            \
    "  piped_bad:\n"                                                                                                   \
    "    pipeline: true\n"                                                                                             \
    "    steps: [ { sql: UPDATE kv SET v = v + 1 WHERE id = 2 }, { sql: SELECT 1 / 0 }, { sql: SELECT 3 } ]\n"         \
    "  loaded: { steps: [ { copy: heap, rows: 10, columns: { id: 1 } } ] }\n"

/* The histograms know the responses' sum by another way than the records. */
static void check_sums(struct truth *truth, const char *setup, const struct trial_result *trial)
{
    double histograms = 0, records = 0;
    for (size_t t = 0; t < trial->n_transactions; t++)
        histograms += trial->transactions[t].response->sum;
    for (size_t i = 0; i < trial->records.n; i++)
        records += (double)record_response_ns(&trial->records.list[i]);
    truth_check(truth, EXACT, fabs(histograms - records) <= 1e-9 * records, setup,
                TEXT("Σ(wait + lag + service) = %.9f s", records / 1e9), TEXT("Σ response = %.9f s", histograms / 1e9));
}

static void t11_postgres(struct truth *truth, double rate, enum protocol protocol)
{
    static const char *const protocols[] = {
        [PROTOCOL_SIMPLE] = "simple", [PROTOCOL_EXTENDED] = "extended", [PROTOCOL_PREPARED] = "prepared"};
    struct trial_case c = {.text = MIXED,
                           .target = truth_postgres(truth),
                           .connections = 4,
                           .threads = 2,
                           .clients = rate > 0 ? 0 : 8,
                           .rate_tps = rate,
                           .protocol = protocol,
                           .isolation = ISOLATION_REPEATABLE_READ,
                           .max_tries = 3,
                           .warmup_ns = 200 * NS_PER_MS,
                           .duration_ns = FORM(truth, 10000, 700) * NS_PER_MS};
    struct trial_result trial;
    struct counters delta;
    if (!drive_counted(truth, &c, &trial, &delta))
        return;
    char *setup = TEXT("PostgreSQL, %s, %s", protocols[protocol], rate > 0 ? "Poisson 500/s" : "8 clients on 4");
    truth_check_accounts(truth, setup, &trial);
    check_sums(truth, setup, &trial);
    truth_check(truth, EXACT, delta.commits == trial.total_commits && delta.rollbacks == trial.total_rollbacks, setup,
                TEXT("we count %" PRId64 " commits, %" PRId64 " rollbacks", trial.total_commits, trial.total_rollbacks),
                TEXT("the server %" PRId64 " and %" PRId64, delta.commits, delta.rollbacks));
    trial_result_deinit(&trial);
}

static int by_sent(const void *a, const void *b)
{
    const struct record *x = a, *y = b;
    int64_t x_ns = x->intended_ns + x->pool_wait_ns + x->lag_ns, y_ns = y->intended_ns + y->pool_wait_ns + y->lag_ns;
    return (x_ns > y_ns) - (x_ns < y_ns);
}

/* Sent and received in the same order: how long each way took, if the records' times are those of the clock. */
static void check_clock(struct truth *truth, const char *setup, struct trial_result *trial)
{
    struct stub_window log = stub_window(truth->stub, trial);
    struct hist *there = hist_new(), *back = hist_new();
    int64_t origin_ns = trial->started_wall_ns - (clock_wall_ns() - clock_now_ns()), early = 0;
    bool same = truth_check(truth, EXACT, log.n == trial->records.n, setup, TEXT("%zu records", trial->records.n),
                            TEXT("%zu requests in the log", log.n));
    qsort(trial->records.list, trial->records.n, sizeof *trial->records.list, by_sent);
    for (size_t i = 0; same && there && back && i < log.n; i++) {
        const struct record *record = &trial->records.list[i];
        int64_t sent_ns = origin_ns + record->intended_ns + record->pool_wait_ns + record->lag_ns;
        hist_record(there, log.list[i].recv_ns - sent_ns);
        hist_record(back, sent_ns + record->service_ns - log.list[i].send_ns);
        early += log.list[i].recv_ns < sent_ns - 20 * NS_PER_US; /* two clocks were read one after the other */
    }
    if (same && there && back)
        truth_check(truth, TIMING,
                    early <= (int64_t)log.n / 1000 && truth_percentile_ms(there, 0.99) < FORM(truth, 0.5, 5) &&
                        truth_percentile_ms(back, 0.99) < FORM(truth, 0.5, 5),
                    setup,
                    TEXT("to the stub p50 %.1f p99 %.1f, back %.1f %.1f µs", 1e3 * truth_percentile_ms(there, 0.5),
                         1e3 * truth_percentile_ms(there, 0.99), 1e3 * truth_percentile_ms(back, 0.5),
                         1e3 * truth_percentile_ms(back, 0.99)),
                    TEXT("records' sent and done beside the log's: below %.1f ms", FORM(truth, 0.5, 5.0)));
    hist_free(there);
    hist_free(back);
    free(log.list);
}

static void t11_stub(struct truth *truth)
{
    struct trial_case c = {.text = "transactions:\n  nap: { weight: 1, sql: SELECT 1 }\n",
                           .target = &truth->stub->target,
                           .connections = 4,
                           .threads = 2,
                           .rate_tps = 300,
                           .protocol = PROTOCOL_PREPARED,
                           .warmup_ns = 200 * NS_PER_MS,
                           .duration_ns = FORM(truth, 20, 2) * NS_PER_S};
    struct trial_result trial;
    STUB_SCRIPT(truth->stub, "service constant 10ms", "seed 3");
    if (!truth_drive(truth, &c, &trial))
        return;
    const char *setup = "stub, constant 10 ms, c=4, Poisson 300/s";
    check_sums(truth, setup, &trial);
    check_clock(truth, setup, &trial);
    /* A harness that loses one transaction in a thousand, or books a wait as service. */
    trial.scheduled++;
    truth_check(truth, EXACT, trial.scheduled != truth_ended(&trial), "control: one transaction lost",
                TEXT("%" PRId64 " scheduled, %" PRId64 " ended", trial.scheduled, truth_ended(&trial)), "is caught");
    trial_result_deinit(&trial);
}

void truth_t11(struct truth *truth)
{
    if (!truth_exec(truth, "DROP TABLE IF EXISTS kv; CREATE TABLE kv (id int PRIMARY KEY, v int);"
                           "INSERT INTO kv SELECT i, 0 FROM generate_series(1, 3) i;"
                           "DROP TABLE IF EXISTS heap; CREATE TABLE heap (id int)"))
        return;
    for (int protocol = 0; protocol < PROTOCOL_COUNT; protocol++) {
        t11_postgres(truth, 500, (enum protocol)protocol);
        t11_postgres(truth, 0, (enum protocol)protocol);
    }
    t11_stub(truth);
}

/* --- T12 ---------------------------------------------------------------------------------------------------------- */

/* Attempts that came to nothing: all but the last of each transaction, and that too of one that gave up. */
static int64_t lost_attempts(const struct trial_result *trial)
{
    int64_t n = 0;
    for (size_t i = 0; i < trial->records.n; i++) {
        const struct record *record = &trial->records.list[i];
        n += record->attempts - (record->status == RECORD_FAILED ? 0 : 1);
    }
    return n;
}

static void t12_stub(struct truth *truth)
{
    struct trial_case c = {.text = "transactions:\n  one: { weight: 1, sql: UPDATE t SET v = 1 }\n",
                           .target = &truth->stub->target,
                           .connections = 16,
                           .threads = 2,
                           .rate_tps = 1000,
                           .protocol = PROTOCOL_PREPARED,
                           .isolation = ISOLATION_REPEATABLE_READ,
                           .warmup_ns = 200 * NS_PER_MS,
                           .duration_ns = FORM(truth, 60, 3) * NS_PER_S};
    struct trial_result trial;
    STUB_SCRIPT(truth->stub, "service constant 0.2ms", "error 40001 0.3");
    if (!truth_drive(truth, &c, &trial))
        return;
    const struct transaction_result *t = &trial.transactions[0];
    struct stub_window log = stub_window(truth->stub, &trial);
    int64_t failures = 0, lost = lost_attempts(&trial);
    for (size_t i = 0; i < log.n; i++)
        failures += strcmp(log.list[i].sqlstate, "40001") == 0;
    double attempts = (double)(t->ok + lost) / (double)t->ok, should = 1 / (1 - 0.3), share = FORM(truth, 0.02, 0.05);
    char *setup = TEXT("stub, 40001 with p = 0.3, %" PRId64 " transactions", t->ok);
    truth_check(truth, EXACT, within(attempts, should, share), setup, TEXT("%.4f attempts each", attempts),
                TEXT("1/(1−p) = %.4f ±%.0f %%", should, 100 * share));
    truth_check(truth, EXACT, lost == failures && t->serialization_failures == failures && t->retries == failures,
                setup, TEXT("%" PRId64 " lost in records, %" PRId64 " counted", lost, t->serialization_failures),
                TEXT("%" PRId64 " in the stub's log", failures));
    truth_check_accounts(truth, setup, &trial);
    free(log.list);
    trial_result_deinit(&trial);
}

/* Nothing conflicts in the warm-up, so that the server's counter holds the window's conflicts and nothing else. */
struct heater {
    struct truth *truth;
    bool hot;
};

static void heat(void *user, const struct progress *progress)
{
    struct heater *heater = user;
    /* Some time into the window, when nothing of the warm-up is under way any more. */
    if (heater->hot || progress->phase != PHASE_MEASURE || progress->phase_elapsed_ns < 100 * NS_PER_MS)
        return;
    heater->hot = truth_exec(heater->truth, "UPDATE heat SET id = 1");
}

#define HOT                                                                                                            \
    "transactions:\n"                                                                                                  \
    "  bump:\n"                                                                                                        \
    "    weight: 1\n"                                                                                                  \
    "    steps:\n"                                                                                                     \
    "      - sql: SELECT id FROM heat\n"                                                                               \
    "        into: [id]\n"                                                                                             \
    "      - sql: UPDATE kv SET v = v + 1 WHERE id = :id\n"

static void t12_postgres(struct truth *truth, int max_tries)
{
    struct heater heater = {.truth = truth};
    struct trial_case c = {.text = HOT,
                           .target = truth_postgres(truth),
                           .connections = 8,
                           .threads = 2,
                           .clients = 8,
                           .isolation = ISOLATION_REPEATABLE_READ,
                           .protocol = PROTOCOL_PREPARED,
                           .max_tries = max_tries,
                           .warmup_ns = 200 * NS_PER_MS,
                           .duration_ns = FORM(truth, 10000, 1200) * NS_PER_MS,
                           .update = heat,
                           .user = &heater};
    struct trial_result trial;
    struct counters delta;
    if (!truth_exec(truth, "DROP TABLE IF EXISTS kv, heat; CREATE TABLE kv (id int PRIMARY KEY, v int);"
                           "INSERT INTO kv VALUES (1, 0); CREATE TABLE heat AS SELECT 0 AS id") ||
        !drive_counted(truth, &c, &trial, &delta))
        return;
    const struct transaction_result *t = &trial.transactions[0];
    int64_t lost = lost_attempts(&trial), v = truth_int(truth, "SELECT v FROM kv");
    char *setup = TEXT("PostgreSQL: hot row, repeatable read, c=8, %d tries", max_tries);
    truth_check(truth, EXACT, delta.rollbacks == lost && lost == t->retries + t->failed && lost > 0, setup,
                TEXT("Σ(attempts−1) %" PRId64 " + give-ups %" PRId64, t->retries, t->failed),
                TEXT("the server's rollbacks: %" PRId64, delta.rollbacks));
    truth_check(truth, EXACT, v > 0 && v <= t->ok, setup, TEXT("%" PRId64 " ok", t->ok),
                TEXT("no more updates than that: %" PRId64, v));
    truth_check_accounts(truth, setup, &trial);
    trial_result_deinit(&trial);
}

void truth_t12(struct truth *truth)
{
    t12_stub(truth);
    t12_postgres(truth, 100);
    t12_postgres(truth, 2);
}

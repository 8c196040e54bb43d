/* A run that never was: known figures, pushed through the store's sink as the experiment does. */
#ifndef PGDYNO_TESTS_REPORTS_SYNTHETIC_H
#define PGDYNO_TESTS_REPORTS_SYNTHETIC_H

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/proc.h"
#include "reports/facts.h"
#include "reports/report.h"
#include "reports/store.h"
#include "unit.h"

enum {
    SYNTHETIC_MAX = 8,
    SYNTHETIC_TRANSACTIONS = 3
};

/* The shape of the run; the figures follow from it. */
struct synthetic {
    int n_variants, n_pools, n_isolations, blocks;
    int n_transactions;
    int64_t window_ns;
    double rate;                 /* transactions/s under the baseline, pool 4 */
    double noise;                /* of each block, relative; 0: every block the same */
    bool trouble;                /* retries, failures, a broken check, warnings */
    bool broken;                 /* the second variant breaks a check under read committed */
    const char *const *warnings; /* one a trial, in turn; NULL: none */
    int n_warnings;
    bool broken_baseline; /* the first one does */
    int stop_after;       /* trials; 0: all */
    int n_rates;          /* 0: one closed loop */
    struct rate rates[4]; /* the second of them and later are too much for the server */
    int clients;          /* of a closed loop; 0: as many as connections */
    bool raw;             /* keep raw records */
    bool degraded;        /* no room for them */
    bool outage;          /* in the second trial */
    bool habits;          /* the pool connects and pings */
    const char *names[SYNTHETIC_MAX];
};

struct synthetic_run {
    struct statement statements[SYNTHETIC_TRANSACTIONS][2];
    struct transaction transactions[SYNTHETIC_TRANSACTIONS];
    struct variant variants[SYNTHETIC_MAX];
    struct table_spec tables[2];
    struct check checks[1];
    int pools[SYNTHETIC_MAX];
    enum isolation isolations[ISOLATION_COUNT];
    struct rate rates[4];
    struct workload workload;
    struct machine machine;
};

static inline uint64_t synthetic_next(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

/* Evenly spread over 0 … 1, the same for every run. */
static inline double synthetic_unit(uint64_t *state)
{
    return ((double)synthetic_next(state) + 0.5) / 2147483648.0;
}

static inline void synthetic_workload(const struct synthetic *shape, struct synthetic_run *run)
{
    static const char *const variants[] = {"none", "status_prio", "covering", "v3", "v4", "v5", "v6", "v7"};
    static const char *const abouts[] = {
        "", "index tasks (status, priority)", "index tasks (status, priority) INCLUDE (title)", "", "", "", "", ""};
    static const char *const names[] = {"dashboard", "close_task", "report"};
    static const int pools[] = {4, 8, 16, 32, 64, 128, 256, 512};
    static const char *const sql[] = {"SELECT * FROM tasks WHERE status = :status ORDER BY priority LIMIT 20",
                                      "UPDATE tasks SET status = 'done' WHERE id = :id",
                                      "SELECT count(*) FROM tasks GROUP BY project_id"};
    *run = (struct synthetic_run){0};
    for (int i = 0; i < shape->n_variants; i++)
        run->variants[i] =
            (struct variant){.name = shape->names[i] ? shape->names[i] : variants[i],
                             .about = abouts[i],
                             .transactions = run->transactions};
    for (int i = 0; i < shape->n_pools; i++)
        run->pools[i] = shape->n_pools == 1 ? 8 : pools[i];
    for (int i = 0; i < shape->n_isolations; i++)
        run->isolations[i] = (enum isolation)i;
    for (int i = 0; i < SYNTHETIC_TRANSACTIONS; i++) {
        run->statements[i][0] = (struct statement){.text = sql[i], .number = 1, .where = "tasks.yaml:48"};
        run->statements[i][1] = (struct statement){.text = "SELECT 1", .number = 2, .where = "tasks.yaml:49"};
        run->transactions[i] = (struct transaction){
            .name = names[i], .weight = 1, .statements = run->statements[i], .n_statements = i == 0 ? 2 : 1};
    }
    run->tables[0] = (struct table_spec){.name = "tasks", .rows = 100000};
    run->tables[1] = (struct table_spec){.name = "users", .rows = 1000};
    run->checks[0] = (struct check){"money_kept", "SELECT true"};
    snprintf(run->machine.cpu, sizeof run->machine.cpu, "A processor");
    run->machine.cores = 2;
    run->workload = (struct workload){.path = "tasks.yaml",
                                      .text = "name: tasks\n",
                                      .hash = "0123456789abcdef",
                                      .name = "tasks",
                                      .about = "A to-do list",
                                      .tables = run->tables,
                                      .n_tables = 2,
                                      .transactions = run->transactions,
                                      .n_transactions = (size_t)shape->n_transactions,
                                      .variants = run->variants,
                                      .n_variants = (size_t)shape->n_variants,
                                      .checks = run->checks,
                                      .n_checks = 1,
                                      .measure = {.warmup_ns = 2 * NS_PER_S,
                                                  .duration_ns = shape->window_ns,
                                                  .blocks = shape->blocks,
                                                  .raw_bytes = INT64_C(64) << 20,
                                                  .seed = 42,
                                                  .protocol = PROTOCOL_PREPARED},
                                      .retry = {.max_tries = 10}};
    run->workload.sweep =
        (struct sweep){run->pools, (size_t)shape->n_pools, run->isolations, (size_t)shape->n_isolations, run->rates, 1};
    run->workload.load = (struct load){.clients = shape->clients, .arrivals = ARRIVALS_CONSTANT};
    for (int i = 0; i < shape->n_rates; i++)
        run->rates[i] = shape->rates[i];
    if (shape->n_rates > 0)
        run->workload.sweep.n_rates = (size_t)shape->n_rates;
}

/* How much the variant changes a transaction's time: readers gain, the writer pays. */
static inline double synthetic_factor(int variant, int transaction)
{
    static const double factors[SYNTHETIC_TRANSACTIONS][3] = {{1, 0.085, 0.06}, {1, 1.13, 1.31}, {1, 1, 0.97}};
    return factors[transaction][variant % 3];
}

static inline double synthetic_ms(int transaction)
{
    static const double ms[SYNTHETIC_TRANSACTIONS] = {12.0, 0.9, 4.0};
    return ms[transaction];
}

static inline void synthetic_record(struct trial_result *trial, int transaction, int64_t intended_ns, int64_t wait_ns,
                                    int64_t service_ns)
{
    struct records *records = &trial->records;
    if ((records->n & (records->n - 1)) == 0) { /* as many again */
        records->list = realloc(records->list, (records->n ? 2 * records->n : 1) * sizeof *records->list);
        assert_non_null(records->list);
    }
    records->list[records->n++] = (struct record){.intended_ns = intended_ns,
                                                  .pool_wait_ns = wait_ns,
                                                  .service_ns = service_ns,
                                                  .lag_ns = 2000,
                                                  .transaction = (uint16_t)transaction,
                                                  .attempts = 1};
}

/* The last two of each: one was never sent, one had not ended. */
static inline void synthetic_trouble_ahead(struct trial_result *trial, struct transaction_result *out)
{
    struct record *last = &trial->records.list[trial->records.n - 1];
    last[0].status = RECORD_CENSORED;
    last[-1].status = RECORD_TIMED_OUT;
    out->ok -= 2;
    out->censored = out->timed_out = 1;
    trial->unsent_at_end = 800 + trial->order;
    trial->verdict = VERDICT_OVERLOADED;
    snprintf(trial->reason, sizeof trial->reason, "234 tx/s arrive in the second half, 196 are carried");
}

static inline void synthetic_transaction(const struct synthetic *shape, struct trial_result *trial, int index,
                                         struct transaction_result *out)
{
    int block = shape->noise > 0 ? trial->block : 0;
    uint64_t state =
        (uint64_t)(block * 7919 + index * 31 + trial->variant * 101 + trial->pool * 1009 + trial->isolation * 57 + 1);
    double drift = 1 + shape->noise * (synthetic_unit(&state) - 0.5);
    double pool = 1 + 0.8 * trial->pool * trial->pool,
           ms = synthetic_ms(index) * pool * synthetic_factor(trial->variant, index);
    int64_t n =
        (int64_t)(shape->rate * (double)trial->duration_ns / 1e9 * (1 + trial->pool * (trial->pool < 2 ? 0.6 : 0.25)));
    bool overloaded = trial->rate > 0, waits = trial->rate_tps > 0 || trial->clients > trial->connections;
    out->response = hist_new();
    out->service = hist_new();
    out->pool_wait = hist_new();
    out->n_statements = index == 0 ? 2 : 1;
    out->statements = calloc((size_t)out->n_statements, sizeof *out->statements);
    for (int s = 0; s < out->n_statements; s++)
        out->statements[s] = (struct statement_result){n, hist_new()};
    for (int64_t i = 0; i < n; i++) {
        /* 1 … 2.5 for most, a heavy tail for few: exact multiples of 1 µs */
        double u = synthetic_unit(&state), shape_of = 0.7 + 0.6 * u + 0.02 / (1.0015 - u);
        int64_t ns = (int64_t)(ms * drift * shape_of * 1000) * 1000;
        /* every tenth waits; where it is too much all do, longer and longer */
        int64_t wait_ns = !waits ? 0 : overloaded ? i * 1000000 : i % 10 == 0 ? ns / 2 : 0;
        hist_record(out->response, wait_ns + ns + 2000);
        hist_record(out->service, ns);
        hist_record(out->pool_wait, wait_ns);
        synthetic_record(trial, index, i * (trial->duration_ns / n), wait_ns, ns);
        hist_record(out->statements[0].service, ns - 1000);
        if (out->n_statements > 1)
            hist_record(out->statements[1].service, 1000);
    }
    out->ok = n;
    if (overloaded)
        synthetic_trouble_ahead(trial, out);
    if (!shape->trouble)
        return;
    out->failed = n / 400 * trial->isolation;
    out->retried = n / 50 * trial->isolation;
    out->retries = out->retried * 2;
    out->ok -= out->failed + trial->isolation;
    out->censored = trial->isolation;
    out->serialization_failures = out->retries + out->failed * 10;
}

static inline void synthetic_intervals(const struct synthetic *shape, struct trial_result *trial)
{
    trial->n_intervals = (size_t)((trial->duration_ns + NS_PER_S - 1) / NS_PER_S);
    trial->intervals = calloc(trial->n_intervals, sizeof *trial->intervals);
    uint64_t state = (uint64_t)trial->order + 99;
    for (size_t i = 0; i < trial->n_intervals; i++) {
        struct interval_result *interval = &trial->intervals[i];
        double left_s = (double)trial->duration_ns / 1e9 - (double)i;
        interval->start_s = (double)i;
        interval->length_s = left_s < 1 ? left_s : 1;
        interval->transactions = calloc(trial->n_transactions, sizeof *interval->transactions);
        for (size_t t = 0; t < trial->n_transactions; t++) {
            struct interval_transaction *to = &interval->transactions[t];
            double wobble = (1 + shape->noise * 2 * (synthetic_unit(&state) - 0.5)) * (trial->rate > 0 ? 0.75 : 1);
            hist_summary(trial->transactions[t].response, &to->response);
            hist_summary(trial->transactions[t].pool_wait, &to->pool_wait);
            to->response.count = to->ok = (int64_t)((double)trial->transactions[t].ok * interval->length_s * wobble /
                                                    ((double)trial->duration_ns / 1e9));
            to->response.p99 = (int64_t)((double)to->response.p99 * wobble);
            to->pool_wait.count = to->ok;
            if (!hist_part_init(&to->response_part, trial->transactions[t].response))
                fail();
            interval->all.ok += to->ok;
            interval->all.pool_wait = to->pool_wait;
            interval->all.response = to->response;
        }
        interval->all.response.count = interval->all.pool_wait.count = interval->all.ok;
    }
}

static inline void synthetic_server(const struct synthetic *shape, struct trial_result *trial)
{
    for (size_t t = 0; t < trial->n_transactions; t++)
        trial->total_commits += trial->transactions[t].trial_ok = trial->transactions[t].ok;
    trial->server.has[STAT_WAL_BYTES] = trial->server.has[STAT_N_TUP_UPD] = trial->server.has[STAT_N_TUP_HOT_UPD] =
        true;
    trial->server.value[STAT_N_TUP_UPD] = 1000;
    trial->server.value[STAT_N_TUP_HOT_UPD] = trial->variant == 0 ? 960 : 30;
    int64_t writes = trial->n_transactions > 1 ? trial->transactions[1].ok : 0;
    trial->server.has[STAT_WAL_RECORDS] = trial->server.has[STAT_WAL_FPI] = true;
    trial->server.value[STAT_WAL_RECORDS] = writes * 5 * (1 + trial->variant);
    trial->server.value[STAT_WAL_FPI] = writes * (trial->variant == 0 ? 7 : 5) / 10;
    trial->server.value[STAT_WAL_BYTES] = writes * (trial->variant == 0 ? 412 : 500 + 155 * trial->variant);
    trial->harness_lag = (struct dist_summary){.count = 1000, .mean = 2000, .p50 = 2000, .p99 = 3000, .max = 9000};
    if (trial->variant > 0) {
        trial->n_indexes = 1;
        snprintf(trial->indexes[0].name, sizeof trial->indexes[0].name, "status_prio");
        snprintf(trial->indexes[0].definition, sizeof trial->indexes[0].definition, "tasks (status, priority)");
        trial->indexes[0].build_ns = 90 * NS_PER_MS * trial->variant;
        trial->indexes[0].size_bytes = 704000 * trial->variant;
        trial->indexes[0].scans = 1000;
    }
    if (shape->trouble && trial->variant == 1) {
        snprintf(trial->broken_check, sizeof trial->broken_check, "money_kept");
        trial_result_warn(trial, "a checkpoint ran inside the window");
    }
    if ((trial->variant == 0 ? shape->broken_baseline : shape->broken && trial->variant == 1) &&
        trial->isolation == 0) {
        snprintf(trial->broken_check, sizeof trial->broken_check, "money_kept");
        trial_result_warn(trial, "check money_kept does not hold after this trial: it gives false");
    }
    if (shape->trouble && trial->isolation > 0) {
        trial->errors[trial->n_errors++] = (struct sqlstate_count){SQLSTATE_SERIALIZATION_FAILURE, 12};
        snprintf(trial->first_error, sizeof trial->first_error, "ERROR:  could not serialize access, \"quoted\"");
    }
}

static inline int by_intended(const void *a, const void *b)
{
    const struct record *x = a, *y = b;
    return (x->intended_ns > y->intended_ns) - (x->intended_ns < y->intended_ns);
}

/* What the driver says of its own waiting. */
static inline void synthetic_truth(const struct synthetic *shape, struct trial_result *trial)
{
    if (trial->records.n > 1)
        qsort(trial->records.list, trial->records.n, sizeof *trial->records.list, by_intended);
    trial->records.complete = !shape->degraded;
    for (size_t t = 0; t < trial->n_transactions; t++)
        trial->scheduled += trial->transactions[t].ok + trial->transactions[t].failed +
                            trial->transactions[t].timed_out + trial->transactions[t].censored;
    trial->little = (struct little){true, 1.0, 1.00002, 0.00002 * (trial->order + 1), 1.5};
    if (trial->rate_tps > 0) {
        trial->audit = (struct audit){true, "", 12000 + trial->order, 300000, true};
        trial->spin_ns = 58000;
    }
    if (shape->outage && trial->order == 1)
        trial->outage = (struct outage){true, 1, 1.84, 0.5, 2.5, 480};
    trial->run_delay_ns = trial->duration_ns / 500;
    if (shape->habits)
        trial->pool_counts = (struct pool_counts){.connects = 30,
                                                  .recycled = 12,
                                                  .pings = 400,
                                                  .failed_pings = 1,
                                                  .connect = {.count = 30, .mean = 3100000, .max = 12000000},
                                                  .ping = {.count = 400, .mean = 90000, .max = 800000}};
}

static inline bool synthetic_trial(const struct synthetic *shape, const struct run_sink *sink, int order, int variant,
                                   struct point point, int block, struct err *err)
{
    struct trial_result trial;
    trial_result_init(&trial);
    trial.variant = variant;
    trial.pool = point.pool;
    trial.isolation = point.isolation;
    trial.rate = point.rate;
    trial.block = block;
    trial.order = order;
    trial.duration_ns = shape->window_ns;
    trial.started_wall_ns = INT64_C(1795256100000000000) + order * (shape->window_ns + 3 * NS_PER_S);
    trial.clients = trial.connections = 4 << point.pool;
    if (shape->clients > 0)
        trial.clients = shape->clients;
    if (shape->n_rates > 0 && shape->rates[point.rate].kind != RATE_CLOSED)
        trial.rate_tps = shape->rates[point.rate].value;
    trial.threads = 2;
    trial.n_transactions = (size_t)shape->n_transactions;
    trial.transactions = calloc(trial.n_transactions, sizeof *trial.transactions);
    for (int t = 0; t < shape->n_transactions; t++)
        synthetic_transaction(shape, &trial, t, &trial.transactions[t]);
    synthetic_intervals(shape, &trial);
    synthetic_server(shape, &trial);
    synthetic_truth(shape, &trial);
    trial.complete = trial.valid = true;
    if (shape->n_warnings > 0)
        trial_result_warn(&trial, "%s", shape->warnings[order % shape->n_warnings]);
    if (shape->trouble && order == 0) {
        trial.valid = false;
        trial.verdict = VERDICT_INVALID;
        trial_result_warn(&trial, "not valid: harness lag p99 3.1 ms is over 100 µs, with a \"quote\"");
    }
    bool ok = sink->trial(sink->user, &trial, err);
    trial_result_deinit(&trial);
    return ok;
}

static inline bool synthetic_plans(const struct synthetic *shape, const struct run_sink *sink, struct err *err)
{
    bool ok = true;
    for (int v = 0; v < shape->n_variants; v++)
        for (int t = 0; t < shape->n_transactions; t++)
            for (int s = 1; ok && s <= (t == 0 ? 2 : 1); s++) {
                struct plan plan = {.writes = t == 1};
                bool indexed = v > 0 && t == 0 && s == 1;
                snprintf(plan.shape, sizeof plan.shape,
                         indexed  ? "Limit(Bitmap Heap Scan tasks(Bitmap Index Scan status_prio))"
                         : t == 1 ? "Update tasks(Index Scan tasks_pkey)"
                                  : "Limit(Sort(Seq Scan tasks))");
                snprintf(plan.scan, sizeof plan.scan,
                         indexed  ? "Bitmap Index Scan status_prio"
                         : t == 1 ? "Index Scan tasks_pkey"
                                  : "Seq Scan tasks");
                struct plan_result result = {.variant = v, .transaction = t, .statement = s, .plan = &plan};
                ok = sink->plan(sink->user, &result, err);
            }
    return ok;
}

/* Everything up to, and without, store_finish. */
static inline bool synthetic_fill(const struct synthetic *shape, struct store *store, struct synthetic_run *run,
                                  struct err *err)
{
    struct run_sink sink = store_sink(store);
    struct run_header header = {.run_id = "tasks-20261121T101500",
                                .started_wall_ns = INT64_C(1795256090000000000),
                                .workload = &run->workload,
                                .command_line = "pgdyno run tasks --pool=8 postgresql://me:hunter2@db/x",
                                .server_version = 150018,
                                .server_version_text = "PostgreSQL 15.18 (Debian 15.18-1) on x86_64",
                                .private_server = true,
                                .machine = &run->machine};
    int order = 0;
    bool ok = sink.begin(sink.user, &header, err) && synthetic_plans(shape, &sink, err);
    int n_rates = shape->n_rates > 0 ? shape->n_rates : 1, points = shape->n_pools * shape->n_isolations * n_rates;
    for (int b = 0; b < shape->blocks; b++)
        for (int p = 0; p < points; p++)
            for (int v = 0; ok && v < shape->n_variants; v++) {
                struct point point = {p / n_rates / shape->n_isolations, p / n_rates % shape->n_isolations,
                                      p % n_rates};
                if (shape->stop_after > 0 && order == shape->stop_after)
                    return ok;
                ok = synthetic_trial(shape, &sink, order++, v, point, b, err);
            }
    return ok;
}

/* A finished run in `folder`; fails the test if anything goes wrong. */
static inline void synthetic_write(const struct synthetic *shape, const char *folder, bool finish)
{
    static struct synthetic_run run;
    struct store *store;
    struct err err = {0};
    synthetic_workload(shape, &run);
    if (!store_create(folder, &store, &err))
        fail_msg("%s: %s", err.where, err.text);
    if (shape->raw)
        store_keep_raw(store);
    if (!synthetic_fill(shape, store, &run, &err) || (finish && !store_finish(store, "finished", NULL, &err)))
        fail_msg("%s: %s", err.where, err.text);
    store_close(store);
}

/* A new folder's path (not made) below a temporary one; the temporary one in `parent`. */
static inline void synthetic_folder(char *parent, size_t parent_size, char *folder, size_t size)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(parent, parent_size, "%s/pgdyno-reports-XXXXXX", tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(parent));
    snprintf(folder, size, "%s/deeper/run", parent);
}

/* The whole file, for strstr; the caller frees. NULL if it cannot be read. */
static inline char *synthetic_slurp(const char *folder, const char *name)
{
    char path[4096];
    struct str text = {0};
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    if (!file)
        return NULL;
    char part[4096];
    for (size_t n = fread(part, 1, sizeof part, file); n > 0; n = fread(part, 1, sizeof part, file))
        str_append_n(&text, part, n);
    fclose(file);
    return str_steal(&text);
}

#endif

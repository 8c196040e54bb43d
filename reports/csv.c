#include "reports/csv.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "output.h"
#include "pools.h"

/* --- Cells -------------------------------------------------------------------------------------------------------- */

enum {
    CELL_BYTES = RESULT_WARNINGS * (RESULT_WARNING_BYTES + 2)
};

/* What a column's function fills in: text, or a number (NAN is an empty cell). */
struct cell {
    double number;
    char text[CELL_BYTES]; /* "" means the number */
};

static void write_cell(FILE *file, const struct cell *cell)
{
    char number[64];
    if (cell->text[0] != '\0')
        output_csv_field(file, cell->text);
    else
        fputs(units_format_number(number, sizeof number, cell->number), file);
}

static void set_text(struct cell *cell, const char *text)
{
    snprintf(cell->text, sizeof cell->text, "%s", text);
}

/* --- summary.csv and timeseries.csv ------------------------------------------------------------------------------- */

/* One row's sources; what a row cannot know is NULL. */
struct trial_row {
    const struct facts *facts;
    const struct trial_result *trial;
    const char *transaction;
    int statement;                          /* 0: all */
    const struct interval_result *interval; /* timeseries only */
    double duration_s;
    int64_t ok, failed, timed_out, retried, retries;
    int64_t ended_ok, ended_failed;          /* for the throughput */
    const struct transaction_result *counts; /* failures by kind; NULL for statements and intervals */
    const struct dist_summary *response, *service, *pool_wait;
};

struct column {
    const char *name;
    void (*get)(const struct trial_row *row, size_t param, struct cell *out);
    size_t param; /* meaning depends on `get` */
};

enum text_id {
    RUN_ID,
    WORKLOAD,
    VARIANT,
    ISOLATION,
    TRANSACTION,
    VERDICT,
    REASON
};

static void get_text(const struct trial_row *row, size_t param, struct cell *out)
{
    const char *texts[] = {
        [RUN_ID] = row->facts->run_id,
        [WORKLOAD] = row->facts->workload,
        [VARIANT] = row->facts->variants[row->trial->variant].name,
        [ISOLATION] = isolation_name(row->facts->isolations[row->trial->isolation]),
        [TRANSACTION] = row->transaction,
        [VERDICT] = verdict_name(row->trial->verdict),
        [REASON] = row->trial->reason,
    };
    set_text(out, texts[param]);
}

static void get_statement(const struct trial_row *row, size_t param, struct cell *out)
{
    (void)param;
    if (row->statement == 0)
        set_text(out, "all");
    else
        out->number = row->statement;
}

enum number_id {
    POOL_SIZE,
    RATE_TARGET,
    CLIENTS,
    THREADS,
    BLOCK,
    DURATION,
    SCHEDULED,
    OK,
    FAILED,
    TIMED_OUT,
    CENSORED,
    TPS,
    GOODPUT,
    RETRIED,
    RETRIES,
    RECONNECTS,
    LAG_P99,
    WAL,
    VALID,
    TIME,
    TIME_EPOCH
};

/* Reconnects and lag are the trial's as a whole; a second of it does not know them. */
static double trial_number(const struct trial_row *row, enum number_id id)
{
    const struct trial_result *trial = row->trial;
    bool whole = !row->interval;
    switch (id) {
    case POOL_SIZE:
        return row->facts->pools[trial->pool];
    case RATE_TARGET:
        return trial->rate_tps > 0 ? trial->rate_tps : NAN;
    case CLIENTS:
        return trial->rate_tps > 0 ? NAN : trial->clients;
    case THREADS:
        return trial->threads;
    case BLOCK:
        return trial->block + 1;
    case RECONNECTS:
        return whole ? (double)trial->reconnects : NAN;
    case LAG_P99:
        return whole && trial->harness_lag.count > 0 ? (double)trial->harness_lag.p99 / 1e6 : NAN;
    case WAL:
        return whole && trial->server.has[STAT_WAL_BYTES] && trial->total_commits > 0
                   ? (double)trial->server.value[STAT_WAL_BYTES] / (double)trial->total_commits
                   : NAN;
    case VALID:
        return trial->complete && trial->valid;
    default:
        return NAN;
    }
}

/* Of a whole trial only: a second counts what ended in it. */
static int64_t censored(const struct trial_row *row)
{
    return row->counts ? row->counts->censored : 0;
}

static void get_number(const struct trial_row *row, size_t param, struct cell *out)
{
    const struct interval_result *interval = row->interval;
    switch ((enum number_id)param) {
    case DURATION:
        out->number = row->duration_s;
        break;
    case SCHEDULED:
        out->number = row->statement == 0 ? (double)(row->ok + row->failed + row->timed_out + censored(row)) : NAN;
        break;
    case OK:
        out->number = (double)row->ok;
        break;
    case FAILED:
        out->number = row->statement == 0 ? (double)row->failed : NAN;
        break;
    case TIMED_OUT:
        out->number = row->statement == 0 ? (double)row->timed_out : NAN;
        break;
    case CENSORED:
        out->number = row->statement == 0 ? (double)censored(row) : NAN;
        break;
    case TPS:
        out->number = row->duration_s > 0 ? (double)(row->ended_ok + row->ended_failed) / row->duration_s : NAN;
        break;
    case GOODPUT:
        out->number = row->duration_s > 0 ? (double)row->ended_ok / row->duration_s : NAN;
        break;
    case RETRIED:
        out->number = row->statement == 0 ? (double)row->retried : NAN;
        break;
    case RETRIES:
        out->number = row->statement == 0 ? (double)row->retries : NAN;
        break;
    case TIME:
        out->number = interval ? interval->start_s : NAN;
        break;
    case TIME_EPOCH:
        out->number = interval ? (double)row->trial->started_wall_ns / 1e9 + interval->start_s : NAN;
        break;
    default:
        out->number = trial_number(row, (enum number_id)param);
    }
}

static void get_failures(const struct trial_row *row, size_t param, struct cell *out)
{
    if (row->counts)
        out->number = (double)*(const int64_t *)((const char *)row->counts + param);
}

static double dist_member(const struct dist_summary *dist, size_t member)
{
    const char *at = (const char *)dist + member;
    bool real = member == offsetof(struct dist_summary, mean) || member == offsetof(struct dist_summary, stddev);
    return (real ? *(const double *)at : (double)*(const int64_t *)at) / 1e6;
}

/* measurement.md §2: no p99 from under 1,000 values, no p99.9 from under 10,000. */
static void get_dist(const struct dist_summary *dist, size_t member, struct cell *out)
{
    if (!dist || dist->count == 0)
        return;
    if (member == offsetof(struct dist_summary, p99) && !hist_supports(dist->count, 0.99))
        return;
    if (member == offsetof(struct dist_summary, p99_9) && !hist_supports(dist->count, 0.999))
        return;
    out->number = dist_member(dist, member);
}

static void get_response(const struct trial_row *row, size_t param, struct cell *out)
{
    get_dist(row->response, param, out);
}

static void get_service(const struct trial_row *row, size_t param, struct cell *out)
{
    get_dist(row->service, param, out);
}

/* Where each client has a connection of its own it is 0 by construction: no count is needed to know that. */
static void get_pool_wait(const struct trial_row *row, size_t param, struct cell *out)
{
    bool waits = row->trial->rate_tps > 0 || row->trial->clients > row->trial->connections;
    if (row->statement == 0 && !waits && (!row->pool_wait || row->pool_wait->max == 0))
        out->number = 0;
    else
        get_dist(row->pool_wait, param, out);
}

static void get_warnings(const struct trial_row *row, size_t param, struct cell *out)
{
    (void)param;
    size_t used = 0;
    for (size_t i = 0; i < row->trial->n_warnings && used < sizeof out->text; i++)
        used +=
            (size_t)snprintf(out->text + used, sizeof out->text - used, "%s%s", i ? "; " : "", row->trial->warnings[i]);
}

#define MEMBER(name) offsetof(struct dist_summary, name)
#define DIST_COLUMNS(prefix, get)                                                                                      \
    {prefix "_avg_ms", get, MEMBER(mean)}, {prefix "_stddev_ms", get, MEMBER(stddev)},                                 \
        {prefix "_min_ms", get, MEMBER(min)}, {prefix "_p50_ms", get, MEMBER(p50)},                                    \
        {prefix "_p90_ms", get, MEMBER(p90)}, {prefix "_p95_ms", get, MEMBER(p95)},                                    \
        {prefix "_p99_ms", get, MEMBER(p99)}, {prefix "_p99_9_ms", get, MEMBER(p99_9)},                                \
    {                                                                                                                  \
        prefix "_max_ms", get, MEMBER(max)                                                                             \
    }

static const struct column summary_columns[] = {
    {"run_id", get_text, RUN_ID},
    {"workload", get_text, WORKLOAD},
    {"variant", get_text, VARIANT},
    {"pool_size", get_number, POOL_SIZE},
    {"isolation", get_text, ISOLATION},
    {"rate_target_tps", get_number, RATE_TARGET},
    {"clients", get_number, CLIENTS},
    {"threads", get_number, THREADS},
    {"block", get_number, BLOCK},
    {"transaction", get_text, TRANSACTION},
    {"statement", get_statement, 0},
    {"duration_s", get_number, DURATION},
    {"scheduled", get_number, SCHEDULED},
    {"ok", get_number, OK},
    {"failed", get_number, FAILED},
    {"timed_out", get_number, TIMED_OUT},
    {"censored", get_number, CENSORED},
    {"tps", get_number, TPS},
    {"goodput_tps", get_number, GOODPUT},
    {"retried", get_number, RETRIED},
    {"retries", get_number, RETRIES},
    {"serialization_failures", get_failures, offsetof(struct transaction_result, serialization_failures)},
    {"deadlock_failures", get_failures, offsetof(struct transaction_result, deadlock_failures)},
    {"other_failures", get_failures, offsetof(struct transaction_result, other_failures)},
    {"reconnects", get_number, RECONNECTS},
    DIST_COLUMNS("response", get_response),
    DIST_COLUMNS("service", get_service),
    DIST_COLUMNS("pool_wait", get_pool_wait),
    {"harness_lag_p99_ms", get_number, LAG_P99},
    {"wal_bytes_per_txn", get_number, WAL},
    {"valid", get_number, VALID},
    {"verdict", get_text, VERDICT},
    {"reason", get_text, REASON},
    {"warnings", get_warnings, 0},
};
static const struct column time_columns[] = {
    {"time_s", get_number, TIME},
    {"time_epoch_s", get_number, TIME_EPOCH},
};

static void write_names(FILE *file, const struct column *columns, size_t n, bool first)
{
    for (size_t i = 0; i < n; i++)
        fprintf(file, "%s%s", i > 0 || !first ? "," : "", columns[i].name);
}

static void write_cells(FILE *file, const struct column *columns, size_t n, bool first, const struct trial_row *row)
{
    for (size_t i = 0; i < n; i++) {
        struct cell cell = {.number = NAN};
        columns[i].get(row, columns[i].param, &cell);
        if (i > 0 || !first)
            fputc(',', file);
        write_cell(file, &cell);
    }
}

#define SUMMARY_COLUMNS (sizeof summary_columns / sizeof summary_columns[0])
#define TIME_COLUMNS    (sizeof time_columns / sizeof time_columns[0])

static void write_row(FILE *file, const struct trial_row *row)
{
    if (row->interval)
        write_cells(file, time_columns, TIME_COLUMNS, true, row);
    write_cells(file, summary_columns, SUMMARY_COLUMNS, !row->interval, row);
    fputc('\n', file);
}

static void write_statement_rows(FILE *file, const struct facts *facts, const struct fact_trial *trial, size_t t)
{
    const struct fact_transaction *of = facts_transaction(facts, trial->plain.variant, (int)t);
    for (int s = 0; s < of->n_statements; s++) {
        const struct dist_summary *service = &trial->transactions[t].statements[s];
        struct trial_row row = {.facts = facts,
                                .trial = &trial->plain,
                                .transaction = facts->transactions[t].name,
                                .statement = of->statements[s].number,
                                .duration_s = (double)trial->plain.duration_ns / 1e9,
                                .ok = service->count,
                                .ended_ok = service->count,
                                .service = service};
        write_row(file, &row);
    }
}

/* A variant may leave out what others run. */
static bool is_left_out(const struct facts *facts, const struct fact_trial *trial, size_t t)
{
    return facts->transactions[t].weight > 0 && !facts_runs(facts, trial->plain.variant, (int)t);
}

static void write_trial_rows(FILE *file, const struct facts *facts, const struct fact_trial *trial)
{
    for (size_t t = 0; t < facts->n_transactions; t++) {
        const struct fact_trial_transaction *result = &trial->transactions[t];
        if (is_left_out(facts, trial, t))
            continue;
        struct trial_row row = {.facts = facts,
                                .trial = &trial->plain,
                                .transaction = facts->transactions[t].name,
                                .duration_s = (double)trial->plain.duration_ns / 1e9,
                                .ok = result->counts.ok,
                                .failed = result->counts.failed,
                                .timed_out = result->counts.timed_out,
                                .retried = result->counts.retried,
                                .retries = result->counts.retries,
                                .counts = &result->counts,
                                .response = &result->response,
                                .service = &result->service,
                                .pool_wait = &result->pool_wait};
        facts_ended(trial, (int)t, &row.ended_ok, &row.ended_failed);
        write_row(file, &row);
        write_statement_rows(file, facts, trial, t);
    }
}

static void write_interval_row(FILE *file, const struct facts *facts, const struct fact_trial *trial,
                               const struct interval_result *interval, const char *name,
                               const struct interval_transaction *counts)
{
    struct trial_row row = {.facts = facts,
                            .trial = &trial->plain,
                            .transaction = name,
                            .interval = interval,
                            .duration_s = interval->length_s,
                            .ok = counts->ok,
                            .failed = counts->failed,
                            .ended_ok = counts->ok,
                            .ended_failed = counts->failed,
                            .timed_out = counts->timed_out,
                            .retried = counts->retried,
                            .retries = counts->retries,
                            .response = &counts->response,
                            .pool_wait = &counts->pool_wait};
    write_row(file, &row);
}

static bool write_summary(const struct facts *facts, struct err *err)
{
    struct output out;
    if (!output_open(&out, facts->folder, "summary.csv", err))
        return false;
    write_names(out.file, summary_columns, SUMMARY_COLUMNS, true);
    fputc('\n', out.file);
    for (size_t i = 0; i < facts->n_trials; i++)
        write_trial_rows(out.file, facts, &facts->trials[i]);
    return output_close(&out, err);
}

static bool write_timeseries(const struct facts *facts, struct err *err)
{
    struct output out;
    if (!output_open(&out, facts->folder, "timeseries.csv", err))
        return false;
    write_names(out.file, time_columns, TIME_COLUMNS, true);
    write_names(out.file, summary_columns, SUMMARY_COLUMNS, false);
    fputc('\n', out.file);
    for (size_t i = 0; i < facts->n_trials; i++) {
        const struct fact_trial *trial = &facts->trials[i];
        for (size_t k = 0; k < trial->n_intervals; k++) {
            const struct interval_result *interval = &trial->intervals[k];
            write_interval_row(out.file, facts, trial, interval, "all", &interval->all);
            for (size_t t = 0; t < facts->n_transactions; t++)
                if (!is_left_out(facts, trial, t))
                    write_interval_row(out.file, facts, trial, interval, facts->transactions[t].name,
                                       &interval->transactions[t]);
        }
    }
    return output_close(&out, err);
}

/* --- compare.csv -------------------------------------------------------------------------------------------------- */

enum compare_id {
    C_TRANSACTION,
    C_METRIC,
    C_POOL_SIZE,
    C_ISOLATION,
    C_RATE,
    C_NOT_YET, /* gates */
    C_BASELINE,
    C_VARIANT,
    C_BASELINE_VALUE,
    C_VARIANT_VALUE,
    C_RATIO,
    C_LOW,
    C_HIGH,
    C_P,
    C_P_ADJUSTED,
    C_BLOCKS,
    C_VERDICT
};

static const struct {
    const char *name;
    enum compare_id id;
} compare_columns[] = {
    {"transaction", C_TRANSACTION},
    {"metric", C_METRIC},
    {"pool_size", C_POOL_SIZE},
    {"isolation", C_ISOLATION},
    {"rate_target_tps", C_RATE},
    {"baseline", C_BASELINE},
    {"variant", C_VARIANT},
    {"baseline_value", C_BASELINE_VALUE},
    {"variant_value", C_VARIANT_VALUE},
    {"ratio", C_RATIO},
    {"ci_low", C_LOW},
    {"ci_high", C_HIGH},
    {"p_value", C_P},
    {"p_adjusted", C_P_ADJUSTED},
    {"n_blocks", C_BLOCKS},
    {"mde_pct", C_NOT_YET},
    {"verdict", C_VERDICT},
};
enum {
    COMPARE_COLUMNS = sizeof compare_columns / sizeof compare_columns[0]
};

static double compare_number(const struct facts *facts, const struct comparison *row, enum compare_id id)
{
    double unit = row->metric == METRIC_THROUGHPUT ? 1 : 1e6;
    switch (id) {
    case C_POOL_SIZE:
        return facts->pools[row->point.pool];
    case C_RATE:
        return facts_rate_tps(facts, row->variant, row->point);
    case C_BASELINE_VALUE:
        return row->baseline_value / unit;
    case C_VARIANT_VALUE:
        return row->variant_value / unit;
    case C_RATIO:
        return row->has_ratio ? row->ratio : NAN;
    case C_LOW:
        return row->has_interval ? row->low : NAN;
    case C_HIGH:
        return row->has_interval ? row->high : NAN;
    case C_P:
        return row->p;
    case C_P_ADJUSTED:
        return row->p_adjusted;
    case C_BLOCKS:
        return row->n_blocks;
    default:
        return NAN;
    }
}

static void get_compare(const struct facts *facts, const struct comparison *row, enum compare_id id, struct cell *out)
{
    if (id == C_TRANSACTION)
        set_text(out, facts->transactions[row->transaction].name);
    else if (id == C_METRIC)
        set_text(out, metric_rows[row->metric].name);
    else if (id == C_ISOLATION)
        set_text(out, isolation_name(facts->isolations[row->point.isolation]));
    else if (id == C_BASELINE)
        set_text(out, facts->variants[0].name);
    else if (id == C_VARIANT)
        set_text(out, facts->variants[row->variant].name);
    else if (id == C_VERDICT)
        set_text(out, row->broken ? "broken" : row->overloaded ? "overloaded" : "");
    else
        out->number = compare_number(facts, row, id);
}

static void write_comparison(FILE *file, const struct facts *facts, const struct comparison *row)
{
    for (int i = 0; i < COMPARE_COLUMNS; i++) {
        struct cell cell = {.number = NAN};
        get_compare(facts, row, compare_columns[i].id, &cell);
        if (i > 0)
            fputc(',', file);
        write_cell(file, &cell);
    }
    fputc('\n', file);
}

static bool write_compare(const struct facts *facts, const struct comparisons *comparisons, struct err *err)
{
    struct output out;
    if (!output_open(&out, facts->folder, "compare.csv", err))
        return false;
    for (int i = 0; i < COMPARE_COLUMNS; i++)
        fprintf(out.file, "%s%s", i > 0 ? "," : "", compare_columns[i].name);
    fputc('\n', out.file);
    for (size_t i = 0; i < comparisons->n; i++)
        write_comparison(out.file, facts, &comparisons->rows[i]);
    return output_close(&out, err);
}

bool csv_write_all(const struct facts *facts, const struct comparisons *comparisons, struct err *err)
{
    bool ok = write_summary(facts, err);
    ok = write_timeseries(facts, ok ? err : NULL) && ok;
    ok = write_compare(facts, comparisons, ok ? err : NULL) && ok;
    return pools_write_csv(facts, ok ? err : NULL) && ok;
}

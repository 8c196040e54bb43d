#include "run/collect.h"

#include <stdlib.h>
#include <string.h>

#include "run/outage.h"

struct sources {
    struct crew *crew;
    struct worker *workers;
    int n;
    struct trial_result *out;
};

static void collect_errors(struct sources *from)
{
    int64_t first_ns = INT64_MAX;
    for (int i = 0; i < from->n; i++) {
        const struct recorder *recorder = &from->workers[i].recorder;
        for (size_t k = 0; k < recorder->n_errors; k++)
            trial_result_count_error(from->out, &recorder->errors[k]);
        if (!recorder->first_error[0] || recorder->first_error_ns >= first_ns)
            continue;
        first_ns = recorder->first_error_ns;
        from->out->first_error_code = recorder->first_error_code;
        memcpy(from->out->first_error, recorder->first_error, sizeof recorder->first_error);
    }
}

/* The first worker's histograms become the result's; the others' are added. */
static bool collect_transactions(struct sources *from, struct err *err)
{
    struct trial_result *out = from->out;
    size_t n = from->crew->spec->workload->n_transactions;
    out->transactions = calloc(n, sizeof *out->transactions);
    if (!out->transactions)
        return err_memory(err);
    out->n_transactions = n;
    for (size_t t = 0; t < n; t++) {
        struct recorded *first = &from->workers[0].recorder.transactions[t];
        out->transactions[t] = first->result;
        first->result = (struct transaction_result){0};
        for (int i = 1; i < from->n; i++)
            transaction_result_merge(&out->transactions[t], &from->workers[i].recorder.transactions[t].result);
    }
    return true;
}

static void collect_totals(struct sources *from)
{
    struct trial_result *out = from->out;
    struct hist *lag = from->workers[0].recorder.lag;
    for (int i = 0; i < from->n; i++) {
        const struct worker *worker = &from->workers[i];
        out->total_commits += worker->recorder.commits + worker->pool.commits;
        out->total_rollbacks += worker->recorder.rollbacks;
        out->reconnects += worker->pool.reconnects;
        out->outage_ns += worker->outage_ns;
        if (i > 0)
            hist_merge(lag, worker->recorder.lag);
    }
    hist_summary(lag, &out->harness_lag);
}

static void add_pool_counts(struct pool_counts *into, const struct pool_counts *from)
{
    into->connects += from->connects;
    into->recycled += from->recycled;
    into->idled_out += from->idled_out;
    into->overflows += from->overflows;
    into->pings += from->pings;
    into->failed_pings += from->failed_pings;
}

static void collect_pools(struct sources *from)
{
    struct trial_result *out = from->out;
    struct pool *first = &from->workers[0].pool;
    out->spin_ns = from->workers[0].loop.spin_ns;
    for (int i = 0; i < from->n; i++) {
        const struct worker *worker = &from->workers[i];
        add_pool_counts(&out->pool_counts, &worker->pool.counts);
        if (worker->delay_ns > out->run_delay_ns)
            out->run_delay_ns = worker->delay_ns;
        if (i == 0)
            continue;
        hist_merge(first->connect, worker->pool.connect);
        hist_merge(first->ping, worker->pool.ping);
    }
    hist_summary(first->connect, &out->pool_counts.connect);
    hist_summary(first->ping, &out->pool_counts.ping);
}

static bool collect_records(struct sources *from, struct err *err)
{
    struct records *records = &from->out->records;
    size_t n = (size_t)from->n, *lengths = calloc(n, sizeof *lengths);
    struct record **lists = calloc(n, sizeof *lists);
    records->complete = true;
    for (size_t i = 0; lists && lengths && i < n; i++) {
        const struct recorder *recorder = &from->workers[i].recorder;
        lists[i] = recorder->records;
        lengths[i] = recorder->n_records;
        records->complete = records->complete && !recorder->records_full;
    }
    bool ok = lists && lengths && records_merge(lists, lengths, n, records);
    free(lists);
    free(lengths);
    return ok || err_memory(err);
}

static int64_t count_ended(const struct trial_result *out)
{
    int64_t n = 0;
    for (size_t t = 0; t < out->n_transactions; t++) {
        const struct transaction_result *result = &out->transactions[t];
        n += result->ok + result->failed + result->timed_out + result->censored;
    }
    return n;
}

static int64_t count_begun(const struct sources *from)
{
    int64_t n = 0;
    for (int i = 0; i < from->n; i++)
        n += from->workers[i].recorder.begun;
    return n;
}

/* With a rate the schedule knows it; in a closed loop, whoever began. A stop, or a server that is gone, moves the
 * window's end back: what began behind it is counted no more, but what had already ended there is (time-outs, while
 * nobody knew yet that the server would not come back). */
static int64_t count_scheduled(const struct sources *from)
{
    const struct trial_result *out = from->out;
    bool open = from->crew->spec->rate_tps > 0;
    int64_t ended = count_ended(out), due = open ? schedule_count(&from->crew->schedules[1], out->duration_ns) : 0;
    if (!out->complete)
        return due > ended ? due : ended;
    return open ? due : count_begun(from);
}

static void warn_cold(struct sources *from)
{
    int n = 0, cold = -1;
    for (int i = 0; i < from->n; i++) {
        n += from->workers[i].group.n_cold;
        if (from->workers[i].group.n_cold > 0)
            cold = from->workers[i].group.cold_statement;
    }
    if (cold < 0)
        return;
    int entry;
    const struct statement *statement = mix_statement(&from->crew->mix, cold, &entry);
    trial_result_warn(from->out,
                      "statement %d of %.40s ran fewer than %d times before the window on %d of %d connections: its "
                      "plan may have changed meanwhile",
                      statement->number, mix_transaction(&from->crew->mix, entry)->name,
                      LINK_WARM_RUNS, n, from->crew->spec->connections);
}

static void warn_failed_seconds(struct sources *from)
{
    for (int i = 0; i < from->n; i++)
        if (from->workers[i].recorder.failed)
            trial_result_warn(from->out, "out of memory for the timeline: some seconds are incomplete");
}

bool collect_results(struct crew *crew, struct worker *workers, struct timeline *timeline, struct trial_result *out,
                     struct err *err)
{
    struct sources from = {.crew = crew, .workers = workers, .n = crew->n_workers, .out = out};
    if (!collect_transactions(&from, err) || !collect_records(&from, err))
        return false;
    out->scheduled = count_scheduled(&from);
    out->unsent_at_end = records_unsent(&out->records, out->duration_ns);
    collect_pools(&from);
    timeline_move(timeline, out->duration_ns, out);
    if (!outage_find(out))
        return err_memory(err);
    collect_errors(&from);
    collect_totals(&from);
    warn_cold(&from);
    warn_failed_seconds(&from);
    return true;
}

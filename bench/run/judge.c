/* A trial in which something other than the variant made the difference must say so itself. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session.h"

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

static void invalid(struct trial_result *trial)
{
    trial->valid = false;
}

/* --- What makes a trial invalid ----------------------------------------------------------------------------------- */

static void judge_complete(const struct session *session, struct trial_result *trial)
{
    double wanted_s = (double)session->workload->measure.duration_ns / 1e9;
    if (trial->complete)
        return;
    invalid(trial);
    trial_result_warn(trial, "measured %.1f s of %.1f s: the run was stopped or the server went away",
                      (double)trial->duration_ns / 1e9, wanted_s);
}

static void judge_error(struct trial_result *trial, const struct sqlstate_count *error)
{
    char code[6];
    const char *name = sqlstate_name(error->code);
    bool known = trial->first_error[0] && trial->first_error_code == error->code;
    if (expected_failure(error->code))
        return;
    invalid(trial);
    if (error->code == 0)
        trial_result_warn(trial, "%" PRId64 " connection%s lost in mid-transaction", error->count,
                          error->count == 1 ? " was" : "s were");
    else
        trial_result_warn(trial, "%" PRId64 " attempt%s failed with %s%s%s%s%.90s", error->count,
                          error->count == 1 ? "" : "s", sqlstate_text(error->code, code), *name ? " " : "", name,
                          known ? ": " : "", known ? trial->first_error : "");
}

static void judge_errors(struct trial_result *trial)
{
    int64_t ok = 0;
    for (size_t i = 0; i < trial->n_errors; i++)
        judge_error(trial, &trial->errors[i]);
    for (size_t t = 0; t < trial->n_transactions; t++)
        ok += trial->transactions[t].ok;
    if (ok > 0 || !trial->complete)
        return;
    invalid(trial);
    trial_result_warn(trial, "no transaction succeeded within the window");
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
    if (server < ours || server > ours + slack)
        trial_result_warn(trial, "the server counted %" PRId64 " commits, pgdyno %" PRId64, server, ours);
}

static bool far_in_pages(int64_t a, int64_t b)
{
    return (double)llabs(a - b) > PAGES_SLACK + PAGES_SHARE * (double)b;
}

static void judge_state(const struct session *session, const struct state_print *now, struct trial_result *trial)
{
    const struct state_print *first = &session->first_prints[trial->variant];
    if (!session->has_first_print[trial->variant])
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
    invalid(trial);
    trial_result_warn(trial, "the checks were not evaluated: the run was stopped or the server went away");
}

void judge_trial(const struct session *session, const struct state_print *before, bool examined,
                 struct trial_result *trial)
{
    trial->valid = true; /* a broken check too: what was measured of a wrong level is still what it does */
    judge_complete(session, trial);
    judge_examined(session, examined, trial);
    judge_errors(trial);
    judge_give_ups(session, trial);
    judge_censored(session, trial);
    judge_background(trial);
    judge_counters(session, trial);
    judge_state(session, before, trial);
}

#include "run/result.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const verdict_names[VERDICT_COUNT] = {"valid", "no steady state", "under-resolved", "overloaded",
                                                         "invalid"};

const char *verdict_name(enum verdict verdict)
{
    return verdict_names[verdict];
}

bool transaction_result_init(struct transaction_result *result, int n_statements)
{
    *result = (struct transaction_result){
        .response = hist_new(),
        .service = hist_new(),
        .pool_wait = hist_new(),
        .statements = calloc((size_t)n_statements + 1, sizeof *result->statements),
    };
    if (!result->response || !result->service || !result->pool_wait || !result->statements)
        return false;
    for (result->n_statements = 0; result->n_statements < n_statements; result->n_statements++) {
        struct hist *hist = hist_new();
        if (!hist)
            return false;
        result->statements[result->n_statements].service = hist;
    }
    return true;
}

void transaction_result_deinit(struct transaction_result *result)
{
    hist_free(result->response);
    hist_free(result->service);
    hist_free(result->pool_wait);
    for (int i = 0; i < result->n_statements; i++)
        hist_free(result->statements[i].service);
    free(result->statements);
    *result = (struct transaction_result){0};
}

void transaction_result_merge(struct transaction_result *into, const struct transaction_result *from)
{
    into->ok += from->ok;
    into->failed += from->failed;
    into->timed_out += from->timed_out;
    into->censored += from->censored;
    into->retried += from->retried;
    into->retries += from->retries;
    into->serialization_failures += from->serialization_failures;
    into->deadlock_failures += from->deadlock_failures;
    into->other_failures += from->other_failures;
    into->backoff_ns += from->backoff_ns;
    into->wasted_ns += from->wasted_ns;
    into->trial_ok += from->trial_ok;
    hist_merge(into->response, from->response);
    hist_merge(into->service, from->service);
    hist_merge(into->pool_wait, from->pool_wait);
    for (int i = 0; i < into->n_statements; i++) {
        into->statements[i].count += from->statements[i].count;
        hist_merge(into->statements[i].service, from->statements[i].service);
    }
}

void trial_result_init(struct trial_result *trial)
{
    *trial = (struct trial_result){.valid = true};
}

void interval_results_free(struct interval_result *intervals, size_t n, size_t n_transactions)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t t = 0; intervals[i].transactions && t < n_transactions; t++)
            hist_part_deinit(&intervals[i].transactions[t].response_part);
        free(intervals[i].transactions);
    }
    free(intervals);
}

void trial_result_deinit(struct trial_result *trial)
{
    for (size_t i = 0; trial->transactions && i < trial->n_transactions; i++)
        transaction_result_deinit(&trial->transactions[i]);
    free(trial->transactions);
    interval_results_free(trial->intervals, trial->n_intervals, trial->n_transactions);
    free(trial->records.list);
    trial_result_init(trial);
}

void trial_result_warn(struct trial_result *trial, const char *fmt, ...)
{
    if (trial->n_warnings == RESULT_WARNINGS)
        return;
    va_list args;
    va_start(args, fmt);
    vsnprintf(trial->warnings[trial->n_warnings++], RESULT_WARNING_BYTES, fmt, args);
    va_end(args);
}

void trial_result_count_error(struct trial_result *trial, const struct sqlstate_count *seen)
{
    size_t i = 0;
    while (i < trial->n_errors && trial->errors[i].code != seen->code)
        i++;
    if (i == RESULT_SQLSTATES)
        return;
    if (i == trial->n_errors) {
        trial->errors[trial->n_errors++] = *seen;
        return;
    }
    trial->errors[i].count += seen->count;
}

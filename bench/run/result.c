#include "run/result.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

bool transaction_result_init(struct transaction_result *result, int n_statements)
{
    *result = (struct transaction_result){
        .response = hist_new(),
        .service = hist_new(),
        .statements = calloc((size_t)n_statements + 1, sizeof *result->statements),
    };
    if (!result->response || !result->service || !result->statements)
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
    for (int i = 0; i < result->n_statements; i++)
        hist_free(result->statements[i].service);
    free(result->statements);
    *result = (struct transaction_result){0};
}

void transaction_result_merge(struct transaction_result *into, const struct transaction_result *from)
{
    into->ok += from->ok;
    into->failed += from->failed;
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
    for (int i = 0; i < into->n_statements; i++) {
        into->statements[i].count += from->statements[i].count;
        hist_merge(into->statements[i].service, from->statements[i].service);
    }
}

void trial_result_init(struct trial_result *trial)
{
    *trial = (struct trial_result){.valid = true};
}

void trial_result_deinit(struct trial_result *trial)
{
    for (size_t i = 0; trial->transactions && i < trial->n_transactions; i++)
        transaction_result_deinit(&trial->transactions[i]);
    free(trial->transactions);
    for (size_t i = 0; i < trial->n_intervals; i++)
        free(trial->intervals[i].transactions);
    free(trial->intervals);
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

void trial_result_count_error(struct trial_result *trial, sqlstate code, int64_t count)
{
    size_t i = 0;
    while (i < trial->n_errors && trial->errors[i].code != code)
        i++;
    if (i == RESULT_SQLSTATES)
        return;
    if (i == trial->n_errors)
        trial->errors[trial->n_errors++] = (struct sqlstate_count){.code = code};
    trial->errors[i].count += count;
}

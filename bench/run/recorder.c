#include "run/recorder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "run/cacheline.h"
#include "run/cold.h"

/* In one allocation, exactly as large as needed. */
static struct second *second_new(size_t n_parts, size_t n_pairs)
{
    struct second *second =
        calloc(1, sizeof *second + n_parts * sizeof(struct second_part) + n_pairs * sizeof(struct hist_pair));
    if (!second)
        return NULL;
    second->parts = (struct second_part *)(second + 1);
    second->pairs = (struct hist_pair *)(second->parts + n_parts);
    return second;
}

static bool recorded_init(struct recorded *recorded, const struct transaction *transaction)
{
    recorded->running = hist_new();
    recorded->early = hist_new();
    recorded->running_wait = hist_new();
    recorded->early_wait = hist_new();
    recorded->plain = hist_new();
    recorded->lone = !transaction->block && !transaction->pipeline && transaction->n_steps == 1 &&
                     transaction->steps[0].kind == STEP_SQL && transaction->statements[0].keep == KEEP_NOTHING;
    return transaction_result_init(&recorded->result, transaction->n_statements) && recorded->running &&
           recorded->early && recorded->running_wait && recorded->early_wait && recorded->plain;
}

/* Straight from the kernel, so that what is not needed costs no memory. */
static bool records_init(struct recorder *recorder, int64_t raw_bytes)
{
    recorder->max_records = (size_t)raw_bytes / sizeof(struct record);
    if (recorder->max_records == 0)
        return true;
    void *memory = mmap(NULL, recorder->max_records * sizeof(struct record), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return false;
    recorder->records = memory;
    return true;
}

bool recorder_init(struct recorder *recorder, const struct transaction *transactions, size_t n_transactions,
                   const struct window *window, int64_t raw_bytes, struct err *err)
{
    *recorder = (struct recorder){
        .window = window,
        .transactions = cacheline_array(n_transactions, sizeof *recorder->transactions),
        .lag = hist_new(),
        .last = second_new(0, 0),
    };
    recorder->first = recorder->last;
    if (!recorder->transactions || !recorder->lag || !recorder->last || !records_init(recorder, raw_bytes))
        return err_memory(err);
    recorder->n_transactions = n_transactions;
    for (size_t i = 0; i < n_transactions; i++) {
        struct recorded *recorded = &recorder->transactions[i];
        if (!recorded_init(recorded, &transactions[i]))
            return err_memory(err);
    }
    return true;
}

void recorder_deinit(struct recorder *recorder)
{
    for (size_t i = 0; i < recorder->n_transactions; i++) {
        transaction_result_deinit(&recorder->transactions[i].result);
        hist_free(recorder->transactions[i].running);
        hist_free(recorder->transactions[i].early);
        hist_free(recorder->transactions[i].running_wait);
        hist_free(recorder->transactions[i].early_wait);
        hist_free(recorder->transactions[i].plain);
    }
    free(recorder->transactions);
    hist_free(recorder->lag);
    if (recorder->records)
        munmap(recorder->records, recorder->max_records * sizeof(struct record));
    struct second *second = recorder->first;
    while (second) {
        struct second *next = atomic_load(&second->next);
        free(second);
        second = next;
    }
    *recorder = (struct recorder){0};
}

static void count(struct transaction_result *result, const struct outcome *outcome)
{
    result->ok += outcome->status == RECORD_OK;
    result->failed += outcome->status == RECORD_FAILED;
    result->timed_out += outcome->status == RECORD_TIMED_OUT;
    result->censored += outcome->status == RECORD_CENSORED;
    result->retried += outcome->attempts > 1;
    result->retries += outcome->attempts > 1 ? outcome->attempts - 1 : 0;
    result->backoff_ns += outcome->backoff_ns;
    result->wasted_ns += outcome->wasted_ns;
}

static void count_second(struct second_counts *counts, const struct outcome *outcome)
{
    counts->ok += outcome->status == RECORD_OK;
    counts->failed += outcome->status == RECORD_FAILED;
    counts->timed_out += outcome->status == RECORD_TIMED_OUT;
    counts->retried += outcome->attempts > 1;
    counts->retries += outcome->attempts > 1 ? outcome->attempts - 1 : 0;
}

static void keep_record(struct recorder *recorder, const struct outcome *outcome)
{
    if (__builtin_expect(recorder->n_records == recorder->max_records, 0)) {
        recorder->records_full = true;
        return;
    }
    recorder->records[recorder->n_records++] = (struct record){
        .intended_ns = outcome->intended_ns - window_start(recorder->window),
        .pool_wait_ns = outcome->pool_wait_ns,
        .service_ns = outcome->service_ns,
        .lag_ns = outcome->lag_ns < UINT32_MAX ? (uint32_t)outcome->lag_ns : UINT32_MAX,
        .transaction = (uint16_t)outcome->transaction,
        .attempts = (uint8_t)(outcome->attempts < UINT8_MAX ? outcome->attempts : UINT8_MAX),
        .status = (uint8_t)outcome->status,
    };
}

static void record_ended_inside(struct recorded *recorded, const struct outcome *outcome, bool counts,
                                int64_t response_ns)
{
    count_second(&recorded->counts, outcome);
    hist_record(counts ? recorded->running : recorded->early, response_ns);
    if (outcome->pool_wait_ns == 0)
        *(counts ? &recorded->running_no_wait : &recorded->early_no_wait) += 1;
    else
        hist_record(counts ? recorded->running_wait : recorded->early_wait, outcome->pool_wait_ns);
}

void recorder_outcome(struct recorder *recorder, const struct outcome *outcome)
{
    struct recorded *recorded = &recorder->transactions[outcome->transaction];
    bool counts = window_holds(recorder->window, outcome->intended_ns);
    int64_t response_ns = outcome->pool_wait_ns + outcome->lag_ns + outcome->service_ns;
    bool ends_inside =
        outcome->status != RECORD_CENSORED && window_holds(recorder->window, outcome->intended_ns + response_ns);
    recorded->result.trial_ok += outcome->status == RECORD_OK;
    if (ends_inside)
        record_ended_inside(recorded, outcome, counts, response_ns);
    if (!counts)
        return;
    bool plain = recorded->lone && outcome->status == RECORD_OK && outcome->attempts == 1;
    count(&recorded->result, outcome);
    keep_record(recorder, outcome);
    if (outcome->attempts > 0) {
        hist_record(plain ? recorded->plain : recorded->result.service, outcome->service_ns);
        hist_record(recorder->lag, outcome->lag_ns);
    }
    if (!ends_inside) {
        hist_record(recorded->result.response, response_ns);
        hist_record(recorded->result.pool_wait, outcome->pool_wait_ns);
    }
}

static void count_code(struct recorder *recorder, sqlstate code, const char *where, const char *text)
{
    size_t i = 0;
    while (i < recorder->n_errors && recorder->errors[i].code != code)
        i++;
    if (i == RESULT_SQLSTATES)
        return;
    if (i == recorder->n_errors) {
        struct sqlstate_count *fresh = &recorder->errors[recorder->n_errors++];
        *fresh = (struct sqlstate_count){.code = code};
        snprintf(fresh->first, sizeof fresh->first, "%s%s%s", where ? where : "", where ? ": " : "", text);
    }
    recorder->errors[i].count++;
}

COLD void recorder_error(struct recorder *recorder, int transaction, int64_t intended_ns, int64_t now_ns, sqlstate code,
                         const char *where, const char *text)
{
    if (!window_holds(recorder->window, intended_ns))
        return;
    struct transaction_result *result = &recorder->transactions[transaction].result;
    if (code == SQLSTATE_SERIALIZATION_FAILURE)
        result->serialization_failures++;
    else if (code == SQLSTATE_DEADLOCK_DETECTED)
        result->deadlock_failures++;
    else
        result->other_failures++;
    count_code(recorder, code, where, text);
    if (recorder->first_error[0])
        return;
    recorder->first_error_ns = now_ns;
    recorder->first_error_code = code;
    snprintf(recorder->first_error, sizeof recorder->first_error, "%s%s%s", where ? where : "", where ? ": " : "",
             text);
}

/* --- Seconds ------------------------------------------------------------------------------------------------------ */

/* Returns where the next pairs go. */
static struct hist_pair *fill_dist(struct second_dist *dist, const struct hist *hist, struct hist_pair *pairs)
{
    *dist = (struct second_dist){
        .min = hist->min,
        .max = hist->max,
        .sum = hist->sum,
        .sum_squares = hist->sum_squares,
        .n_pairs = hist_pairs(hist, pairs),
    };
    return pairs + dist->n_pairs;
}

static void fill_second(struct second *second, const struct recorder *recorder)
{
    struct hist_pair *pairs = second->pairs;
    for (size_t i = 0; i < recorder->n_transactions; i++) {
        const struct recorded *recorded = &recorder->transactions[i];
        struct second_part *part = &second->parts[i];
        part->counts = recorded->counts;
        pairs = fill_dist(&part->response, recorded->running, pairs);
        pairs = fill_dist(&part->pool_wait, recorded->running_wait, pairs);
    }
}

/* Into the window's distribution what counts; what is left is the second's. */
static void add_running(struct recorded *recorded)
{
    hist_merge(recorded->result.response, recorded->running);
    hist_merge(recorded->running, recorded->early);
    hist_record_n(recorded->running_wait, 0, recorded->running_no_wait);
    hist_merge(recorded->result.pool_wait, recorded->running_wait);
    hist_record_n(recorded->running_wait, 0, recorded->early_no_wait);
    hist_merge(recorded->running_wait, recorded->early_wait);
}

static void begin_second(struct recorded *recorded)
{
    hist_clear(recorded->running);
    hist_clear(recorded->early);
    hist_clear(recorded->running_wait);
    hist_clear(recorded->early_wait);
    recorded->running_no_wait = recorded->early_no_wait = 0;
    recorded->counts = (struct second_counts){0};
}

/* The one allocation in the measured path: once a second, a few kilobytes, ten microseconds with the copying. A
 * preallocated buffer would have to hold every second of the longest run, or lose some. */
COLD static void publish(struct recorder *recorder)
{
    size_t n_pairs = 0;
    for (size_t i = 0; i < recorder->n_transactions; i++) {
        add_running(&recorder->transactions[i]);
        n_pairs +=
            hist_n_pairs(recorder->transactions[i].running) + hist_n_pairs(recorder->transactions[i].running_wait);
    }
    struct second *second = second_new(recorder->n_transactions, n_pairs);
    if (second) {
        second->number = recorder->second_number;
        fill_second(second, recorder);
        atomic_store_explicit(&recorder->last->next, second, memory_order_release);
        recorder->last = second;
    } else {
        recorder->failed = true;
    }
    for (size_t i = 0; i < recorder->n_transactions; i++)
        begin_second(&recorder->transactions[i]);
}

static void add_plain(struct recorded *recorded)
{
    if (!recorded->lone)
        return;
    hist_merge(recorded->result.service, recorded->plain);
    hist_merge(recorded->result.statements[0].service, recorded->plain);
    recorded->result.statements[0].count += recorded->plain->total;
    hist_clear(recorded->plain);
}

/* The last second is handed over by recorder_close: there is no more to roll. */
static void set_second(struct recorder *recorder, int64_t number)
{
    int64_t end_ns = window_start(recorder->window) + (number + 1) * NS_PER_S;
    recorder->second_number = number;
    recorder->second_end_ns = end_ns < window_end(recorder->window) ? end_ns : INT64_MAX;
}

COLD void recorder_roll(struct recorder *recorder, int64_t now_ns)
{
    if (recorder->second_end_ns == 0) {
        if (window_start(recorder->window) == INT64_MAX)
            return;
        set_second(recorder, 0);
    }
    while (now_ns >= recorder->second_end_ns) {
        publish(recorder);
        set_second(recorder, recorder->second_number + 1);
    }
}

void recorder_close(struct recorder *recorder)
{
    recorder_roll(recorder, window_end(recorder->window));
    if (recorder->second_end_ns != 0)
        publish(recorder);
    for (size_t i = 0; i < recorder->n_transactions; i++)
        add_plain(&recorder->transactions[i]);
    records_sort(recorder->records, recorder->n_records);
}

const struct second *recorder_take(struct recorder *recorder)
{
    struct second *next = atomic_load_explicit(&recorder->first->next, memory_order_acquire);
    if (!next)
        return NULL;
    /* The writer only touches the last one, and what has a next is not the last. */
    free(recorder->first);
    recorder->first = next;
    return next;
}

#include "record.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/json.h"
#include "run/result.h"

#define INT(type, member)    RECORD_FIELD(RECORD_INT, type, member)
#define INT64(type, member)  RECORD_FIELD(RECORD_INT64, type, member)
#define DOUBLE(type, member) RECORD_FIELD(RECORD_DOUBLE, type, member)
#define BOOL(type, member)   RECORD_FIELD(RECORD_BOOL, type, member)
#define TEXT(type, member)   RECORD_TEXT_FIELD(type, member)

const struct record_field record_trial[] = {
    INT(struct trial_result, order),
    INT(struct trial_result, block),
    INT64(struct trial_result, started_wall_ns),
    INT64(struct trial_result, duration_ns),
    INT(struct trial_result, clients),
    INT(struct trial_result, connections),
    INT(struct trial_result, threads),
    INT64(struct trial_result, total_commits),
    INT64(struct trial_result, total_rollbacks),
    TEXT(struct trial_result, first_error),
    INT64(struct trial_result, reconnects),
    INT64(struct trial_result, outage_ns),
    INT64(struct trial_result, client_cpu_ns),
    TEXT(struct trial_result, broken_check),
    BOOL(struct trial_result, complete),
    BOOL(struct trial_result, valid),
};
const size_t record_trial_n = RECORD_COUNT(record_trial);

const struct record_field record_counts[] = {
    INT64(struct transaction_result, ok),
    INT64(struct transaction_result, failed),
    INT64(struct transaction_result, censored),
    INT64(struct transaction_result, retried),
    INT64(struct transaction_result, retries),
    INT64(struct transaction_result, serialization_failures),
    INT64(struct transaction_result, deadlock_failures),
    INT64(struct transaction_result, other_failures),
    INT64(struct transaction_result, backoff_ns),
    INT64(struct transaction_result, wasted_ns),
    INT64(struct transaction_result, trial_ok),
};
const size_t record_counts_n = RECORD_COUNT(record_counts);

const struct record_field record_interval[] = {
    INT64(struct interval_transaction, ok),
    INT64(struct interval_transaction, failed),
    INT64(struct interval_transaction, retried),
    INT64(struct interval_transaction, retries),
};
const size_t record_interval_n = RECORD_COUNT(record_interval);

const struct record_field record_dist[] = {
    INT64(struct dist_summary, count), DOUBLE(struct dist_summary, mean), DOUBLE(struct dist_summary, stddev),
    INT64(struct dist_summary, min),   INT64(struct dist_summary, p50),   INT64(struct dist_summary, p90),
    INT64(struct dist_summary, p95),   INT64(struct dist_summary, p99),   INT64(struct dist_summary, p99_9),
    INT64(struct dist_summary, max),
};
const size_t record_dist_n = RECORD_COUNT(record_dist);

const struct record_field record_index[] = {
    TEXT(struct index_result, name),        TEXT(struct index_result, definition), INT64(struct index_result, build_ns),
    INT64(struct index_result, size_bytes), INT64(struct index_result, scans),
};
const size_t record_index_n = RECORD_COUNT(record_index);

const struct record_field record_machine[] = {
    TEXT(struct machine, hostname), TEXT(struct machine, os),   TEXT(struct machine, kernel),
    TEXT(struct machine, cpu),      INT(struct machine, cores), INT64(struct machine, memory_bytes),
};
const size_t record_machine_n = RECORD_COUNT(record_machine);

/* A server's message may be in any encoding; JSON is UTF-8 only. */
static json_t *text_value(const char *text)
{
    json_t *value = json_string(text);
    if (value)
        return value;
    char plain[1024];
    size_t len = 0;
    for (; text[len] && len + 1 < sizeof plain; len++)
        plain[len] = (unsigned char)text[len] < 0x80 ? text[len] : '?';
    plain[len] = '\0';
    return json_string(plain);
}

static json_t *field_value(const struct record_field *field, const char *at)
{
    switch (field->kind) {
    case RECORD_INT:
        return json_integer(*(const int *)at);
    case RECORD_INT64:
        return json_integer(*(const int64_t *)at);
    case RECORD_DOUBLE:
        return json_real(*(const double *)at);
    case RECORD_BOOL:
        return json_boolean(*(const bool *)at);
    case RECORD_TEXT:
        return text_value(at);
    }
    return NULL;
}

json_t *record_write(const struct record_field *fields, size_t n, const void *from)
{
    json_t *object = json_object();
    for (size_t i = 0; object && i < n; i++) {
        if (json_object_set_new(object, fields[i].key,
                                field_value(&fields[i], (const char *)from + fields[i].offset))) {
            json_decref(object);
            object = NULL;
        }
    }
    return object;
}

void record_read(const struct record_field *fields, size_t n, const json_t *object, void *into)
{
    for (size_t i = 0; i < n; i++) {
        const struct record_field *field = &fields[i];
        char *at = (char *)into + field->offset;
        if (field->kind == RECORD_INT)
            *(int *)at = (int)json_get_int(object, field->key, 0);
        else if (field->kind == RECORD_INT64)
            *(int64_t *)at = json_get_int(object, field->key, 0);
        else if (field->kind == RECORD_DOUBLE)
            *(double *)at = json_get_double(object, field->key, 0);
        else if (field->kind == RECORD_BOOL)
            *(bool *)at = json_get_bool(object, field->key, false);
        else
            snprintf(at, field->size, "%s", json_get_string(object, field->key, ""));
    }
}

#include "fields.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/json.h"
#include "run/result.h"

#define INT(type, member)    FIELD_OF(FIELD_INT, type, member)
#define INT64(type, member)  FIELD_OF(FIELD_INT64, type, member)
#define DOUBLE(type, member) FIELD_OF(FIELD_DOUBLE, type, member)
#define BOOL(type, member)   FIELD_OF(FIELD_BOOL, type, member)
#define TEXT(type, member)   FIELD_TEXT_OF(type, member)

const struct field fields_trial[] = {
    INT(struct trial_result, order),
    INT(struct trial_result, block),
    INT64(struct trial_result, started_wall_ns),
    INT64(struct trial_result, duration_ns),
    INT(struct trial_result, clients),
    INT(struct trial_result, connections),
    INT(struct trial_result, threads),
    DOUBLE(struct trial_result, rate_tps),
    INT64(struct trial_result, scheduled),
    INT64(struct trial_result, unsent_at_end),
    INT64(struct trial_result, spin_ns),
    INT64(struct trial_result, run_delay_ns),
    INT64(struct trial_result, total_commits),
    INT64(struct trial_result, total_rollbacks),
    TEXT(struct trial_result, first_error),
    INT64(struct trial_result, reconnects),
    INT64(struct trial_result, outage_ns),
    INT64(struct trial_result, client_cpu_ns),
    TEXT(struct trial_result, broken_check),
    BOOL(struct trial_result, complete),
    BOOL(struct trial_result, valid),
    TEXT(struct trial_result, reason),
};
const size_t fields_trial_n = FIELD_COUNT(fields_trial);

const struct field fields_counts[] = {
    INT64(struct transaction_result, ok),
    INT64(struct transaction_result, failed),
    INT64(struct transaction_result, timed_out),
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
const size_t fields_counts_n = FIELD_COUNT(fields_counts);

const struct field fields_interval[] = {
    INT64(struct interval_transaction, ok),        INT64(struct interval_transaction, failed),
    INT64(struct interval_transaction, timed_out), INT64(struct interval_transaction, retried),
    INT64(struct interval_transaction, retries),
};
const size_t fields_interval_n = FIELD_COUNT(fields_interval);

const struct field fields_dist[] = {
    INT64(struct dist_summary, count), DOUBLE(struct dist_summary, mean), DOUBLE(struct dist_summary, stddev),
    INT64(struct dist_summary, min),   INT64(struct dist_summary, p50),   INT64(struct dist_summary, p90),
    INT64(struct dist_summary, p95),   INT64(struct dist_summary, p99),   INT64(struct dist_summary, p99_9),
    INT64(struct dist_summary, max),
};
const size_t fields_dist_n = FIELD_COUNT(fields_dist);

const struct field fields_index[] = {
    TEXT(struct index_result, name),        TEXT(struct index_result, definition), INT64(struct index_result, build_ns),
    INT64(struct index_result, size_bytes), INT64(struct index_result, scans),
};
const size_t fields_index_n = FIELD_COUNT(fields_index);

const struct field fields_machine[] = {
    TEXT(struct machine, hostname), TEXT(struct machine, os),   TEXT(struct machine, kernel),
    TEXT(struct machine, cpu),      INT(struct machine, cores), INT64(struct machine, memory_bytes),
};
const size_t fields_machine_n = FIELD_COUNT(fields_machine);

const struct field fields_pool_counts[] = {
    INT64(struct pool_counts, connects),  INT64(struct pool_counts, recycled), INT64(struct pool_counts, idled_out),
    INT64(struct pool_counts, overflows), INT64(struct pool_counts, pings),    INT64(struct pool_counts, failed_pings),
};
const size_t fields_pool_counts_n = FIELD_COUNT(fields_pool_counts);

const struct field fields_audit[] = {
    BOOL(struct audit, made),      TEXT(struct audit, why_not), INT64(struct audit, excess_p99_ns),
    INT64(struct audit, limit_ns), BOOL(struct audit, passed),
};
const size_t fields_audit_n = FIELD_COUNT(fields_audit);

const struct field fields_little[] = {
    BOOL(struct little, made),    DOUBLE(struct little, integral_s),     DOUBLE(struct little, sum_s),
    DOUBLE(struct little, error), DOUBLE(struct little, mean_in_system),
};
const size_t fields_little_n = FIELD_COUNT(fields_little);

const struct field fields_outage[] = {
    BOOL(struct outage, made),         INT(struct outage, seconds),   DOUBLE(struct outage, gap_s),
    DOUBLE(struct outage, gap_from_s), DOUBLE(struct outage, back_s), DOUBLE(struct outage, full_tps),
};
const size_t fields_outage_n = FIELD_COUNT(fields_outage);

const struct field fields_load[] = {
    INT(struct load, clients),
    INT64(struct load, think_ns),
};
const size_t fields_load_n = FIELD_COUNT(fields_load);

const struct field fields_habits[] = {
    INT64(struct pool_habits, acquire_timeout_ns),
    INT(struct pool_habits, max_overflow),
    INT64(struct pool_habits, max_lifetime_ns),
    INT64(struct pool_habits, idle_timeout_ns),
    BOOL(struct pool_habits, pre_ping),
    BOOL(struct pool_habits, connect_each),
};
const size_t fields_habits_n = FIELD_COUNT(fields_habits);

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

static json_t *member_value(const struct field *field, const char *at)
{
    switch (field->kind) {
    case FIELD_INT:
        return json_integer(*(const int *)at);
    case FIELD_INT64:
        return json_integer(*(const int64_t *)at);
    case FIELD_DOUBLE:
        return json_real(*(const double *)at);
    case FIELD_BOOL:
        return json_boolean(*(const bool *)at);
    case FIELD_TEXT:
        return text_value(at);
    }
    return NULL;
}

json_t *fields_write(const struct field *fields, size_t n, const void *from)
{
    json_t *object = json_object();
    for (size_t i = 0; object && i < n; i++) {
        if (json_object_set_new(object, fields[i].key,
                                member_value(&fields[i], (const char *)from + fields[i].offset))) {
            json_decref(object);
            object = NULL;
        }
    }
    return object;
}

void fields_read(const struct field *fields, size_t n, const json_t *object, void *into)
{
    for (size_t i = 0; i < n; i++) {
        const struct field *field = &fields[i];
        char *at = (char *)into + field->offset;
        if (field->kind == FIELD_INT)
            *(int *)at = (int)json_get_int(object, field->key, 0);
        else if (field->kind == FIELD_INT64)
            *(int64_t *)at = json_get_int(object, field->key, 0);
        else if (field->kind == FIELD_DOUBLE)
            *(double *)at = json_get_double(object, field->key, 0);
        else if (field->kind == FIELD_BOOL)
            *(bool *)at = json_get_bool(object, field->key, false);
        else
            snprintf(at, field->size, "%s", json_get_string(object, field->key, ""));
    }
}

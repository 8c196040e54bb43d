/* trials.jsonl: a line a trial. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "facts_reader.h"
#include "fields.h"

static void read_dist(const json_t *from, struct dist_summary *to)
{
    fields_read(fields_dist, fields_dist_n, from, to);
}

static void read_trial_transaction(struct reader *reader, const json_t *from, int n_statements,
                                   struct fact_trial_transaction *to)
{
    fields_read(fields_counts, fields_counts_n, from, &to->counts);
    read_dist(json_object_get(from, "response"), &to->response);
    read_dist(json_object_get(from, "service"), &to->service);
    read_dist(json_object_get(from, "pool_wait"), &to->pool_wait);
    to->statements = reader_keep_array(reader, (size_t)n_statements, sizeof *to->statements);
    for (int i = 0; to->statements && i < n_statements; i++)
        read_dist(json_array_get(json_object_get(from, "statements"), (size_t)i), &to->statements[i]);
}

static void read_interval_counts(const json_t *from, struct interval_transaction *to)
{
    fields_read(fields_interval, fields_interval_n, from, to);
    read_dist(json_object_get(from, "response"), &to->response);
    read_dist(json_object_get(from, "pool_wait"), &to->pool_wait);
}

static void read_intervals(struct reader *reader, const json_t *list, struct fact_trial *trial)
{
    size_t n_transactions = reader->facts->n_transactions;
    trial->intervals = reader_keep_array(reader, json_array_size(list), sizeof *trial->intervals);
    for (size_t i = 0; trial->intervals && i < json_array_size(list); i++) {
        const json_t *from = json_array_get(list, i), *transactions = json_object_get(from, "transactions");
        struct interval_result *to = &trial->intervals[trial->n_intervals++];
        to->start_s = json_get_double(from, "start_s", 0);
        to->length_s = json_get_double(from, "length_s", 0);
        read_interval_counts(json_object_get(from, "all"), &to->all);
        to->transactions = reader_keep_array(reader, n_transactions, sizeof *to->transactions);
        for (size_t k = 0; to->transactions && k < n_transactions; k++)
            read_interval_counts(json_array_get(transactions, k), &to->transactions[k]);
    }
}

static void read_errors(const json_t *object, struct trial_result *trial)
{
    const char *code;
    json_t *count;
    json_object_foreach((json_t *)object, code, count) if (trial->n_errors < RESULT_SQLSTATES)
        trial->errors[trial->n_errors++] = (struct sqlstate_count){sqlstate_parse(code), json_integer_value(count)};
}

static void read_lists(const json_t *from, struct trial_result *trial)
{
    const json_t *server = json_object_get(from, "server"), *indexes = json_object_get(from, "indexes"),
                 *warnings = json_object_get(from, "warnings");
    read_errors(json_object_get(from, "errors"), trial);
    for (int i = 0; i < STAT_COUNT; i++) {
        const json_t *value = json_object_get(server, serverstat_rows[i].name);
        trial->server.has[i] = json_is_integer(value);
        trial->server.value[i] = json_integer_value(value);
    }
    for (size_t i = 0; i < json_array_size(indexes) && i < RESULT_INDEXES; i++)
        fields_read(fields_index, fields_index_n, json_array_get(indexes, i), &trial->indexes[trial->n_indexes++]);
    for (size_t i = 0; i < json_array_size(warnings) && i < RESULT_WARNINGS; i++) {
        const char *text = json_string_value(json_array_get(warnings, i));
        snprintf(trial->warnings[trial->n_warnings++], RESULT_WARNING_BYTES, "%s", text ? text : "");
    }
}

/* Format 1 wrote neither a verdict nor what was scheduled, but all that both follow from. */
static void read_verdict(const json_t *from, struct fact_trial *trial)
{
    struct trial_result *to = &trial->plain;
    const char *name = json_get_string(from, "verdict", "");
    to->verdict = to->valid ? VERDICT_VALID : VERDICT_INVALID;
    for (int i = 0; i < VERDICT_COUNT; i++)
        if (strcmp(name, verdict_name((enum verdict)i)) == 0)
            to->verdict = (enum verdict)i;
    if (json_object_get(from, "scheduled"))
        return;
    for (size_t t = 0; t < to->n_transactions; t++) {
        const struct transaction_result *counts = &trial->transactions[t].counts;
        to->scheduled += counts->ok + counts->failed + counts->censored;
    }
}

static void read_truth(const json_t *from, struct trial_result *to)
{
    const json_t *pool = json_object_get(from, "pool_counts");
    fields_read(fields_pool_counts, fields_pool_counts_n, pool, &to->pool_counts);
    read_dist(json_object_get(pool, "connect"), &to->pool_counts.connect);
    read_dist(json_object_get(pool, "ping"), &to->pool_counts.ping);
    fields_read(fields_audit, fields_audit_n, json_object_get(from, "audit"), &to->audit);
    fields_read(fields_little, fields_little_n, json_object_get(from, "little"), &to->little);
    fields_read(fields_outage, fields_outage_n, json_object_get(from, "outage"), &to->outage);
    to->records.n = (size_t)json_get_int(from, "records", 0);
    to->records.complete = json_get_bool(from, "records_complete", true);
}

static bool find_axes(const struct facts *facts, const json_t *from, struct trial_result *to)
{
    const char *variant = json_get_string(from, "variant", "");
    enum isolation isolation = reader_find_isolation(json_get_string(from, "isolation", ""));
    int64_t pool = json_get_int(from, "pool", 0);
    to->variant = to->pool = to->isolation = -1;
    for (size_t i = 0; i < facts->n_variants; i++)
        if (strcmp(facts->variants[i].name, variant) == 0)
            to->variant = (int)i;
    for (size_t i = 0; i < facts->n_pools; i++)
        if (facts->pools[i] == pool)
            to->pool = (int)i;
    for (size_t i = 0; i < facts->n_isolations; i++)
        if (facts->isolations[i] == isolation)
            to->isolation = (int)i;
    to->rate = (int)json_get_int(from, "rate", 0);
    return to->variant >= 0 && to->pool >= 0 && to->isolation >= 0 && to->rate >= 0 && to->rate < (int)facts->n_rates;
}

static bool read_trial(struct reader *reader, const json_t *from, struct fact_trial *to)
{
    const struct facts *facts = reader->facts;
    const json_t *transactions = json_object_get(from, "transactions");
    *to = (struct fact_trial){0};
    fields_read(fields_trial, fields_trial_n, from, &to->plain);
    if (!find_axes(facts, from, &to->plain) || json_array_size(transactions) != facts->n_transactions)
        return false;
    to->plain.n_transactions = facts->n_transactions;
    read_dist(json_object_get(from, "harness_lag"), &to->plain.harness_lag);
    read_lists(from, &to->plain);
    to->transactions = reader_keep_array(reader, facts->n_transactions, sizeof *to->transactions);
    for (size_t i = 0; to->transactions && i < facts->n_transactions; i++)
        read_trial_transaction(reader, json_array_get(transactions, i),
                               facts_transaction(facts, to->plain.variant, (int)i)->n_statements, &to->transactions[i]);
    read_intervals(reader, json_object_get(from, "intervals"), to);
    read_verdict(from, to);
    read_truth(from, &to->plain);
    return true;
}

static size_t count_lines(FILE *file)
{
    size_t lines = 1;
    for (int c = getc(file); c != EOF; c = getc(file))
        lines += c == '\n';
    rewind(file);
    return lines;
}

/* An unfinished last line is what a crash leaves; a bad line in the middle is damage, and said as such. */
static void read_trial_line(struct reader *reader, const char *line, size_t len, size_t number)
{
    struct facts *facts = reader->facts;
    bool finished = len > 0 && line[len - 1] == '\n';
    json_t *value = json_loadb(line, len, 0, NULL);
    if (value && read_trial(reader, value, &facts->trials[facts->n_trials]))
        facts->n_trials++;
    else if (!finished)
        reader_note(facts, "the last line of trials.jsonl is unfinished: that trial is left out");
    else
        reader_note(facts, "trials.jsonl:%zu is damaged: that trial is left out", number);
    json_decref(value);
}

bool facts_load_trials(struct reader *reader, struct err *err)
{
    struct facts *facts = reader->facts;
    char path[READER_PATH_BYTES], *line = NULL;
    size_t cap = 0, number = 0;
    snprintf(path, sizeof path, "%s/trials.jsonl", facts->folder);
    FILE *file = fopen(path, "re");
    if (!file) {
        if (errno != ENOENT)
            return err_system(err, path, "cannot open");
        reader_note(facts, "trials.jsonl is missing: no trial can be reported");
        return true;
    }
    facts->trials = reader_keep_array(reader, count_lines(file), sizeof *facts->trials);
    ssize_t len;
    while (facts->trials && (len = getline(&line, &cap, file)) > 0)
        read_trial_line(reader, line, (size_t)len, ++number);
    free(line);
    bool failed = ferror(file);
    fclose(file);
    return !failed || err_system(err, path, "cannot read");
}

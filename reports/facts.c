#include "reports/facts.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "record.h"
#include "reports/hlog.h"

enum {
    PATH_BYTES = 4096,
    MAX_NOTICES = 32
};

/* --- Names -------------------------------------------------------------------------------------------------------- */

void facts_file_name(char *buf, size_t size, const char *name, int index)
{
    char clean[FACTS_NAME_BYTES / 2];
    bool changed = strlen(name) >= sizeof clean;
    size_t len = 0;
    for (; name[len] && len + 1 < sizeof clean; len++) {
        bool fine = isalnum((unsigned char)name[len]) || name[len] == '_' || name[len] == '-';
        clean[len] = fine ? name[len] : '_';
        changed |= !fine;
    }
    clean[len] = '\0';
    snprintf(buf, size, changed ? "%s~%d" : "%s", clean, index);
}

void facts_cell_name(char *buf, size_t size, const char *variant, int variant_index, int pool, enum isolation isolation)
{
    char name[FACTS_NAME_BYTES];
    facts_file_name(name, sizeof name, variant, variant_index);
    snprintf(buf, size, "%s.pool%d.%s", name, pool, isolation_short(isolation));
}

size_t facts_n_cells(const struct facts *facts)
{
    return facts->n_variants * facts->n_pools * facts->n_isolations;
}

size_t facts_cell(const struct facts *facts, int variant, int pool, int isolation)
{
    return ((size_t)variant * facts->n_pools + (size_t)pool) * facts->n_isolations + (size_t)isolation;
}

size_t facts_n_planned(const struct facts *facts)
{
    return facts_n_cells(facts) * (size_t)(facts->measure.blocks > 0 ? facts->measure.blocks : 0);
}

int64_t facts_elapsed_ns(const struct facts *facts)
{
    int64_t end = facts->ended_wall_ns;
    for (size_t i = 0; i < facts->n_trials && facts->ended_wall_ns == 0; i++) {
        int64_t trial_end = facts->trials[i].plain.started_wall_ns + facts->trials[i].plain.duration_ns;
        end = trial_end > end ? trial_end : end;
    }
    return end > facts->started_wall_ns ? end - facts->started_wall_ns : 0;
}

__attribute__((format(printf, 2, 3))) static void add_notice(struct facts *facts, const char *fmt, ...)
{
    if (facts->n_notices == MAX_NOTICES)
        return;
    va_list args;
    va_start(args, fmt);
    vsnprintf(facts->notices[facts->n_notices++], sizeof facts->notices[0], fmt, args);
    va_end(args);
}

/* --- The head ----------------------------------------------------------------------------------------------------- */

/* Reads what it can; a text that finds no memory shows at the end, in `failed`. */
struct reader {
    struct facts *facts;
    bool failed;
};

static const char *keep(struct reader *reader, const char *text)
{
    const char *copy = arena_strdup(reader->facts->arena, text);
    reader->failed |= !copy;
    return copy ? copy : "";
}

static const char *keep_member(struct reader *reader, const json_t *object, const char *key)
{
    return keep(reader, json_get_string(object, key, ""));
}

static void *keep_array(struct reader *reader, size_t n, size_t size)
{
    void *array = arena_array(reader->facts->arena, n ? n : 1, size);
    reader->failed |= !array;
    return array;
}

static void read_transactions(struct reader *reader, const json_t *list)
{
    struct facts *facts = reader->facts;
    facts->transactions = keep_array(reader, json_array_size(list), sizeof *facts->transactions);
    for (size_t i = 0; facts->transactions && i < json_array_size(list); i++) {
        const json_t *from = json_array_get(list, i), *statements = json_object_get(from, "statements");
        struct fact_transaction *to = &facts->transactions[facts->n_transactions++];
        to->name = keep_member(reader, from, "name");
        to->weight = json_get_int(from, "weight", 0);
        to->statements = keep_array(reader, json_array_size(statements), sizeof *to->statements);
        for (size_t k = 0; to->statements && k < json_array_size(statements); k++)
            to->statements[to->n_statements++] =
                (struct fact_statement){(int)json_get_int(json_array_get(statements, k), "number", (int64_t)k + 1),
                                        keep_member(reader, json_array_get(statements, k), "text")};
    }
}

static void read_variants(struct reader *reader, const json_t *list)
{
    struct facts *facts = reader->facts;
    facts->variants = keep_array(reader, json_array_size(list), sizeof *facts->variants);
    for (size_t i = 0; facts->variants && i < json_array_size(list); i++)
        facts->variants[facts->n_variants++] =
            (struct fact_variant){keep_member(reader, json_array_get(list, i), "name"),
                                  keep_member(reader, json_array_get(list, i), "about")};
}

static void read_tables(struct reader *reader, const json_t *list)
{
    struct facts *facts = reader->facts;
    facts->tables = keep_array(reader, json_array_size(list), sizeof *facts->tables);
    for (size_t i = 0; facts->tables && i < json_array_size(list); i++)
        facts->tables[facts->n_tables++] = (struct fact_table){keep_member(reader, json_array_get(list, i), "name"),
                                                               json_get_int(json_array_get(list, i), "rows", 0)};
}

static enum isolation find_isolation(const char *name)
{
    for (int i = 0; i < ISOLATION_COUNT; i++)
        if (strcmp(name, isolation_name((enum isolation)i)) == 0)
            return (enum isolation)i;
    return ISOLATION_COUNT;
}

static void read_sweep(struct reader *reader, const json_t *sweep)
{
    struct facts *facts = reader->facts;
    const json_t *pools = json_object_get(sweep, "pool"), *isolations = json_object_get(sweep, "isolation");
    facts->pools = keep_array(reader, json_array_size(pools), sizeof *facts->pools);
    facts->isolations = keep_array(reader, json_array_size(isolations), sizeof *facts->isolations);
    if (reader->failed)
        return;
    for (size_t i = 0; i < json_array_size(pools); i++)
        facts->pools[facts->n_pools++] = (int)json_integer_value(json_array_get(pools, i));
    for (size_t i = 0; i < json_array_size(isolations); i++) {
        const char *name = json_string_value(json_array_get(isolations, i));
        enum isolation isolation = find_isolation(name ? name : "");
        if (isolation != ISOLATION_COUNT)
            facts->isolations[facts->n_isolations++] = isolation;
    }
}

static void read_measure(struct reader *reader, const json_t *from)
{
    struct facts *facts = reader->facts;
    struct measure *to = &facts->measure;
    to->warmup_ns = json_get_int(from, "warmup_ns", 0);
    to->duration_ns = json_get_int(from, "duration_ns", 0);
    to->blocks = (int)json_get_int(from, "blocks", 0);
    to->seed = strtoull(json_get_string(from, "seed", "0"), NULL, 10);
    to->threads = (int)json_get_int(from, "threads", 0);
    for (int i = 0; i < PROTOCOL_COUNT; i++)
        if (strcmp(protocol_name((enum protocol)i), json_get_string(from, "protocol", "")) == 0)
            to->protocol = (enum protocol)i;
    facts->max_tries = (int)json_get_int(from, "max_tries", 1);
}

static void read_server(struct reader *reader, const json_t *server)
{
    struct facts *facts = reader->facts;
    const json_t *settings = json_object_get(server, "settings");
    facts->server_version = (int)json_get_int(server, "version", 0);
    facts->server_text = keep_member(reader, server, "text");
    facts->private_server = json_get_bool(server, "private", false);
    facts->settings = keep_array(reader, json_object_size(settings), sizeof *facts->settings);
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)settings, key, value) if (facts->settings) facts->settings[facts->n_settings++] =
        (struct fact_setting){keep(reader, key), keep(reader, json_is_string(value) ? json_string_value(value) : "")};
}

static void read_head(struct reader *reader, const json_t *head)
{
    struct facts *facts = reader->facts;
    const json_t *workload = json_object_get(head, "workload"), *ended = json_object_get(head, "ended");
    facts->run_id = keep_member(reader, head, "run_id");
    facts->pgdyno_version = keep_member(reader, head, "pgdyno");
    facts->command_line = keep_member(reader, head, "command_line");
    facts->workload = keep_member(reader, workload, "name");
    facts->about = keep_member(reader, workload, "about");
    facts->workload_path = keep_member(reader, workload, "path");
    facts->workload_hash = keep_member(reader, workload, "hash");
    facts->started_wall_ns = json_get_int(head, "started_wall_ns", 0);
    facts->ended_wall_ns = json_get_int(ended, "wall_ns", 0);
    facts->ending = keep(reader, json_get_string(ended, "ending", "interrupted"));
    facts->reason = keep_member(reader, ended, "reason");
    facts->n_checks = (int64_t)json_array_size(json_object_get(head, "checks"));
    record_read(record_machine, record_machine_n, json_object_get(head, "machine"), &facts->machine);
    read_measure(reader, json_object_get(head, "measure"));
    read_sweep(reader, json_object_get(head, "sweep"));
    read_variants(reader, json_object_get(head, "variants"));
    read_transactions(reader, json_object_get(head, "transactions"));
    read_tables(reader, json_object_get(head, "tables"));
    read_server(reader, json_object_get(head, "server"));
}

static bool load_head(struct reader *reader, struct err *err)
{
    struct facts *facts = reader->facts;
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/run.json", facts->folder);
    json_t *head = json_read_file(path, err);
    if (!head)
        return err_append(err, "%s is not the folder of a run: it needs a readable run.json", facts->folder);
    bool ours = json_get_int(head, "format", 0) == 1;
    if (ours)
        read_head(reader, head);
    json_decref(head);
    if (!ours)
        return err_set(err, ERR_INPUT, path, "not a run.json that this pgdyno can read (format 1)");
    if (facts->n_variants == 0 || facts->n_transactions == 0 || facts->n_pools == 0 || facts->n_isolations == 0)
        return err_set(err, ERR_INPUT, path, "damaged: variants, transactions or sweep are missing");
    return true;
}

/* --- Plans -------------------------------------------------------------------------------------------------------- */

static void read_plan(struct reader *reader, int variant, int transaction, int statement, struct fact_plan *to)
{
    struct facts *facts = reader->facts;
    char variant_name[FACTS_NAME_BYTES], transaction_name[FACTS_NAME_BYTES], path[PATH_BYTES];
    facts_file_name(variant_name, sizeof variant_name, facts->variants[variant].name, variant);
    facts_file_name(transaction_name, sizeof transaction_name, facts->transactions[transaction].name, transaction);
    snprintf(path, sizeof path, "%s/plans/%s/%s_%d.json", facts->folder, variant_name, transaction_name,
             facts->transactions[transaction].statements[statement].number);
    json_t *plan = json_read_file(path, NULL);
    to->shape = keep_member(reader, plan, "shape");
    to->scan = keep_member(reader, plan, "scan");
    to->writes = json_get_bool(plan, "writes", false);
    json_decref(plan);
}

static void load_plans(struct reader *reader)
{
    struct facts *facts = reader->facts;
    facts->plans = keep_array(reader, facts->n_variants * facts->n_transactions, sizeof *facts->plans);
    for (size_t v = 0; facts->plans && v < facts->n_variants; v++) {
        for (size_t t = 0; t < facts->n_transactions; t++) {
            int n = facts->transactions[t].n_statements;
            struct fact_plan *plans = keep_array(reader, (size_t)n, sizeof *plans);
            facts->plans[v * facts->n_transactions + t] = plans;
            for (int s = 0; plans && s < n; s++)
                read_plan(reader, (int)v, (int)t, s, &plans[s]);
        }
    }
}

/* --- Trials ------------------------------------------------------------------------------------------------------- */

static void read_dist(const json_t *from, struct dist_summary *to)
{
    record_read(record_dist, record_dist_n, from, to);
}

static void read_trial_transaction(struct reader *reader, const json_t *from, int n_statements,
                                   struct fact_trial_transaction *to)
{
    record_read(record_counts, record_counts_n, from, &to->counts);
    read_dist(json_object_get(from, "response"), &to->response);
    read_dist(json_object_get(from, "service"), &to->service);
    to->statements = keep_array(reader, (size_t)n_statements, sizeof *to->statements);
    for (int i = 0; to->statements && i < n_statements; i++)
        read_dist(json_array_get(json_object_get(from, "statements"), (size_t)i), &to->statements[i]);
}

static void read_interval_counts(const json_t *from, struct interval_transaction *to)
{
    record_read(record_interval, record_interval_n, from, to);
    read_dist(json_object_get(from, "response"), &to->response);
}

static void read_intervals(struct reader *reader, const json_t *list, struct fact_trial *trial)
{
    size_t n_transactions = reader->facts->n_transactions;
    trial->intervals = keep_array(reader, json_array_size(list), sizeof *trial->intervals);
    for (size_t i = 0; trial->intervals && i < json_array_size(list); i++) {
        const json_t *from = json_array_get(list, i), *transactions = json_object_get(from, "transactions");
        struct interval_result *to = &trial->intervals[trial->n_intervals++];
        to->start_s = json_get_double(from, "start_s", 0);
        to->length_s = json_get_double(from, "length_s", 0);
        read_interval_counts(json_object_get(from, "all"), &to->all);
        to->transactions = keep_array(reader, n_transactions, sizeof *to->transactions);
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
        record_read(record_index, record_index_n, json_array_get(indexes, i), &trial->indexes[trial->n_indexes++]);
    for (size_t i = 0; i < json_array_size(warnings) && i < RESULT_WARNINGS; i++) {
        const char *text = json_string_value(json_array_get(warnings, i));
        snprintf(trial->warnings[trial->n_warnings++], RESULT_WARNING_BYTES, "%s", text ? text : "");
    }
}

static bool find_axes(const struct facts *facts, const json_t *from, struct trial_result *to)
{
    const char *variant = json_get_string(from, "variant", "");
    enum isolation isolation = find_isolation(json_get_string(from, "isolation", ""));
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
    return to->variant >= 0 && to->pool >= 0 && to->isolation >= 0;
}

static bool read_trial(struct reader *reader, const json_t *from, struct fact_trial *to)
{
    const struct facts *facts = reader->facts;
    const json_t *transactions = json_object_get(from, "transactions");
    *to = (struct fact_trial){0};
    record_read(record_trial, record_trial_n, from, &to->plain);
    if (!find_axes(facts, from, &to->plain) || json_array_size(transactions) != facts->n_transactions)
        return false;
    to->plain.n_transactions = facts->n_transactions;
    read_dist(json_object_get(from, "harness_lag"), &to->plain.harness_lag);
    read_lists(from, &to->plain);
    to->transactions = keep_array(reader, facts->n_transactions, sizeof *to->transactions);
    for (size_t i = 0; to->transactions && i < facts->n_transactions; i++)
        read_trial_transaction(reader, json_array_get(transactions, i), facts->transactions[i].n_statements,
                               &to->transactions[i]);
    read_intervals(reader, json_object_get(from, "intervals"), to);
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
        add_notice(facts, "the last line of trials.jsonl is unfinished: that trial is left out");
    else
        add_notice(facts, "trials.jsonl:%zu is damaged: that trial is left out", number);
    json_decref(value);
}

static bool load_trials(struct reader *reader, struct err *err)
{
    struct facts *facts = reader->facts;
    char path[PATH_BYTES], *line = NULL;
    size_t cap = 0, number = 0;
    snprintf(path, sizeof path, "%s/trials.jsonl", facts->folder);
    FILE *file = fopen(path, "re");
    if (!file) {
        if (errno != ENOENT)
            return err_system(err, path, "cannot open");
        add_notice(facts, "trials.jsonl is missing: no trial can be reported");
        return true;
    }
    facts->trials = keep_array(reader, count_lines(file), sizeof *facts->trials);
    ssize_t len;
    while (facts->trials && (len = getline(&line, &cap, file)) > 0)
        read_trial_line(reader, line, (size_t)len, ++number);
    free(line);
    bool failed = ferror(file);
    fclose(file);
    return !failed || err_system(err, path, "cannot read");
}

/* --- Histograms --------------------------------------------------------------------------------------------------- */

static struct hist **find_hist(const struct facts *facts, size_t cell, const char *tag)
{
    for (size_t t = 0; t < facts->n_transactions; t++) {
        const char *name = facts->transactions[t].name;
        size_t len = strlen(name);
        struct fact_hists *hists = &facts->hists[cell][t];
        bool same = strlen(tag) > len && tag[len] == '.';
        for (size_t i = 0; same && i < len; i++)
            same = tag[i] == name[i] || (tag[i] == '_' && (name[i] == ',' || (unsigned char)name[i] <= ' '));
        if (!same)
            continue;
        const char *metric = tag + len + 1;
        if (strcmp(metric, "response") == 0)
            return &hists->response;
        if (strcmp(metric, "service") == 0)
            return &hists->service;
        int number = atoi(metric);
        if (number >= 1 && number <= facts->transactions[t].n_statements)
            return &hists->statements[number - 1];
    }
    return NULL;
}

/* The summary that this line's trial carries: exact where the log's counters round. */
static const struct dist_summary *find_summary(const struct facts *facts, const struct fact_trial *trial,
                                               const struct fact_hists *hists, struct hist *const *hist)
{
    for (size_t t = 0; t < facts->n_transactions; t++) {
        if (hist == &hists[t].response)
            return &trial->transactions[t].response;
        if (hist == &hists[t].service)
            return &trial->transactions[t].service;
        for (int s = 0; s < facts->transactions[t].n_statements; s++)
            if (hist == &hists[t].statements[s])
                return &trial->transactions[t].statements[s];
    }
    return NULL;
}

/* Only where both agree on the counters: hist_merge and hist_clear go by minimum and maximum. */
static void make_exact(struct hist *part, const struct dist_summary *exact)
{
    if (!exact || exact->count != part->total || part->total == 0 || exact->min < 0 || exact->max > HIST_MAX_NS ||
        hist_index(exact->min) != hist_index(part->min) || hist_index(exact->max) != hist_index(part->max))
        return;
    double n = (double)exact->count;
    part->min = exact->min;
    part->max = exact->max;
    part->sum = exact->mean * n;
    part->sum_squares = (exact->stddev * exact->stddev + exact->mean * exact->mean) * n;
}

static void add_entry(struct reader *reader, size_t cell, const struct fact_trial *trial,
                      const struct hlog_entry *entry, struct hist *scratch)
{
    struct facts *facts = reader->facts;
    struct hist **into = find_hist(facts, cell, entry->tag);
    struct err err = {0};
    if (!into)
        return;
    hist_clear(scratch);
    if (!hlog_decode(entry->base64, strlen(entry->base64), scratch, &err)) {
        add_notice(facts, "histogram %.64s of trial %d is left out: %.80s", entry->tag, trial->plain.order + 1,
                   err.text);
        return;
    }
    make_exact(scratch, find_summary(facts, trial, facts->hists[cell], into));
    if (!*into)
        *into = hist_new();
    if (*into)
        hist_merge(*into, scratch);
    reader->failed |= !*into;
}

static const struct fact_trial *find_trial(const struct facts *facts, int order)
{
    for (size_t i = 0; i < facts->n_trials; i++)
        if (facts->trials[i].plain.order == order)
            return &facts->trials[i];
    return NULL;
}

/* Lines after a "#[Trial: n" belong to it; those of a trial that has no line in trials.jsonl, or is not whole, do not
 * count. */
static void read_hlog(struct reader *reader, size_t cell, FILE *file, struct hist *scratch, size_t *seen)
{
    const struct fact_trial *trial = NULL;
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;
    while ((len = getline(&line, &cap, file)) > 0) {
        int order;
        struct hlog_entry entry;
        if (sscanf(line, "#[Trial: %d,", &order) == 1) {
            trial = find_trial(reader->facts, order);
            *seen += trial != NULL;
        } else if (trial && facts_whole(trial) && hlog_parse(line, &entry)) {
            add_entry(reader, cell, trial, &entry, scratch);
        }
    }
    free(line);
}

static void load_cell(struct reader *reader, int variant, int pool, int isolation, struct hist *scratch)
{
    struct facts *facts = reader->facts;
    size_t expected = 0, seen = 0;
    for (size_t i = 0; i < facts->n_trials; i++)
        expected += facts->trials[i].plain.variant == variant && facts->trials[i].plain.pool == pool &&
                    facts->trials[i].plain.isolation == isolation;
    char name[FACTS_NAME_BYTES], path[PATH_BYTES];
    facts_cell_name(name, sizeof name, facts->variants[variant].name, variant, facts->pools[pool],
                    facts->isolations[isolation]);
    snprintf(path, sizeof path, "%s/histograms/%s.hlog", facts->folder, name);
    FILE *file = expected > 0 ? fopen(path, "re") : NULL;
    if (file) {
        read_hlog(reader, facts_cell(facts, variant, pool, isolation), file, scratch, &seen);
        fclose(file);
    }
    if (seen < expected)
        add_notice(facts, "histograms/%s.hlog lacks %zu of %zu trials: its percentiles come from the others", name,
                   expected - seen, expected);
}

static void make_hists(struct reader *reader)
{
    struct facts *facts = reader->facts;
    facts->hists = keep_array(reader, facts_n_cells(facts), sizeof *facts->hists);
    for (size_t c = 0; facts->hists && c < facts_n_cells(facts); c++) {
        facts->hists[c] = keep_array(reader, facts->n_transactions, sizeof **facts->hists);
        for (size_t t = 0; facts->hists[c] && t < facts->n_transactions; t++)
            facts->hists[c][t].statements =
                keep_array(reader, (size_t)facts->transactions[t].n_statements, sizeof(struct hist *));
    }
}

static void load_hists(struct reader *reader)
{
    struct facts *facts = reader->facts;
    struct hist *scratch = hist_new();
    reader->failed |= !scratch;
    make_hists(reader);
    for (size_t v = 0; !reader->failed && v < facts->n_variants; v++)
        for (size_t p = 0; p < facts->n_pools; p++)
            for (size_t i = 0; i < facts->n_isolations; i++)
                load_cell(reader, (int)v, (int)p, (int)i, scratch);
    hist_free(scratch);
}

/* --- The whole ---------------------------------------------------------------------------------------------------- */

static void free_hists(struct facts *facts)
{
    for (size_t c = 0; facts->hists && c < facts_n_cells(facts); c++) {
        for (size_t t = 0; facts->hists[c] && t < facts->n_transactions; t++) {
            struct fact_hists *hists = &facts->hists[c][t];
            hist_free(hists->response);
            hist_free(hists->service);
            for (int s = 0; hists->statements && s < facts->transactions[t].n_statements; s++)
                hist_free(hists->statements[s]);
        }
    }
}

void facts_free(struct facts *facts)
{
    if (!facts)
        return;
    free_hists(facts);
    arena_free(facts->arena);
}

static int by_order(const void *a, const void *b)
{
    const struct fact_trial *left = a, *right = b;
    return (left->plain.order > right->plain.order) - (left->plain.order < right->plain.order);
}

bool facts_read(const char *folder, struct facts **out, struct err *err)
{
    *out = NULL;
    struct arena *arena = arena_new();
    struct facts *facts = arena ? ARENA_NEW(arena, struct facts) : NULL;
    if (!facts) {
        arena_free(arena);
        return err_memory(err);
    }
    struct reader reader = {.facts = facts};
    facts->arena = arena;
    facts->folder = keep(&reader, folder);
    facts->notices = keep_array(&reader, MAX_NOTICES, sizeof *facts->notices);
    bool ok = reader.failed || (load_head(&reader, err) && load_trials(&reader, err));
    if (ok && !reader.failed) {
        if (facts->n_trials > 1)
            qsort(facts->trials, facts->n_trials, sizeof *facts->trials, by_order);
        load_plans(&reader);
        load_hists(&reader);
    }
    if (ok && !reader.failed) {
        *out = facts;
        return true;
    }
    facts_free(facts);
    return ok ? err_memory(err) : false;
}

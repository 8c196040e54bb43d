/* Writes facts as they come. Order within a trial: histograms and raw records first, its line of trials.jsonl last, so
 * that a trial that has a line is whole. */
#include "reports/store.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "fields.h"
#include "reports/facts.h"
#include "reports/hlog.h"
#include "reports/raw.h"
#include "store_head.h"

enum {
    PATH_BYTES = 4096
};

struct store {
    char folder[PATH_BYTES - FACTS_NAME_BYTES * 2 - 64]; /* so that folder/histograms/name always fits */
    FILE *trials;
    json_t *head;
    const struct workload *workload;
    bool raw;
    struct hist *second; /* of the line being written; made with the first */
};

/* --- The folder --------------------------------------------------------------------------------------------------- */

static bool make_parents(char *path, struct err *err)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        bool made = mkdir(path, 0777) == 0 || errno == EEXIST;
        if (!made)
            err_system(err, path, "cannot make the folder for results (choose another with --output)");
        *slash = '/';
        if (!made)
            return false;
    }
    return true;
}

static bool is_empty(const char *path)
{
    DIR *dir = opendir(path);
    if (!dir)
        return false;
    int found = 0;
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
        found += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(dir);
    return found == 0;
}

static bool make_folder(char *path, struct err *err)
{
    if (!make_parents(path, err))
        return false;
    if (mkdir(path, 0777) == 0)
        return true;
    if (errno != EEXIST)
        return err_system(err, path, "cannot make the folder for results (choose another with --output)");
    if (!is_empty(path))
        return err_set(
            err, ERR_INPUT, path,
            "the folder for results is there already and not empty: remove it or choose another with --output");
    if (access(path, W_OK | X_OK) != 0)
        return err_system(err, path, "cannot write into the folder for results (choose another with --output)");
    return true;
}

static bool make_part(const struct store *store, const char *name, struct err *err)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", store->folder, name);
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        return err_system(err, path, "cannot make the folder");
    return true;
}

static bool open_trials(struct store *store, struct err *err)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/trials.jsonl", store->folder);
    store->trials = fopen(path, "wxe");
    return store->trials || err_system(err, path, "cannot create");
}

bool store_create(const char *path, struct store **out, struct err *err)
{
    *out = NULL;
    struct store *store = calloc(1, sizeof *store);
    if (!store)
        return err_memory(err);
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    if (len == 0 || len >= sizeof store->folder) {
        err_set(err, ERR_INPUT, NULL,
                len == 0 ? "the folder for results has no name" : "the path for results is too long");
        goto fail;
    }
    memcpy(store->folder, path, len);
    if (!make_folder(store->folder, err) || !make_part(store, "histograms", err) || !make_part(store, "plans", err) ||
        !open_trials(store, err))
        goto fail;
    *out = store;
    return true;
fail:
    store_close(store);
    return false;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    if (store->trials)
        fclose(store->trials);
    json_decref(store->head);
    hist_free(store->second);
    free(store);
}

/* --- The head ----------------------------------------------------------------------------------------------------- */

static bool write_head(const struct store *store, struct err *err)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/run.json", store->folder);
    return json_write_file(path, store->head, err);
}

static bool begin(void *user, const struct run_header *header, struct err *err)
{
    struct store *store = user;
    json_decref(store->head);
    store->workload = header->workload;
    store->head = store_head_value(header);
    if (!store->head)
        return err_set(err, ERR_SYSTEM, "run.json", "the run's description cannot be written as JSON (not UTF-8?)");
    return write_head(store, err);
}

bool store_finish(struct store *store, const char *ending, const char *reason, struct err *err)
{
    if (!store->head)
        return true; /* nothing began */
    json_t *ended = json_pack("{s:s, s:o, s:I}", "ending", ending, "reason", store_text_value(reason), "wall_ns",
                              (json_int_t)clock_wall_ns());
    if (!ended || json_object_set_new(store->head, "ended", ended) != 0)
        return err_memory(err);
    return write_head(store, err);
}

/* --- Plans -------------------------------------------------------------------------------------------------------- */

static bool plan(void *user, const struct plan_result *result, struct err *err)
{
    struct store *store = user;
    const struct workload *workload = store->workload;
    const struct variant *variant = &workload->variants[result->variant];
    const struct transaction *transaction = &variant->transactions[result->transaction];
    char variant_name[FACTS_NAME_BYTES], transaction_name[FACTS_NAME_BYTES], path[PATH_BYTES];
    facts_file_name(variant_name, sizeof variant_name, variant->name, result->variant);
    facts_file_name(transaction_name, sizeof transaction_name, transaction->name, result->transaction);
    snprintf(path, sizeof path, "%s/plans/%s", store->folder, variant_name);
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        return err_system(err, path, "cannot make the folder");
    size_t used = strlen(path);
    snprintf(path + used, sizeof path - used, "/%s_%d.json", transaction_name, result->statement);
    const struct statement *statement = &transaction->statements[result->statement - 1];
    json_t *value =
        json_pack("{s:s, s:s, s:i, s:o, s:o, s:o, s:b, s:O?, s:O?}", "variant", variant->name, "transaction",
                  transaction->name, "statement", result->statement, "sql", store_text_value(statement->text), "shape",
                  store_text_value(result->plan->shape), "scan", store_text_value(result->plan->scan), "writes",
                  result->plan->writes, "generic", result->plan->generic, "custom", result->plan->custom);
    bool ok = value ? json_write_file(path, value, err) : err_memory(err);
    json_decref(value);
    return ok;
}

/* --- Trials ------------------------------------------------------------------------------------------------------- */

static json_t *dist_value(const struct dist_summary *dist)
{
    return fields_write(fields_dist, fields_dist_n, dist);
}

static json_t *hist_value(const struct hist *hist)
{
    struct dist_summary summary = {0};
    if (hist)
        hist_summary(hist, &summary);
    return dist_value(&summary);
}

static json_t *transaction_value(const struct transaction_result *result)
{
    json_t *object = fields_write(fields_counts, fields_counts_n, result), *statements = json_array();
    for (int i = 0; i < result->n_statements; i++)
        json_array_append_new(statements, hist_value(result->statements[i].service));
    json_object_set_new(object, "response", hist_value(result->response));
    json_object_set_new(object, "service", hist_value(result->service));
    json_object_set_new(object, "pool_wait", hist_value(result->pool_wait));
    json_object_set_new(object, "statements", statements);
    return object;
}

static json_t *interval_counts(const struct interval_transaction *counts)
{
    json_t *object = fields_write(fields_interval, fields_interval_n, counts);
    json_object_set_new(object, "response", dist_value(&counts->response));
    json_object_set_new(object, "pool_wait", dist_value(&counts->pool_wait));
    return object;
}

static json_t *intervals_value(const struct trial_result *trial)
{
    json_t *list = json_array();
    for (size_t i = 0; i < trial->n_intervals; i++) {
        const struct interval_result *interval = &trial->intervals[i];
        json_t *transactions = json_array();
        for (size_t k = 0; k < trial->n_transactions; k++)
            json_array_append_new(transactions, interval_counts(&interval->transactions[k]));
        json_array_append_new(list, json_pack("{s:f, s:f, s:o, s:o}", "start_s", interval->start_s, "length_s",
                                              interval->length_s, "all", interval_counts(&interval->all),
                                              "transactions", transactions));
    }
    return list;
}

static json_t *errors_value(const struct trial_result *trial)
{
    json_t *object = json_object();
    for (size_t i = 0; i < trial->n_errors; i++) {
        char code[6];
        json_object_set_new(object, sqlstate_text(trial->errors[i].code, code), json_integer(trial->errors[i].count));
    }
    return object;
}

static json_t *server_counters(const struct serverstat *server)
{
    json_t *object = json_object();
    for (int i = 0; i < STAT_COUNT; i++)
        if (server->has[i])
            json_object_set_new(object, serverstat_rows[i].name, json_integer(server->value[i]));
    return object;
}

static json_t *indexes_value(const struct trial_result *trial)
{
    json_t *list = json_array();
    for (size_t i = 0; i < trial->n_indexes; i++)
        json_array_append_new(list, fields_write(fields_index, fields_index_n, &trial->indexes[i]));
    return list;
}

static json_t *warnings_value(const struct trial_result *trial)
{
    json_t *list = json_array();
    for (size_t i = 0; i < trial->n_warnings; i++)
        json_array_append_new(list, json_string(trial->warnings[i]));
    return list;
}

static json_t *pool_counts_value(const struct pool_counts *counts)
{
    json_t *object = fields_write(fields_pool_counts, fields_pool_counts_n, counts);
    json_object_set_new(object, "connect", dist_value(&counts->connect));
    json_object_set_new(object, "ping", dist_value(&counts->ping));
    return object;
}

static json_t *trial_value(const struct workload *workload, const struct trial_result *trial)
{
    json_t *object = fields_write(fields_trial, fields_trial_n, trial), *transactions = json_array();
    for (size_t i = 0; i < trial->n_transactions; i++)
        json_array_append_new(transactions, transaction_value(&trial->transactions[i]));
    json_object_set_new(object, "variant", json_string(workload->variants[trial->variant].name));
    json_object_set_new(object, "pool", json_integer(workload->sweep.pools[trial->pool]));
    json_object_set_new(object, "isolation", json_string(isolation_name(workload->sweep.isolations[trial->isolation])));
    json_object_set_new(object, "rate", json_integer(trial->rate));
    json_object_set_new(object, "verdict", json_string(verdict_name(trial->verdict)));
    json_object_set_new(object, "pool_counts", pool_counts_value(&trial->pool_counts));
    json_object_set_new(object, "audit", fields_write(fields_audit, fields_audit_n, &trial->audit));
    json_object_set_new(object, "little", fields_write(fields_little, fields_little_n, &trial->little));
    json_object_set_new(object, "outage", fields_write(fields_outage, fields_outage_n, &trial->outage));
    json_object_set_new(object, "records", json_integer((json_int_t)trial->records.n));
    json_object_set_new(object, "records_complete", json_boolean(trial->records.complete));
    json_object_set_new(object, "transactions", transactions);
    json_object_set_new(object, "intervals", intervals_value(trial));
    json_object_set_new(object, "harness_lag", dist_value(&trial->harness_lag));
    json_object_set_new(object, "errors", errors_value(trial));
    json_object_set_new(object, "server", server_counters(&trial->server));
    json_object_set_new(object, "indexes", indexes_value(trial));
    /* the last member: its absence would mean that memory ran out on the way */
    return json_object_set_new(object, "warnings", warnings_value(trial)) == 0 ? object : NULL;
}

struct tagged {
    FILE *file;
    double start_s, length_s;
    bool ok;
};

static void write_tagged(struct tagged *to, const struct hist *hist, const char *transaction, const char *metric)
{
    char name[FACTS_NAME_BYTES], tag[FACTS_NAME_BYTES + 32];
    /* the format's separators must not be in a tag */
    snprintf(name, sizeof name, "%s", transaction);
    for (char *c = name; *c; c++)
        if (*c == ',' || (unsigned char)*c <= ' ')
            *c = '_';
    snprintf(tag, sizeof tag, "%s.%s", name, metric);
    if (hist && hist->total > 0)
        to->ok &= hlog_line(to->file, tag, to->start_s, to->length_s, hist);
}

/* The counters know the extremes to three digits only; the summary knows them. */
static void set_extremes(struct hist *hist, const struct dist_summary *exact)
{
    if (hist->total == 0 || exact->count != hist->total)
        return;
    if (hist_index(exact->max) == hist_index(hist->max))
        hist->max = exact->max;
    if (hist_index(exact->min) == hist_index(hist->min))
        hist->min = exact->min;
}

static void write_seconds(struct tagged *to, const struct workload *workload, const struct trial_result *trial,
                          struct hist *second)
{
    for (size_t i = 0; i < trial->n_intervals; i++) {
        const struct interval_result *interval = &trial->intervals[i];
        struct tagged line = {to->file, to->start_s + interval->start_s, interval->length_s, true};
        for (size_t t = 0; t < trial->n_transactions; t++) {
            const struct interval_transaction *part = &interval->transactions[t];
            hist_clear(second);
            hist_part_add(&part->response_part, second);
            set_extremes(second, &part->response);
            write_tagged(&line, second, workload->transactions[t].name, HLOG_SECOND);
        }
        to->ok &= line.ok;
    }
}

static bool write_lines(FILE *file, const struct workload *workload, const struct trial_result *trial,
                        struct hist *second)
{
    struct tagged to = {file, (double)trial->started_wall_ns / 1e9, (double)trial->duration_ns / 1e9, true};
    fprintf(file, "#[Trial: %d, block %d]\n", trial->order, trial->block);
    for (size_t i = 0; i < trial->n_transactions; i++) {
        const struct transaction_result *result = &trial->transactions[i];
        const char *name = workload->transactions[i].name;
        write_tagged(&to, result->response, name, "response");
        write_tagged(&to, result->service, name, "service");
        write_tagged(&to, result->pool_wait, name, "pool_wait");
        for (int k = 0; k < result->n_statements; k++) {
            char metric[48];
            snprintf(metric, sizeof metric, "%d.service", k + 1);
            write_tagged(&to, result->statements[k].service, name, metric);
        }
    }
    write_seconds(&to, workload, trial, second);
    return to.ok;
}

static void name_cell(const struct workload *workload, const struct trial_result *trial, char *buf, size_t size)
{
    const struct sweep *sweep = &workload->sweep;
    facts_cell_name(buf, size, workload->variants[trial->variant].name, trial->variant, sweep->pools[trial->pool],
                    sweep->isolations[trial->isolation], &sweep->rates[trial->rate]);
}

static bool write_histograms(struct store *store, const struct trial_result *trial, struct err *err)
{
    char name[FACTS_NAME_BYTES], path[PATH_BYTES];
    if (!store->second)
        store->second = hist_new();
    if (!store->second)
        return err_memory(err);
    name_cell(store->workload, trial, name, sizeof name);
    snprintf(path, sizeof path, "%s/histograms/%s.hlog", store->folder, name);
    FILE *file = fopen(path, "ae");
    if (!file)
        return err_system(err, path, "cannot open");
    if (ftell(file) == 0)
        hlog_header(file, trial->started_wall_ns);
    errno = 0;
    bool ok = write_lines(file, store->workload, trial, store->second);
    bool written = !ferror(file);
    if (fclose(file) != 0 || !written)
        return err_system(err, path, "cannot write the trial's histograms (earlier trials are safe)");
    return ok || err_memory(err);
}

/* --- Raw records -------------------------------------------------------------------------------------------------- */

void store_keep_raw(struct store *store)
{
    store->raw = true;
}

static bool write_raw(const struct store *store, const struct trial_result *trial, struct err *err)
{
    const struct workload *workload = store->workload;
    char name[FACTS_NAME_BYTES], path[PATH_BYTES];
    const char **names = calloc(workload->n_transactions + 1, sizeof *names);
    if (!names)
        return err_memory(err);
    for (size_t i = 0; i < workload->n_transactions; i++)
        names[i] = workload->transactions[i].name;
    struct raw_trial raw = {.started_wall_ns = trial->started_wall_ns,
                            .duration_ns = trial->duration_ns,
                            .connections = trial->connections,
                            .clients = trial->clients,
                            .rate_tps = trial->rate_tps,
                            .names = names,
                            .n_names = workload->n_transactions,
                            .records = trial->records};
    name_cell(workload, trial, name, sizeof name);
    snprintf(path, sizeof path, "%s/raw/%s.b%d.rec", store->folder, name, trial->block + 1);
    bool ok = make_part(store, "raw", err) && raw_write(path, &raw, err);
    free(names);
    return ok;
}

/* --- The line ----------------------------------------------------------------------------------------------------- */

static bool write_line(FILE *file, const json_t *value)
{
    errno = 0;
    return json_dumpf(value, file, JSON_COMPACT) == 0 && fputc('\n', file) != EOF && fflush(file) == 0;
}

static bool trial(void *user, const struct trial_result *result, struct err *err)
{
    struct store *store = user;
    if (!write_histograms(store, result, err) || (store->raw && !write_raw(store, result, err)))
        return false;
    json_t *value = trial_value(store->workload, result);
    if (!value)
        return err_memory(err);
    bool ok = write_line(store->trials, value);
    json_decref(value);
    if (ok)
        return true;
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/trials.jsonl", store->folder);
    return err_system(err, path, "cannot write the trial (earlier trials are safe)");
}

struct run_sink store_sink(struct store *store)
{
    return (struct run_sink){.user = store, .begin = begin, .plan = plan, .trial = trial};
}

/* run.json: all that is known before the first trial. */
#include "store_head.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "fields.h"
#include "reports/facts.h"

#ifndef PGDYNO_VERSION
#define PGDYNO_VERSION "0.1.0"
#endif

/* A password in a connection string must not reach a file: user:SECRET@ and password=SECRET become ***. */
static void without_secrets(const char *text, struct str *out)
{
    while (*text) {
        if (strncasecmp(text, "password=", 9) == 0) {
            str_append(out, "password=***");
            text += 9;
            if (*text == '\'') {
                for (text++; *text && *text != '\''; text++)
                    text += *text == '\\' && text[1];
                text += *text == '\'';
            } else {
                text += strcspn(text, " &'\"");
            }
        } else if (strncmp(text, "://", 3) == 0) {
            size_t authority = strcspn(text + 3, "/?'\" "), user = strcspn(text + 3, ":@/");
            const char *at = memrchr(text + 3, '@', authority);
            bool secret = at && text[3 + user] == ':' && at > text + 3 + user;
            str_append_n(out, text, secret ? 3 + user : 3);
            if (secret)
                str_append(out, ":***");
            text = secret ? at : text + 3;
        } else {
            str_append_char(out, *text++);
        }
    }
}

static json_t *command_value(const char *command_line)
{
    struct str clean = {0};
    without_secrets(command_line ? command_line : "", &clean);
    json_t *value = json_string(str_text(&clean));
    str_deinit(&clean);
    return value;
}

json_t *store_text_value(const char *text)
{
    json_t *value = text ? json_string(text) : NULL;
    return value ? value : json_null();
}

static json_t *settings_value(const struct setting *settings, size_t n)
{
    json_t *object = json_object();
    for (size_t i = 0; i < n; i++)
        json_object_set_new(object, settings[i].name, store_text_value(settings[i].value));
    return object;
}

static json_t *statements_value(const struct transaction *transaction)
{
    json_t *list = json_array();
    for (int i = 0; i < transaction->n_statements; i++)
        json_array_append_new(list, json_pack("{s:i, s:o, s:o}", "number", transaction->statements[i].number, "text",
                                              store_text_value(transaction->statements[i].text), "where",
                                              store_text_value(transaction->statements[i].where)));
    return list;
}

static json_t *transactions_value(const struct transaction *transactions, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list,
                              json_pack("{s:s, s:I, s:b, s:b, s:o}", "name", transactions[i].name, "weight",
                                        (json_int_t)transactions[i].weight, "block", transactions[i].block, "pipeline",
                                        transactions[i].pipeline, "statements", statements_value(&transactions[i])));
    return list;
}

static json_t *variants_value(const struct workload *workload)
{
    json_t *list = json_array();
    for (size_t i = 0; i < workload->n_variants; i++) {
        const struct variant *variant = &workload->variants[i];
        json_t *indexes = json_array();
        for (size_t k = 0; k < variant->n_indexes; k++)
            json_array_append_new(indexes, json_pack("{s:s, s:s}", "name", variant->indexes[k].name, "definition",
                                                     variant->indexes[k].definition));
        json_t *rewritten =
            variant->rewrites ? transactions_value(variant->transactions, workload->n_transactions) : NULL;
        json_array_append_new(
            list, json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o*}", "name", variant->name, "about",
                            store_text_value(variant->about), "indexes", indexes, "apply",
                            store_text_value(variant->apply), "revert", store_text_value(variant->revert), "settings",
                            settings_value(variant->settings, variant->n_settings), "pool",
                            fields_write(fields_habits, fields_habits_n, &variant->pool), "transactions", rewritten));
    }
    return list;
}

static json_t *tables_value(const struct workload *workload)
{
    json_t *list = json_array();
    for (size_t i = 0; i < workload->n_tables; i++)
        json_array_append_new(list, json_pack("{s:s, s:I}", "name", workload->tables[i].name, "rows",
                                              (json_int_t)workload->tables[i].rows));
    return list;
}

static json_t *rate_value(const struct rate *rate)
{
    if (rate->kind == RATE_CLOSED)
        return json_pack("{s:b}", "closed", 1);
    return json_pack("{s:f}", rate->kind == RATE_TPS ? "tps" : "share", rate->value);
}

static json_t *sweep_value(const struct sweep *sweep)
{
    json_t *pools = json_array(), *isolations = json_array(), *rates = json_array();
    for (size_t i = 0; i < sweep->n_pools; i++)
        json_array_append_new(pools, json_integer(sweep->pools[i]));
    for (size_t i = 0; i < sweep->n_isolations; i++)
        json_array_append_new(isolations, json_string(isolation_name(sweep->isolations[i])));
    for (size_t i = 0; i < sweep->n_rates; i++)
        json_array_append_new(rates, rate_value(&sweep->rates[i]));
    return json_pack("{s:o, s:o, s:o}", "pool", pools, "isolation", isolations, "rate", rates);
}

static json_t *load_value(const struct load *load)
{
    json_t *object = fields_write(fields_load, fields_load_n, load);
    json_object_set_new(object, "arrivals", json_string(arrivals_name(load->arrivals)));
    return object;
}

static json_t *checks_value(const struct workload *workload)
{
    json_t *list = json_array();
    for (size_t i = 0; i < workload->n_checks; i++)
        json_array_append_new(
            list, json_pack("{s:s, s:s}", "name", workload->checks[i].name, "sql", workload->checks[i].sql));
    return list;
}

static json_t *workload_value(const struct workload *workload)
{
    return json_pack("{s:s, s:o, s:o, s:s, s:s, s:o}", "name", workload->name, "about",
                     store_text_value(workload->about), "path", store_text_value(workload->path), "hash",
                     workload->hash, "seed_hash", workload->seed_hash, "text", store_text_value(workload->text));
}

static json_t *measure_value(const struct workload *workload, int threads)
{
    const struct measure *measure = &workload->measure;
    char seed[32]; /* as text: JSON readers keep 53 bits of a number */
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)measure->seed);
    return json_pack("{s:I, s:I, s:i, s:s, s:s, s:i, s:i, s:I, s:I, s:I}", "warmup_ns", (json_int_t)measure->warmup_ns,
                     "duration_ns", (json_int_t)measure->duration_ns, "blocks", measure->blocks, "seed", seed,
                     "protocol", protocol_name(measure->protocol), "threads", threads, "max_tries",
                     workload->retry.max_tries, "backoff_min_ns", (json_int_t)workload->retry.backoff_min_ns,
                     "backoff_max_ns", (json_int_t)workload->retry.backoff_max_ns, "raw_memory_bytes",
                     (json_int_t)measure->raw_bytes);
}

static json_t *server_value(const struct run_header *header)
{
    return json_pack("{s:i, s:o, s:b, s:o, s:o, s:o}", "version", header->server_version, "text",
                     store_text_value(header->server_version_text), "private", header->private_server, "settings",
                     settings_value(header->server_settings, header->n_server_settings), "session",
                     settings_value(header->workload->session, header->workload->n_session), "asked",
                     settings_value(header->workload->server, header->workload->n_server));
}

json_t *store_head_value(const struct run_header *header)
{
    const struct workload *workload = header->workload;
    struct machine unknown = {0};
    return json_pack(
        "{s:i, s:s, s:s, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:n}", "format", FACTS_FORMAT,
        "pgdyno", PGDYNO_VERSION, "run_id", header->run_id, "started_wall_ns", (json_int_t)header->started_wall_ns,
        "command_line", command_value(header->command_line), "workload", workload_value(workload), "measure",
        measure_value(workload, header->threads), "sweep", sweep_value(&workload->sweep), "load",
        load_value(&workload->load), "pool", fields_write(fields_habits, fields_habits_n, &workload->pool), "variants",
        variants_value(workload), "transactions", transactions_value(workload->transactions, workload->n_transactions),
        "tables", tables_value(workload), "checks", checks_value(workload), "server", server_value(header), "machine",
        fields_write(fields_machine, fields_machine_n, header->machine ? header->machine : &unknown), "ended");
}

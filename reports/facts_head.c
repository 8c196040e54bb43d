/* run.json and plans/: what was run, on what. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "facts_reader.h"
#include "fields.h"

/* --- run.json ----------------------------------------------------------------------------------------------------- */

static struct fact_transaction *read_transactions(struct reader *reader, const json_t *list)
{
    struct fact_transaction *transactions = reader_keep_array(reader, json_array_size(list), sizeof *transactions);
    for (size_t i = 0; transactions && i < json_array_size(list); i++) {
        const json_t *from = json_array_get(list, i), *statements = json_object_get(from, "statements");
        struct fact_transaction *to = &transactions[i];
        to->name = reader_keep_member(reader, from, "name");
        to->weight = json_get_int(from, "weight", 0);
        to->statements = reader_keep_array(reader, json_array_size(statements), sizeof *to->statements);
        for (size_t k = 0; to->statements && k < json_array_size(statements); k++)
            to->statements[to->n_statements++] =
                (struct fact_statement){(int)json_get_int(json_array_get(statements, k), "number", (int64_t)k + 1),
                                        reader_keep_member(reader, json_array_get(statements, k), "text")};
    }
    return transactions;
}

/* The variants' lists are the workload's, but for those that rewrite it. */
static void read_all_transactions(struct reader *reader, const json_t *head)
{
    struct facts *facts = reader->facts;
    const json_t *list = json_object_get(head, "transactions"), *variants = json_object_get(head, "variants");
    struct fact_transaction *all = read_transactions(reader, list);
    facts->n_transactions = json_array_size(list);
    facts->transactions = reader_keep_array(reader, facts->n_transactions, sizeof *facts->transactions);
    for (size_t t = 0; !reader->failed && t < facts->n_transactions; t++) {
        facts->transactions[t] = all[t];
        facts->transactions[t].weight = 0;
    }
    for (size_t v = 0; !reader->failed && v < facts->n_variants; v++) {
        list = json_object_get(json_array_get(variants, v), "transactions");
        bool own = json_array_size(list) == facts->n_transactions;
        facts->variants[v].transactions = own ? read_transactions(reader, list) : all;
        for (size_t t = 0; !reader->failed && t < facts->n_transactions; t++)
            if (facts_transaction(facts, (int)v, (int)t)->weight > facts->transactions[t].weight)
                facts->transactions[t].weight = facts_transaction(facts, (int)v, (int)t)->weight;
    }
}

static void read_variants(struct reader *reader, const json_t *list)
{
    struct facts *facts = reader->facts;
    facts->variants = reader_keep_array(reader, json_array_size(list), sizeof *facts->variants);
    for (size_t i = 0; facts->variants && i < json_array_size(list); i++) {
        const json_t *from = json_array_get(list, i);
        struct fact_variant *to = &facts->variants[facts->n_variants++];
        to->name = reader_keep_member(reader, from, "name");
        to->about = reader_keep_member(reader, from, "about");
        fields_read(fields_habits, fields_habits_n, json_object_get(from, "pool"), &to->habits);
    }
}

static void read_tables(struct reader *reader, const json_t *list)
{
    struct facts *facts = reader->facts;
    facts->tables = reader_keep_array(reader, json_array_size(list), sizeof *facts->tables);
    for (size_t i = 0; facts->tables && i < json_array_size(list); i++)
        facts->tables[facts->n_tables++] =
            (struct fact_table){reader_keep_member(reader, json_array_get(list, i), "name"),
                                json_get_int(json_array_get(list, i), "rows", 0)};
}

static void read_sweep(struct reader *reader, const json_t *sweep)
{
    struct facts *facts = reader->facts;
    const json_t *pools = json_object_get(sweep, "pool"), *isolations = json_object_get(sweep, "isolation");
    facts->pools = reader_keep_array(reader, json_array_size(pools), sizeof *facts->pools);
    facts->isolations = reader_keep_array(reader, json_array_size(isolations), sizeof *facts->isolations);
    if (reader->failed)
        return;
    for (size_t i = 0; i < json_array_size(pools); i++)
        facts->pools[facts->n_pools++] = (int)json_integer_value(json_array_get(pools, i));
    for (size_t i = 0; i < json_array_size(isolations); i++) {
        const char *name = json_string_value(json_array_get(isolations, i));
        enum isolation isolation = reader_find_isolation(name ? name : "");
        if (isolation != ISOLATION_COUNT)
            facts->isolations[facts->n_isolations++] = isolation;
    }
}

/* Folders of format 1 know of no rates: all of them are closed loops. */
static void read_rates(struct reader *reader, const json_t *list)
{
    struct facts *facts = reader->facts;
    size_t n = json_array_size(list);
    facts->rates = reader_keep_array(reader, n ? n : 1, sizeof *facts->rates);
    facts->n_rates = n ? n : 1;
    for (size_t i = 0; facts->rates && i < n; i++) {
        const json_t *from = json_array_get(list, i);
        double tps = json_get_double(from, "tps", 0), share = json_get_double(from, "share", 0);
        facts->rates[i] = (struct rate){.kind = tps > 0     ? RATE_TPS
                                                : share > 0 ? RATE_SHARE
                                                            : RATE_CLOSED,
                                        .value = tps > 0 ? tps : share};
    }
}

static void read_load(struct facts *facts, const json_t *load)
{
    fields_read(fields_load, fields_load_n, load, &facts->load);
    for (int i = 0; i < ARRIVALS_COUNT; i++)
        if (strcmp(arrivals_name((enum arrivals)i), json_get_string(load, "arrivals", "")) == 0)
            facts->load.arrivals = (enum arrivals)i;
}

static void read_measure(struct reader *reader, const json_t *from)
{
    struct facts *facts = reader->facts;
    struct measure *to = &facts->measure;
    to->warmup_ns = json_get_int(from, "warmup_ns", 0);
    to->duration_ns = json_get_int(from, "duration_ns", 0);
    to->raw_bytes = json_get_int(from, "raw_memory_bytes", -1); /* earlier folders do not tell */
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
    facts->server_text = reader_keep_member(reader, server, "text");
    facts->private_server = json_get_bool(server, "private", false);
    facts->settings = reader_keep_array(reader, json_object_size(settings), sizeof *facts->settings);
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)settings, key, value) if (facts->settings) facts->settings[facts->n_settings++] =
        (struct fact_setting){reader_keep(reader, key),
                              reader_keep(reader, json_is_string(value) ? json_string_value(value) : "")};
}

static void read_head(struct reader *reader, const json_t *head)
{
    struct facts *facts = reader->facts;
    const json_t *workload = json_object_get(head, "workload"), *ended = json_object_get(head, "ended");
    facts->run_id = reader_keep_member(reader, head, "run_id");
    facts->pgdyno_version = reader_keep_member(reader, head, "pgdyno");
    facts->command_line = reader_keep_member(reader, head, "command_line");
    facts->workload = reader_keep_member(reader, workload, "name");
    facts->about = reader_keep_member(reader, workload, "about");
    facts->workload_path = reader_keep_member(reader, workload, "path");
    facts->workload_hash = reader_keep_member(reader, workload, "hash");
    facts->started_wall_ns = json_get_int(head, "started_wall_ns", 0);
    facts->ended_wall_ns = json_get_int(ended, "wall_ns", 0);
    facts->ending = reader_keep(reader, json_get_string(ended, "ending", "interrupted"));
    facts->reason = reader_keep_member(reader, ended, "reason");
    facts->n_checks = (int64_t)json_array_size(json_object_get(head, "checks"));
    fields_read(fields_machine, fields_machine_n, json_object_get(head, "machine"), &facts->machine);
    read_measure(reader, json_object_get(head, "measure"));
    read_sweep(reader, json_object_get(head, "sweep"));
    read_rates(reader, json_object_get(json_object_get(head, "sweep"), "rate"));
    read_load(facts, json_object_get(head, "load"));
    read_variants(reader, json_object_get(head, "variants"));
    read_all_transactions(reader, head);
    read_tables(reader, json_object_get(head, "tables"));
    read_server(reader, json_object_get(head, "server"));
}

bool facts_load_head(struct reader *reader, struct err *err)
{
    struct facts *facts = reader->facts;
    char path[READER_PATH_BYTES];
    snprintf(path, sizeof path, "%s/run.json", facts->folder);
    struct err problem = {0};
    json_t *head = json_read_file(path, &problem);
    if (!head)
        return err_set(err, problem.kind, path, problem.kind == ERR_INPUT ? "damaged: %s" : "%s", problem.text);
    int64_t format = json_get_int(head, "format", 0);
    bool ours = format >= 1 && format <= FACTS_FORMAT;
    if (ours)
        read_head(reader, head);
    json_decref(head);
    if (!ours)
        return format > FACTS_FORMAT
                   ? err_set(err, ERR_INPUT, path,
                             "its format is %lld, made by a later pgdyno: this one reads up to %d", (long long)format,
                             FACTS_FORMAT)
                   : err_set(err, ERR_INPUT, path, "not a run.json that this pgdyno can read (formats 1 to %d)",
                             FACTS_FORMAT);
    if (facts->n_variants == 0 || facts->n_transactions == 0 || facts->n_pools == 0 || facts->n_isolations == 0)
        return err_set(err, ERR_INPUT, path, "damaged: variants, transactions or sweep are missing");
    return true;
}

/* --- Plans -------------------------------------------------------------------------------------------------------- */

static void read_plan(struct reader *reader, int variant, int transaction, int statement, struct fact_plan *to)
{
    struct facts *facts = reader->facts;
    char variant_name[FACTS_NAME_BYTES], transaction_name[FACTS_NAME_BYTES], path[READER_PATH_BYTES];
    facts_file_name(variant_name, sizeof variant_name, facts->variants[variant].name, variant);
    facts_file_name(transaction_name, sizeof transaction_name, facts->transactions[transaction].name, transaction);
    snprintf(path, sizeof path, "%s/plans/%s/%s_%d.json", facts->folder, variant_name, transaction_name,
             facts_transaction(facts, variant, transaction)->statements[statement].number);
    json_t *plan = json_read_file(path, NULL);
    to->shape = reader_keep_member(reader, plan, "shape");
    to->scan = reader_keep_member(reader, plan, "scan");
    to->writes = json_get_bool(plan, "writes", false);
    json_decref(plan);
}

void facts_load_plans(struct reader *reader)
{
    struct facts *facts = reader->facts;
    facts->plans = reader_keep_array(reader, facts->n_variants * facts->n_transactions, sizeof *facts->plans);
    for (size_t v = 0; facts->plans && v < facts->n_variants; v++) {
        for (size_t t = 0; t < facts->n_transactions; t++) {
            int n = facts_transaction(facts, (int)v, (int)t)->n_statements;
            struct fact_plan *plans = reader_keep_array(reader, (size_t)n, sizeof *plans);
            facts->plans[v * facts->n_transactions + t] = plans;
            for (int s = 0; plans && s < n; s++)
                read_plan(reader, (int)v, (int)t, s, &plans[s]);
        }
    }
}

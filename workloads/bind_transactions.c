/* transactions: a name, a weight, variables, and a body of steps. */
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "bind_script.h"
#include "schema.h"
#include "steps.h"

enum {
    NAME_MAX_BYTES = 48, /* leaves room for _1_v2 in a prepared statement's name */
};

static void bind_weight(struct loader *loader, const yaml_node_t *node, struct transaction *transaction)
{
    int64_t weight;
    if (!loader_wants_text(loader, node, "`weight`"))
        return;
    if (units_parse_int(doc_text(node), &weight) && weight >= 0 && weight <= 1000000000)
        transaction->weight = weight;
    else
        doc_problem(&loader->doc, node, "`weight` must be a whole number from 0 to 1000000000, not `%s`",
                    doc_text(node));
}

static void bind_lets(struct builder *builder, const yaml_node_t *map)
{
    struct loader *loader = builder->loader;
    if (!loader_wants_map(loader, map, "`let`"))
        return;
    for (size_t i = 0; i < doc_count(map); i++) {
        const yaml_node_t *key = doc_key(&loader->doc, map, i), *value = doc_value(&loader->doc, map, i);
        if (!loader_wants_name(loader, key, "a variable's name", VARIABLE_MAX))
            continue;
        char what[120];
        snprintf(what, sizeof what, "the variable `%.80s`", doc_text(key));
        const struct program *program = NULL;
        if (loader_wants_text(loader, value, what))
            program = loader_compile(loader, value, builder_scope(builder));
        int slot = builder_add(builder, doc_text(key), strlen(doc_text(key)));
        if (slot >= 0)
            builder_let(builder, slot, program);
    }
}

bool has_body(struct loader *loader, const yaml_node_t *map)
{
    return doc_get(&loader->doc, map, "sql") || doc_get(&loader->doc, map, "steps") ||
           doc_get(&loader->doc, map, "script");
}

/* A script says everything itself. */
static void bind_script_alone(struct builder *builder, const yaml_node_t *map, const yaml_node_t *script)
{
    static const char *const others[] = {"sql", "steps", "let", "autocommit", "pipeline"};
    struct loader *loader = builder->loader;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        const yaml_node_t *node = doc_get(&loader->doc, map, others[i]);
        if (node)
            doc_problem(&loader->doc, node, "`script` and `%s` exclude each other", others[i]);
    }
    bind_script(builder, script);
}

static void bind_body(struct builder *builder, const yaml_node_t *key, const yaml_node_t *map)
{
    struct loader *loader = builder->loader;
    const yaml_node_t *sql = doc_get(&loader->doc, map, "sql"), *steps = doc_get(&loader->doc, map, "steps");
    const yaml_node_t *script = doc_get(&loader->doc, map, "script");
    if (script) {
        bind_script_alone(builder, map, script);
    } else if (sql && steps) {
        doc_problem(&loader->doc, steps, "`sql` and `steps` exclude each other; put the statement into the steps");
    } else if (steps) {
        steps_names(builder, steps, builder_later);
        steps_params(builder, steps);
        bind_steps(builder, steps, "`steps`", 0);
    } else if (sql) {
        steps_params_of_sql(builder, sql);
        bind_only_sql(builder, sql);
    } else {
        doc_problem(&loader->doc, key, "the transaction `%s` needs `sql`, `steps` or `script`", doc_text(key));
    }
}

/* A single statement is a transaction anyway; more than that, or one that waits, needs BEGIN and COMMIT to be one. */
static bool needs_block(const struct builder *builder)
{
    const struct transaction *transaction = builder->transaction;
    bool needs = transaction->n_statements > 1 || transaction->n_loops > 0;
    for (int i = 0; i < transaction->n_steps; i++)
        needs = needs || builder->steps[i].kind == STEP_SLEEP || builder->steps[i].kind == STEP_ROLLBACK;
    return needs;
}

/* What can be said of the whole only. */
static void check_body(struct builder *builder, const yaml_node_t *key, const struct transaction_parts *parts)
{
    struct loader *loader = builder->loader;
    const struct transaction *transaction = builder->transaction;
    if (transaction->n_statements == 0)
        doc_problem(&loader->doc, key, "the transaction `%s` sends nothing: it needs a step with `sql` or `copy`",
                    doc_text(key));
    else if (transaction->pipeline && parts->pipeline_here && transaction->n_statements == 1 &&
             transaction->n_loops == 0)
        doc_problem(&loader->doc, parts->pipeline, "`pipeline` has no effect: there is only one statement to send");
}

void bind_parts(struct loader *loader, const yaml_node_t *key, const struct transaction_parts *parts,
                struct transaction *transaction)
{
    struct builder builder;
    builder_init(&builder, loader, transaction);
    builder.variant = parts->variant;
    transaction->weight = 1;
    if (parts->weight)
        bind_weight(loader, parts->weight, transaction);
    builder.autocommit = parts->autocommit && schema_bind_bool(loader, parts->autocommit, "autocommit");
    transaction->pipeline = parts->pipeline && schema_bind_bool(loader, parts->pipeline, "pipeline");
    if (builder.autocommit && transaction->pipeline && !doc_get(&loader->doc, parts->body, "script"))
        doc_problem(&loader->doc, parts->pipeline,
                    "`pipeline` and `autocommit` exclude each other: what a pipeline sends at once is one transaction");
    if (transaction->pipeline && loader->workload->measure.protocol == PROTOCOL_SIMPLE)
        doc_problem(&loader->doc, parts->pipeline,
                    "a pipeline needs the extended or the prepared protocol (--protocol=prepared)");
    size_t before = problems_told(loader->problems);
    if (parts->let && !doc_is_empty(parts->let))
        bind_lets(&builder, parts->let);
    bind_body(&builder, key, parts->body);
    if (problems_told(loader->problems) == before && !doc_get(&loader->doc, parts->body, "script"))
        check_body(&builder, key, parts);
    transaction->block = !builder.autocommit && !transaction->script && needs_block(&builder);
    builder_finish(&builder);
}

static void bind_transaction(struct loader *loader, const yaml_node_t *key, const yaml_node_t *node,
                             struct transaction *transaction)
{
    char what[120];
    *transaction = (struct transaction){.name = loader_copy(loader, doc_text(key)), .weight = 1};
    snprintf(what, sizeof what, "the transaction `%.80s`", doc_text(key));
    if (!loader_wants_name(loader, key, "a transaction's name", NAME_MAX_BYTES) ||
        !loader_wants_map(loader, node, what))
        return;
    schema_check_keys(loader, node, transaction_keys, "a transaction");
    const struct transaction_parts parts = {.body = node,
                                            .let = doc_get(&loader->doc, node, "let"),
                                            .weight = doc_get(&loader->doc, node, "weight"),
                                            .autocommit = doc_get(&loader->doc, node, "autocommit"),
                                            .pipeline = doc_get(&loader->doc, node, "pipeline"),
                                            .pipeline_here = true};
    bind_parts(loader, key, &parts, transaction);
}

void bind_transactions(struct loader *loader, const yaml_node_t *node)
{
    struct workload *workload = loader->workload;
    if (scripts_given(loader) > 0) {
        bind_given_scripts(loader);
        return;
    }
    if (!loader_wants_map(loader, node, "`transactions`"))
        return;
    struct transaction *transactions = LOADER_ARRAY(loader, struct transaction, doc_count(node));
    if (!transactions)
        return;
    workload->transactions = transactions;
    for (size_t i = 0; i < doc_count(node); i++) {
        bind_transaction(loader, doc_key(&loader->doc, node, i), doc_value(&loader->doc, node, i), &transactions[i]);
        workload->total_weight += transactions[i].weight;
        workload->n_transactions++;
    }
}

/* transactions: a name, a weight, variables, and a body of steps. */
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "schema.h"
#include "steps.h"

enum {
    NAME_MAX_BYTES = 48, /* leaves room for _1_v2 in a prepared statement's name */
};

bool bind_bool(struct loader *loader, const yaml_node_t *node, const char *what)
{
    if (!loader_wants_text(loader, node, what))
        return false;
    bool yes = strcmp(doc_text(node), "true") == 0;
    if (!yes && strcmp(doc_text(node), "false") != 0)
        doc_problem(&loader->doc, node, "%s must be true or false, not `%s`", what, doc_text(node));
    return yes;
}

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

static void bind_body(struct builder *builder, const yaml_node_t *key, const yaml_node_t *node)
{
    struct loader *loader = builder->loader;
    const yaml_node_t *let = doc_get(&loader->doc, node, "let"), *sql = doc_get(&loader->doc, node, "sql");
    const yaml_node_t *steps = doc_get(&loader->doc, node, "steps");
    if (let && !doc_is_empty(let))
        bind_lets(builder, let);
    if (sql && steps) {
        doc_problem(&loader->doc, steps, "`sql` and `steps` exclude each other; put the statement into the steps");
    } else if (steps) {
        steps_names(builder, steps, builder_later);
        steps_params(builder, steps);
        bind_steps(builder, steps, "`steps`", 0);
    } else if (sql) {
        steps_params_of_sql(builder, sql);
        bind_only_sql(builder, sql);
    } else if (!doc_get(&loader->doc, node, "script")) {
        doc_problem(&loader->doc, key, "the transaction `%s` needs `sql` or `steps`", doc_text(key));
    }
}

static void bind_transaction(struct loader *loader, const yaml_node_t *key, const yaml_node_t *node,
                             struct transaction *transaction)
{
    struct builder builder;
    char what[120];
    *transaction = (struct transaction){.name = loader_copy(loader, doc_text(key)), .weight = 1};
    snprintf(what, sizeof what, "the transaction `%.80s`", doc_text(key));
    if (!loader_wants_name(loader, key, "a transaction's name", NAME_MAX_BYTES) ||
        !loader_wants_map(loader, node, what))
        return;
    schema_check_keys(loader, node, transaction_keys, "a transaction");
    const yaml_node_t *weight = doc_get(&loader->doc, node, "weight");
    const yaml_node_t *autocommit = doc_get(&loader->doc, node, "autocommit");
    if (weight)
        bind_weight(loader, weight, transaction);
    builder_init(&builder, loader, transaction);
    bind_body(&builder, key, node);
    transaction->block =
        !(autocommit && bind_bool(loader, autocommit, "`autocommit`")) && transaction->n_statements > 1;
    builder_finish(&builder);
}

void bind_transactions(struct loader *loader, const yaml_node_t *node)
{
    struct workload *workload = loader->workload;
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

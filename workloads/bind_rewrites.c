/* A variant's `transactions`: the same names as the workload's, with another weight, body or way of sending. What a
 * rewrite does not say stays as it is, above all `let`: with the same draws the two can be compared. */
#include <stdio.h>
#include <string.h>

#include "bind_script.h"
#include "schema.h"
#include "steps.h"

static const yaml_node_t *originals(struct loader *loader)
{
    const yaml_node_t *map = doc_get(&loader->doc, doc_root(&loader->doc), "transactions");
    return map && doc_is_map(map) ? map : NULL;
}

/* The place of the transaction that is called so; n_transactions after reporting. */
static size_t find_transaction(struct loader *loader, const yaml_node_t *key)
{
    const struct workload *workload = loader->workload;
    size_t i = 0, n = workload->n_transactions;
    while (i < n && strcmp(workload->transactions[i].name, doc_text(key)) != 0)
        i++;
    const char **names = i == n ? LOADER_ARRAY(loader, const char *, n + 1) : NULL;
    if (!names)
        return i;
    for (size_t k = 0; k < n; k++)
        names[k] = workload->transactions[k].name;
    char hint[160];
    doc_problem(&loader->doc, key, "no transaction `%s` to rewrite%s", doc_text(key),
                loader_hint(hint, sizeof hint, doc_text(key), names));
    return n;
}

/* The rewrite's own, else the original's. */
static const yaml_node_t *either(struct loader *loader, const yaml_node_t *rewrite, const yaml_node_t *original,
                                 const char *key)
{
    const yaml_node_t *node = doc_get(&loader->doc, rewrite, key);
    return node ? node : doc_get(&loader->doc, original, key);
}

/* Other variables for the old statements: all names that these may use must be there. */
static void check_let(struct loader *loader, const yaml_node_t *rewrite, const yaml_node_t *original)
{
    const yaml_node_t *now = doc_get(&loader->doc, rewrite, "let"), *then = doc_get(&loader->doc, original, "let");
    if (!now || !doc_is_map(now) || !then || !doc_is_map(then) || has_body(loader, rewrite))
        return;
    for (size_t i = 0; i < doc_count(then); i++) {
        const char *name = doc_text(doc_key(&loader->doc, then, i));
        if (!doc_get(&loader->doc, now, name))
            doc_problem(&loader->doc, now, "`%s` is missing here: the statements stay, and so must their variables",
                        name);
    }
}

/* A script says everything itself, and takes nothing from the transaction that it was. */
static void leave_to_script(struct loader *loader, const yaml_node_t *rewrite, struct transaction_parts *parts)
{
    static const char *const others[] = {"let", "autocommit", "pipeline"};
    for (size_t i = 0; parts->body != rewrite && i < sizeof others / sizeof others[0]; i++) {
        const yaml_node_t *node = doc_get(&loader->doc, rewrite, others[i]);
        if (node)
            doc_problem(&loader->doc, node, "`%s` changes nothing: the transaction is a script, which says it itself",
                        others[i]);
    }
    parts->let = parts->autocommit = parts->pipeline = NULL;
}

static void bind_rewrite(struct loader *loader, const yaml_node_t *key, const yaml_node_t *rewrite, int place,
                         struct transaction *transaction)
{
    char what[120];
    size_t i = find_transaction(loader, key);
    snprintf(what, sizeof what, "the rewrite of `%.80s`", doc_text(key));
    if (i == loader->workload->n_transactions || !loader_wants_map(loader, rewrite, what))
        return;
    size_t before = problems_told(loader->problems);
    schema_check_keys(loader, rewrite, rewrite_keys, "a rewrite");
    if (doc_count(rewrite) == 0)
        doc_problem(&loader->doc, rewrite, "%s changes nothing; give it `sql`, `steps`, `weight` or the like", what);
    const yaml_node_t *original = doc_value(&loader->doc, originals(loader), i);
    if (doc_is_map(original))
        check_let(loader, rewrite, original);
    if (problems_told(loader->problems) > before || !doc_is_map(original))
        return;
    struct transaction_parts parts = {.body = has_body(loader, rewrite) ? rewrite : original,
                                      .let = either(loader, rewrite, original, "let"),
                                      .weight = either(loader, rewrite, original, "weight"),
                                      .autocommit = either(loader, rewrite, original, "autocommit"),
                                      .pipeline = either(loader, rewrite, original, "pipeline"),
                                      .pipeline_here = doc_get(&loader->doc, rewrite, "pipeline") != NULL,
                                      .variant = place};
    if (doc_get(&loader->doc, parts.body, "script"))
        leave_to_script(loader, rewrite, &parts);
    transaction[i] = (struct transaction){.name = loader->workload->transactions[i].name};
    bind_parts(loader, key, &parts, &transaction[i]);
}

void bind_rewrites(struct loader *loader, const yaml_node_t *node, int place, struct variant *variant)
{
    const struct workload *workload = loader->workload;
    if (!loader_wants_map(loader, node, "`transactions`") || !originals(loader))
        return;
    if (scripts_given(loader) > 0) {
        variant->rewrites = true; /* of transactions that are not there: check_workload() */
        return;
    }
    struct transaction *transactions = LOADER_ARRAY(loader, struct transaction, workload->n_transactions + 1);
    if (!transactions)
        return;
    if (workload->n_transactions > 0)
        memcpy(transactions, workload->transactions, workload->n_transactions * sizeof *transactions);
    size_t before = problems_told(loader->problems);
    if (doc_count(node) == 0)
        doc_problem(&loader->doc, node, "`transactions` rewrites nothing; name a transaction and what is different");
    for (size_t i = 0; i < doc_count(node); i++)
        bind_rewrite(loader, doc_key(&loader->doc, node, i), doc_value(&loader->doc, node, i), place, transactions);
    variant->transactions = transactions;
    variant->rewrites = doc_count(node) > 0;
    variant->total_weight = 0;
    for (size_t i = 0; i < workload->n_transactions; i++)
        variant->total_weight += transactions[i].weight;
    if (variant->total_weight == 0 && problems_told(loader->problems) == before)
        doc_problem(&loader->doc, node,
                    "every transaction has weight 0 under this variant; at least one must have more");
}

static void describe_rewrite(struct loader *loader, const yaml_node_t *key, const yaml_node_t *rewrite,
                             struct str *about)
{
    static const char *const values[] = {"weight", "autocommit", "pipeline"};
    const char *before = " (";
    str_printf(about, "%s%s", about->len ? "; " : "", doc_text(key));
    if (has_body(loader, rewrite) || doc_get(&loader->doc, rewrite, "let")) {
        str_append(about, has_body(loader, rewrite) ? " (rewritten" : " (other variables");
        before = ", ";
    }
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        const yaml_node_t *value = doc_get(&loader->doc, rewrite, values[i]);
        if (!value || !doc_is_scalar(value))
            continue;
        str_printf(about, "%s%s %s", before, values[i], doc_text(value));
        before = ", ";
    }
    str_append(about, ")");
}

void describe_rewrites(struct loader *loader, const yaml_node_t *node, struct str *about)
{
    for (size_t i = 0; doc_is_map(node) && i < doc_count(node); i++) {
        const yaml_node_t *rewrite = doc_value(&loader->doc, node, i);
        if (doc_is_map(rewrite))
            describe_rewrite(loader, doc_key(&loader->doc, node, i), rewrite, about);
    }
}

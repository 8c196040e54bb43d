/* transactions: variables become slots, `:name` in SQL becomes $1 … $n, nested steps a flat list with jumps. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/units.h"
#include "schema.h"
#include "workloads/sqltext.h"

enum {
    NAME_MAX_BYTES = 48, /* leaves room for _1 in a prepared statement's name */
    VARIABLE_MAX = 63,
    NESTING_MAX = 16
};

/* One transaction while it is being bound; the arrays have room for all that was counted before. */
struct builder {
    struct loader *loader;
    struct transaction *transaction;
    const char **variables;
    struct let *lets;
    struct statement *statements;
    struct step *steps;
    const char **into_names; /* of all steps: to tell "too early" from "never" */
    size_t n_into_names;
};

/* How much room a transaction needs. */
struct count {
    size_t sql;
    size_t steps;
    size_t into;
};

static void count_steps(struct loader *loader, const yaml_node_t *list, struct count *count, int nesting)
{
    if (!doc_is_list(list) || nesting > NESTING_MAX)
        return;
    for (size_t i = 0; i < doc_count(list); i++) {
        const yaml_node_t *step = doc_item(&loader->doc, list, i);
        if (!doc_is_map(step))
            continue;
        const yaml_node_t *into = doc_get(&loader->doc, step, "into");
        const yaml_node_t *then = doc_get(&loader->doc, step, "then");
        const yaml_node_t *otherwise = doc_get(&loader->doc, step, "else");
        count->sql += doc_get(&loader->doc, step, "sql") != NULL;
        count->steps += 2;
        count->into += into ? 1 + doc_count(into) : 0;
        if (then)
            count_steps(loader, then, count, nesting + 1);
        if (otherwise)
            count_steps(loader, otherwise, count, nesting + 1);
    }
}

static int find_slot(const struct builder *builder, const char *name, size_t len)
{
    for (int i = 0; i < builder->transaction->n_variables; i++)
        if (strlen(builder->variables[i]) == len && memcmp(builder->variables[i], name, len) == 0)
            return i;
    return -1;
}

static int add_slot(struct builder *builder, const char *name)
{
    builder->variables[builder->transaction->n_variables] = name;
    return builder->transaction->n_variables++;
}

/* --- SQL ------------------------------------------------------------------------------------------------------------
 */

static bool begins_with_word(const char *sql, const char *word)
{
    size_t len = strlen(word);
    return strncasecmp(sql, word, len) == 0 && !expr_is_name((char[]){sql[len], '\0'});
}

/* What cannot be a step, however good it is as SQL. */
static bool check_kind(struct loader *loader, const yaml_node_t *node)
{
    static const char *const brackets[] = {"begin", "start", "commit", "end", "rollback", "abort", "savepoint"};
    const char *sql = doc_text(node) + strspn(doc_text(node), " \t\r\n");
    for (size_t i = 0; i < sizeof brackets / sizeof brackets[0]; i++) {
        if (begins_with_word(sql, brackets[i])) {
            doc_problem(&loader->doc, node, "pgdyno begins and ends the transaction itself; leave `%s` out",
                        brackets[i]);
            return false;
        }
    }
    if (!begins_with_word(sql, "copy"))
        return true;
    doc_problem(&loader->doc, node, "COPY as a step is not supported yet");
    return false;
}

/* One statement, with what is not ours to understand reported. Counts the variables. */
static bool check_sql(struct loader *loader, const yaml_node_t *node, size_t *n_variables)
{
    const char *sql = doc_text(node);
    struct sql_scan scan = {.sql = sql};
    size_t before = loader->problems->count;
    for (struct sql_item item; (item = sqltext_next(&scan)).kind != SQL_END;) {
        if (item.kind == SQL_VARIABLE)
            ++*n_variables;
        else if (item.kind == SQL_NUMBERED)
            doc_problem_in(&loader->doc, node, item.offset, item.len,
                           "write a variable's name, `:name`; pgdyno numbers them");
        else if (item.kind == SQL_UNFINISHED)
            doc_problem_in(&loader->doc, node, item.offset, item.len, "this quote or comment has no end");
        else if (item.offset < sqltext_trimmed(sql))
            doc_problem_in(&loader->doc, node, item.offset, item.len,
                           "a second statement begins after this; list the statements under `steps`");
    }
    return loader->problems->count == before;
}

static void undefined_variable(struct builder *builder, const yaml_node_t *node, const struct sql_item *item)
{
    struct loader *loader = builder->loader;
    size_t n = (size_t)builder->transaction->n_variables;
    const char **names = LOADER_ARRAY(loader, const char *, n + loader->n_params + 1);
    const char *name = arena_strndup(loader->arena, doc_text(node) + item->offset + 1, item->len - 1);
    if (!names || !name) {
        loader->problems->failed = true;
        return;
    }
    for (size_t i = 0; i < builder->n_into_names; i++) {
        if (strcmp(builder->into_names[i], name) == 0) {
            doc_problem_in(&loader->doc, node, item->offset, item->len,
                           "`:%s` is used before the step that keeps it with `into`", name);
            return;
        }
    }
    memcpy(names, builder->variables, n * sizeof *names);
    for (size_t i = 0; i < loader->n_params; i++)
        names[n++] = loader->params[i].name;
    const char *nearest = str_nearest(name, names);
    doc_problem_in(&loader->doc, node, item->offset, item->len,
                   nearest ? "no variable or param `:%s` (did you mean `:%s`?)" : "no variable or param `:%s`", name,
                   nearest);
}

/* A param in SQL is a variable that never changes: a hidden let. */
static int param_slot(struct builder *builder, const char *name, size_t len)
{
    struct loader *loader = builder->loader;
    for (size_t i = 0; i < loader->n_params; i++) {
        const char *param = loader->params[i].name;
        if (strlen(param) != len || memcmp(param, name, len) != 0)
            continue;
        const char *text = arena_printf(loader->arena, ":%s", param);
        struct expr_scope scope = {.params = loader->params, .n_params = loader->n_params};
        const struct program *program = text ? expr_compile(loader->arena, text, &scope) : NULL;
        loader->problems->failed = loader->problems->failed || !program;
        int slot = add_slot(builder, param);
        builder->lets[builder->transaction->n_lets++] = (struct let){slot, program};
        return slot;
    }
    return -1;
}

/* Cut the SQL at its variables: pieces for the simple protocol, $1 … $n for the others. */
static void cut_sql(struct builder *builder, const yaml_node_t *node, struct statement *statement, size_t n_variables)
{
    struct loader *loader = builder->loader;
    const char *sql = statement->text;
    const char **parts = LOADER_ARRAY(loader, const char *, n_variables + 1);
    int *params = LOADER_ARRAY(loader, int, n_variables);
    struct sql_scan scan = {.sql = sql};
    struct str numbered = {0};
    size_t from = 0;
    if (!parts || !params)
        return;
    for (struct sql_item item; (item = sqltext_next(&scan)).kind != SQL_END;) {
        int slot = find_slot(builder, sql + item.offset + 1, item.len - 1);
        if (slot < 0)
            undefined_variable(builder, node, &item);
        parts[statement->n_params] = arena_strndup(loader->arena, sql + from, item.offset - from);
        str_append_n(&numbered, sql + from, item.offset - from);
        params[statement->n_params++] = slot;
        str_printf(&numbered, "$%d", statement->n_params);
        from = item.offset + item.len;
    }
    parts[statement->n_params] = loader_copy(loader, sql + from);
    str_append(&numbered, sql + from);
    statement->sql = loader_copy(loader, str_text(&numbered));
    statement->parts = parts;
    statement->params = params;
    for (int i = 0; i <= statement->n_params; i++)
        loader->problems->failed = loader->problems->failed || numbered.failed || !parts[i];
    str_deinit(&numbered);
}

static struct statement *add_statement(struct builder *builder, const yaml_node_t *node)
{
    struct loader *loader = builder->loader;
    struct transaction *transaction = builder->transaction;
    size_t n_variables = 0;
    if (!loader_wants_text(loader, node, "`sql`") || !check_kind(loader, node) ||
        !check_sql(loader, node, &n_variables))
        return NULL;
    struct statement *statement = &builder->statements[transaction->n_statements++];
    statement->number = transaction->n_statements;
    statement->text = arena_strndup(loader->arena, doc_text(node), sqltext_trimmed(doc_text(node)));
    statement->prepared_name = arena_printf(loader->arena, "%s_%d", transaction->name, statement->number);
    statement->where = loader_where(loader, node);
    if (!statement->text || !statement->prepared_name || !statement->where) {
        loader->problems->failed = true;
        return NULL;
    }
    if (!*statement->text)
        doc_problem(&loader->doc, node, "there is no statement here");
    cut_sql(builder, node, statement, n_variables);
    return statement;
}

/* --- let and into ---------------------------------------------------------------------------------------------------
 */

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
            program = loader_compile(
                loader, value,
                (struct expr_scope){.variables = builder->variables, .n_variables = builder->transaction->n_variables});
        const char *name = loader_copy(loader, doc_text(key));
        if (name)
            builder->lets[builder->transaction->n_lets++] = (struct let){add_slot(builder, name), program};
    }
}

static bool is_into(const struct builder *builder, const char *name)
{
    for (size_t i = 0; i < builder->n_into_names; i++)
        if (strcmp(builder->into_names[i], name) == 0)
            return true;
    return false;
}

static void bind_into_name(struct builder *builder, const yaml_node_t *node, struct statement *statement, int *into)
{
    struct loader *loader = builder->loader;
    if (!loader_wants_name(loader, node, "a variable's name", VARIABLE_MAX))
        return;
    const char *name = loader_copy(loader, doc_text(node));
    if (!name)
        return;
    int slot = find_slot(builder, name, strlen(name));
    if (slot >= 0 && slot < builder->transaction->n_lets) {
        doc_problem(&loader->doc, node, "`%s` is a variable of `let` or a param; a retry needs its first value", name);
        return;
    }
    if (slot < 0)
        slot = add_slot(builder, name);
    for (int i = 0; i < statement->n_into; i++)
        if (into[i] == slot)
            doc_problem(&loader->doc, node, "`%s` is in the list twice", name);
    into[statement->n_into++] = slot;
}

/* A single name or a list. */
static void bind_into(struct builder *builder, const yaml_node_t *node, struct statement *statement)
{
    struct loader *loader = builder->loader;
    size_t count = doc_is_list(node) ? doc_count(node) : 1;
    int *into = LOADER_ARRAY(loader, int, count + 1);
    if (count == 0)
        doc_problem(&loader->doc, node, "`into` needs at least one name");
    if (!into)
        return;
    statement->keep = KEEP_INTO;
    statement->into = into;
    for (size_t i = 0; i < count; i++)
        bind_into_name(builder, doc_is_list(node) ? doc_item(&loader->doc, node, i) : node, statement, into);
}

static void collect_into(struct builder *builder, const yaml_node_t *node)
{
    struct loader *loader = builder->loader;
    size_t count = doc_is_list(node) ? doc_count(node) : doc_is_scalar(node);
    for (size_t i = 0; i < count; i++) {
        const yaml_node_t *name = doc_is_list(node) ? doc_item(&loader->doc, node, i) : node;
        if (doc_is_scalar(name))
            builder->into_names[builder->n_into_names++] = doc_text(name);
    }
}

/* --- steps ----------------------------------------------------------------------------------------------------------
 */

static void bind_steps(struct builder *builder, const yaml_node_t *list, const char *what, int nesting);

static struct step *add_step(struct builder *builder, struct step step)
{
    struct step *added = &builder->steps[builder->transaction->n_steps++];
    *added = step;
    return added;
}

static void bind_if(struct builder *builder, const yaml_node_t *step, const yaml_node_t *condition, int nesting)
{
    struct loader *loader = builder->loader;
    const yaml_node_t *then = doc_get(&loader->doc, step, "then");
    const yaml_node_t *otherwise = doc_get(&loader->doc, step, "else");
    struct step *jump = add_step(builder, (struct step){.kind = STEP_JUMP_UNLESS});
    if (loader_wants_text(loader, condition, "`if`"))
        jump->value = loader_compile(
            loader, condition,
            (struct expr_scope){.variables = builder->variables, .n_variables = builder->transaction->n_variables});
    if (then)
        bind_steps(builder, then, "`then`", nesting + 1);
    else
        doc_problem(&loader->doc, condition, "`if` needs `then`: the steps when it is true");
    jump->target = builder->transaction->n_steps;
    if (!otherwise)
        return;
    struct step *skip = add_step(builder, (struct step){.kind = STEP_JUMP});
    jump->target = builder->transaction->n_steps;
    bind_steps(builder, otherwise, "`else`", nesting + 1);
    skip->target = builder->transaction->n_steps;
}

static void bind_sql(struct builder *builder, const yaml_node_t *sql, const yaml_node_t *into)
{
    struct statement *statement = add_statement(builder, sql);
    if (!statement)
        return;
    if (into)
        bind_into(builder, into, statement);
    add_step(builder, (struct step){.kind = STEP_SQL, .statement = statement->number - 1});
}

static void bind_step(struct builder *builder, const yaml_node_t *step, int nesting)
{
    struct loader *loader = builder->loader;
    if (!loader_wants_map(loader, step, "a step"))
        return;
    schema_check_keys(loader, step, step_keys, "a step");
    const yaml_node_t *sql = doc_get(&loader->doc, step, "sql"), *into = doc_get(&loader->doc, step, "into");
    const yaml_node_t *condition = doc_get(&loader->doc, step, "if");
    if (into && !sql)
        doc_problem(&loader->doc, into, "`into` belongs to a step with `sql`");
    if (sql && condition)
        doc_problem(&loader->doc, step, "a step has either `sql` or `if`; make two of it");
    else if (condition)
        bind_if(builder, step, condition, nesting);
    else if (doc_get(&loader->doc, step, "then") || doc_get(&loader->doc, step, "else"))
        doc_problem(&loader->doc, step, "`then` and `else` belong to a step with `if`");
    else if (sql)
        bind_sql(builder, sql, into);
    else if (doc_count(step) == 0)
        doc_problem(&loader->doc, step, "an empty step; it needs `sql` or `if`");
}

static void bind_steps(struct builder *builder, const yaml_node_t *list, const char *what, int nesting)
{
    struct loader *loader = builder->loader;
    if (!doc_is_list(list) || doc_count(list) == 0) {
        doc_problem(&loader->doc, list, "%s must be a list of steps, each `- sql: …` or `- if: …`", what);
        return;
    }
    if (nesting > NESTING_MAX) {
        doc_problem(&loader->doc, list, "steps are nested more than %d deep", NESTING_MAX);
        return;
    }
    for (size_t i = 0; i < doc_count(list); i++)
        bind_step(builder, doc_item(&loader->doc, list, i), nesting);
}

/* Params get their slots before the first step, so that lets and params come first and `into` after them. */
static void find_params(struct builder *builder, const yaml_node_t *sql)
{
    if (!doc_is_scalar(sql))
        return;
    struct sql_scan scan = {.sql = doc_text(sql)};
    for (struct sql_item item; (item = sqltext_next(&scan)).kind != SQL_END;) {
        const char *name = scan.sql + item.offset + 1;
        char text[VARIABLE_MAX + 1];
        snprintf(text, sizeof text, "%.*s", (int)item.len - 1, name);
        if (item.kind == SQL_VARIABLE && find_slot(builder, name, item.len - 1) < 0 && !is_into(builder, text))
            param_slot(builder, name, item.len - 1);
    }
}

static void look_through(struct builder *builder, const yaml_node_t *list, bool params, int nesting)
{
    struct loader *loader = builder->loader;
    if (!doc_is_list(list) || nesting > NESTING_MAX)
        return;
    for (size_t i = 0; i < doc_count(list); i++) {
        const yaml_node_t *step = doc_item(&loader->doc, list, i);
        if (!doc_is_map(step))
            continue;
        const yaml_node_t *sql = doc_get(&loader->doc, step, "sql"), *into = doc_get(&loader->doc, step, "into");
        const yaml_node_t *then = doc_get(&loader->doc, step, "then");
        const yaml_node_t *otherwise = doc_get(&loader->doc, step, "else");
        if (params && sql)
            find_params(builder, sql);
        else if (!params && into)
            collect_into(builder, into);
        if (then)
            look_through(builder, then, params, nesting + 1);
        if (otherwise)
            look_through(builder, otherwise, params, nesting + 1);
    }
}

/* --- transactions ---------------------------------------------------------------------------------------------------
 */

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

static bool bind_bool(struct loader *loader, const yaml_node_t *node, const char *what)
{
    if (!loader_wants_text(loader, node, what))
        return false;
    bool yes = strcmp(doc_text(node), "true") == 0;
    if (!yes && strcmp(doc_text(node), "false") != 0)
        doc_problem(&loader->doc, node, "%s must be true or false, not `%s`", what, doc_text(node));
    return yes;
}

static bool make_room(struct builder *builder, const yaml_node_t *let, const yaml_node_t *steps)
{
    struct loader *loader = builder->loader;
    struct count count = {.sql = 1, .steps = 1};
    size_t n_lets = (let ? doc_count(let) : 0) + loader->n_params;
    if (steps)
        count_steps(loader, steps, &count, 0);
    builder->variables = LOADER_ARRAY(loader, const char *, n_lets + count.into + 1);
    builder->lets = LOADER_ARRAY(loader, struct let, n_lets + 1);
    builder->statements = LOADER_ARRAY(loader, struct statement, count.sql);
    builder->steps = LOADER_ARRAY(loader, struct step, count.steps);
    builder->into_names = LOADER_ARRAY(loader, const char *, count.into + 1);
    return builder->variables && builder->lets && builder->statements && builder->steps && builder->into_names;
}

static void bind_body(struct builder *builder, const yaml_node_t *key, const yaml_node_t *node)
{
    struct loader *loader = builder->loader;
    const yaml_node_t *let = doc_get(&loader->doc, node, "let"), *sql = doc_get(&loader->doc, node, "sql");
    const yaml_node_t *steps = doc_get(&loader->doc, node, "steps");
    if (!make_room(builder, let, steps))
        return;
    if (let && !doc_is_empty(let))
        bind_lets(builder, let);
    if (sql && steps) {
        doc_problem(&loader->doc, steps, "`sql` and `steps` exclude each other; put the statement into the steps");
    } else if (steps) {
        look_through(builder, steps, false, 0);
        look_through(builder, steps, true, 0);
        bind_steps(builder, steps, "`steps`", 0);
    } else if (sql) {
        find_params(builder, sql);
        bind_sql(builder, sql, NULL);
    } else if (!doc_get(&loader->doc, node, "script")) {
        doc_problem(&loader->doc, key, "the transaction `%s` needs `sql` or `steps`", doc_text(key));
    }
}

static void bind_transaction(struct loader *loader, const yaml_node_t *key, const yaml_node_t *node,
                             struct transaction *transaction)
{
    struct builder builder = {.loader = loader, .transaction = transaction};
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
    bind_body(&builder, key, node);
    transaction->block =
        !(autocommit && bind_bool(loader, autocommit, "`autocommit`")) && transaction->n_statements > 1;
    transaction->variables = builder.variables;
    transaction->lets = builder.lets;
    transaction->statements = builder.statements;
    transaction->steps = builder.steps;
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

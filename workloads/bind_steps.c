/* Nested steps in YAML become a flat list with jumps. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/units.h"
#include "schema.h"
#include "steps.h"

static const yaml_node_t *get(struct builder *builder, const yaml_node_t *map, const char *key)
{
    return doc_get(&builder->loader->doc, map, key);
}

static void add_slot(struct builder *builder, const char *name, size_t len)
{
    builder_add(builder, name, len);
}

static int n_steps(const struct builder *builder)
{
    return builder->transaction->n_steps;
}

/* Append; its index. Without memory it is 0 of an array that exists, or -1. */
static int add_step(struct builder *builder, const yaml_node_t *node, struct step step)
{
    step.where = loader_where(builder->loader, node);
    return builder_step(builder, step) ? n_steps(builder) - 1 : -1;
}

/* A jump that was added before gets its target: what comes next. */
static void land_here(struct builder *builder, int jump)
{
    if (jump >= 0)
        builder->steps[jump].target = n_steps(builder);
}

static const struct program *compile(struct builder *builder, const yaml_node_t *node, const char *what)
{
    if (!loader_wants_text(builder->loader, node, what))
        return NULL;
    return loader_compile(builder->loader, node, builder_scope(builder));
}

/* --- sql ------------------------------------------------------------------------------------------------------------
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
            doc_problem(&loader->doc, node, "pgdyno begins and ends the transaction itself; leave `%s` out%s",
                        brackets[i], strcmp(brackets[i], "rollback") == 0 ? ", or make it `rollback: true`" : "");
            return false;
        }
    }
    if (!begins_with_word(sql, "copy"))
        return true;
    doc_problem(&loader->doc, node,
                "COPY is a step of its own, which makes its rows: `copy: table`, `rows: 100`, "
                "`columns: {name: expression}`");
    return false;
}

static struct statement *add_statement(struct builder *builder, const yaml_node_t *node)
{
    if (!loader_wants_text(builder->loader, node, "`sql`") || !check_kind(builder->loader, node))
        return NULL;
    return builder_statement(builder, &(struct text_origin){.loader = builder->loader, .node = node}, doc_text(node));
}

/* Slots of a single name or a list; how many. */
static int bind_names(struct builder *builder, const yaml_node_t *node, const char *what, const int **out)
{
    struct loader *loader = builder->loader;
    size_t count = doc_is_list(node) ? doc_count(node) : 1;
    int *slots = LOADER_ARRAY(loader, int, count + 1), n = 0;
    if (count == 0)
        doc_problem(&loader->doc, node, "%s needs at least one name", what);
    for (size_t i = 0; slots && i < count; i++) {
        const yaml_node_t *name = doc_is_list(node) ? doc_item(&loader->doc, node, i) : node;
        if (!loader_wants_name(loader, name, "a variable's name", VARIABLE_MAX))
            continue;
        int slot = builder_add(builder, doc_text(name), strlen(doc_text(name)));
        for (int k = 0; k < n; k++)
            if (slots[k] == slot)
                doc_problem(&loader->doc, name, "`%s` is in the list twice", doc_text(name));
        slots[n++] = slot;
    }
    *out = slots;
    return n;
}

/* The steps between here and there, again and again, until the step at `top` jumps behind them. Names that they set
 * are known from the start: the second round sees what the first one set. */
static void bind_loop(struct builder *builder, const yaml_node_t *map, const yaml_node_t *node, const char *what,
                      struct step top, int nesting)
{
    struct loader *loader = builder->loader;
    const yaml_node_t *body = get(builder, map, "do");
    int at = add_step(builder, node, top);
    if (body) {
        steps_names(builder, body, add_slot);
        bind_steps(builder, body, "`do`", nesting + 1);
    } else {
        doc_problem(&loader->doc, map, "`%s` needs `do`: the steps of each round", what);
    }
    add_step(builder, node, (struct step){.kind = STEP_JUMP, .target = at});
    land_here(builder, at);
}

static void bind_each(struct builder *builder, const yaml_node_t *each, int loop, int nesting)
{
    struct loader *loader = builder->loader;
    struct step top = {.kind = STEP_EACH, .loop = loop};
    if (!loader_wants_map(loader, each, "`each`"))
        return;
    schema_check_keys(loader, each, each_keys, "`each`");
    const yaml_node_t *as = get(builder, each, "as");
    if (as)
        top.n_into = bind_names(builder, as, "`as`", &top.into);
    else
        doc_problem(&loader->doc, each, "`each` needs `as`: the variables that take the columns of each row");
    bind_loop(builder, each, each, "each", top, nesting);
}

static void bind_sql(struct builder *builder, const yaml_node_t *step, const yaml_node_t *sql, int nesting)
{
    const yaml_node_t *into = get(builder, step, "into"), *each = get(builder, step, "each");
    struct statement *statement = add_statement(builder, sql), none;
    int number = statement ? statement->number - 1 : 0;
    if (!statement)
        statement = &none; /* its names are known all the same */
    if (into && each)
        doc_problem(&builder->loader->doc, each,
                    "`into` keeps the only row, `each` walks over all; choose one of them");
    if (into) {
        statement->keep = KEEP_INTO;
        statement->n_into = bind_names(builder, into, "`into`", &statement->into);
    } else if (each) {
        statement->keep = KEEP_ROWS;
        statement->loop = builder->transaction->n_loops++;
    }
    add_step(builder, step, (struct step){.kind = STEP_SQL, .statement = number});
    if (each && !into)
        bind_each(builder, each, builder->transaction->n_loops - 1, nesting);
}

void bind_only_sql(struct builder *builder, const yaml_node_t *sql)
{
    const struct statement *statement = add_statement(builder, sql);
    if (statement)
        add_step(builder, sql, (struct step){.kind = STEP_SQL, .statement = statement->number - 1});
}

/* --- copy -----------------------------------------------------------------------------------------------------------
 */

static void append_ident(struct str *out, const char *name)
{
    str_printf(out, "\"%s\"", name);
}

/* The columns' programs; their names go into the statement. */
static bool bind_copy_columns(struct builder *builder, const yaml_node_t *columns, struct copy_rows *copy,
                              struct str *sql)
{
    struct loader *loader = builder->loader;
    if (!loader_wants_map(loader, columns, "`columns`"))
        return false;
    const struct program **values = LOADER_ARRAY(loader, const struct program *, doc_count(columns) + 1);
    if (doc_count(columns) == 0)
        doc_problem(&loader->doc, columns, "`copy` needs at least one column");
    for (size_t i = 0; values && i < doc_count(columns); i++) {
        const yaml_node_t *key = doc_key(&loader->doc, columns, i);
        char what[120];
        snprintf(what, sizeof what, "the column `%.80s`", doc_text(key));
        if (!loader_wants_name(loader, key, "a column's name", VARIABLE_MAX))
            continue;
        str_append(sql, copy->n_values ? ", " : "");
        append_ident(sql, doc_text(key));
        values[copy->n_values++] = compile(builder, doc_value(&loader->doc, columns, i), what);
    }
    copy->values = values;
    return values != NULL;
}

static void bind_copy(struct builder *builder, const yaml_node_t *step, const yaml_node_t *table, int nesting)
{
    (void)nesting;
    struct loader *loader = builder->loader;
    const yaml_node_t *rows = get(builder, step, "rows"), *columns = get(builder, step, "columns");
    struct copy_rows *copy = LOADER_ARRAY(loader, struct copy_rows, 1);
    if (builder->transaction->pipeline)
        doc_problem(&loader->doc, step, "COPY cannot be part of a pipeline; leave out `pipeline: true`");
    if (!rows)
        doc_problem(&loader->doc, table, "`copy` needs `rows`: how many");
    if (!columns)
        doc_problem(&loader->doc, table, "`copy` needs `columns`: {name: expression}");
    if (!copy || !loader_wants_name(loader, table, "the table's name", VARIABLE_MAX) || !rows || !columns)
        return;
    struct str sql = {0};
    str_append(&sql, "COPY ");
    append_ident(&sql, doc_text(table));
    str_append(&sql, " (");
    copy->rows = compile(builder, rows, "`rows`");
    if (bind_copy_columns(builder, columns, copy, &sql)) {
        str_append(&sql, ") FROM STDIN");
        const struct statement *statement =
            builder_statement(builder, &(struct text_origin){.loader = loader, .node = table}, str_text(&sql));
        if (statement)
            add_step(builder, step, (struct step){.kind = STEP_COPY, .statement = statement->number - 1, .copy = copy});
    }
    loader->problems->failed = loader->problems->failed || sql.failed;
    str_deinit(&sql);
}

/* --- if -------------------------------------------------------------------------------------------------------------
 */

/* One branch: unless the condition holds, go behind it. The jump's index. */
static int bind_branch(struct builder *builder, const yaml_node_t *map, const yaml_node_t *condition, const char *what,
                       int nesting)
{
    const yaml_node_t *then = get(builder, map, "then");
    int jump =
        add_step(builder, map, (struct step){.kind = STEP_JUMP_UNLESS, .value = compile(builder, condition, what)});
    if (then)
        bind_steps(builder, then, "`then`", nesting + 1);
    else
        doc_problem(&builder->loader->doc, condition, "%s needs `then`: the steps when it is true", what);
    return jump;
}

/* After a branch that is not the last one: skip the others. Skips are chained by their targets until the end is
 * known. */
static int add_skip(struct builder *builder, const yaml_node_t *node, int unless, int skips)
{
    int skip = add_step(builder, node, (struct step){.kind = STEP_JUMP, .target = skips});
    land_here(builder, unless);
    return skip;
}

static void land_all(struct builder *builder, int skips)
{
    while (skips >= 0) {
        int next = builder->steps[skips].target;
        land_here(builder, skips);
        skips = next;
    }
}

static void bind_if(struct builder *builder, const yaml_node_t *step, const yaml_node_t *condition, int nesting)
{
    struct loader *loader = builder->loader;
    const yaml_node_t *elif = get(builder, step, "elif"), *otherwise = get(builder, step, "else");
    int skips = -1, unless = bind_branch(builder, step, condition, "`if`", nesting);
    if (elif && (!doc_is_list(elif) || doc_count(elif) == 0)) {
        doc_problem(&loader->doc, elif, "`elif` must be a list of `{if: condition, then: [steps]}`");
        elif = NULL;
    }
    for (size_t i = 0; elif && i < doc_count(elif); i++) {
        const yaml_node_t *branch = doc_item(&loader->doc, elif, i);
        if (!loader_wants_map(loader, branch, "each of `elif`"))
            continue;
        schema_check_keys(loader, branch, elif_keys, "`elif`");
        const yaml_node_t *inner = get(builder, branch, "if");
        skips = add_skip(builder, branch, unless, skips);
        unless = -1;
        if (inner)
            unless = bind_branch(builder, branch, inner, "`if`", nesting);
        else
            doc_problem(&loader->doc, branch, "each of `elif` needs `if`: its condition");
    }
    if (otherwise) {
        skips = add_skip(builder, step, unless, skips);
        unless = -1;
        bind_steps(builder, otherwise, "`else`", nesting + 1);
    }
    land_here(builder, unless);
    land_all(builder, skips);
}

/* --- the others -----------------------------------------------------------------------------------------------------
 */

static void bind_set(struct builder *builder, const yaml_node_t *step, const yaml_node_t *map, int nesting)
{
    (void)step;
    (void)nesting;
    struct loader *loader = builder->loader;
    if (!loader_wants_map(loader, map, "`set`"))
        return;
    if (doc_count(map) == 0)
        doc_problem(&loader->doc, map, "`set` needs at least one variable: {name: expression}");
    for (size_t i = 0; i < doc_count(map); i++) {
        const yaml_node_t *key = doc_key(&loader->doc, map, i);
        if (!loader_wants_name(loader, key, "a variable's name", VARIABLE_MAX))
            continue;
        char what[120];
        snprintf(what, sizeof what, "the variable `%.80s`", doc_text(key));
        const struct program *value = compile(builder, doc_value(&loader->doc, map, i), what);
        int slot = builder_add(builder, doc_text(key), strlen(doc_text(key)));
        add_step(builder, key, (struct step){.kind = STEP_SET, .slot = slot, .value = value});
    }
}

static const struct program *constant_program(struct loader *loader, int64_t number)
{
    const char *text = arena_printf(loader->arena, "%lld", (long long)number);
    const struct program *program = text ? expr_compile(loader->arena, text, &(struct expr_scope){0}) : NULL;
    loader->problems->failed = loader->problems->failed || !program;
    return program;
}

/* Meant as a time, however wrong: no operator, variable or call. */
static bool like_time(const char *text)
{
    return strchr("+-.0123456789", *text) &&
           text[strspn(text, "+-.0123456789 abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZµ")] == '\0' &&
           !strpbrk(text + 1, "+-");
}

/* 2ms, or an expression in milliseconds. A bare number would be either. */
static void bind_sleep(struct builder *builder, const yaml_node_t *step, const yaml_node_t *node, int nesting)
{
    (void)nesting;
    struct loader *loader = builder->loader;
    struct step sleep = {.kind = STEP_SLEEP, .unit_ns = 1};
    int64_t ns;
    double number;
    if (!loader_wants_text(loader, node, "`sleep`"))
        return;
    const char *text = doc_text(node);
    if (units_parse_double(text, &number) && number >= 0) {
        doc_problem(&loader->doc, node, "`sleep` needs a unit: `%sms` or `%ss`", text, text);
    } else if (units_parse_duration(text, 1, false, &ns)) {
        sleep.value = constant_program(loader, ns);
    } else if (like_time(text)) {
        doc_problem(&loader->doc, node,
                    "`sleep` must be a time such as 2ms or 1.5s, or an expression in milliseconds, not `%s`", text);
    } else {
        sleep.unit_ns = NS_PER_MS;
        sleep.value = loader_compile(loader, node, builder_scope(builder));
    }
    add_step(builder, step, sleep);
}

static void bind_repeat(struct builder *builder, const yaml_node_t *step, const yaml_node_t *map, int nesting)
{
    struct loader *loader = builder->loader;
    if (!loader_wants_map(loader, map, "`repeat`"))
        return;
    schema_check_keys(loader, map, repeat_keys, "`repeat`");
    const yaml_node_t *times = get(builder, map, "times");
    int loop = builder->transaction->n_loops++;
    if (times)
        add_step(builder, step,
                 (struct step){.kind = STEP_REPEAT, .loop = loop, .value = compile(builder, times, "`times`")});
    else
        doc_problem(&loader->doc, map, "`repeat` needs `times`: how often");
    bind_loop(builder, map, step, "repeat", (struct step){.kind = STEP_ROUND, .loop = loop}, nesting);
}

static void bind_rollback(struct builder *builder, const yaml_node_t *step, const yaml_node_t *node, int nesting)
{
    (void)nesting;
    struct loader *loader = builder->loader;
    if (!doc_is_scalar(node) || doc_is_empty(node) || strcmp(doc_text(node), "true") != 0)
        doc_problem(&loader->doc, node, "write `rollback: true`, or leave the step out");
    else if (builder->autocommit)
        doc_problem(
            &loader->doc, node,
            "`rollback` has nothing to undo: with `autocommit: true` each statement is a transaction of its own");
    add_step(builder, step, (struct step){.kind = STEP_ROLLBACK});
}

/* --- steps ----------------------------------------------------------------------------------------------------------
 */

typedef void bind_step_fn(struct builder *builder, const yaml_node_t *step, const yaml_node_t *node, int nesting);

/* What a step does, and the keys that may stand beside it. */
static const struct {
    const char *key;
    bind_step_fn *bind;
    const char *beside[4];
} kinds[] = {
    {"sql", bind_sql, {"into", "each"}},
    {"copy", bind_copy, {"rows", "columns"}},
    {"if", bind_if, {"then", "elif", "else"}},
    {"set", bind_set, {NULL}},
    {"sleep", bind_sleep, {NULL}},
    {"repeat", bind_repeat, {NULL}},
    {"rollback", bind_rollback, {NULL}},
};

enum {
    N_KINDS = sizeof kinds / sizeof kinds[0]
};

/* Which of the kinds it is; N_KINDS when it is none, or two: reported. */
static size_t kind_of(struct builder *builder, const yaml_node_t *step)
{
    size_t found = N_KINDS;
    for (size_t i = 0; i < N_KINDS; i++) {
        if (!get(builder, step, kinds[i].key))
            continue;
        if (found < N_KINDS) {
            doc_problem(&builder->loader->doc, step, "a step has either `%s` or `%s`; make two of it", kinds[found].key,
                        kinds[i].key);
            return N_KINDS;
        }
        found = i;
    }
    return found;
}

/* Keys that belong to another kind of step. False if there are any. */
static bool check_beside(struct builder *builder, const yaml_node_t *step, size_t kind)
{
    bool good = true;
    for (size_t i = 0; i < N_KINDS; i++) {
        for (const char *const *key = kinds[i].beside; i != kind && *key; key++) {
            const yaml_node_t *node = get(builder, step, *key);
            if (node)
                doc_problem(&builder->loader->doc, node, "`%s` belongs to a step with `%s`", *key, kinds[i].key);
            good = good && !node;
        }
    }
    return good;
}

static void bind_step(struct builder *builder, const yaml_node_t *step, int nesting)
{
    struct loader *loader = builder->loader;
    if (!loader_wants_map(loader, step, "a step"))
        return;
    size_t before = problems_told(loader->problems);
    schema_check_keys(loader, step, step_keys, "a step");
    size_t kind = kind_of(builder, step);
    bool told = problems_told(loader->problems) > before;
    if (kind < N_KINDS) {
        check_beside(builder, step, kind);
        kinds[kind].bind(builder, step, get(builder, step, kinds[kind].key), nesting);
    } else if (!told && check_beside(builder, step, kind)) {
        doc_problem(&loader->doc, step,
                    "an empty step; it needs one of `sql`, `copy`, `if`, `set`, `sleep`, `repeat`, `rollback`");
    }
}

void bind_steps(struct builder *builder, const yaml_node_t *list, const char *what, int nesting)
{
    struct loader *loader = builder->loader;
    if (!doc_is_list(list) || doc_count(list) == 0) {
        doc_problem(&loader->doc, list, "%s must be a list of steps, each `- sql: …` or `- if: …`", what);
        return;
    }
    if (nesting > STEPS_NESTING_MAX) {
        doc_problem(&loader->doc, list, "steps are nested more than %d deep", STEPS_NESTING_MAX);
        return;
    }
    for (size_t i = 0; i < doc_count(list); i++)
        bind_step(builder, doc_item(&loader->doc, list, i), nesting);
}

/* Arrays that grow, slots of variables, and SQL cut at its variables. */
#include "builder.h"

#include <stdio.h>
#include <string.h>

#include "workloads/sqltext.h"

void builder_init(struct builder *builder, struct loader *loader, struct transaction *transaction)
{
    *builder = (struct builder){.loader = loader, .transaction = transaction};
}

void builder_finish(struct builder *builder)
{
    struct transaction *transaction = builder->transaction;
    transaction->variables = builder->variables;
    transaction->lets = builder->lets;
    transaction->statements = builder->statements;
    transaction->steps = builder->steps;
}

/* The array, with room for one more behind `count`; as it was when there is no memory. */
static void *grown(struct builder *builder, void *array, size_t *cap, size_t count, size_t size)
{
    if (count < *cap)
        return array;
    size_t wanted = *cap ? *cap * 2 : 8;
    void *larger = loader_alloc(builder->loader, wanted, size);
    if (!larger)
        return array;
    if (count)
        memcpy(larger, array, count * size);
    *cap = wanted;
    return larger;
}

/* Room for one more behind `count`? */
#define GROW(builder, array, cap, count)                                                                               \
    ((builder)->array =                                                                                                \
         grown((builder), (builder)->array, &(builder)->cap, (size_t)(count), sizeof *(builder)->array),               \
     (size_t)(count) < (builder)->cap)

/* --- variables ------------------------------------------------------------------------------------------------------
 */

static bool is_name(const char *known, const char *name, size_t len)
{
    return strncmp(known, name, len) == 0 && known[len] == '\0';
}

int builder_find(const struct builder *builder, const char *name, size_t len)
{
    for (int i = 0; i < builder->transaction->n_variables; i++)
        if (is_name(builder->variables[i], name, len))
            return i;
    return -1;
}

int builder_add(struct builder *builder, const char *name, size_t len)
{
    struct transaction *transaction = builder->transaction;
    int slot = builder_find(builder, name, len);
    if (slot >= 0)
        return slot;
    const char *copy = loader_copy_n(builder->loader, name, len);
    if (!copy || !GROW(builder, variables, cap_variables, transaction->n_variables))
        return -1;
    builder->variables[transaction->n_variables] = copy;
    return transaction->n_variables++;
}

bool builder_let(struct builder *builder, int slot, const struct program *value)
{
    struct transaction *transaction = builder->transaction;
    if (!GROW(builder, lets, cap_lets, transaction->n_lets))
        return false;
    builder->lets[transaction->n_lets++] = (struct let){slot, value};
    return true;
}

int builder_param(struct builder *builder, const char *name, size_t len)
{
    struct loader *loader = builder->loader;
    size_t i = 0;
    while (i < loader->n_params && !is_name(loader->params[i].name, name, len))
        i++;
    if (i == loader->n_params)
        return -1;
    const char *text = arena_printf(loader->arena, ":%s", loader->params[i].name);
    struct expr_scope scope = {.params = loader->params, .n_params = loader->n_params};
    const struct program *program = text ? expr_compile(loader->arena, text, &scope) : NULL;
    int slot = builder_add(builder, name, len);
    loader->problems->failed = loader->problems->failed || !program;
    return program && slot >= 0 && builder_let(builder, slot, program) ? slot : -1;
}

void builder_later(struct builder *builder, const char *name, size_t len)
{
    for (size_t i = 0; i < builder->n_later; i++)
        if (is_name(builder->later[i], name, len))
            return;
    const char *copy = loader_copy_n(builder->loader, name, len);
    if (copy && GROW(builder, later, cap_later, builder->n_later))
        builder->later[builder->n_later++] = copy;
}

struct expr_scope builder_scope(const struct builder *builder)
{
    return (struct expr_scope){.variables = builder->variables,
                               .n_variables = builder->transaction->n_variables,
                               .later = builder->later,
                               .n_later = builder->n_later};
}

struct step *builder_step(struct builder *builder, struct step step)
{
    struct transaction *transaction = builder->transaction;
    if (!GROW(builder, steps, cap_steps, transaction->n_steps))
        return NULL;
    builder->steps[transaction->n_steps] = step;
    return &builder->steps[transaction->n_steps++];
}

/* --- SQL ------------------------------------------------------------------------------------------------------------
 */

/* One statement, with what is not ours to understand reported. Counts the variables. */
static bool check_sql(const struct text_origin *origin, const char *sql, size_t *n_variables)
{
    struct sql_scan scan = {.sql = sql};
    size_t before = problems_told(origin->loader->problems);
    for (struct sql_item item; (item = sqltext_next(&scan)).kind != SQL_END;) {
        if (item.kind == SQL_VARIABLE)
            ++*n_variables;
        else if (item.kind == SQL_NUMBERED)
            text_problem(origin, item.offset, item.len, "write a variable's name, `:name`; pgdyno numbers them");
        else if (item.kind == SQL_UNFINISHED)
            text_problem(origin, item.offset, item.len, "this quote or comment has no end");
        else if (item.offset < sqltext_trimmed(sql))
            text_problem(origin, item.offset, item.len,
                         "a second statement begins after this; list the statements under `steps`");
    }
    return problems_told(origin->loader->problems) == before;
}

static bool is_later(const struct builder *builder, const char *name)
{
    for (size_t i = 0; i < builder->n_later; i++)
        if (strcmp(builder->later[i], name) == 0)
            return true;
    return false;
}

static void undefined_variable(struct builder *builder, const struct text_origin *origin, const struct sql_item *item,
                               const char *name)
{
    struct loader *loader = builder->loader;
    size_t n = (size_t)builder->transaction->n_variables;
    const char **names = LOADER_ARRAY(loader, const char *, n + loader->n_params + 1);
    char hint[160] = "";
    if (!names || !name)
        return;
    if (is_later(builder, name)) {
        text_problem(origin, item->offset, item->len, "`:%s` is used before the step that sets it", name);
        return;
    }
    if (n)
        memcpy(names, builder->variables, n * sizeof *names);
    for (size_t i = 0; i < loader->n_params; i++)
        names[n++] = loader->params[i].name;
    const char *nearest = str_nearest(name, names);
    if (nearest)
        snprintf(hint, sizeof hint, " (did you mean `:%s`?)", nearest);
    text_problem(origin, item->offset, item->len, "no variable or param `:%s`%s", name, hint);
}

bool cutter_begin(struct cutter *cutter, struct loader *loader, struct statement *statement, size_t most)
{
    *cutter = (struct cutter){.loader = loader,
                              .statement = statement,
                              .parts = LOADER_ARRAY(loader, const char *, most + 1),
                              .params = LOADER_ARRAY(loader, int, most)};
    return cutter->parts && cutter->params;
}

void cutter_param(struct cutter *cutter, size_t offset, size_t len, int slot)
{
    struct statement *statement = cutter->statement;
    const char *before = statement->text + cutter->from;
    cutter->parts[statement->n_params] = loader_copy_n(cutter->loader, before, offset - cutter->from);
    str_append_n(&cutter->numbered, before, offset - cutter->from);
    cutter->params[statement->n_params++] = slot;
    str_printf(&cutter->numbered, "$%d", statement->n_params);
    cutter->from = offset + len;
}

void cutter_end(struct cutter *cutter)
{
    struct statement *statement = cutter->statement;
    struct loader *loader = cutter->loader;
    cutter->parts[statement->n_params] = loader_copy(loader, statement->text + cutter->from);
    str_append(&cutter->numbered, statement->text + cutter->from);
    statement->sql = loader_copy(loader, str_text(&cutter->numbered));
    statement->parts = cutter->parts;
    statement->params = cutter->params;
    loader->problems->failed = loader->problems->failed || cutter->numbered.failed;
    str_deinit(&cutter->numbered);
}

static void cut_sql(struct builder *builder, const struct text_origin *origin, struct statement *statement,
                    size_t n_variables)
{
    struct sql_scan scan = {.sql = statement->text};
    struct cutter cutter;
    if (!cutter_begin(&cutter, builder->loader, statement, n_variables))
        return;
    for (struct sql_item item; (item = sqltext_next(&scan)).kind != SQL_END;) {
        const char *name = statement->text + item.offset + 1;
        int slot = builder_find(builder, name, item.len - 1);
        if (slot < 0)
            undefined_variable(builder, origin, &item, loader_copy_n(builder->loader, name, item.len - 1));
        cutter_param(&cutter, item.offset, item.len, slot);
    }
    cutter_end(&cutter);
}

/* A rewrite's own: a name must not mean two statements in one session. */
static const char *prepared_name(const struct builder *builder, int number)
{
    struct arena *arena = builder->loader->arena;
    const char *transaction = builder->transaction->name;
    return builder->variant ? arena_printf(arena, "%s_%d_v%d", transaction, number, builder->variant)
                            : arena_printf(arena, "%s_%d", transaction, number);
}

struct statement *builder_add_statement(struct builder *builder, const struct text_origin *origin, const char *sql)
{
    struct transaction *transaction = builder->transaction;
    if (!GROW(builder, statements, cap_statements, transaction->n_statements))
        return NULL;
    struct statement *statement = &builder->statements[transaction->n_statements++];
    *statement = (struct statement){.number = transaction->n_statements,
                                    .text = loader_copy_n(builder->loader, sql, sqltext_trimmed(sql)),
                                    .prepared_name = prepared_name(builder, transaction->n_statements),
                                    .where = text_where(origin, 0)};
    if (statement->text && statement->prepared_name && statement->where)
        return statement;
    builder->loader->problems->failed = true;
    return NULL;
}

struct statement *builder_statement(struct builder *builder, const struct text_origin *origin, const char *sql)
{
    size_t n_variables = 0;
    struct statement *statement =
        check_sql(origin, sql, &n_variables) ? builder_add_statement(builder, origin, sql) : NULL;
    if (!statement)
        return NULL;
    if (!*statement->text)
        text_problem(origin, 0, 0, "there is no statement here");
    cut_sql(builder, origin, statement, n_variables);
    return statement;
}

/* A look at the steps before they are bound: which names they set, which params they use. */
#include <string.h>

#include "steps.h"
#include "workloads/sqltext.h"

typedef void step_fn(struct builder *builder, const yaml_node_t *step, void *user);

static const yaml_node_t *get(struct builder *builder, const yaml_node_t *map, const char *key)
{
    return map && doc_is_map(map) ? doc_get(&builder->loader->doc, map, key) : NULL;
}

/* The lists of steps inside a step: `then` of the step itself and of each `elif`, `else`, `do` of its loop. */
static void each_step(struct builder *builder, const yaml_node_t *list, int nesting, step_fn *fn, void *user);

static void each_inner(struct builder *builder, const yaml_node_t *step, int nesting, step_fn *fn, void *user)
{
    static const char *const loops[] = {"each", "repeat"};
    const yaml_node_t *elif = get(builder, step, "elif");
    each_step(builder, get(builder, step, "then"), nesting, fn, user);
    for (size_t i = 0; elif && doc_is_list(elif) && i < doc_count(elif); i++)
        each_step(builder, get(builder, doc_item(&builder->loader->doc, elif, i), "then"), nesting, fn, user);
    each_step(builder, get(builder, step, "else"), nesting, fn, user);
    for (size_t i = 0; i < sizeof loops / sizeof loops[0]; i++)
        each_step(builder, get(builder, get(builder, step, loops[i]), "do"), nesting, fn, user);
}

static void each_step(struct builder *builder, const yaml_node_t *list, int nesting, step_fn *fn, void *user)
{
    if (!list || !doc_is_list(list) || nesting > STEPS_NESTING_MAX)
        return;
    for (size_t i = 0; i < doc_count(list); i++) {
        const yaml_node_t *step = doc_item(&builder->loader->doc, list, i);
        if (!doc_is_map(step))
            continue;
        fn(builder, step, user);
        each_inner(builder, step, nesting + 1, fn, user);
    }
}

/* --- names ----------------------------------------------------------------------------------------------------------
 */

static void tell_name(struct builder *builder, const yaml_node_t *node, step_name_fn *fn)
{
    if (doc_is_scalar(node) && expr_is_name(doc_text(node)))
        fn(builder, doc_text(node), strlen(doc_text(node)));
}

/* A single name or a list. */
static void tell_names(struct builder *builder, const yaml_node_t *node, step_name_fn *fn)
{
    if (node && !doc_is_list(node))
        tell_name(builder, node, fn);
    for (size_t i = 0; node && doc_is_list(node) && i < doc_count(node); i++)
        tell_name(builder, doc_item(&builder->loader->doc, node, i), fn);
}

struct naming {
    step_name_fn *fn;
};

static void names_of_step(struct builder *builder, const yaml_node_t *step, void *user)
{
    const struct naming *naming = user;
    const yaml_node_t *set = get(builder, step, "set");
    tell_names(builder, get(builder, step, "into"), naming->fn);
    tell_names(builder, get(builder, get(builder, step, "each"), "as"), naming->fn);
    for (size_t i = 0; set && doc_is_map(set) && i < doc_count(set); i++)
        tell_name(builder, doc_key(&builder->loader->doc, set, i), naming->fn);
}

void steps_names(struct builder *builder, const yaml_node_t *list, step_name_fn *fn)
{
    each_step(builder, list, 0, names_of_step, &(struct naming){fn});
}

/* --- params ---------------------------------------------------------------------------------------------------------
 */

static bool is_later(const struct builder *builder, const char *name, size_t len)
{
    for (size_t i = 0; i < builder->n_later; i++)
        if (strlen(builder->later[i]) == len && memcmp(builder->later[i], name, len) == 0)
            return true;
    return false;
}

void steps_params_of_sql(struct builder *builder, const yaml_node_t *sql)
{
    if (!doc_is_scalar(sql))
        return;
    struct sql_scan scan = {.sql = doc_text(sql)};
    for (struct sql_item item; (item = sqltext_next(&scan)).kind != SQL_END;) {
        const char *name = scan.sql + item.offset + 1;
        if (item.kind == SQL_VARIABLE && builder_find(builder, name, item.len - 1) < 0 &&
            !is_later(builder, name, item.len - 1))
            builder_param(builder, name, item.len - 1);
    }
}

static void params_of_step(struct builder *builder, const yaml_node_t *step, void *user)
{
    (void)user;
    const yaml_node_t *sql = get(builder, step, "sql");
    if (sql)
        steps_params_of_sql(builder, sql);
}

static void param_of_name(struct builder *builder, const char *name, size_t len)
{
    if (builder_find(builder, name, len) < 0)
        builder_param(builder, name, len);
}

void steps_params(struct builder *builder, const yaml_node_t *list)
{
    steps_names(builder, list, param_of_name);
    each_step(builder, list, 0, params_of_step, NULL);
}

static void count_step(struct builder *builder, const yaml_node_t *step, void *user)
{
    (void)builder;
    (void)step;
    ++*(size_t *)user;
}

size_t steps_count(struct builder *builder, const yaml_node_t *list)
{
    size_t count = 0;
    each_step(builder, list, 0, count_step, &count);
    return count;
}

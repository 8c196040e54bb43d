/* params, sources and tables. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "bind_script.h"
#include "schema.h"

enum {
    IDENTIFIER_MAX = 63,
    COLUMNS_MAX = 1600 /* PostgreSQL's */
};

/* --- params ---------------------------------------------------------------------------------------------------------
 */

/* From the command line a number, true, false or null is that; anything else is text, as pgbench takes -D. */
static struct value literal(const char *text)
{
    struct value value = {.type = VALUE_INT};
    if (units_parse_int(text, &value.integer))
        return value;
    value.type = VALUE_DOUBLE;
    if (units_parse_double(text, &value.real))
        return value;
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
        return (struct value){.type = VALUE_BOOL, .boolean = *text == 't'};
    if (strcmp(text, "null") == 0)
        return (struct value){.type = VALUE_NULL};
    value = (struct value){.type = VALUE_TEXT};
    value.text.data = text;
    value.text.len = strlen(text);
    return value;
}

static const struct override *find_override(const struct loader *loader, const char *name)
{
    const struct override *found = NULL;
    for (size_t i = 0; i < loader->n_overrides; i++)
        if (str_starts_with(loader->overrides[i].key, "params.") &&
            strcmp(loader->overrides[i].key + strlen("params."), name) == 0)
            found = &loader->overrides[i]; /* the last one wins */
    return found;
}

static bool has_param(const struct loader *loader, const char *name)
{
    for (size_t i = 0; i < loader->n_params; i++)
        if (strcmp(loader->params[i].name, name) == 0)
            return true;
    return false;
}

/* With scripts of the command line, -D defines a variable of theirs, as for pgbench. */
static void define_for_scripts(struct loader *loader)
{
    for (size_t i = 0; i < loader->n_overrides; i++) {
        const struct override *override = &loader->overrides[i];
        const char *name = override->key + strlen("params.");
        if (!str_starts_with(override->key, "params.") || has_param(loader, name) || !expr_is_name(name))
            continue;
        const char *value = loader_copy(loader, find_override(loader, name)->value);
        if (value)
            loader->params[loader->n_params++] = (struct expr_param){loader_copy(loader, name), literal(value)};
    }
}

static void check_overrides(struct loader *loader)
{
    for (size_t i = 0; i < loader->n_overrides; i++) {
        const struct override *override = &loader->overrides[i];
        if (!str_starts_with(override->key, "params."))
            continue;
        const char *name = override->key + strlen("params.");
        const char **names = LOADER_ARRAY(loader, const char *, loader->n_params + 1);
        bool known = false;
        struct str list = {0};
        for (size_t k = 0; names && k < loader->n_params; k++) {
            names[k] = loader->params[k].name;
            known = known || strcmp(names[k], name) == 0;
            str_printf(&list, "%s`%s`", k > 0 ? ", " : "", names[k]);
        }
        char hint[160];
        if (!known && names)
            loader_problem(loader, (struct origin){.option = override->option},
                           "the workload has no param `%s`%s; it has %s", name,
                           loader_hint(hint, sizeof hint, name, names), list.len ? str_text(&list) : "none");
        str_deinit(&list);
    }
}

static bool is_number(const struct value *value)
{
    return value->type == VALUE_INT || value->type == VALUE_DOUBLE || value->type == VALUE_NUMERIC;
}

/* What the command line gives has the type of what it replaces: 5 for a text is '5', and a text for a number is a
 * mistake. NULL fits everywhere, and everything fits where NULL was. */
static struct value given_value(struct loader *loader, const struct override *override, const struct value *instead)
{
    const char *text = loader_copy(loader, override->value);
    struct value value = text ? literal(text) : *instead;
    const char *name = override->key + strlen("params.");
    struct origin origin = {.option = override->option};
    if (text && instead->type == VALUE_TEXT && value.type != VALUE_NULL) {
        value = (struct value){.type = VALUE_TEXT};
        value.text.data = text;
        value.text.len = strlen(text);
    } else if (is_number(instead) && !is_number(&value) && value.type != VALUE_NULL) {
        loader_problem(loader, origin, "the param `%s` is a number, and `%s` is none", name, override->value);
    } else if (instead->type == VALUE_BOOL && value.type != VALUE_BOOL && value.type != VALUE_NULL) {
        loader_problem(loader, origin, "the param `%s` is true or false, not `%s`", name, override->value);
    }
    return value;
}

static void bind_param(struct loader *loader, const yaml_node_t *key, const yaml_node_t *node)
{
    struct expr_param param = {.value = {.type = VALUE_NULL}};
    char what[120];
    if (!loader_wants_name(loader, key, "a param's name", IDENTIFIER_MAX))
        return;
    snprintf(what, sizeof what, "the param `%.80s`", doc_text(key));
    if (!loader_wants_text(loader, node, what))
        return;
    const struct program *program = loader_compile(loader, node, (struct expr_scope){.constant = true});
    const struct override *override = find_override(loader, doc_text(key));
    param.name = loader_copy(loader, doc_text(key));
    if (program)
        program_constant(program, &param.value);
    if (override)
        param.value = given_value(loader, override, &param.value);
    if (param.name)
        loader->params[loader->n_params++] = param;
}

void bind_params(struct loader *loader, const yaml_node_t *node)
{
    size_t count = node && !doc_is_empty(node) && loader_wants_map(loader, node, "`params`") ? doc_count(node) : 0;
    loader->params = LOADER_ARRAY(loader, struct expr_param, count + loader->n_overrides);
    if (!loader->params)
        return;
    for (size_t i = 0; i < count; i++)
        bind_param(loader, doc_key(&loader->doc, node, i), doc_value(&loader->doc, node, i));
    if (scripts_given(loader) > 0)
        define_for_scripts(loader);
    check_overrides(loader);
}

/* --- sources and tables: names first, so that expressions may refer to any of them
 * ------------------------------------ */

static struct relation *add_relation(struct loader *loader, struct table_spec *spec, const char *name)
{
    spec->name = loader_copy(loader, name);
    spec->key = str_hash(name, strlen(name));
    spec->seed = loader->workload->measure.seed;
    if (!spec->name)
        return NULL;
    struct relation *relation = &loader->relations[loader->n_relations];
    relation->spec = spec;
    loader->specs[loader->n_relations++] = spec;
    return relation;
}

/* Room for `more` relations behind those that are there. */
static bool grow_relations(struct loader *loader, size_t more)
{
    struct relation *relations = LOADER_ARRAY(loader, struct relation, loader->n_relations + more);
    const struct table_spec **specs = LOADER_ARRAY(loader, const struct table_spec *, loader->n_relations + more);
    if (!relations || !specs)
        return false;
    for (size_t i = 0; i < loader->n_relations; i++) {
        relations[i] = loader->relations[i];
        specs[i] = loader->specs[i];
    }
    loader->relations = relations;
    loader->specs = specs;
    return true;
}

static bool open_source(struct loader *loader, const yaml_node_t *node, struct csv_source **out)
{
    struct err err;
    char path[4096];
    if (!loader_wants_text(loader, node, "a source's path"))
        return false;
    loader_path(loader, doc_text(node), path, sizeof path);
    bool ok = csv_source_open(path, out, &err);
    if (!ok)
        doc_problem(&loader->doc, node, "%s%s%s", err.where, err.where[0] ? ": " : "", err.text);
    return ok;
}

static void name_source_columns(struct loader *loader, struct table_spec *spec)
{
    spec->columns = LOADER_ARRAY(loader, struct column_spec, spec->source->n_columns);
    spec->n_columns = spec->columns ? spec->source->n_columns : 0;
    for (size_t i = 0; i < spec->n_columns; i++)
        spec->columns[i].name = spec->source->columns[i];
}

/* One that cannot be read is declared all the same, without columns: its uses are not mistakes of their own. */
static void bind_source(struct loader *loader, const yaml_node_t *key, const yaml_node_t *node, struct table_spec *spec)
{
    struct workload *workload = loader->workload;
    struct csv_source *source;
    if (!loader_wants_name(loader, key, "a source's name", IDENTIFIER_MAX))
        return;
    struct relation *relation = add_relation(loader, spec, doc_text(key));
    if (!relation)
        return;
    relation->state = ROWS_BAD;
    if (!open_source(loader, node, &source))
        return;
    workload->sources[workload->n_sources++] = source;
    spec->source = source;
    spec->rows = source->rows;
    name_source_columns(loader, spec);
    relation->state = ROWS_FOUND;
}

void bind_sources(struct loader *loader, const yaml_node_t *node)
{
    if (doc_is_empty(node) || !loader_wants_map(loader, node, "`sources`"))
        return;
    size_t count = doc_count(node);
    struct table_spec *specs = LOADER_ARRAY(loader, struct table_spec, count);
    loader->workload->sources = LOADER_ARRAY(loader, struct csv_source *, count);
    if (!specs || !loader->workload->sources || !grow_relations(loader, count))
        return;
    for (size_t i = 0; i < count; i++)
        bind_source(loader, doc_key(&loader->doc, node, i), doc_value(&loader->doc, node, i), &specs[i]);
}

/* The sources stand before the tables; a table that stands twice is told as a key that does. */
static bool is_source(const struct loader *loader, const char *name)
{
    for (size_t i = 0; i + loader->workload->n_tables < loader->n_relations; i++)
        if (strcmp(loader->specs[i]->name, name) == 0)
            return true;
    return false;
}

static void name_columns(struct loader *loader, struct table_spec *spec, const yaml_node_t *columns)
{
    if (!loader_wants_map(loader, columns, "`columns`"))
        return;
    if (doc_count(columns) == 0)
        doc_problem(&loader->doc, columns, "a table needs at least one column");
    if (doc_count(columns) > COLUMNS_MAX) {
        doc_problem(&loader->doc, columns, "a table can have at most %d columns in PostgreSQL, not %zu", COLUMNS_MAX,
                    doc_count(columns));
        return;
    }
    spec->columns = LOADER_ARRAY(loader, struct column_spec, doc_count(columns));
    for (size_t i = 0; spec->columns && i < doc_count(columns); i++) {
        const yaml_node_t *key = doc_key(&loader->doc, columns, i);
        loader_wants_name(loader, key, "a column's name", IDENTIFIER_MAX);
        spec->columns[i].name = loader_copy(loader, doc_text(key));
        spec->columns[i].make = program_column;
        loader_place(loader, &spec->columns[i], key);
        spec->n_columns += spec->columns[i].name != NULL;
    }
}

static void name_table(struct loader *loader, const yaml_node_t *key, const yaml_node_t *node)
{
    struct workload *workload = loader->workload;
    char what[100];
    if (!loader_wants_name(loader, key, "a table's name", IDENTIFIER_MAX))
        return;
    snprintf(what, sizeof what, "the table `%.70s`", doc_text(key));
    if (is_source(loader, doc_text(key)))
        doc_problem(&loader->doc, key, "`%s` is a source already", doc_text(key));
    if (!loader_wants_map(loader, node, what))
        return;
    schema_check_keys(loader, node, table_keys, "a table");
    struct relation *relation = add_relation(loader, &workload->tables[workload->n_tables++], doc_text(key));
    if (!relation)
        return;
    relation->rows_node = doc_get(&loader->doc, node, "rows");
    relation->columns_node = doc_get(&loader->doc, node, "columns");
    loader_place(loader, relation->spec, key);
    if (!relation->rows_node)
        doc_problem(&loader->doc, key, "%s needs `rows`: how many", what);
    if (relation->columns_node)
        name_columns(loader, relation->spec, relation->columns_node);
    else
        doc_problem(&loader->doc, key, "%s needs `columns`", what);
}

/* --- rows and columns ------------------------------------------------------------------------------------------------
 */

static bool rows_of_value(struct loader *loader, const yaml_node_t *node, const struct value *value, int64_t *out)
{
    double real = value->type == VALUE_INT       ? (double)value->integer
                  : value->type == VALUE_NUMERIC ? numeric_double(value->numeric)
                                                 : value->real;
    bool follows = value->type == VALUE_NULL && loader->problems->count > 0; /* from a param that was reported */
    if (follows)
        return false;
    if (!is_number(value))
        doc_problem(&loader->doc, node, "`rows` must be a number, not %s", value_type_name(value->type));
    else if (!(real >= 0))
        doc_problem(&loader->doc, node, "`rows` must not be negative; it is %g", real);
    else if (real > 1e12)
        doc_problem(&loader->doc, node, "`rows` must be at most 10^12; it is %g", real);
    else
        return *out = value->type == VALUE_INT ? value->integer : llrint(real), true;
    return false;
}

bool loader_rows(struct loader *loader, struct relation *relation, int64_t *out)
{
    const yaml_node_t *node = relation->rows_node;
    struct value value;
    if (relation->state == ROWS_BEING_FOUND) {
        doc_problem(&loader->doc, node, "the number of rows of `%s` depends on itself", relation->spec->name);
        relation->state = ROWS_BAD;
    }
    if (relation->state == ROWS_UNKNOWN) {
        relation->state = ROWS_BEING_FOUND;
        const struct program *program = NULL;
        if (loader->rows_links++ == LINKS_MAX)
            doc_problem(&loader->doc, node, "more than %d tables take their number of rows from each other", LINKS_MAX);
        else if (node && loader_wants_text(loader, node, "`rows`"))
            program = loader_compile(loader, node, (struct expr_scope){.constant = true});
        loader->rows_links--;
        if (program && program_constant(program, &value) &&
            rows_of_value(loader, node, &value, &relation->spec->rows) && relation->state == ROWS_BEING_FOUND)
            relation->state = ROWS_FOUND;
        else
            relation->state = ROWS_BAD;
    }
    *out = relation->spec->rows;
    return relation->state == ROWS_FOUND;
}

static void compile_columns(struct loader *loader, const struct relation *relation)
{
    struct table_spec *spec = relation->spec;
    for (size_t i = 0; i < spec->n_columns; i++) {
        const yaml_node_t *node = doc_value(&loader->doc, relation->columns_node, i);
        char what[160];
        snprintf(what, sizeof what, "the column `%.70s`", spec->columns[i].name);
        if (loader_wants_text(loader, node, what))
            spec->columns[i].program = loader_compile(loader, node, (struct expr_scope){.row = spec});
    }
}

void bind_tables(struct loader *loader, const yaml_node_t *node)
{
    if (doc_is_empty(node) || !loader_wants_map(loader, node, "`tables`"))
        return;
    size_t first = loader->n_relations, count = doc_count(node);
    loader->workload->tables = LOADER_ARRAY(loader, struct table_spec, count);
    if (!loader->workload->tables || !grow_relations(loader, count))
        return;
    for (size_t i = 0; i < count; i++)
        name_table(loader, doc_key(&loader->doc, node, i), doc_value(&loader->doc, node, i));
    for (size_t i = first; i < loader->n_relations; i++) {
        int64_t rows;
        loader_rows(loader, &loader->relations[i], &rows);
    }
    for (size_t i = first; i < loader->n_relations; i++)
        compile_columns(loader, &loader->relations[i]);
}

/* variants and checks. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "schema.h"
#include "steps.h"
#include "workloads/sqltext.h"

enum {
    IDENTIFIER_MAX = 63
};

static bool is_variant_name(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.");
    return len > 0 && name[len] == '\0' && *name != '-' && *name != '.' && len <= IDENTIFIER_MAX;
}

/* --- indexes --------------------------------------------------------------------------------------------------------
 */

static bool is_table(const struct loader *loader, const char *name)
{
    for (size_t i = 0; i < loader->workload->n_tables; i++)
        if (strcmp(loader->workload->tables[i].name, name) == 0)
            return true;
    return false;
}

/* An identifier from the variant's name; tables and indexes share their names, so a table's is not used again. */
static const char *index_name(struct loader *loader, const char *variant, size_t number, size_t count)
{
    char suffix[32] = "", base[IDENTIFIER_MAX + 1];
    if (count > 1)
        snprintf(suffix, sizeof suffix, "_%zu", number);
    snprintf(base, sizeof base, "%s%.*s", isdigit((unsigned char)*variant) ? "i" : "",
             (int)(IDENTIFIER_MAX - 1 - strlen(suffix)), variant);
    for (char *c = base; *c; c++)
        *c = isalnum((unsigned char)*c) ? (char)tolower((unsigned char)*c) : '_';
    if (count == 1 && is_table(loader, base))
        snprintf(suffix, sizeof suffix, "_idx");
    const char *name = arena_printf(loader->arena, "%.*s%s", (int)(IDENTIFIER_MAX - strlen(suffix)), base, suffix);
    loader->problems->failed = loader->problems->failed || !name;
    return name;
}

/* "tasks (status)": one definition, without what pgdyno writes itself. */
static bool check_definition(struct loader *loader, const yaml_node_t *node)
{
    if (!loader_wants_text(loader, node, "`index`"))
        return false;
    const char *text = doc_text(node);
    if (strncasecmp(text, "create", 6) == 0 && !isalnum((unsigned char)text[6])) {
        doc_problem(&loader->doc, node, "write only what follows ON, e.g. `tasks (status, priority)`");
        return false;
    }
    if (!strchr(text, '(')) {
        doc_problem(&loader->doc, node, "an index needs its columns, e.g. `tasks (status, priority)`");
        return false;
    }
    struct sql_scan scan = {.sql = text};
    for (struct sql_item item; (item = sqltext_next(&scan)).kind != SQL_END;) {
        if (item.kind == SQL_VARIABLE)
            continue;
        doc_problem_in(&loader->doc, node, item.offset, item.len, "one index definition, without a semicolon");
        return false;
    }
    return true;
}

static void bind_indexes(struct loader *loader, const yaml_node_t *node, struct variant *variant)
{
    size_t count = doc_is_list(node) ? doc_count(node) : 1;
    struct index_spec *indexes = LOADER_ARRAY(loader, struct index_spec, count);
    if (count == 0)
        doc_problem(&loader->doc, node, "`index` needs at least one definition");
    if (!indexes)
        return;
    variant->indexes = indexes;
    for (size_t i = 0; i < count; i++) {
        const yaml_node_t *item = doc_is_list(node) ? doc_item(&loader->doc, node, i) : node;
        if (!check_definition(loader, item))
            continue;
        const char *definition = loader_copy(loader, doc_text(item));
        loader_place(loader, definition, item);
        indexes[variant->n_indexes++] =
            (struct index_spec){index_name(loader, variant->name, i + 1, count), definition};
    }
}

/* --- variants -------------------------------------------------------------------------------------------------------
 */

/* One line of SQL for people: white space made single, cut when long. */
static void append_line(struct str *out, const char *sql)
{
    size_t start = out->len;
    for (const char *c = sql; *c && out->len - start < 80; c++) {
        bool space = isspace((unsigned char)*c);
        if (!space)
            str_append_char(out, *c);
        else if (out->len > start && out->data[out->len - 1] != ' ')
            str_append_char(out, ' ');
    }
    while (out->len > start && out->data[out->len - 1] == ' ')
        out->data[--out->len] = '\0';
}

static void describe_pool(struct loader *loader, const yaml_node_t *pool, struct str *about)
{
    for (size_t i = 0; i < doc_count(pool); i++) {
        const yaml_node_t *value = doc_value(&loader->doc, pool, i);
        if (doc_is_scalar(value))
            str_printf(about, "%s%s: %s", about->len ? "; " : "", doc_text(doc_key(&loader->doc, pool, i)),
                       doc_text(value));
    }
}

/* One line of all that the variant changes. */
static const char *describe(struct loader *loader, const struct variant *variant, const yaml_node_t *node)
{
    const yaml_node_t *pool = doc_is_map(node) ? doc_get(&loader->doc, node, "pool") : NULL;
    const yaml_node_t *rewrites = doc_is_map(node) ? doc_get(&loader->doc, node, "transactions") : NULL;
    struct str about = {0};
    for (size_t i = 0; i < variant->n_indexes; i++) {
        str_append(&about, about.len ? "; index " : "index ");
        str_append(&about, variant->indexes[i].definition);
    }
    const yaml_node_t *file = doc_is_map(node) ? doc_get(&loader->doc, node, "apply_file") : NULL;
    if (variant->apply) {
        str_append(&about, about.len ? "; " : "");
        append_line(&about, file ? doc_text(file) : variant->apply);
    }
    for (size_t i = 0; i < variant->n_settings; i++)
        str_printf(&about, "%s%s = %s", about.len ? "; " : "", variant->settings[i].name, variant->settings[i].value);
    if (pool && doc_is_map(pool))
        describe_pool(loader, pool, &about);
    if (rewrites)
        describe_rewrites(loader, rewrites, &about);
    const char *copy = loader_copy(loader, about.len ? str_text(&about) : "as the schema leaves it");
    loader->problems->failed = loader->problems->failed || about.failed;
    str_deinit(&about);
    return copy;
}

/* SQL in its place, or from a file. */
static const char *bind_sql_text(struct loader *loader, const yaml_node_t *map, const char *key, const yaml_node_t **at)
{
    char file_key[24], what[32];
    snprintf(file_key, sizeof file_key, "%s_file", key);
    const yaml_node_t *text = doc_get(&loader->doc, map, key), *file = doc_get(&loader->doc, map, file_key);
    *at = text ? text : file;
    if (text && file) {
        doc_problem(&loader->doc, file, "`%s` and `%s` exclude each other", key, file_key);
        return NULL;
    }
    snprintf(what, sizeof what, "`%s`", file ? file_key : key);
    if (file)
        return loader_sql_file(loader, file, what);
    const char *sql = text && loader_wants_text(loader, text, what) ? loader_copy(loader, doc_text(text)) : NULL;
    if (sql)
        loader_place(loader, sql, text);
    return sql;
}

static void bind_change(struct loader *loader, const yaml_node_t *map, struct variant *variant)
{
    const yaml_node_t *apply, *revert;
    variant->apply = bind_sql_text(loader, map, "apply", &apply);
    variant->revert = bind_sql_text(loader, map, "revert", &revert);
    if (!apply != !revert)
        doc_problem(&loader->doc, apply ? apply : revert,
                    "`%s` needs `%s` or `%s_file`: the next variant must find the schema as it was",
                    apply ? "apply" : "revert", apply ? "revert" : "apply", apply ? "revert" : "apply");
}

static void bind_variant(struct loader *loader, const yaml_node_t *key, const yaml_node_t *node, int place,
                         struct variant *variant)
{
    *variant = (struct variant){.name = loader_copy(loader, doc_text(key)),
                                .pool = loader->workload->pool,
                                .transactions = loader->workload->transactions,
                                .total_weight = loader->workload->total_weight};
    char what[120];
    snprintf(what, sizeof what, "the variant `%.80s`", doc_text(key));
    if (!is_variant_name(doc_text(key)))
        doc_problem(&loader->doc, key, "a variant's name must be of letters, digits, `_`, `-` and `.`, at most %d",
                    IDENTIFIER_MAX);
    else if (!doc_is_empty(node) && loader_wants_map(loader, node, what)) {
        schema_check_keys(loader, node, variant_keys, "a variant");
        const yaml_node_t *index = doc_get(&loader->doc, node, "index");
        const yaml_node_t *settings = doc_get(&loader->doc, node, "settings");
        const yaml_node_t *rewrites = doc_get(&loader->doc, node, "transactions");
        const yaml_node_t *pool = doc_get(&loader->doc, node, "pool");
        if (pool) {
            schema_bind_pool(loader, pool, &variant->pool);
            check_habits(loader, (struct origin){.node = pool}, &variant->pool, &loader->workload->pool);
        }
        if (index)
            bind_indexes(loader, index, variant);
        if (settings)
            bind_settings(loader, settings, "`settings`", &variant->settings, &variant->n_settings);
        if (rewrites)
            bind_rewrites(loader, rewrites, place, variant);
        bind_change(loader, node, variant);
    }
    if (variant->name)
        variant->about = describe(loader, variant, node);
}

/* Keep the variants that the command line names, in the file's order. */
static void select_variants(struct loader *loader, const struct override *override, struct variant *variants)
{
    struct workload *workload = loader->workload;
    size_t count = workload->n_variants, kept = 0;
    const char **names = LOADER_ARRAY(loader, const char *, count + 1);
    bool *wanted = LOADER_ARRAY(loader, bool, count + 1);
    char *list = arena_strdup(loader->arena, override->value);
    if (!names || !wanted || !list)
        return;
    for (size_t i = 0; i < count; i++)
        names[i] = variants[i].name;
    for (char *name; (name = strsep(&list, ",")) != NULL;) {
        size_t i = 0;
        name += strspn(name, " ");
        while (i < count && strcmp(names[i], name) != 0)
            i++;
        wanted[i] = true;
        if (i < count)
            continue;
        char hint[160];
        struct str all = {0};
        for (size_t k = 0; k < count; k++)
            str_printf(&all, "%s%s", k ? ", " : "", names[k]);
        loader_problem(loader, (struct origin){.option = override->option}, "no variant `%s`%s; there are %s", name,
                       loader_hint(hint, sizeof hint, name, names), str_text(&all));
        str_deinit(&all);
    }
    for (size_t i = 0; i < count; i++)
        if (wanted[i])
            variants[kept++] = variants[i];
    workload->n_variants = kept;
}

void bind_variants(struct loader *loader, const yaml_node_t *node)
{
    struct workload *workload = loader->workload;
    size_t count = 0;
    if (node && !doc_is_empty(node) && loader_wants_map(loader, node, "`variants`"))
        count = doc_count(node);
    struct variant *variants = LOADER_ARRAY(loader, struct variant, count + 1);
    if (!variants)
        return;
    for (size_t i = 0; i < count; i++)
        bind_variant(loader, doc_key(&loader->doc, node, i), doc_value(&loader->doc, node, i), (int)i + 1,
                     &variants[i]);
    if (count == 0)
        variants[0] = (struct variant){.name = "none",
                                       .about = "as the schema leaves it",
                                       .pool = workload->pool,
                                       .transactions = workload->transactions,
                                       .total_weight = workload->total_weight};
    workload->variants = variants;
    workload->n_variants = count ? count : 1;
    for (size_t i = 0; i < loader->n_overrides && !loader->problems->failed; i++)
        if (strcmp(loader->overrides[i].key, "variants") == 0)
            select_variants(loader, &loader->overrides[i], variants);
}

/* --- checks ---------------------------------------------------------------------------------------------------------
 */

static void append_literal(struct str *out, const struct value *value)
{
    char buf[VALUE_TEXT_MAX];
    const char *data = buf;
    if (value->type == VALUE_NULL) {
        str_append(out, "NULL");
        return;
    }
    size_t len = value_text(value, buf, &data);
    bool quoted = value->type == VALUE_TEXT || value->type == VALUE_TIMESTAMP || value->type == VALUE_DATE ||
                  value->type == VALUE_INTERVAL;
    str_append(out, quoted ? "'" : "");
    for (size_t i = 0; i < len; i++)
        str_printf(out, quoted && data[i] == '\'' ? "'%c" : "%c", data[i]);
    str_append(out, quoted ? "'" : "");
}

static const struct expr_param *find_param(const struct loader *loader, const char *name, size_t len)
{
    for (size_t i = 0; i < loader->n_params; i++)
        if (strlen(loader->params[i].name) == len && memcmp(loader->params[i].name, name, len) == 0)
            return &loader->params[i];
    return NULL;
}

/* One statement; params are written into it. */
static const char *check_sql(struct loader *loader, const yaml_node_t *node)
{
    const char *sql = doc_text(node);
    struct sql_scan scan = {.sql = sql};
    struct str out = {0};
    size_t from = 0, end = sqltext_trimmed(sql);
    for (struct sql_item item; (item = sqltext_next(&scan)).kind != SQL_END && item.offset < end;) {
        const struct expr_param *param = find_param(loader, sql + item.offset + 1, item.len - 1);
        if (item.kind != SQL_VARIABLE) {
            doc_problem_in(&loader->doc, node, item.offset, item.len,
                           "a check is one statement, with nothing unfinished");
        } else if (!param) {
            doc_problem_in(&loader->doc, node, item.offset, item.len, "no param `%.*s`", (int)item.len,
                           sql + item.offset);
        } else {
            str_append_n(&out, sql + from, item.offset - from);
            append_literal(&out, &param->value);
            from = item.offset + item.len;
        }
    }
    str_append_n(&out, sql + from, end - from);
    const char *copy = loader_copy(loader, str_text(&out));
    loader->problems->failed = loader->problems->failed || out.failed;
    str_deinit(&out);
    return copy;
}

void bind_checks(struct loader *loader, const yaml_node_t *node)
{
    struct workload *workload = loader->workload;
    if (doc_is_empty(node) || !loader_wants_map(loader, node, "`checks`"))
        return;
    struct check *checks = LOADER_ARRAY(loader, struct check, doc_count(node));
    if (!checks)
        return;
    workload->checks = checks;
    for (size_t i = 0; i < doc_count(node); i++) {
        const yaml_node_t *key = doc_key(&loader->doc, node, i), *value = doc_value(&loader->doc, node, i);
        if (loader_wants_name(loader, key, "a check's name", IDENTIFIER_MAX) &&
            loader_wants_text(loader, value, "a check")) {
            loader_place(loader, &checks[workload->n_checks], value);
            checks[workload->n_checks++] = (struct check){loader_copy(loader, doc_text(key)), check_sql(loader, value)};
        }
    }
}

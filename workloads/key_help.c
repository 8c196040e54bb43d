/* The rows of keys, for people. */
#include <stdio.h>
#include <string.h>

#include "schema.h"

/* --- The maps of the file ----------------------------------------------------------------------------------------- */

static bool known(const struct key_group *groups, size_t count, const struct key *keys)
{
    for (size_t i = 0; i < count; i++)
        if (groups[i].keys == keys)
            return true;
    return false;
}

size_t schema_groups(struct key_group groups[KEY_GROUPS_MAX])
{
    size_t count = 1;
    groups[0] = (struct key_group){top_keys, NULL, -1};
    for (size_t i = 0; i < count; i++)
        for (const struct key *key = groups[i].keys; key->name; key++)
            if (key->keys && key->kind != KEY_LATER && !known(groups, count, key->keys) && count < KEY_GROUPS_MAX)
                groups[count++] = (struct key_group){key->keys, key, (int)i};
    return count;
}

/* "tables: NAME:"; what stands deeper than the file's own keys says in what, unless it can be in several. */
static void name_place(const struct key_group *groups, size_t group, char *buf, size_t size)
{
    const struct key *owner = groups[group].owner;
    char outer[80] = "";
    buf[0] = '\0';
    if (!owner)
        return;
    if (owner->keys == rewrite_keys || owner->keys == step_keys)
        name_place(groups, (size_t)groups[group].outer, outer, sizeof outer);
    snprintf(buf, size, "%.40s%s%s:%s", outer, *outer ? " " : "", owner->name,
             owner->form == FORM_MAPS   ? " NAME:"
             : owner->form == FORM_LIST ? " -"
                                        : "");
}

/* --- One key ------------------------------------------------------------------------------------------------------ */

static const char *values_of_kind(enum key_kind kind)
{
    static const char *const values[] = {
        [KEY_TEXT] = "text",
        [KEY_INT] = "a whole number",
        [KEY_SEED] = "a whole number",
        [KEY_BOOL] = "true or false",
        [KEY_BYTES] = "memory, as 64MB",
        [KEY_DURATION] = "a time, as 250ms, 8s or 5m",
        [KEY_TIMEOUT] = "a time, as 250ms, 8s or 5m, or never",
        [KEY_DURATION_RANGE] = "two times",
        [KEY_INTS] = "a whole number, or a list",
    };
    return (size_t)kind < sizeof values / sizeof values[0] && values[kind] ? values[kind] : "";
}

static const char *values_of_form(enum key_form form)
{
    static const char *const values[] = {
        [FORM_TEXT] = "",
        [FORM_NAME] = "a name",
        [FORM_SQL] = "SQL",
        [FORM_SQL_LIST] = "SQL",
        [FORM_FILE] = "a path, from the workload file",
        [FORM_NUMBER] = "a whole number",
        [FORM_BOOL] = "true or false",
        [FORM_DURATION] = "a time, as 250ms, 8s or 5m",
        [FORM_EXPRESSION] = "an expression",
        [FORM_NAMES] = "a name, or a list",
        [FORM_EXPRESSIONS] = "name: expression",
        [FORM_SETTINGS] = "setting: value",
        [FORM_TEXTS] = "name: SQL",
        [FORM_FILES] = "name: path",
        [FORM_MAP] = "",
        [FORM_MAPS] = "by name",
        [FORM_LIST] = "a list",
    };
    return (size_t)form < sizeof values / sizeof values[0] && values[form] ? values[form] : "";
}

static void limits_of(const struct key *key, char *buf, size_t size)
{
    char least[24], most[24];
    buf[0] = '\0';
    if (key->kind == KEY_INT || key->kind == KEY_INTS)
        snprintf(buf, size, "from %lld to %lld", (long long)key->min, (long long)key->max);
    else if (key->kind == KEY_SEED)
        snprintf(buf, size, "from %lld", (long long)key->min);
    else if (key->kind == KEY_DURATION || key->kind == KEY_TIMEOUT || key->kind == KEY_DURATION_RANGE)
        snprintf(buf, size, "from %s to %s", schema_limit(least, sizeof least, key->min),
                 schema_limit(most, sizeof most, key->max));
}

static void describe(const struct key_group *groups, size_t group, const struct key *key, struct key_help *out)
{
    *out =
        (struct key_help){.name = key->name,
                          .help = key->help,
                          .values = key->form == FORM_OF_KIND ? values_of_kind(key->kind) : values_of_form(key->form),
                          .fallback = key->fallback && *key->fallback ? key->fallback : NULL,
                          .required = key->required,
                          .supported = key->kind != KEY_LATER};
    name_place(groups, group, out->where, sizeof out->where);
    limits_of(key, out->limits, sizeof out->limits);
}

bool workload_key_help(size_t i, struct key_help *out)
{
    struct key_group groups[KEY_GROUPS_MAX];
    size_t count = schema_groups(groups);
    for (size_t group = 0; group < count; group++)
        for (const struct key *key = groups[group].keys; key->name; key++)
            if (i-- == 0) {
                describe(groups, group, key, out);
                return true;
            }
    return false;
}

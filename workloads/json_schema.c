/* The rows of keys, for editors: a JSON Schema (draft 7, which yaml-language-server reads). Each map of the file is a
 * definition; texts for hovering are those of the help page. It knows the file's form, not its sense: `pgdyno check`
 * knows that. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema.h"

#define NAME_PATTERN "^[A-Za-z_][A-Za-z0-9_]*$"
#define TIME_PATTERN "[0-9]+(\\.[0-9]*)? ?(ns|us|µs|ms|s|m|min|h|d)?"

/* Members of a json_pack() that failed are NULL, and make what they are packed into NULL: one check at the end. */

static json_t *scalar(void)
{
    return json_pack("{s[sss]si}", "type", "string", "number", "boolean", "minLength", 1);
}

static json_t *text(void)
{
    return json_pack("{sssi}", "type", "string", "minLength", 1);
}

static json_t *name(void)
{
    return json_pack("{ssss}", "type", "string", "pattern", NAME_PATTERN);
}

static json_t *matching(const char *pattern)
{
    return json_pack("{s[ss]ss}", "type", "string", "number", "pattern", pattern);
}

static json_t *boolean(void)
{
    return json_pack("{s[bbssss]}", "enum", true, false, "yes", "no", "on", "off");
}

/* One, or a list of them. */
static json_t *one_or_list(json_t *one)
{
    return json_pack("{s[O{sssosi}]}", "anyOf", one, "type", "array", "items", one, "minItems", 1);
}

/* name: value; also nothing at all. */
static json_t *map_of(json_t *value, const char *pattern)
{
    return json_pack("{s[ss]s{ss}so}", "type", "object", "null", "propertyNames", "pattern", pattern,
                     "additionalProperties", value);
}

/* --- Kinds -------------------------------------------------------------------------------------------------------- */

static json_t *whole(const struct key *key)
{
    json_t *number = json_pack("{sssI}", "type", "integer", "minimum", (json_int_t)key->min);
    if (number && key->max != INT64_MAX && json_object_set_new(number, "maximum", json_integer(key->max)) != 0) {
        json_decref(number);
        return NULL;
    }
    return number;
}

/* Each member of an enumeration of ours, by name. */
static json_t *one_of(const char *const *words)
{
    json_t *list = json_array();
    for (; list && *words; words++)
        if (json_array_append_new(list, json_string(*words)) != 0) {
            json_decref(list);
            list = NULL;
        }
    return json_pack("{so}", "enum", list);
}

static json_t *isolations(void)
{
    const char *words[2 * ISOLATION_COUNT + 1] = {NULL};
    for (int i = 0; i < ISOLATION_COUNT; i++) {
        words[i] = isolation_name((enum isolation)i);
        words[ISOLATION_COUNT + i] = isolation_short((enum isolation)i);
    }
    return one_or_list(one_of(words));
}

static json_t *protocols(void)
{
    const char *words[PROTOCOL_COUNT + 1] = {NULL};
    for (int i = 0; i < PROTOCOL_COUNT; i++)
        words[i] = protocol_name((enum protocol)i);
    return one_of(words);
}

static json_t *arrivals(void)
{
    const char *words[ARRIVALS_COUNT + 1] = {NULL};
    for (int i = 0; i < ARRIVALS_COUNT; i++)
        words[i] = arrivals_name((enum arrivals)i);
    return one_of(words);
}

static json_t *of_kind(const struct key *key)
{
    switch (key->kind) {
    case KEY_INT:
    case KEY_SEED:
        return whole(key);
    case KEY_BOOL:
        return boolean();
    case KEY_BYTES:
        return matching("^[0-9]+(\\.[0-9]*)? ?([kKmMgGtT]?[bB])?$");
    case KEY_DURATION:
        return matching("^" TIME_PATTERN "$");
    case KEY_TIMEOUT:
        return matching("^(" TIME_PATTERN "|never)$");
    case KEY_DURATION_RANGE:
        return matching("^" TIME_PATTERN "\\.\\." TIME_PATTERN "$");
    case KEY_INTS:
        return one_or_list(whole(key));
    case KEY_ISOLATIONS:
        return isolations();
    case KEY_PROTOCOL:
        return protocols();
    case KEY_ARRIVALS:
        return arrivals();
    case KEY_RATES:
        return one_or_list(matching("^(closed|[0-9.eE+]+ ?(/s|%)?)$"));
    default:
        return scalar();
    }
}

/* --- Forms -------------------------------------------------------------------------------------------------------- */

static void name_definition(const struct key_group *groups, size_t i, char *buf, size_t size)
{
    snprintf(buf, size, "%zu-%s", i, groups[i].owner ? groups[i].owner->name : "workload");
}

static json_t *reference(const struct key *keys)
{
    struct key_group groups[KEY_GROUPS_MAX];
    size_t count = schema_groups(groups), i = 0;
    char label[64];
    while (i + 1 < count && groups[i].keys != keys)
        i++;
    name_definition(groups, i, label, sizeof label);
    return json_pack("{s[{so}]}", "allOf", "$ref", json_sprintf("#/definitions/%s", label));
}

static json_t *of_form(const struct key *key)
{
    switch (key->form) {
    case FORM_OF_KIND:
        return of_kind(key);
    case FORM_NAME:
        return name();
    case FORM_SQL:
    case FORM_FILE:
        return text();
    case FORM_SQL_LIST:
        return one_or_list(text());
    case FORM_NUMBER:
        return json_pack("{sssi}", "type", "integer", "minimum", 0);
    case FORM_BOOL:
        return boolean();
    case FORM_DURATION:
        return matching("^" TIME_PATTERN "$");
    case FORM_NAMES:
        return one_or_list(name());
    case FORM_EXPRESSIONS:
        return map_of(scalar(), NAME_PATTERN);
    case FORM_SETTINGS:
        return map_of(scalar(), "^[A-Za-z0-9_.]+$");
    case FORM_TEXTS:
    case FORM_FILES:
        return map_of(text(), NAME_PATTERN);
    case FORM_MAP:
        return reference(key->keys);
    case FORM_MAPS:
        return map_of(reference(key->keys), NAME_PATTERN);
    case FORM_LIST:
        return json_pack("{sssosi}", "type", "array", "items", reference(key->keys), "minItems", 1);
    default:
        return scalar();
    }
}

/* --- The whole ---------------------------------------------------------------------------------------------------- */

/* "how often each cell is measured; from 1 to 1000; default 12" */
static json_t *description(size_t i)
{
    struct key_help help;
    struct str out = {0};
    if (!workload_key_help(i, &help))
        return NULL;
    str_append(&out, help.help);
    if (*help.limits)
        str_printf(&out, "; %s", help.limits);
    if (help.fallback)
        str_printf(&out, "; default %s", help.fallback);
    if (strstr(help.values, "expression"))
        str_append(&out, "; `pgdyno help expressions` lists the functions");
    json_t *json = out.failed ? NULL : json_string(str_text(&out));
    str_deinit(&out);
    return json;
}

/* Adds the group's keys; `first` is the place of its first among all keys. */
static json_t *group_schema(const struct key_group *group, size_t first)
{
    json_t *properties = json_object(), *required = json_array();
    bool good = properties && required;
    for (const struct key *key = group->keys; good && key->name; key++, first++) {
        if (key->kind == KEY_LATER)
            continue;
        json_t *schema = of_form(key);
        good = schema && json_object_set_new(schema, "description", description(first)) == 0;
        good = json_object_set_new(properties, key->name, schema) == 0 && good;
        if (key->required)
            good = json_array_append_new(required, json_string(key->name)) == 0 && good;
    }
    bool may_be_empty = group->owner && json_array_size(required) == 0;
    json_t *type = may_be_empty ? json_pack("[ss]", "object", "null") : json_string("object");
    if (!good) {
        json_decref(type);
        type = NULL;
    }
    return json_pack("{sosososb}", "type", type, "properties", properties, "required", required, "additionalProperties",
                     false);
}

static json_t *whole_schema(void)
{
    struct key_group groups[KEY_GROUPS_MAX];
    size_t count = schema_groups(groups), first = 0;
    json_t *definitions = json_object();
    bool good = definitions != NULL;
    for (size_t i = 0; i < count; i++) {
        char label[64];
        name_definition(groups, i, label, sizeof label);
        good = good && json_object_set_new(definitions, label, group_schema(&groups[i], first)) == 0;
        for (const struct key *key = groups[i].keys; key->name; key++)
            first++;
    }
    if (!good) {
        json_decref(definitions);
        return NULL;
    }
    return json_pack("{sssssss[{ss}]so}", "$schema", "http://json-schema.org/draft-07/schema#", "title",
                     "pgdyno workload", "description", "What `pgdyno run FILE` seeds, drives and compares.", "allOf",
                     "$ref", "#/definitions/0-workload", "definitions", definitions);
}

bool workload_json_schema(struct str *out)
{
    json_t *schema = whole_schema();
    char *printed = schema ? json_dumps(schema, JSON_INDENT(2)) : NULL;
    if (printed)
        str_printf(out, "%s\n", printed);
    bool good = printed && !out->failed;
    free(printed);
    json_decref(schema);
    return good;
}

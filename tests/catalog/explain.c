#include "explain.h"

#include <string.h>

static const char *text_of(const json_t *node, const char *key)
{
    const char *text = json_string_value(json_object_get(node, key));
    return text ? text : "";
}

static bool is(const json_t *node, const char *key, const char *value)
{
    return strcmp(text_of(node, key), value) == 0;
}

static void aggregate_name(const json_t *node, struct str *out)
{
    if (!is(node, "Partial Mode", "Simple") && *text_of(node, "Partial Mode"))
        str_printf(out, "%s ", text_of(node, "Partial Mode"));
    str_append(out, is(node, "Strategy", "Hashed")   ? "HashAggregate"
                    : is(node, "Strategy", "Sorted") ? "GroupAggregate"
                    : is(node, "Strategy", "Mixed")  ? "MixedAggregate"
                                                     : "Aggregate");
}

static void join_name(const json_t *node, struct str *out)
{
    const char *type = text_of(node, "Node Type"), *join = text_of(node, "Join Type");
    if (strcmp(join, "Inner") == 0)
        str_append(out, type);
    else
        str_printf(out, "%.*s %s Join", (int)strcspn(type, " ") + (type[0] == 'N' ? 5 : 0), type, join);
}

static void node_name(const json_t *node, struct str *out)
{
    if (json_is_true(json_object_get(node, "Parallel Aware")))
        str_append(out, "Parallel ");
    if (is(node, "Node Type", "Aggregate"))
        aggregate_name(node, out);
    else if (is(node, "Node Type", "ModifyTable"))
        str_append(out, text_of(node, "Operation"));
    else if (*text_of(node, "Join Type"))
        join_name(node, out);
    else
        str_append(out, text_of(node, "Node Type"));
    if (is(node, "Scan Direction", "Backward"))
        str_append(out, " Backward");
}

/* The first of these that a node has is what it works on. */
static const char *const targets[] = {"Relation Name", "CTE Name", "Function Name", "Table Function Name", NULL};

static void node_target(const json_t *node, struct str *out)
{
    const char *index = text_of(node, "Index Name"), *alias = text_of(node, "Alias");
    if (*index)
        str_printf(out, " %s %s", is(node, "Node Type", "Bitmap Index Scan") ? "on" : "using", index);
    for (size_t i = 0; targets[i]; i++) {
        const char *target = text_of(node, targets[i]);
        if (*target) {
            str_printf(out, " on %s", target);
            if (*alias && strcmp(alias, target) != 0)
                str_printf(out, " %s", alias);
            return;
        }
    }
    if (*alias)
        str_printf(out, " on %s", alias);
}

static const char *const details[] = {"Subplan Name", "Index Cond",  "Recheck Cond", "Filter",          "Hash Cond",
                                      "Merge Cond",   "Join Filter", "Order By",     "Sort Key",        "Presorted Key",
                                      "Group Key",    "Cache Key",   "TID Cond",     "One-Time Filter", NULL};

static void node_details(const json_t *node, int indent, struct str *out)
{
    for (size_t i = 0; details[i]; i++) {
        const json_t *detail = json_object_get(node, details[i]), *item;
        size_t k;
        if (!detail)
            continue;
        str_printf(out, "%*s%s: %s", indent, "", details[i], json_is_string(detail) ? json_string_value(detail) : "");
        json_array_foreach(detail, k, item)
            str_printf(out, "%s%s", k ? ", " : "", json_string_value(item) ? json_string_value(item) : "?");
        str_append_char(out, '\n');
    }
}

static void node_text(const json_t *node, int indent, struct str *out)
{
    size_t i;
    const json_t *child;
    str_printf(out, "%*s", indent, "");
    node_name(node, out);
    node_target(node, out);
    str_append_char(out, '\n');
    node_details(node, indent + 4, out);
    json_array_foreach(json_object_get(node, "Plans"), i, child)
        node_text(child, indent + 2, out);
}

void explain_text(const json_t *explain, struct str *out)
{
    const json_t *plan = json_object_get(json_array_get(explain, 0), "Plan");
    if (plan)
        node_text(plan, 0, out);
}

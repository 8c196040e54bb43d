#include "pg/plan.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"

#define STATEMENT "pgdyno_plan"

/* --- Asking the server -------------------------------------------------------------------------------------------- */

/* A transaction, or a savepoint in the caller's: what happens inside leaves no trace, whatever fails. */
struct scope {
    struct db *db;
    bool nested;
};

static bool scope_begin(struct scope *scope, struct db *db, const char *what, struct err *err)
{
    *scope = (struct scope){.db = db, .nested = PQtransactionStatus(db_handle(db)) != PQTRANS_IDLE};
    return db_exec(db, what, scope->nested ? "SAVEPOINT " STATEMENT : "BEGIN", err);
}

static void scope_end(const struct scope *scope)
{
    bool before = db_set_uninterruptible(scope->db, true);
    db_exec(scope->db, "plan", scope->nested ? "ROLLBACK TO " STATEMENT "; RELEASE " STATEMENT : "ROLLBACK", NULL);
    db_set_uninterruptible(scope->db, before);
}

static bool prepare(struct db *db, const char *what, const char *sql, struct err *err)
{
    struct scope scope;
    if (!scope_begin(&scope, db, what, err))
        return false;
    bool ok = db_prepare(db, what, STATEMENT, sql, err); /* not undone by a rollback */
    scope_end(&scope);
    return ok;
}

static void deallocate(struct db *db)
{
    bool before = db_set_uninterruptible(db, true);
    db_exec(db, "plan", "DEALLOCATE " STATEMENT, NULL);
    db_set_uninterruptible(db, before);
}

/* Literals without a type: each takes the type of its parameter. */
static bool append_arguments(struct db *db, struct str *sql, int n_params, const char *const *sample, struct err *err)
{
    for (int i = 0; i < n_params; i++) {
        str_append(sql, i == 0 ? "(" : ", ");
        if (!sample || !sample[i]) {
            str_append(sql, "NULL");
            continue;
        }
        char *literal = PQescapeLiteral(db_handle(db), sample[i], strlen(sample[i]));
        if (!literal)
            return db_set_error(db, NULL, "sample value", NULL, err);
        str_append(sql, literal);
        PQfreemem(literal);
    }
    if (n_params > 0)
        str_append_char(sql, ')');
    return !sql->failed || err_memory(err);
}

static json_t *run_explain(struct db *db, const char *what, const char *mode, const char *explain, sqlstate *error,
                           struct err *err)
{
    struct scope scope;
    PGresult *rows = NULL;
    json_t *document = NULL;
    json_error_t problem;
    if (!scope_begin(&scope, db, what, err))
        return NULL;
    if (db_execf(db, what, err, "SET LOCAL plan_cache_mode = %s", mode))
        rows = db_rows(db, what, explain, 0, NULL, err);
    *error = db_sqlstate(db); /* scope_end() forgets it */
    scope_end(&scope);
    if (rows && PQntuples(rows) > 0) {
        document = json_loads(PQgetvalue(rows, 0, 0), 0, &problem);
        if (!document)
            err_set(err, ERR_SERVER, what, "the server's EXPLAIN is not valid JSON: %s", problem.text);
    } else if (rows) {
        err_set(err, ERR_SERVER, what, "the server's EXPLAIN is empty");
    }
    PQclear(rows);
    return document;
}

static json_t *explain(struct db *db, const char *what, const char *mode, int n_params, const char *const *sample,
                       sqlstate *error, struct err *err)
{
    struct str sql = {0};
    json_t *document = NULL;
    str_append(&sql, "EXPLAIN (FORMAT JSON) EXECUTE " STATEMENT);
    if (append_arguments(db, &sql, n_params, sample, err))
        document = run_explain(db, what, mode, str_text(&sql), error, err);
    str_deinit(&sql);
    return document;
}

/* Of a whole EXPLAIN document, or of a part of it. */
static bool has_workers(const json_t *part)
{
    const char *key;
    size_t i;
    json_t *inner;
    if (json_object_get(part, "Workers Planned"))
        return true;
    json_array_foreach(part, i, inner) if (has_workers(inner)) return true;
    json_object_foreach((json_t *)part, key, inner) if (has_workers(inner)) return true;
    return false;
}

bool plan_capture(struct db *db, const char *what, const char *sql, int n_params, const char *const *sample,
                  struct plan *out, struct err *err)
{
    *out = (struct plan){0};
    struct err problem = {0};
    sqlstate error = 0;
    bool custom = sample && n_params > 0;
    if (!prepare(db, what, sql, err))
        return false;
    /* A generic plan does not look at the values, but a domain may refuse NULL. */
    out->generic = explain(db, what, "force_generic_plan", n_params, sample, &error, &problem);
    if (custom && problem.kind != ERR_STOPPED)
        out->custom = explain(db, what, "force_custom_plan", n_params, sample, &error, &problem);
    deallocate(db);
    bool ok = custom ? out->custom != NULL : out->generic != NULL;
    if (!ok) {
        if (err)
            *err = problem;
        plan_deinit(out);
        out->error = error;
        return false;
    }
    plan_describe(out->custom ? out->custom : out->generic, out->shape, sizeof out->shape, out->scan, sizeof out->scan,
                  &out->writes);
    out->parallel = has_workers(out->generic) || has_workers(out->custom);
    return true;
}

void plan_deinit(struct plan *plan)
{
    if (!plan)
        return;
    json_decref(plan->generic);
    json_decref(plan->custom);
    *plan = (struct plan){0};
}

/* --- Describing --------------------------------------------------------------------------------------------------- */

struct description {
    struct str shape;
    struct str scan;
    double scan_cost; /* of the scan chosen so far */
    bool scan_is_base;
    bool writes;
};

static const char *text_of(const json_t *node, const char *key)
{
    return json_get_string(node, key, "");
}

static bool is_type(const json_t *node, const char *type)
{
    return strcmp(text_of(node, "Node Type"), type) == 0;
}

static double total_cost(const json_t *node)
{
    return json_get_double(node, "Total Cost", 0);
}

/* What a node works on, by the first of these members that it has. */
static const char *object_of(const json_t *node)
{
    static const char *const keys[] = {"Relation Name", "CTE Name", "Function Name", "Table Function Name",
                                       "Tuplestore Name"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *name = json_get_string(node, keys[i], NULL);
        if (name)
            return name;
    }
    return "";
}

/* "Hash Join Left", "Aggregate Hashed", "Update tasks", "Index Scan tasks using status_prio". The numbers of rows and
 * workers, conditions and aliases are no part of a shape. */
static void append_node(struct str *shape, const json_t *node)
{
    const char *join = text_of(node, "Join Type"), *strategy = text_of(node, "Strategy");
    const char *object = object_of(node), *index = text_of(node, "Index Name");
    str_append(shape, is_type(node, "ModifyTable") ? text_of(node, "Operation") : text_of(node, "Node Type"));
    if (*join && strcmp(join, "Inner") != 0)
        str_printf(shape, " %s", join);
    if (*strategy && strcmp(strategy, "Plain") != 0)
        str_printf(shape, " %s", strategy);
    if (*object)
        str_printf(shape, " %s", object);
    if (*index)
        str_printf(shape, "%s %s", *object ? " using" : "", index);
}

static bool is_scan(const json_t *node)
{
    const char *type = text_of(node, "Node Type");
    size_t len = strlen(type);
    return len > 5 && strcmp(type + len - 5, " Scan") == 0 && !is_type(node, "Bitmap Index Scan");
}

static void append_bitmap_indexes(struct str *out, const json_t *node)
{
    size_t i;
    json_t *child;
    if (is_type(node, "Bitmap Index Scan"))
        str_printf(out, "%s%s", out->len > 0 ? " + " : "Bitmap Index Scan ", text_of(node, "Index Name"));
    json_array_foreach(json_object_get(node, "Plans"), i, child) append_bitmap_indexes(out, child);
}

static void name_scan(struct str *out, const json_t *node)
{
    const char *index = text_of(node, "Index Name"), *object = *index ? index : object_of(node);
    str_clear(out);
    if (is_type(node, "Bitmap Heap Scan"))
        append_bitmap_indexes(out, node);
    else
        str_printf(out, "%s%s%s", text_of(node, "Node Type"), *object ? " " : "", object);
}

/* A bitmap heap scan and its bitmaps are one scan; other nodes cost what their children do not. */
static double own_cost(const json_t *node)
{
    size_t i;
    json_t *child;
    double cost = total_cost(node);
    if (is_type(node, "Bitmap Heap Scan"))
        return cost;
    json_array_foreach(json_object_get(node, "Plans"), i, child) cost -= total_cost(child);
    return cost;
}

static void consider_scan(struct description *out, const json_t *node, double loops)
{
    if (!is_scan(node))
        return;
    bool base = json_object_get(node, "Relation Name") != NULL;
    double cost = own_cost(node) * loops;
    bool better =
        out->scan.len == 0 || (base && !out->scan_is_base) || (base == out->scan_is_base && cost > out->scan_cost);
    if (!better)
        return;
    out->scan_cost = cost;
    out->scan_is_base = base;
    name_scan(&out->scan, node);
}

/* EXPLAIN gives the cost of one execution. How often a node runs follows from its place: the inner side of a nested
 * loop once a row of the outer one, unless its rows are kept. */
static double loops_of(const json_t *parent, const json_t *child, double loops)
{
    const char *relationship = text_of(child, "Parent Relationship");
    const json_t *outer = json_array_get(json_object_get(parent, "Plans"), 0);
    double rows = 1;
    if (strcmp(relationship, "SubPlan") == 0)
        rows = json_get_double(parent, "Plan Rows", 1);
    else if (is_type(parent, "Nested Loop") && strcmp(relationship, "Inner") == 0 && !is_type(child, "Materialize"))
        rows = json_get_double(outer, "Plan Rows", 1);
    return loops * (rows > 1 ? rows : 1);
}

static void describe_node(struct description *out, const json_t *node, double loops)
{
    size_t i;
    json_t *child;
    append_node(&out->shape, node);
    consider_scan(out, node, loops);
    if (is_type(node, "ModifyTable") || is_type(node, "LockRows"))
        out->writes = true;
    json_array_foreach(json_object_get(node, "Plans"), i, child)
    {
        str_append(&out->shape, i == 0 ? "(" : ", ");
        describe_node(out, child, loops_of(node, child, loops));
    }
    if (i > 0)
        str_append_char(&out->shape, ')');
}

/* Two shapes that were cut differ if they differ anywhere. */
static void copy_shape(char *buf, size_t size, const struct str *text)
{
    char mark[24];
    if (text->len < size) {
        snprintf(buf, size, "%s", str_text(text));
        return;
    }
    int mark_len = snprintf(mark, sizeof mark, "...#%08x", (unsigned)str_hash(text->data, text->len));
    int keep = (int)size - 1 - mark_len;
    while (keep > 0 && ((unsigned char)text->data[keep] & 0xC0) == 0x80)
        keep--; /* not in the middle of a character */
    snprintf(buf, size, "%.*s%s", keep > 0 ? keep : 0, text->data, mark);
}

void plan_describe(const json_t *explain_document, char *shape, size_t shape_size, char *scan, size_t scan_size,
                   bool *writes)
{
    struct description out = {0};
    size_t i;
    json_t *entry;
    json_array_foreach(explain_document, i, entry)
    {
        const json_t *node = json_object_get(entry, "Plan");
        if (!node) { /* a utility statement is a string here */
            out.writes = true;
            continue;
        }
        if (out.shape.len > 0)
            str_append(&out.shape, "; "); /* a rule made several statements of one */
        describe_node(&out, node, 1);
    }
    copy_shape(shape, shape_size, &out.shape);
    copy_shape(scan, scan_size, &out.scan);
    *writes = out.writes;
    str_deinit(&out.shape);
    str_deinit(&out.scan);
}

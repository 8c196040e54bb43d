#include "pg/index.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/units.h"

enum {
    IDENT_BYTES = 2 * 64 + 3,
    TABLE_BYTES = 512
};

static bool quote(struct db *db, const char *name, char *quoted, struct err *err)
{
    return db_quote_ident(db, name, quoted, IDENT_BYTES) ||
           err_set(err, ERR_INPUT, name, "too long for the name of an index (63 bytes)");
}

/* Two statements in one message are one transaction: an index that could not be found again by its name, since its
 * table is not in the search_path, is not made at all. */
static bool create(struct db *db, const struct index_spec *spec, int64_t *build_ns, struct err *err)
{
    char name[IDENT_BYTES];
    if (!quote(db, spec->name, name, err))
        return false;
    char *literal = PQescapeLiteral(db_handle(db), name, strlen(name));
    if (!literal)
        return err_memory(err);
    int64_t start_ns = clock_now_ns();
    bool ok =
        db_execf(db, spec->name, err, "CREATE INDEX %s ON %s\n; SELECT %s::regclass", name, spec->definition, literal);
    *build_ns = clock_now_ns() - start_ns;
    PQfreemem(literal);
    return ok;
}

/* One value about the index of that name in the search_path; "" if there is no such value. */
static bool ask(struct db *db, const char *name, const char *sql, char *buf, size_t size, struct err *err)
{
    char quoted[IDENT_BYTES];
    if (!quote(db, name, quoted, err))
        return false;
    const char *const params[] = {quoted};
    PGresult *rows = db_rows(db, name, sql, 1, params, err);
    if (!rows)
        return false;
    snprintf(buf, size, "%s", PQntuples(rows) > 0 ? PQgetvalue(rows, 0, 0) : "");
    PQclear(rows);
    return true;
}

static bool analyze_if_expression(struct db *db, const struct index_spec *spec, struct err *err)
{
    char table[TABLE_BYTES];
    return ask(db, spec->name,
               "SELECT indrelid::regclass FROM pg_index WHERE indexrelid = to_regclass($1) AND indexprs IS NOT NULL",
               table, sizeof table, err) &&
           (*table == '\0' || db_execf(db, spec->name, err, "ANALYZE %s", table));
}

bool index_size(struct db *db, const char *name, int64_t *size_bytes, struct err *err)
{
    char text[32];
    /* A partitioned index has its size in its parts; any other stands in no such tree. */
    if (!ask(db, name,
             "SELECT coalesce((SELECT sum(pg_relation_size(relid)) FROM pg_partition_tree(to_regclass($1))), "
             "pg_relation_size(to_regclass($1)))",
             text, sizeof text, err))
        return false;
    return units_parse_int(text, size_bytes) || err_set(err, ERR_SERVER, name, "there is no such index");
}

bool index_build(struct db *db, const struct index_spec *spec, int64_t *build_ns, int64_t *size_bytes, struct err *err)
{
    if (!create(db, spec, build_ns, err))
        return false;
    if (index_size(db, spec->name, size_bytes, err) && analyze_if_expression(db, spec, err))
        return true;
    bool before = db_set_uninterruptible(db, true);
    index_drop(db, spec, NULL);
    db_set_uninterruptible(db, before);
    return false;
}

bool index_drop(struct db *db, const struct index_spec *spec, struct err *err)
{
    char name[IDENT_BYTES];
    return quote(db, spec->name, name, err) && db_execf(db, spec->name, err, "DROP INDEX IF EXISTS %s", name);
}

/* Does `revert` undo what `apply` did? What stays would be measured under every variant that follows, the baseline too,
 * and nothing would look wrong. Compared is what the catalogs say of the schema; not rows, rights and the order of
 * columns, which cannot be had back. */
#include <stdio.h>

#include "session.h"

/* All that a migration may change, by name. */
static const char objects[] =
    "SELECT CASE WHEN relkind IN ('r', 'p', 'f') THEN 'table ' WHEN relkind IN ('i', 'I') THEN 'index '"
    " WHEN relkind = 'S' THEN 'sequence ' WHEN relkind = 'c' THEN 'type ' ELSE 'view ' END || relname AS label,"
    " concat_ws(' ', relkind, relpersistence, relrowsecurity, relforcerowsecurity, reloptions, "
    "pg_get_expr(relpartbound, oid),"
    " CASE WHEN relkind IN ('i', 'I') THEN pg_get_indexdef(oid) WHEN relkind IN ('v', 'm') THEN pg_get_viewdef(oid) "
    "END)"
    " AS detail FROM ours "
    "UNION ALL SELECT 'column ' || relname || '.' || attname, concat_ws(' ', format_type(atttypid, atttypmod),"
    " attnotnull, attidentity, attgenerated, attstorage, attcollation, nullif(attstattarget, -1),"
    " pg_get_expr(adbin, adrelid)) FROM ours JOIN pg_attribute a ON attrelid = ours.oid"
    " LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum"
    " WHERE relkind IN ('r', 'p', 'f') AND attnum > 0 AND NOT attisdropped "
    "UNION ALL SELECT 'constraint ' || conname || ' of ' || relname, concat_ws(' ', convalidated,"
    " pg_get_constraintdef(c.oid)) FROM ours JOIN pg_constraint c ON conrelid = ours.oid WHERE contype NOT IN ('n', "
    "'t') "
    "UNION ALL SELECT 'trigger ' || tgname || ' of ' || relname, concat_ws(' ', tgenabled, pg_get_triggerdef(t.oid))"
    " FROM ours JOIN pg_trigger t ON tgrelid = ours.oid WHERE NOT tgisinternal "
    "UNION ALL SELECT 'policy ' || polname || ' of ' || relname, concat_ws(' ', polcmd, polpermissive, polroles,"
    " pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))"
    " FROM ours JOIN pg_policy ON polrelid = ours.oid "
    "UNION ALL SELECT 'function ' || oid::regprocedure, concat_ws(' ', provolatile, proisstrict, prosecdef, proconfig,"
    " prosrc, pg_get_function_sqlbody(oid)) FROM pg_proc WHERE pronamespace = current_schema()::regnamespace "
    "UNION ALL SELECT 'type ' || typname, concat_ws(' ', format_type(typbasetype, typtypmod),"
    " (SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid))"
    " FROM pg_type t WHERE typnamespace = current_schema()::regnamespace AND typtype IN ('d', 'e', 'r') "
    "UNION ALL SELECT 'statistics ' || stxname, pg_get_statisticsobjdef(oid) FROM pg_statistic_ext"
    " WHERE stxnamespace = current_schema()::regnamespace";

static const char ours[] = "ours AS (SELECT * FROM pg_class WHERE relnamespace = current_schema()::regnamespace"
                           " AND relkind <> 't')";

bool reverted_note(struct session *session, struct err *err)
{
    return db_execf(session->db, "rehearsal", err,
                    "WITH %s SELECT set_config('pgdyno.objects', "
                    "coalesce(json_object_agg(label, detail)::text, '{}'), true) FROM (%s) o",
                    ours, objects);
}

bool reverted_check(struct session *session, const struct variant *variant, struct err *err)
{
    char sql[6144], differences[512];
    snprintf(sql, sizeof sql,
             "WITH %s SELECT left(coalesce(string_agg(label || what, '; ' ORDER BY label), ''), 480) FROM ("
             "SELECT label, CASE WHEN key IS NULL THEN ' is still there' WHEN o.label IS NULL THEN ' is gone'"
             " ELSE ' is not as it was' END AS what"
             " FROM (SELECT key, value, key AS label FROM json_each_text(current_setting('pgdyno.objects')::json)) b"
             " FULL JOIN (%s) o USING (label) WHERE value IS DISTINCT FROM detail ORDER BY label LIMIT 5) d",
             ours, objects);
    if (!db_value(session->db, sql, differences, sizeof differences, err))
        return false;
    return differences[0] == '\0' ||
           err_set(
               err, ERR_INPUT, workload_where(session->workload, variant->revert),
               "variant %.64s, revert: %s\nthe next variant must find the schema as it was: undo all that `apply` does",
               variant->name, differences);
}

/* A mistake in the workload's SQL should cost a second, not a seeding. Everything happens in one transaction on empty
 * tables under a temporary name, and is rolled back. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "pg/plan.h"
#include "session.h"

enum {
    MAX_NAMES = 1600, /* columns that a table can have */
    BOOL_TYPE = 16    /* the oid of boolean, the same on every server */
};

#define SQLSTATE_NO_TABLE           SQLSTATE('4', '2', 'P', '0', '1')
#define SQLSTATE_ACTIVE_TRANSACTION SQLSTATE('2', '5', '0', '0', '1')

/* A COMMIT in the workload's own SQL would end our transaction, and leave things behind. */
static bool still_inside(struct session *session, const char *what, const char *sql, struct err *err)
{
    char ours[8];
    if (PQtransactionStatus(db_handle(session->db)) == PQTRANS_INTRANS &&
        db_value(session->db, "SELECT coalesce(current_setting('pgdyno.rehearsal', true), '') = 'on'", ours,
                 sizeof ours, err) &&
        ours[0] == 't')
        return true;
    return err_set(err, ERR_INPUT, workload_where(session->workload, sql),
                   "%s: this SQL begins or ends a transaction itself\nleave BEGIN, COMMIT and ROLLBACK to pgdyno",
                   what);
}

/* Of many errors the server does not tell the place; then the reader needs the statement itself. */
static bool blame_sql(struct session *session, const char *sql, struct err *err)
{
    bool has_place = strstr(err->text, "\nline ") != NULL;
    session_blame(session, workload_where(session->workload, sql), err);
    return has_place || err->kind != ERR_INPUT ? false : err_append(err, "in: %.400s", sql);
}

static bool run_sql(struct session *session, const char *what, const char *sql, struct err *err)
{
    if (!sql)
        return true;
    return db_exec(session->db, what, sql, err) ? still_inside(session, what, sql, err) : blame_sql(session, sql, err);
}

/* --- Declared tables against the schema --------------------------------------------------------------------------- */

static void suggest(const PGresult *rows, int column, const char *word, char *buf, size_t size)
{
    const char *names[MAX_NAMES + 1] = {0};
    int count = PQntuples(rows) < MAX_NAMES ? PQntuples(rows) : MAX_NAMES;
    for (int i = 0; i < count; i++)
        names[i] = PQgetvalue(rows, i, column);
    const char *nearest = str_nearest(word, names);
    if (nearest)
        snprintf(buf, size, " (did you mean %.64s?)", nearest);
    else
        buf[0] = '\0';
}

static bool no_table(struct session *session, const struct table_spec *table, struct err *err)
{
    char hint[96];
    PGresult *rows = db_rows(session->db, "tables",
                             "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace "
                             "AND relkind IN ('r', 'p')",
                             0, NULL, err);
    if (!rows)
        return false;
    suggest(rows, 0, table->name, hint, sizeof hint);
    PQclear(rows);
    return err_set(err, ERR_INPUT, workload_where(session->workload, table),
                   "the schema creates no table %s, which `tables` wants to fill%s", table->name, hint);
}

static bool has_column(const PGresult *rows, const char *name)
{
    for (int i = 0; i < PQntuples(rows); i++)
        if (strcmp(PQgetvalue(rows, i, 0), name) == 0)
            return true;
    return false;
}

static bool is_declared(const struct table_spec *table, const char *column)
{
    for (size_t i = 0; i < table->n_columns; i++)
        if (strcmp(table->columns[i].name, column) == 0)
            return true;
    return false;
}

static bool check_columns(struct session *session, const struct table_spec *table, const PGresult *rows,
                          struct err *err)
{
    char hint[96];
    for (size_t i = 0; i < table->n_columns; i++) {
        const char *name = table->columns[i].name;
        if (has_column(rows, name))
            continue;
        suggest(rows, 0, name, hint, sizeof hint);
        return err_set(err, ERR_INPUT, workload_where(session->workload, &table->columns[i]),
                       "table %s has no column %s%s", table->name, name, hint);
    }
    for (int i = 0; i < PQntuples(rows); i++) {
        const char *name = PQgetvalue(rows, i, 0);
        if (strcmp(PQgetvalue(rows, i, 1), "t") == 0 && !is_declared(table, name))
            return err_set(err, ERR_INPUT, workload_where(session->workload, table),
                           "column %s of table %s is NOT NULL without a default, and `tables` does not fill it", name,
                           table->name);
    }
    return true;
}

static bool check_table(struct session *session, const struct table_spec *table, struct err *err)
{
    const char *params[] = {table->name};
    PGresult *rows = db_rows(session->db, "columns",
                             "SELECT attname, attnotnull AND NOT atthasdef AND attidentity = '' FROM pg_attribute "
                             "WHERE attrelid = to_regclass(quote_ident($1)) AND attnum > 0 AND NOT attisdropped",
                             1, params, err);
    if (!rows)
        return false;
    bool ok = PQntuples(rows) > 0 ? check_columns(session, table, rows, err) : no_table(session, table, err);
    PQclear(rows);
    return ok;
}

static bool check_tables(struct session *session, struct err *err)
{
    for (size_t i = 0; i < session->workload->n_tables; i++)
        if (!session->workload->tables[i].source && !check_table(session, &session->workload->tables[i], err))
            return false;
    return true;
}

/* --- Variants and statements -------------------------------------------------------------------------------------- */

/* The columns of the statement prepared last, and the type of the first. */
static bool describe(struct session *session, const char *what, const char *where, int *columns, Oid *type,
                     struct err *err)
{
    PGresult *described = PQdescribePrepared(db_handle(session->db), "");
    bool ok = PQresultStatus(described) == PGRES_COMMAND_OK;
    *columns = PQnfields(described);
    *type = *columns > 0 ? PQftype(described, 0) : 0;
    PQclear(described);
    return ok || err_set(err, ERR_SERVER, where, "%s: %s", what, PQerrorMessage(db_handle(session->db)));
}

/* How many columns its rows must have, and the key that says so. */
static int columns_wanted(const struct transaction *transaction, const struct statement *statement, const char **key)
{
    *key = "into";
    if (statement->keep != KEEP_ROWS)
        return statement->n_into;
    *key = "as";
    for (int i = 0; i < transaction->n_steps; i++)
        if (transaction->steps[i].kind == STEP_EACH && transaction->steps[i].loop == statement->loop)
            return transaction->steps[i].n_into;
    return 0;
}

/* A variable without a column would keep what was in it before. */
static bool check_into(struct session *session, const struct transaction *transaction,
                       const struct statement *statement, const char *what, struct err *err)
{
    int n;
    Oid type;
    const char *key;
    int wanted = columns_wanted(transaction, statement, &key);
    if (wanted == 0)
        return true;
    if (!describe(session, what, statement->where, &n, &type, err))
        return false;
    return n >= wanted ||
           err_set(err, ERR_INPUT, statement->where, "%s: `%s` names %d variable%s, and the rows have %d column%s",
                   what, key, wanted, wanted == 1 ? "" : "s", n, n == 1 ? "" : "s");
}

static const struct copy_rows *copy_of(const struct transaction *transaction, const struct statement *statement)
{
    for (int i = 0; i < transaction->n_steps; i++)
        if (transaction->steps[i].kind == STEP_COPY && transaction->steps[i].statement == statement->number - 1)
            return transaction->steps[i].copy;
    return NULL;
}

/* COPY says nothing until it runs; INSERT asks for the same table, columns and rights. */
static void append_rehearsed(struct str *out, const struct transaction *transaction, const struct statement *statement)
{
    const struct copy_rows *copy = copy_of(transaction, statement);
    const char *end = copy ? strstr(statement->sql, " FROM STDIN") : NULL;
    if (!end) {
        str_append(out, statement->sql);
        return;
    }
    const char *table = statement->sql + strlen("COPY ");
    str_printf(out, "INSERT INTO %.*s SELECT ", (int)(end - table), table);
    for (int i = 0; i < copy->n_values; i++)
        str_append(out, i ? ", NULL" : "NULL");
    str_append(out, " WHERE false");
}

/* What preparing statements brought to light. */
struct seen {
    bool writes;
    sqlstate error; /* of the statement that failed last */
};

/* To find out what a role may not do can be the purpose. */
static bool refused_to_role(const struct session *session, const struct variant *variant, const char *what,
                            sqlstate error)
{
    const char *role = variant_role(variant);
    if (!role || error != SQLSTATE_NOT_PERMITTED)
        return false;
    log_notice(session->options.log, "variant %s: %s is refused to role %s, and will count as failed", variant->name,
               what, role);
    return true;
}

static bool prepare_sql(struct session *session, const struct variant *variant, const struct transaction *transaction,
                        const struct statement *statement, const char *sql, struct seen *seen, struct err *err)
{
    char what[128];
    struct plan plan = {0};
    snprintf(what, sizeof what, "transaction %.64s, statement %d", transaction->name, statement->number);
    bool prepared = db_prepare_check(session->db, what, sql, err);
    seen->error = db_sqlstate(session->db);
    if (!prepared)
        return session_blame(session, statement->where, err);
    if (!check_into(session, transaction, statement, what, err))
        return false;
    bool planned = plan_capture(session->db, what, sql, statement->n_params, NULL, &plan, err);
    seen->error = plan.error;
    if (!planned)
        return refused_to_role(session, variant, what, plan.error) ||
               session_blame_for(plan.error, statement->where, err);
    seen->writes = seen->writes || plan.writes;
    plan_deinit(&plan);
    return true;
}

static bool prepare_statement(struct session *session, const struct variant *variant,
                              const struct transaction *transaction, const struct statement *statement,
                              struct seen *seen, struct err *err)
{
    struct str sql = {0};
    append_rehearsed(&sql, transaction, statement);
    bool ok =
        sql.failed ? err_memory(err) : prepare_sql(session, variant, transaction, statement, str_text(&sql), seen, err);
    str_deinit(&sql);
    return ok;
}

/* --- Scripts ------------------------------------------------------------------------------------------------------ */

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

/* Does a value become part of a name or of a quoted text? */
static bool makes_names(const struct statement *statement)
{
    for (int i = 0; i < statement->n_params; i++) {
        const char *before = statement->parts[i], *after = statement->parts[i + 1];
        size_t len = strlen(before);
        if (strpbrk(before, "'\"$") || is_word(*after) || (len > 0 && is_word(before[len - 1])))
            return true;
    }
    return false;
}

/* Under the simple protocol a script's variable may be anything, the name of a table as well, and its type is that of
 * what it is: as a parameter it fails in ways that say nothing. */
static bool may_be_no_parameter(const struct session *session, const struct statement *statement)
{
    return statement->verbatim && statement->n_params > 0 && session->workload->measure.protocol == PROTOCOL_SIMPLE;
}

static bool is_excused(const struct statement *statement, sqlstate error)
{
    static const char *const of_parameters[] = {"42601", "42P18", "42P08", "42804", "42883", "42725", "42P02", "42846"};
    char code[6];
    sqlstate_text(error, code);
    if (strncmp(code, "42", 2) != 0)
        return false;
    if (statement->late || makes_names(statement))
        return true;
    for (size_t i = 0; i < sizeof of_parameters / sizeof of_parameters[0]; i++)
        if (strcmp(of_parameters[i], code) == 0)
            return true;
    return false;
}

static bool excuse(struct session *session, const struct statement *statement, struct seen *seen,
                   const struct err *mine, struct err *err)
{
    if (mine->kind == ERR_STOPPED || !is_excused(statement, seen->error))
        return err_set(err, mine->kind, mine->where, "%s", mine->text);
    seen->writes = true;
    log_notice(session->options.log, "%s is not rehearsed: what it says is known when it runs", statement->where);
    return db_exec(session->db, "rehearsal", "ROLLBACK TO SAVEPOINT pgdyno_statement", err);
}

/* pgbench rehearses nothing; what it would run must not fail here. */
static bool prepare_of_script(struct session *session, const struct variant *variant,
                              const struct transaction *transaction, const struct statement *statement,
                              struct seen *seen, struct err *err)
{
    struct err mine = {0};
    seen->writes = seen->writes || statement->several;
    if (statement->control || statement->several)
        return true;
    if (!statement->late && !may_be_no_parameter(session, statement))
        return prepare_statement(session, variant, transaction, statement, seen, err);
    if (!db_exec(session->db, "rehearsal", "SAVEPOINT pgdyno_statement", err))
        return false;
    if (!prepare_statement(session, variant, transaction, statement, seen, &mine))
        return excuse(session, statement, seen, &mine, err);
    return db_exec(session->db, "rehearsal", "RELEASE SAVEPOINT pgdyno_statement", err);
}

static bool prepare_any(struct session *session, const struct variant *variant, const struct transaction *transaction,
                        const struct statement *statement, struct seen *seen, struct err *err)
{
    return transaction->script ? prepare_of_script(session, variant, transaction, statement, seen, err)
                               : prepare_statement(session, variant, transaction, statement, seen, err);
}

/* What the variant does not rewrite may still fail under it alone: it may drop what is needed. */
static bool prepare_all(struct session *session, const struct variant *variant, struct seen *seen, struct err *err)
{
    for (size_t t = 0; t < session->workload->n_transactions; t++) {
        const struct transaction *transaction = &variant->transactions[t];
        for (int s = 0; s < transaction->n_statements; s++)
            if (!prepare_any(session, variant, transaction, &transaction->statements[s], seen, err))
                return false;
    }
    return true;
}

static bool build_indexes(struct session *session, const struct variant *variant, struct err *err)
{
    int64_t ns, bytes;
    for (size_t i = 0; i < variant->n_indexes; i++)
        if (!index_build(session->db, &variant->indexes[i], &ns, &bytes, err))
            return blame_sql(session, variant->indexes[i].definition, err);
    return true;
}

static bool rehearse_variant_inside(struct session *session, const struct variant *variant, struct seen *seen,
                                    struct err *err)
{
    char what[128];
    snprintf(what, sizeof what, "variant %.64s, apply", variant->name);
    if (!build_indexes(session, variant, err) || (variant->apply && !reverted_note(session, err)) ||
        !run_sql(session, what, variant->apply, err))
        return false;
    bool ok = db_exec(session->db, what, "SAVEPOINT pgdyno_settings", err) &&
              session_settings(session, session->workload->session, session->workload->n_session, true, err) &&
              session_settings(session, variant->settings, variant->n_settings, true, err) &&
              prepare_all(session, variant, seen, err) &&
              db_exec(session->db, what, "ROLLBACK TO SAVEPOINT pgdyno_settings", err);
    snprintf(what, sizeof what, "variant %.64s, revert", variant->name);
    return ok && run_sql(session, what, variant->revert, err) &&
           (!variant->apply || reverted_check(session, variant, err));
}

/* What cannot run inside a transaction (CREATE INDEX CONCURRENTLY) will be seen when it runs for good. */
static bool forgive(struct session *session, const struct variant *variant, struct seen *seen, const struct err *err)
{
    if ((err->kind != ERR_INPUT && err->kind != ERR_SERVER) || db_sqlstate(session->db) != SQLSTATE_ACTIVE_TRANSACTION)
        return false;
    log_notice(session->options.log, "variant %s is not rehearsed: it cannot run inside a transaction", variant->name);
    seen->writes = true;
    return true;
}

static bool rehearse_variant(struct session *session, const struct variant *variant, struct seen *seen, struct err *err)
{
    session_progress(session, PHASE_REHEARSE, variant->name, 0, 0);
    if (!db_exec(session->db, "rehearsal", "SAVEPOINT pgdyno_variant", err))
        return false;
    if (!rehearse_variant_inside(session, variant, seen, err) && !forgive(session, variant, seen, err))
        return false;
    return db_exec(session->db, "rehearsal", "ROLLBACK TO SAVEPOINT pgdyno_variant", err);
}

static bool not_boolean(const char *what, const char *where, const char *given, struct err *err)
{
    return err_set(err, ERR_INPUT, where,
                   "%s: gives %s\na check is a query for one value that is true as long as all is well, "
                   "as: SELECT count(*) = 0 FROM … WHERE …",
                   what, given);
}

static bool wrong_type(struct session *session, const char *what, const char *where, Oid type, struct err *err)
{
    char sql[64], name[128], given[192];
    snprintf(sql, sizeof sql, "SELECT format_type(%u, NULL)", type);
    if (!db_value(session->db, sql, name, sizeof name, err))
        return false;
    snprintf(given, sizeof given, "a %s, not a boolean", name);
    return not_boolean(what, where, given, err);
}

/* Of the statement prepared last. A check that can never be true would be told only after all was seeded. */
static bool check_boolean(struct session *session, const char *what, const char *where, struct err *err)
{
    char given[64];
    int n;
    Oid type;
    if (!describe(session, what, where, &n, &type, err))
        return false;
    if (n == 1)
        return type == BOOL_TYPE || wrong_type(session, what, where, type, err);
    snprintf(given, sizeof given, "%d columns, not one boolean", n);
    return not_boolean(what, where, n == 0 ? "no columns, not one boolean" : given, err);
}

static bool rehearse_checks(struct session *session, struct err *err)
{
    char what[128];
    for (size_t i = 0; i < session->workload->n_checks; i++) {
        const struct check *check = &session->workload->checks[i];
        const char *where = workload_where(session->workload, check);
        snprintf(what, sizeof what, "check %.64s", check->name);
        if (!db_prepare_check(session->db, what, check->sql, err))
            return session_blame(session, where, err);
        if (!check_boolean(session, what, where, err))
            return false;
    }
    return true;
}

/* Nothing is made but what the transaction takes back: the statements alone. */
static bool rehearse_existing(struct session *session, struct err *err)
{
    struct seen seen = {0};
    const struct variant *variant = &session->workload->variants[0];
    bool ok = db_exec(session->db, "rehearsal", "BEGIN", err) &&
              session_settings(session, session->workload->session, session->workload->n_session, true, err) &&
              prepare_all(session, variant, &seen, err);
    session->writes = seen.writes;
    if (!ok && session->workload->builtins && db_sqlstate(session->db) == SQLSTATE_NO_TABLE)
        err_append(err,
                   "`pgbench -i` makes the tables of the built-in scripts; without a connection option they run on a "
                   "private server's");
    return ok;
}

static bool rehearse_all(struct session *session, const char *schema, struct err *err)
{
    const struct workload *workload = session->workload;
    struct seen seen = {0};
    if (!db_execf(session->db, "rehearsal", err,
                  "BEGIN; CREATE SCHEMA %s; SET LOCAL search_path = %s; SET LOCAL pgdyno.rehearsal = 'on'", schema,
                  schema))
        return false;
    if (!run_sql(session, "schema", workload->schema_sql, err) || !check_tables(session, err) ||
        !run_sql(session, "constraints", workload->constraints_sql, err) || !rehearse_checks(session, err))
        return false;
    for (size_t i = 0; i < workload->n_variants; i++)
        if (!rehearse_variant(session, &workload->variants[i], &seen, err))
            return false;
    session->writes = seen.writes;
    return true;
}

bool session_rehearse(struct session *session, struct err *err)
{
    char schema[64], drop[128];
    struct err local;
    snprintf(schema, sizeof schema, "pgdyno_rehearsal_%d", (int)getpid());
    snprintf(drop, sizeof drop, "DROP SCHEMA IF EXISTS %s CASCADE", schema);
    session_progress(session, PHASE_REHEARSE, "schema", 0, 0);
    if (!session_not_stopped(err))
        return false;
    bool existing = session->workload->existing;
    bool ok =
        existing ? rehearse_existing(session, err ? err : &local) : rehearse_all(session, schema, err ? err : &local);
    session_exec_anyway(session, "ROLLBACK");
    if (!ok && !existing)
        session_exec_anyway(session, drop); /* should the workload's SQL have committed */
    return ok;
}

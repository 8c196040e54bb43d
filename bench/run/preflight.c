/* All refusals come before the first change. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "run/setting_match.h"
#include "session.h"

/* Columns of FACTS_SQL. */
enum fact {
    DATABASE,
    ROLE,
    IN_RECOVERY,
    READ_ONLY,
    MAY_CREATE,
    MAX_CONNECTIONS,
    RESERVED,
    ROLE_LIMIT,
    DATABASE_LIMIT,
    OTHERS
};

#define FACTS_SQL                                                                                                      \
    "SELECT current_database(), current_user, pg_is_in_recovery(), current_setting('transaction_read_only'), "         \
    "has_database_privilege(current_database(), 'CREATE'), current_setting('max_connections'), "                       \
    "CASE WHEN rolsuper THEN 0 ELSE current_setting('superuser_reserved_connections')::int "                           \
    "+ coalesce(current_setting('reserved_connections', true), '0')::int END, "                                        \
    "CASE WHEN rolsuper THEN -1 ELSE rolconnlimit END, CASE WHEN rolsuper THEN -1 ELSE datconnlimit END, "             \
    "(SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()) "       \
    "FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()"

static const char *text_of(const PGresult *facts, enum fact fact)
{
    return PQgetvalue(facts, 0, fact);
}

static int number_of(const PGresult *facts, enum fact fact)
{
    return atoi(text_of(facts, fact));
}

static bool check_writable(const PGresult *facts, struct err *err)
{
    if (strcmp(text_of(facts, IN_RECOVERY), "t") == 0)
        return err_set(err, ERR_SERVER, NULL,
                       "this server is a standby in recovery and takes no writes\n"
                       "connect to the primary, or leave out the connection for a private server");
    if (strcmp(text_of(facts, READ_ONLY), "on") == 0)
        return err_set(
            err, ERR_SERVER, NULL,
            "transactions of role %s in database %s are read-only\n"
            "ALTER ROLE … or DATABASE … RESET default_transaction_read_only, or use another role or database",
            text_of(facts, ROLE), text_of(facts, DATABASE));
    return true;
}

static bool check_create(const PGresult *facts, struct err *err)
{
    if (strcmp(text_of(facts, MAY_CREATE), "t") == 0)
        return true;
    return err_set(err, ERR_SERVER, NULL,
                   "role %s may not create a schema in database %s, and pgdyno works in one of its own\n"
                   "as the database's owner: GRANT CREATE ON DATABASE \"%s\" TO \"%s\";",
                   text_of(facts, ROLE), text_of(facts, DATABASE), text_of(facts, DATABASE), text_of(facts, ROLE));
}

static bool check_limit(const char *what, const char *remedy, int limit, int needed, struct err *err)
{
    if (limit < 0 || limit >= needed)
        return true;
    return err_set(err, ERR_SERVER, NULL,
                   "this workload needs %d connections at once (the largest pool with its overflow, and one for "
                   "set-up), but %s allows %d\n%s, or choose smaller pools with --pool and --max-overflow",
                   needed, what, limit, remedy);
}

static bool check_connections(struct session *session, const PGresult *facts, struct err *err)
{
    int needed = session_connections_needed(session->workload, session->options.load_connections);
    int server = number_of(facts, MAX_CONNECTIONS) - number_of(facts, RESERVED);
    if (!check_limit("the server (max_connections less reserved ones)", "raise max_connections and restart the server",
                     server, needed, err) ||
        !check_limit("the role's limit", "ALTER ROLE … CONNECTION LIMIT", number_of(facts, ROLE_LIMIT), needed, err) ||
        !check_limit("the database's limit", "ALTER DATABASE … CONNECTION LIMIT", number_of(facts, DATABASE_LIMIT),
                     needed, err))
        return false;
    int others = number_of(facts, OTHERS);
    if (others + needed > server)
        log_warning(
            session->options.log,
            "%d of the server's %d connections are in use by others and this workload needs %d: some may be refused",
            others, server, needed);
    return true;
}

static bool check_setting(struct session *session, const struct setting *wanted, struct str *misses, struct err *err)
{
    const char *params[] = {wanted->name};
    PGresult *rows = db_rows(session->db, "settings",
                             "SELECT setting, coalesce(unit, ''), vartype, current_setting(name) FROM pg_settings "
                             "WHERE lower(name) = lower($1)",
                             1, params, err);
    if (!rows)
        return false;
    if (PQntuples(rows) == 0)
        str_printf(misses, "\n  %s: the workload wants %s, this server has no such setting", wanted->name,
                   wanted->value);
    else if (!setting_match(wanted->value, PQgetvalue(rows, 0, 0), PQgetvalue(rows, 0, 1), PQgetvalue(rows, 0, 2)))
        str_printf(misses, "\n  %s: the workload wants %s, the server has %s", wanted->name, wanted->value,
                   PQgetvalue(rows, 0, 3));
    PQclear(rows);
    return true;
}

static bool check_settings(struct session *session, struct err *err)
{
    struct str misses = {0};
    bool ok = true;
    for (size_t i = 0; ok && i < session->workload->n_server; i++)
        ok = check_setting(session, &session->workload->server[i], &misses, err);
    if (ok && misses.len > 0)
        ok = err_set(
            err, ERR_SERVER, session->workload->path,
            "`server:` does not agree with this server:%s\n"
            "change the server's configuration, or the workload's, or leave out the connection for a private server",
            str_text(&misses));
    str_deinit(&misses);
    return ok;
}

bool preflight(struct session *session, struct err *err)
{
    PGresult *facts = db_rows(session->db, "looking at the server", FACTS_SQL, 0, NULL, err);
    if (!facts)
        return false;
    bool ok = PQntuples(facts) == 1 || err_set(err, ERR_SERVER, NULL, "the server does not tell about its own role");
    /* Scripts may only read, and need no schema of ours. */
    if (!session->workload->existing)
        ok = ok && check_writable(facts, err) && check_create(facts, err);
    ok = ok && check_connections(session, facts, err);
    PQclear(facts);
    return ok && check_settings(session, err);
}

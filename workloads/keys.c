/* The rows. A key of a later issue is KEY_LATER, so that it is refused by name rather than ignored. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "schema.h"

#define DAY_NS     (86400 * NS_PER_S)
#define AT(member) offsetof(struct workload, member)
/* clang-format off */
#define LATER(name, help) {name, KEY_LATER, 0, 0, 0, NULL, help, NULL, NULL, FORM_OF_KIND}
/* `inner` are the keys of FORM_MAP, FORM_MAPS and FORM_LIST; else NULL. */
#define ELSEWHERE(name, form, inner, help) {name, KEY_ELSEWHERE, 0, 0, 0, NULL, help, NULL, inner, form, false}
#define REQUIRED(name, form, inner, help) {name, KEY_ELSEWHERE, 0, 0, 0, NULL, help, NULL, inner, form, true}
#define BIND(name, fn, form, inner, help) {name, KEY_BIND, 0, 0, 0, NULL, help, fn, inner, form, false}
#define BIND_REQUIRED(name, fn, form, inner, help) {name, KEY_BIND, 0, 0, 0, NULL, help, fn, inner, form, true}
#define SECTION(name, keys, help) {name, KEY_SECTION, 0, 0, 0, NULL, help, NULL, keys, FORM_MAP}
#define END {NULL, KEY_LATER, 0, 0, 0, NULL, NULL, NULL, NULL, FORM_OF_KIND}
/* clang-format on */

static void bind_name(struct loader *loader, const yaml_node_t *node);
static void bind_schema_file(struct loader *loader, const yaml_node_t *node);
static void bind_constraints_file(struct loader *loader, const yaml_node_t *node);
static void bind_session(struct loader *loader, const yaml_node_t *node);
static void bind_server(struct loader *loader, const yaml_node_t *node);

static const struct key sweep_keys[] = {
    {"pool", KEY_INTS, AT(sweep.pools), 1, 10000, "8", "connections: one number or a list", NULL, NULL},
    {"isolation", KEY_ISOLATIONS, AT(sweep.isolations), 0, 0, "read committed",
     "read committed (rc), repeatable read (rr), serializable (ser); one or a list", NULL, NULL},
    {"rate", KEY_RATES, AT(sweep.rates), 0, 0, "closed",
     "closed, 500/s, or 80% of what the closed loop carries; one or a list", NULL, NULL},
    END,
};

static const struct key load_keys[] = {
    {"clients", KEY_INT, AT(load.clients), 1, 1000000, NULL, "of a closed loop; default: as many as connections", NULL,
     NULL},
    {"arrivals", KEY_ARRIVALS, AT(load.arrivals), 0, 0, NULL,
     "with a rate: poisson or constant; default: constant to compare variants, poisson for one alone", NULL, NULL},
    {"think", KEY_DURATION, AT(load.think_ns), 0, DAY_NS, "0", "of a client, between its transactions", NULL, NULL},
    END,
};

const struct key pool_keys[] = {
    {"acquire_timeout", KEY_TIMEOUT, AT(pool.acquire_timeout_ns), NS_PER_MS, DAY_NS, "never",
     "a transaction that waited so long for a connection gives up", NULL, NULL},
    {"max_overflow", KEY_INT, AT(pool.max_overflow), 0, 10000, "0",
     "connections beyond the size, opened when all are busy and closed when idle", NULL, NULL},
    {"max_lifetime", KEY_TIMEOUT, AT(pool.max_lifetime_ns), NS_PER_MS, DAY_NS, "never",
     "an older connection is replaced before its next transaction", NULL, NULL},
    {"idle_timeout", KEY_TIMEOUT, AT(pool.idle_timeout_ns), NS_PER_MS, DAY_NS, "never",
     "a connection idle for so long is closed", NULL, NULL},
    {"pre_ping", KEY_BOOL, AT(pool.pre_ping), 0, 0, "false", "an empty query before each transaction", NULL, NULL},
    {"connect_per_transaction", KEY_BOOL, AT(pool.connect_each), 0, 0, "false",
     "a new connection for each transaction: no pool at all, as pgbench -C", NULL, NULL},
    END,
};

static const struct key measure_keys[] = {
    {"warmup", KEY_DURATION, AT(measure.warmup_ns), 0, DAY_NS, "2s", "unmeasured time before each trial", NULL, NULL},
    {"duration", KEY_DURATION, AT(measure.duration_ns), 10 * NS_PER_MS, DAY_NS, "8s", "measured time of each trial",
     NULL, NULL},
    {"blocks", KEY_INT, AT(measure.blocks), 1, 1000, "12", "how often each cell is measured", NULL, NULL},
    {"seed", KEY_SEED, AT(measure.seed), 0, INT64_MAX, "42", "of everything random", NULL, NULL},
    {"protocol", KEY_PROTOCOL, AT(measure.protocol), 0, 0, "prepared", "simple, extended or prepared", NULL, NULL},
    {"threads", KEY_INT, AT(measure.threads), 0, 1024, "0", "of the driver; 0: one a usable core", NULL, NULL},
    {"raw_memory", KEY_BYTES, AT(measure.raw_bytes), 0, INT64_C(1) << 40, "64MB",
     "for the raw records of a trial, 32 bytes a transaction; 0: none, else at least 1kB", NULL, NULL},
    END,
};

static const struct key retry_keys[] = {
    {"max_tries", KEY_INT, AT(retry.max_tries), 1, 1000000, "10", "attempts altogether; 1: never again", NULL, NULL},
    {"backoff", KEY_DURATION_RANGE, AT(retry.backoff_min_ns), 0, DAY_NS, "1ms..100ms",
     "longest wait before the second and before the last attempts", NULL, NULL},
    END,
};

/* Settings first: sections of plain values, whose seed the tables need. Then in the order in which they need each
 * other. */
const struct key top_keys[] = {
    BIND_REQUIRED("workload", bind_name, FORM_NAME, NULL, "its name; on a server, the schema's too"),
    {"about", KEY_TEXT, AT(about), 0, 0, "", "the question it answers", NULL, NULL},
    SECTION("sweep", sweep_keys, "what is crossed with the variants"),
    SECTION("load", load_keys, "clients, arrivals, think time"),
    SECTION("pool", pool_keys, "what the connection pool does beside handing out connections"),
    SECTION("measure", measure_keys, "how long, how often"),
    SECTION("retry", retry_keys, "after a serialization failure or deadlock"),
    {"schema", KEY_TEXT, AT(schema_sql), 0, 0, NULL, "SQL run before the rows are loaded", NULL, NULL},
    BIND("schema_file", bind_schema_file, FORM_FILE, NULL, "the same, from a .sql file"),
    {"constraints", KEY_TEXT, AT(constraints_sql), 0, 0, NULL, "SQL run after the rows are loaded", NULL, NULL},
    BIND("constraints_file", bind_constraints_file, FORM_FILE, NULL, "the same, from a .sql file"),
    BIND("params", bind_params, FORM_EXPRESSIONS, NULL, "constants; -D name=value overrides"),
    BIND("sources", bind_sources, FORM_FILES, NULL, "CSV files with a header line: read-only tables"),
    BIND("tables", bind_tables, FORM_MAPS, table_keys, "what to generate"),
    BIND_REQUIRED("transactions", bind_transactions, FORM_MAPS, transaction_keys, "units of work"),
    BIND("variants", bind_variants, FORM_MAPS, variant_keys, "changes to compare; the first is the baseline"),
    BIND("session", bind_session, FORM_SETTINGS, NULL, "settings of every session"),
    BIND("server", bind_server, FORM_SETTINGS, NULL, "settings of the private server"),
    BIND("checks", bind_checks, FORM_TEXTS, NULL, "SQL that must be true after every trial"),
    LATER("gate", "margins of a verdict"),
    END,
};

const struct key table_keys[] = {
    REQUIRED("rows", FORM_EXPRESSION, NULL, "how many; an expression of params and rows(t)"),
    REQUIRED("columns", FORM_EXPRESSIONS, NULL, "name: expression"),
    END,
};

const struct key transaction_keys[] = {
    ELSEWHERE("weight", FORM_NUMBER, NULL, "how often it is chosen beside the others; 0: never; default 1"),
    ELSEWHERE("let", FORM_EXPRESSIONS, NULL, "name: expression, drawn anew for each transaction"),
    ELSEWHERE("sql", FORM_SQL, NULL, "the only statement"),
    ELSEWHERE("steps", FORM_LIST, step_keys, "several: sql, copy, if, set, sleep, repeat, rollback"),
    ELSEWHERE("autocommit", FORM_BOOL, NULL, "true: no BEGIN … COMMIT around the steps"),
    ELSEWHERE("pipeline", FORM_BOOL, NULL, "true: statements are sent without waiting for answers that no step needs"),
    ELSEWHERE("script", FORM_TEXT, NULL, "a pgbench script: its path, or tpcb-like, simple-update, select-only"),
    END,
};

const struct key step_keys[] = {
    ELSEWHERE("sql", FORM_SQL, NULL, "a statement"),
    ELSEWHERE("into", FORM_NAMES, NULL, "variables that take the columns of its only row"),
    ELSEWHERE("if", FORM_EXPRESSION, NULL, "a condition"),
    ELSEWHERE("then", FORM_LIST, step_keys, "steps when it is true"),
    ELSEWHERE("else", FORM_LIST, step_keys, "steps when it is not"),
    ELSEWHERE("elif", FORM_LIST, elif_keys, "further conditions, tried in order: a list of {if: …, then: […]}"),
    ELSEWHERE("each", FORM_MAP, each_keys, "steps for every row of the statement"),
    ELSEWHERE("set", FORM_EXPRESSIONS, NULL, "name: expression; one or several"),
    ELSEWHERE("sleep", FORM_TEXT, NULL, "wait: 2ms, or an expression in milliseconds"),
    ELSEWHERE("repeat", FORM_MAP, repeat_keys, "steps several times"),
    ELSEWHERE("rollback", FORM_BOOL, NULL, "true: end the transaction without effect"),
    ELSEWHERE("copy", FORM_NAME, NULL, "a table that COPY loads rows into"),
    ELSEWHERE("rows", FORM_EXPRESSION, NULL, "how many rows `copy` loads"),
    ELSEWHERE("columns", FORM_EXPRESSIONS, NULL, "what `copy` loads; name: expression"),
    END,
};

const struct key each_keys[] = {
    REQUIRED("as", FORM_NAMES, NULL, "variables that take the columns of a row"),
    REQUIRED("do", FORM_LIST, step_keys, "steps for every row"),
    END,
};

const struct key repeat_keys[] = {
    REQUIRED("times", FORM_EXPRESSION, NULL, "how often"),
    REQUIRED("do", FORM_LIST, step_keys, "steps of each round"),
    END,
};

const struct key elif_keys[] = {
    REQUIRED("if", FORM_EXPRESSION, NULL, "a condition"),
    REQUIRED("then", FORM_LIST, step_keys, "steps when it is true, and none before it was"),
    END,
};

/* As transaction_keys: what is given replaces the workload's. */
const struct key rewrite_keys[] = {
    ELSEWHERE("weight", FORM_NUMBER, NULL, "how often it is chosen under this variant"),
    ELSEWHERE("let", FORM_EXPRESSIONS, NULL, "other variables; without it the same draws as ever"),
    ELSEWHERE("sql", FORM_SQL, NULL, "the only statement, instead of the old body"),
    ELSEWHERE("steps", FORM_LIST, step_keys, "steps instead of the old body"),
    ELSEWHERE("autocommit", FORM_BOOL, NULL, "true: no BEGIN … COMMIT around the steps"),
    ELSEWHERE("pipeline", FORM_BOOL, NULL, "true: statements are sent without waiting for answers that no step needs"),
    ELSEWHERE("script", FORM_TEXT, NULL, "a pgbench script instead of the old body"),
    END,
};

const struct key variant_keys[] = {
    ELSEWHERE("index", FORM_SQL_LIST, NULL, "what may follow CREATE INDEX name ON; one or a list"),
    ELSEWHERE("apply", FORM_SQL, NULL, "SQL that makes the change"),
    ELSEWHERE("apply_file", FORM_FILE, NULL, "the same, from a .sql file: a migration's way up"),
    ELSEWHERE("revert", FORM_SQL, NULL, "SQL that undoes it"),
    ELSEWHERE("revert_file", FORM_FILE, NULL, "the same, from a .sql file: its way down"),
    ELSEWHERE("settings", FORM_SETTINGS, NULL, "of every session under this variant"),
    ELSEWHERE("pool", FORM_MAP, pool_keys, "habits of the pool that differ under this variant"),
    ELSEWHERE("transactions", FORM_MAPS, rewrite_keys, "name: what is different of it under this variant"),
    END,
};

enum {
    IDENTIFIER_MAX = 63
};

/* It becomes a schema on the server: lower case, and not one of PostgreSQL's own. */
static void bind_name(struct loader *loader, const yaml_node_t *node)
{
    if (!loader_wants_name(loader, node, "the workload's name", IDENTIFIER_MAX))
        return;
    const char *name = doc_text(node);
    for (const char *c = name; *c; c++) {
        if (*c >= 'A' && *c <= 'Z') {
            doc_problem(&loader->doc, node, "the workload's name must be in lower case: it names a schema");
            return;
        }
    }
    if (str_starts_with(name, "pg_") || strcmp(name, "public") == 0 || strcmp(name, "information_schema") == 0)
        doc_problem(&loader->doc, node, "`%s` is a schema of PostgreSQL's own; choose another name", name);
    loader->workload->name = loader_copy(loader, name);
}

/* The key's other form is bound already. */
static void bind_sql_file(struct loader *loader, const yaml_node_t *node, const char *key, const char **member)
{
    char what[40];
    snprintf(what, sizeof what, "`%s_file`", key);
    if (*member)
        doc_problem(&loader->doc, node, "`%s` and `%s_file` exclude each other", key, key);
    else
        *member = loader_sql_file(loader, node, what);
}

static void bind_schema_file(struct loader *loader, const yaml_node_t *node)
{
    bind_sql_file(loader, node, "schema", &loader->workload->schema_sql);
}

static void bind_constraints_file(struct loader *loader, const yaml_node_t *node)
{
    bind_sql_file(loader, node, "constraints", &loader->workload->constraints_sql);
}

static void bind_session(struct loader *loader, const yaml_node_t *node)
{
    bind_settings(loader, node, "`session`", &loader->workload->session, &loader->workload->n_session);
}

static void bind_server(struct loader *loader, const yaml_node_t *node)
{
    bind_settings(loader, node, "`server`", &loader->workload->server, &loader->workload->n_server);
}

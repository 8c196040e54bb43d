/* One workload, read, checked and bound: plain data that the other rooms read and never change. All of it lives in one
 * arena and goes with workload_free(). */
#ifndef PGDYNO_WORKLOADS_SPEC_H
#define PGDYNO_WORKLOADS_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "generators/csv_source.h"
#include "generators/table.h"
#include "pg/cluster.h"
#include "pg/index.h"

struct program; /* a compiled expression, workloads/eval.h */
struct arena;

enum isolation {
    ISOLATION_READ_COMMITTED,
    ISOLATION_REPEATABLE_READ,
    ISOLATION_SERIALIZABLE,
    ISOLATION_COUNT
};
const char *isolation_name(enum isolation isolation);  /* "read committed": files, reports and SQL */
const char *isolation_short(enum isolation isolation); /* "rc": file names */

enum protocol {
    PROTOCOL_SIMPLE,
    PROTOCOL_EXTENDED,
    PROTOCOL_PREPARED,
    PROTOCOL_COUNT
};
const char *protocol_name(enum protocol protocol);

/* What happens to the rows of a statement. */
enum keep {
    KEEP_NOTHING,
    KEEP_INTO, /* the columns of the only row go into the slots `into` */
    KEEP_ROWS, /* all rows stay for loop `loop`, which walks over them: `each` */
    KEEP_GSET, /* pgbench: the only row, each column into the variable prefix ‖ column, where there is such a slot */
    KEEP_ASET  /* the same, of the last row if there is any */
};

/* One SQL statement of a transaction. `:name` became $1 … $n in order of appearance. */
struct statement {
    const char *text;          /* as written in the file, for people */
    const char *sql;           /* with $1 … $n, for the server */
    const char *prepared_name; /* "dashboard_1" */
    const char *where;         /* "tasks.yaml:48" */
    int number;                /* from 1 within its transaction: summary.csv's `statement` */
    int n_params;
    const int *params;        /* variable slot of each $k */
    const char *const *parts; /* n_params + 1 pieces of SQL text around the parameters, for the simple protocol */
    bool control;             /* BEGIN, COMMIT, SAVEPOINT, …: has no plan */
    bool several;             /* queries in one, `\;` of a script: simple protocol only, cannot be prepared */
    bool late;                /* needs what a statement before it in its script may make: not prepared beforehand */
    bool verbatim;            /* simple protocol: values go in as they are, unquoted, as pgbench does it */
    const char *const *unset; /* verbatim: what stands for a parameter that no \gset has filled: ":name"; NULL: none */
    enum keep keep;
    int n_into;         /* KEEP_INTO */
    const int *into;    /* variable slot of each column */
    const char *prefix; /* KEEP_GSET, KEEP_ASET: "" for none */
    int loop;           /* KEEP_ROWS */
};

/* COPY table (columns) FROM STDIN, fed with rows that expressions make. It counts as a statement too: statements[n] has
 * its text, without parameters. */
struct copy_rows {
    const struct program *rows;          /* how many; evaluated once */
    const struct program *const *values; /* of each column, evaluated anew for each row */
    int n_values;
};

/* Steps are flat: conditions and loops became jumps, so that a client needs no stack. A loop has a number, its place
 * among the transaction's loops; loops inside each other have different ones. */
enum step_kind {
    STEP_SQL,         /* send statements[statement] */
    STEP_COPY,        /* send statements[statement], then the rows of *copy */
    STEP_JUMP_UNLESS, /* go to `target` unless `value` is true (NULL counts as false) */
    STEP_JUMP,        /* go to `target` */
    STEP_SET,         /* variable `slot` becomes `value` */
    STEP_CLIENT,      /* variable `slot` becomes the client's number, from 0; with a rate, its connection's */
    STEP_SLEEP,       /* wait `value` × unit_ns */
    STEP_REPEAT,      /* loop `loop` has `value` rounds to go (NULL and less than 0: none) */
    STEP_ROUND,       /* the next round of `loop`; none left: go to `target` */
    STEP_EACH,     /* the next of the rows kept for `loop`, its columns into the slots `into`; none left: to `target` */
    STEP_ROLLBACK, /* the transaction ends here without effect, and that is what was wanted: it is ok */
    STEP_PIPELINE, /* pgbench's \startpipeline: from here on nothing waits for an answer */
    STEP_SYNC,     /* \syncpipeline: a sync point in it; does not wait either */
    STEP_PIPELINE_END /* \endpipeline: sync, and wait for all answers */
};

struct step {
    enum step_kind kind;
    int statement;
    int target; /* index into steps; n_steps is the end */
    const struct program *value;
    int slot;
    int loop;
    int64_t unit_ns;
    int n_into;
    const int *into;
    const struct copy_rows *copy;
    const char *where; /* "tasks.yaml:50", for messages */
};

struct let {
    int slot;
    const struct program *value;
};

struct transaction {
    const char *name;
    int64_t weight; /* 0: never chosen */
    bool block;    /* BEGIN … COMMIT around the steps; else one autocommit statement (or several, autocommit: true) */
    bool pipeline; /* nothing waits, up to a statement whose rows are needed; then, and at the end, a sync */
    bool script;   /* a pgbench script: its own BEGIN and END; a retry starts it over from its first step */
    const char *const *variables; /* names of the slots: lets first, then what the steps set */
    int n_variables;
    const struct let *lets;
    int n_lets;
    const struct statement *statements;
    int n_statements;
    const struct step *steps;
    int n_steps;
    int n_loops;
};

/* What an application's connection pool does beside handing out connections. */
struct pool_habits {
    int64_t acquire_timeout_ns; /* a transaction that waited so long gives up; 0: never */
    int max_overflow;           /* connections beyond the size, opened when all are busy, closed when idle */
    int64_t max_lifetime_ns;    /* an older one is replaced before its next transaction; 0: never */
    int64_t idle_timeout_ns;    /* one idle for so long is closed, and opened again when needed; 0: never */
    bool pre_ping;              /* an empty query before each transaction, and a new connection if it fails */
    bool connect_each;          /* a new connection for each transaction: pgbench -C */
};

struct variant {
    const char *name;
    const struct index_spec *indexes; /* built before, dropped after */
    size_t n_indexes;
    const char *apply;              /* SQL, may be NULL */
    const char *revert;             /* SQL that undoes it; required with apply */
    const struct setting *settings; /* session settings */
    size_t n_settings;
    struct pool_habits pool; /* the workload's, but for what the variant changes */
    /* The workload's, but for those that the variant rewrites: same count, names and order, own weights and steps. What
     * a trial runs are always its variant's. */
    const struct transaction *transactions;
    int64_t total_weight;
    bool rewrites;     /* any of them differs from the workload's */
    const char *about; /* one line for reports, made from the above: "index tasks (status, priority)" */
};

/* A condition on the data: must be true after every trial. */
struct check {
    const char *name;
    const char *sql;
};

/* Where the load of a cell comes from. */
enum rate_kind {
    RATE_CLOSED, /* each client begins its next transaction when the one before has ended (and it has thought) */
    RATE_TPS,    /* transactions arrive by a schedule, whatever the server does */
    RATE_SHARE   /* the same, at a share of the closed-loop throughput of the same cell */
};
struct rate {
    enum rate_kind kind;
    double value; /* transactions a second, or the share: 0.8 for 80% */
};
enum {
    RATE_NAME_BYTES = 32
};
const char *rate_name(const struct rate *rate, char buf[RATE_NAME_BYTES]); /* "closed", "500/s", "80%" */

enum arrivals {
    ARRIVALS_POISSON,
    ARRIVALS_CONSTANT,
    ARRIVALS_COUNT
};
const char *arrivals_name(enum arrivals arrivals);

struct sweep {
    const int *pools;
    size_t n_pools;
    const enum isolation *isolations;
    size_t n_isolations;
    const struct rate *rates;
    size_t n_rates;
};

struct load {
    int clients;            /* of a closed loop; 0: as many as connections */
    enum arrivals arrivals; /* with a rate */
    int64_t think_ns;       /* of a closed loop: from the end of a transaction to the client's next */
};

struct measure {
    int64_t warmup_ns;
    int64_t duration_ns;
    int blocks;
    uint64_t seed;
    enum protocol protocol;
    int threads;       /* 0: as many as usable cores, at most one a connection */
    int64_t raw_bytes; /* memory for the raw records of a trial */
};

struct retry_policy {
    int max_tries; /* attempts altogether; 1: never again */
    int64_t backoff_min_ns;
    int64_t backoff_max_ns;
};

/* Where the file names a thing, for messages about what only the server can tell. */
struct file_place {
    const void *thing; /* a table_spec, column_spec, setting or check, or the text of SQL or of an index */
    const char *where; /* "tasks.yaml:48" */
    const struct file_place *next;
};

struct workload {
    struct arena *arena;
    const char *path;
    const char *text;   /* the file as read */
    char hash[17];      /* of the text and its sources, hexadecimal */
    char seed_hash[17]; /* of all that decides the loaded data: schema, constraints, tables, params, sources, seed,
                           generator version */
    const char *name;
    const char *about;
    const char *schema_sql;      /* may be NULL */
    const char *constraints_sql; /* may be NULL */
    struct csv_source **sources;
    size_t n_sources;
    struct table_spec *tables;
    size_t n_tables;
    const struct transaction *transactions;
    size_t n_transactions;
    int64_t total_weight;
    const struct variant *variants; /* at least one; the first is the baseline */
    size_t n_variants;
    struct sweep sweep;
    struct load load;
    struct pool_habits pool;
    struct measure measure;
    struct retry_policy retry;
    const struct setting *session; /* every session's settings */
    size_t n_session;
    const struct setting *server; /* the private server's settings */
    size_t n_server;
    const struct check *checks;
    size_t n_checks;
    const struct file_place *places;
    bool existing; /* scripts on the tables that a given server has: no schema of ours, nothing seeded or restored */
    bool builtins; /* any of the transactions is one of pgbench's built-in scripts */
};

/* "tasks.yaml:48"; the workload's path for a thing whose place is not known. */
const char *workload_where(const struct workload *workload, const void *thing);

#endif

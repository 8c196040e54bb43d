/* For the tests of the experiment: a private server that plays somebody's, workloads from text with one thing changed,
 * the notices, and a sink that remembers. */
#ifndef PGDYNO_TESTS_RUN_FIXTURE_H
#define PGDYNO_TESTS_RUN_FIXTURE_H

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/stop.h"
#include "base/str.h"
#include "pg/cluster.h"
#include "pg/query.h"
#include "run/run.h"
#include "unit.h"
#include "workloads/workload.h"

enum {
    MAX_TRIALS = 64
};

/* Small, quick, and with each part that a session handles. */
static const char READING[] = "workload: dyno_reading\n"
                              "schema: CREATE TABLE items (id int NOT NULL, kind int NOT NULL, note text)\n"
                              "constraints: ALTER TABLE items ADD PRIMARY KEY (id)\n"
                              "tables:\n"
                              "  items:\n"
                              "    rows: 5000\n"
                              "    columns: { id: row, kind: 'random(1, 500)', note: 'words(2, 4)' }\n"
                              "transactions:\n"
                              "  by_kind:\n"
                              "    weight: 1\n"
                              "    let: { kind: 'random(1, 500)' }\n"
                              "    sql: SELECT count(*) FROM items WHERE kind = :kind\n"
                              "variants:\n"
                              "  none: {}\n"
                              "  on_kind: { index: items (kind) }\n"
                              "sweep: { pool: [2], isolation: [rc] }\n"
                              "measure: { warmup: 50ms, duration: 150ms, blocks: 2, seed: 42 }\n"
                              "checks: { whole: SELECT count(*) = 5000 FROM items }\n";

static const char WRITING[] = "workload: dyno_writing\n"
                              "schema: CREATE TABLE accounts (id int NOT NULL, balance bigint NOT NULL)\n"
                              "constraints: ALTER TABLE accounts ADD PRIMARY KEY (id)\n"
                              "tables:\n"
                              "  accounts:\n"
                              "    rows: 1000\n"
                              "    columns: { id: row, balance: 'random(1, 1000)' }\n"
                              "transactions:\n"
                              "  add:\n"
                              "    weight: 1\n"
                              "    let: { id: 'random(1, 1000)' }\n"
                              "    sql: UPDATE accounts SET balance = balance + 1 WHERE id = :id\n"
                              "variants:\n"
                              "  none: {}\n"
                              "  on_balance: { index: accounts (balance) }\n"
                              "sweep: { pool: [2], isolation: [rc] }\n"
                              "measure: { warmup: 50ms, duration: 150ms, blocks: 2, seed: 42 }\n";

/* --- Workloads ---------------------------------------------------------------------------------------------------- */

/* `text` with the first `from` replaced by `to` (from NULL: as it is). */
static inline char *replaced(const char *text, const char *from, const char *to)
{
    struct str out = {0};
    const char *at = from ? strstr(text, from) : NULL;
    if (from && !at)
        fail_msg("\"%s\" is not in the workload", from);
    if (at) {
        str_append_n(&out, text, (size_t)(at - text));
        str_append(&out, to);
        str_append(&out, at + strlen(from));
    } else {
        str_append(&out, text);
    }
    return str_steal(&out);
}

static inline struct workload *load_text(const char *text)
{
    char path[] = "/tmp/pgdyno-test-XXXXXX.yaml";
    int fd = mkstemps(path, 5);
    struct workload *workload = NULL;
    struct problems problems = {0};
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    bool ok = workload_load(path, NULL, 0, &workload, &problems);
    unlink(path);
    if (!ok) {
        struct str shown = {0};
        problems_print(&problems, false, &shown);
        fail_msg("the test's own workload does not load:\n%s", str_text(&shown));
    }
    problems_deinit(&problems);
    return workload;
}

static inline struct workload *load_changed(const char *text, const char *from, const char *to)
{
    char *changed = replaced(text, from, to);
    struct workload *workload = load_text(changed);
    free(changed);
    return workload;
}

/* --- What a run tells --------------------------------------------------------------------------------------------- */

struct seen_trial {
    int variant, pool, isolation, block, order;
    bool valid, complete;
    int64_t ok, commits, scans, index_bytes, build_ns, server_commits;
    size_t n_indexes;
    char broken[64];
    char warnings[RESULT_WARNINGS * RESULT_WARNING_BYTES];
};

struct witness {
    struct str notices;
    struct seen_trial trials[MAX_TRIALS];
    int n_trials, n_plans, n_begins;
    char scan[8][PLAN_SCAN_BYTES]; /* by variant, of the last statement */
};

static inline void witness_notice(void *user, const char *line)
{
    struct witness *witness = user;
    str_append(&witness->notices, line);
    str_append_char(&witness->notices, '\n');
}

static inline bool witness_begin(void *user, const struct run_header *header, struct err *err)
{
    struct witness *witness = user;
    (void)err;
    assert_true(header->server_version >= 140000);
    assert_true(strstr(header->server_version_text, "PostgreSQL") != NULL);
    assert_true(header->n_server_settings > 0);
    witness->n_begins++;
    return true;
}

static inline bool witness_plan(void *user, const struct plan_result *plan, struct err *err)
{
    struct witness *witness = user;
    (void)err;
    witness->n_plans++;
    strcpy(witness->scan[plan->variant], plan->plan->scan);
    return true;
}

static inline bool witness_trial(void *user, const struct trial_result *trial, struct err *err)
{
    struct witness *witness = user;
    (void)err;
    assert_true(witness->n_trials < MAX_TRIALS);
    struct seen_trial *seen = &witness->trials[witness->n_trials++];
    *seen = (struct seen_trial){.variant = trial->variant,
                                .pool = trial->pool,
                                .isolation = trial->isolation,
                                .block = trial->block,
                                .order = trial->order,
                                .valid = trial->valid,
                                .complete = trial->complete,
                                .commits = trial->total_commits,
                                .n_indexes = trial->n_indexes,
                                .server_commits = trial->server.value[STAT_XACT_COMMIT]};
    for (size_t i = 0; i < trial->n_transactions; i++)
        seen->ok += trial->transactions[i].ok;
    if (trial->n_indexes > 0) {
        seen->scans = trial->indexes[0].scans;
        seen->index_bytes = trial->indexes[0].size_bytes;
        seen->build_ns = trial->indexes[0].build_ns;
    }
    strcpy(seen->broken, trial->broken_check);
    for (size_t i = 0; i < trial->n_warnings; i++) {
        strcat(seen->warnings, trial->warnings[i]);
        strcat(seen->warnings, "\n");
    }
    return true;
}

static inline struct run_sink witness_sink(struct witness *witness)
{
    return (struct run_sink){witness, witness_begin, witness_plan, witness_trial};
}

/* --- Servers ------------------------------------------------------------------------------------------------------ */

static inline struct cluster *open_server(void)
{
    struct cluster *cluster = NULL;
    struct err err = {0};
    struct cluster_options options = {.max_connections = 30, .fast_unsafe = true};
    if (!cluster_open(&options, &cluster, &err))
        fail_msg("%s", err.text);
    return cluster;
}

static inline struct db *connect_to(const struct target *target)
{
    struct db *db = NULL;
    struct err err = {0};
    if (!db_open(target, &db, &err))
        fail_msg("%s", err.text);
    return db;
}

static inline void sql(const struct target *target, const char *text)
{
    struct db *db = connect_to(target);
    struct err err = {0};
    if (!db_exec(db, "test", text, &err))
        fail_msg("%s: %s", text, err.text);
    db_close(db);
}

/* One value; the caller keeps `buf`. */
static inline const char *ask(const struct target *target, const char *text, char buf[256])
{
    struct db *db = connect_to(target);
    struct err err = {0};
    if (!db_value(db, text, buf, 256, &err))
        fail_msg("%s: %s", text, err.text);
    db_close(db);
    return buf;
}

static inline void assert_sql(const struct target *target, const char *text, const char *expected)
{
    char buf[256];
    if (strcmp(ask(target, text, buf), expected) != 0)
        fail_msg("%s: \"%s\", expected \"%s\"", text, buf, expected);
}

static inline void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

#endif

/* The catalog on a real server: every statement prepares, the checks hold on what was loaded, and each is set up
 * as its `about` says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "generators/load.h"
#include "pg/cluster.h"
#include "pg/index.h"
#include "pg/query.h"
#include "unit.h"
#include "workloads/workload.h"

struct server {
    struct cluster *cluster;
    struct db *db;
    struct err err;
};

#define DO(step)                                                                                                       \
    do {                                                                                                               \
        if (!(step))                                                                                                   \
            fail_msg("%s: %s", server->err.where, server->err.text);                                                   \
    } while (0)

static int start_server(void **state)
{
    static struct server server;
    struct cluster_options options = {.max_connections = 10, .fast_unsafe = true};
    unsetenv("PGDYNO_CATALOG");
    if (!cluster_open(&options, &server.cluster, &server.err) ||
        !db_open(cluster_target(server.cluster), &server.db, &server.err)) {
        print_error("%s\n", server.err.text);
        return -1;
    }
    *state = &server;
    return 0;
}

static int stop_server(void **state)
{
    struct server *server = *state;
    db_close(server->db);
    cluster_close(server->cluster);
    return 0;
}

static struct workload *seed(struct server *server, const char *name)
{
    char path[4096];
    struct workload *workload = NULL;
    struct problems problems = {0};
    struct load_options options = {.connections = 2, .schema = name};
    struct load_result result;
    DO(workload_find(name, path, sizeof path, &server->err));
    if (!workload_load(path, NULL, 0, &workload, &problems))
        fail_msg("%s does not load", path);
    problems_deinit(&problems);
    DO(db_execf(server->db, "schema", &server->err, "CREATE SCHEMA %s", name));
    DO(db_execf(server->db, "schema", &server->err, "SET search_path = %s", name));
    DO(db_exec(server->db, "schema", workload->schema_sql, &server->err));
    DO(load_tables(cluster_target(server->cluster), workload->tables, workload->n_tables, &options, &result,
                   &server->err));
    DO(db_exec(server->db, "constraints", workload->constraints_sql, &server->err));
    DO(db_exec(server->db, "vacuum", "VACUUM (FREEZE, ANALYZE)", &server->err));
    return workload;
}

static void check_statements(struct server *server, const struct workload *workload)
{
    for (size_t i = 0; i < workload->n_transactions; i++)
        for (int k = 0; k < workload->transactions[i].n_statements; k++) {
            const struct statement *statement = &workload->transactions[i].statements[k];
            DO(db_prepare_check(server->db, statement->where, statement->sql, &server->err));
        }
    for (size_t i = 0; i < workload->n_checks; i++) {
        char truth[16];
        DO(db_value(server->db, workload->checks[i].sql, truth, sizeof truth, &server->err));
        if (strcmp(truth, "t") != 0)
            fail_msg("the check %s does not hold on fresh rows", workload->checks[i].name);
    }
}

/* The dashboard's plan, generic as a prepared statement gets it, as one text. */
static void explain(struct server *server, struct str *out)
{
    PGresult *rows;
    str_clear(out);
    DO(rows = db_rows(server->db, "explain", "EXPLAIN (COSTS OFF) EXECUTE dashboard(4)", 0, NULL, &server->err));
    for (int i = 0; i < PQntuples(rows); i++)
        str_printf(out, "%s\n", PQgetvalue(rows, i, 0));
    PQclear(rows);
}

static void tasks_plans_change_with_the_index(void **state)
{
    struct server *server = *state;
    struct workload *workload = seed(server, "tasks");
    struct str plan = {0};
    int64_t ns, bytes;
    check_statements(server, workload);
    DO(db_exec(server->db, "plan", "SET plan_cache_mode = force_generic_plan", &server->err));
    DO(db_execf(server->db, "prepare", &server->err, "PREPARE dashboard AS %s",
                workload->transactions[0].statements[0].sql));
    for (size_t i = 0; i < workload->n_variants; i++) {
        const struct variant *variant = &workload->variants[i];
        for (size_t k = 0; k < variant->n_indexes; k++)
            DO(index_build(server->db, &variant->indexes[k], &ns, &bytes, &server->err));
        explain(server, &plan);
        const char *wanted = variant->n_indexes ? variant->indexes[0].name : "Seq Scan on tasks";
        bool scans = strstr(str_text(&plan), "Seq Scan on tasks") != NULL;
        if (!strstr(str_text(&plan), wanted) || scans != (variant->n_indexes == 0))
            fail_msg("under %s the plan has no %s:\n%s", variant->name, wanted, str_text(&plan));
        for (size_t k = 0; k < variant->n_indexes; k++)
            DO(index_drop(server->db, &variant->indexes[k], &server->err));
    }
    /* In the order of the index, no sort is left. */
    assert_string_equal(workload->variants[workload->n_variants - 1].name, "status_created");
    assert_null(strstr(str_text(&plan), "Sort"));
    str_deinit(&plan);
    workload_free(workload);
}

static void bank_is_balanced(void **state)
{
    struct server *server = *state;
    struct workload *workload = seed(server, "bank");
    int64_t total;
    check_statements(server, workload);
    DO(db_int(server->db, "SELECT sum(balance)::bigint FROM accounts", &total, &server->err));
    assert_int_equal(total, 100000000);
    assert_int_equal(workload->sweep.n_isolations, 3);
    workload_free(workload);
}

static const struct variant *variant_of(const struct workload *workload, const char *name)
{
    for (size_t i = 0; i < workload->n_variants; i++)
        if (strcmp(workload->variants[i].name, name) == 0)
            return &workload->variants[i];
    fail_msg("no variant %s", name);
    return NULL;
}

/* What `about` promises rests on these: more clients than most pools, a time to give up, and a dashboard that works. */
static void exhaustion_has_too_few_connections(void **state)
{
    struct server *server = *state;
    struct workload *workload = seed(server, "exhaustion");
    struct str plan = {0};
    check_statements(server, workload);
    assert_int_equal(workload->load.clients, 200);
    assert_int_equal(workload->sweep.pools[0], 5);
    assert_int_equal(workload->sweep.pools[workload->sweep.n_pools - 1], 200);
    assert_int_equal(workload->variants[0].pool.acquire_timeout_ns, 2 * NS_PER_S);
    DO(db_exec(server->db, "prepare", "DEALLOCATE ALL", &server->err));
    DO(db_execf(server->db, "prepare", &server->err, "PREPARE dashboard AS %s",
                workload->transactions[1].statements[0].sql));
    explain(server, &plan);
    assert_non_null(strstr(str_text(&plan), "Seq Scan on tasks"));
    assert_null(strstr(str_text(&plan), "Parallel"));
    str_deinit(&plan);
    workload_free(workload);
}

/* One habit a variant, and nothing to put back between trials. */
static void pool_habits_differ_by_one_each(void **state)
{
    struct server *server = *state;
    struct workload *workload = seed(server, "pool_habits");
    check_statements(server, workload);
    const struct pool_habits *plain = &workload->variants[0].pool;
    assert_false(plain->pre_ping || plain->connect_each || plain->max_lifetime_ns || plain->idle_timeout_ns);
    assert_true(variant_of(workload, "pre_ping")->pool.pre_ping);
    assert_true(variant_of(workload, "recycled")->pool.max_lifetime_ns > 0);
    assert_true(variant_of(workload, "trimmed")->pool.idle_timeout_ns > 0);
    assert_true(variant_of(workload, "unpooled")->pool.connect_each);
    assert_int_equal(workload->load.arrivals, ARRIVALS_POISSON);
    for (int i = 0; i < workload->transactions[0].n_statements; i++)
        assert_true(str_starts_with(workload->transactions[0].statements[i].sql, "SELECT"));
    /* p99 is compared trial by trial, from 1,000 executions on. */
    double window_s = (double)workload->measure.duration_ns / (double)NS_PER_S;
    assert_true(workload->sweep.rates[0].value * window_s > 1100);
    workload_free(workload);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(tasks_plans_change_with_the_index),
                                       cmocka_unit_test(bank_is_balanced),
                                       cmocka_unit_test(exhaustion_has_too_few_connections),
                                       cmocka_unit_test(pool_habits_differ_by_one_each)};
    return cmocka_run_group_tests(tests, start_server, stop_server);
}

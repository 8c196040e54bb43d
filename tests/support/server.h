/* One private server for a test program: a cmocka group fixture.
 *
 *     return cmocka_run_group_tests(tests, test_server_start, test_server_stop);
 *
 * test_cluster() is the server, test_db() an open connection to its database postgres (opened anew when it was lost).
 */
#ifndef PGDYNO_TESTS_SUPPORT_SERVER_H
#define PGDYNO_TESTS_SUPPORT_SERVER_H

#include "pg/cluster.h"
#include "pg/query.h"
#include "unit.h"

static struct {
    struct cluster *cluster;
    struct db *db;
} test_server;

static inline bool test_server_open(const struct setting *settings, size_t n_settings, int max_connections)
{
    struct err err = {0};
    struct cluster_options options = {
        .settings = settings, .n_settings = n_settings, .max_connections = max_connections, .fast_unsafe = true};
    if (cluster_open(&options, &test_server.cluster, &err))
        return true;
    print_error("%s: %s\n", err.where, err.text);
    return false;
}

static inline int test_server_start(void **state)
{
    (void)state;
    return test_server_open(NULL, 0, 0) ? 0 : -1;
}

static inline int test_server_stop(void **state)
{
    (void)state;
    db_close(test_server.db);
    cluster_close(test_server.cluster);
    test_server.db = NULL;
    test_server.cluster = NULL;
    return 0;
}

static inline struct cluster *test_cluster(void)
{
    return test_server.cluster;
}

/* A new connection; the caller closes it. */
static inline struct db *test_db_open(void)
{
    struct err err = {0};
    struct db *db;
    if (!db_open(cluster_target(test_server.cluster), &db, &err))
        fail_msg("%s", err.text);
    return db;
}

static inline struct db *test_db(void)
{
    if (test_server.db && PQstatus(db_handle(test_server.db)) != CONNECTION_OK) {
        db_close(test_server.db);
        test_server.db = NULL;
    }
    if (!test_server.db)
        test_server.db = test_db_open();
    return test_server.db;
}

/* Statements that must succeed. */
static inline void test_exec(struct db *db, const char *sql)
{
    struct err err = {0};
    if (!db_exec(db, "test", sql, &err))
        fail_msg("%s\n%s", sql, err.text);
}

static inline int64_t test_int(struct db *db, const char *sql)
{
    struct err err = {0};
    int64_t value = 0;
    if (!db_int(db, sql, &value, &err))
        fail_msg("%s\n%s", sql, err.text);
    return value;
}

#endif

/* Seeding, reuse and refusal on a server that plays somebody's. */
#include <pthread.h>

#include "fixture.h"

#define MARK_SQL "SELECT obj_description('dyno_reading'::regnamespace, 'pg_namespace')"
#define OID_SQL  "SELECT 'dyno_reading'::regnamespace::oid"
/* Every page with rows is all-visible. relpages would be too many: when loaders wait for one another to extend the
 * table, the server adds pages ahead, and those that stay unused hold nothing that could be visible. */
#define VISIBLE_SQL                                                                                                    \
    "SELECT relallvisible = (SELECT count(DISTINCT (ctid::text::point)[0]) FROM dyno_reading.items) "                  \
    "FROM pg_class WHERE oid = 'dyno_reading.items'::regclass"
#define ROWS_SQL "SELECT md5(string_agg(i::text, ',' ORDER BY id)) FROM dyno_reading.items i"

static struct cluster *cluster;
static struct log log_of(struct witness *witness)
{
    return (struct log){witness_notice, witness};
}

static int group_setup(void **state)
{
    (void)state;
    cluster = open_server();
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    cluster_close(cluster);
    return 0;
}

static int forget(void **state)
{
    (void)state;
    sql(cluster_target(cluster), "DROP SCHEMA IF EXISTS dyno_reading CASCADE");
    return 0;
}

static bool open_and_seed(const struct target *target, const struct workload *workload, struct witness *witness,
                          struct err *err)
{
    struct log log = log_of(witness);
    struct run_options options = {.workload = workload, .target = target, .load_connections = 2, .log = &log};
    struct session *session;
    bool ok = session_open(&options, &session, err) && session_seed(session, err);
    session_close(session);
    return ok;
}

/* Seeds a variation of READING; returns the notices. */
static void seed_changed(const char *from, const char *to, struct witness *witness)
{
    struct err err = {0};
    struct workload *workload = load_changed(READING, from, to);
    if (!open_and_seed(cluster_target(cluster), workload, witness, &err))
        fail_msg("%s: %s", err.where, err.text);
    workload_free(workload);
}

/* Expects a refusal that contains `part`. */
static void refuse(const struct target *target, const char *from, const char *to, enum err_kind kind, const char *part)
{
    struct witness witness = {0};
    struct err err = {0};
    struct workload *workload = load_changed(READING, from, to);
    assert_false(open_and_seed(target, workload, &witness, &err));
    assert_contains(err.text, part);
    assert_int_equal(err.kind, kind);
    str_deinit(&witness.notices);
    workload_free(workload);
}

/* --- Filling and reusing ------------------------------------------------------------------------------------------ */

static void fills_and_settles(void **state)
{
    (void)state;
    const struct target *target = cluster_target(cluster);
    struct witness witness = {0};
    seed_changed(NULL, NULL, &witness);
    assert_contains(str_text(&witness.notices), "will create schema \"dyno_reading\"");
    assert_sql(target, "SELECT count(*) FROM dyno_reading.items", "5000");
    assert_sql(target, "SELECT reltuples::int FROM pg_class WHERE oid = 'dyno_reading.items'::regclass", "5000");
    assert_sql(target, VISIBLE_SQL, "t");
    assert_sql(target, "SELECT count(*) FROM pg_stats WHERE schemaname = 'dyno_reading'", "3");
    assert_sql(target, "SELECT count(*) FROM pg_constraint WHERE connamespace = 'dyno_reading'::regnamespace", "1");
    str_deinit(&witness.notices);
}

static void reuses_what_is_unchanged(void **state)
{
    (void)state;
    char first[256], second[256];
    struct witness witness = {0};
    seed_changed(NULL, NULL, &witness);
    ask(cluster_target(cluster), OID_SQL, first);
    str_clear(&witness.notices);
    seed_changed(NULL, NULL, &witness);
    ask(cluster_target(cluster), OID_SQL, second);
    assert_string_equal(first, second);
    assert_contains(str_text(&witness.notices), "reusing");
    str_deinit(&witness.notices);
}

static void a_transaction_may_change(void **state)
{
    (void)state;
    struct witness witness = {0};
    seed_changed(NULL, NULL, &witness);
    str_clear(&witness.notices);
    seed_changed("SELECT count(*) FROM items WHERE", "SELECT sum(id) FROM items WHERE", &witness);
    assert_contains(str_text(&witness.notices), "reusing");
    str_deinit(&witness.notices);
}

static void seeds_again_when_data_change(void **state)
{
    (void)state;
    char first[256], second[256], third[256];
    struct witness witness = {0};
    seed_changed(NULL, NULL, &witness);
    ask(cluster_target(cluster), ROWS_SQL, first);
    seed_changed("seed: 42", "seed: 43", &witness);
    ask(cluster_target(cluster), ROWS_SQL, second);
    assert_string_not_equal(first, second);
    assert_contains(str_text(&witness.notices), "will be dropped");
    seed_changed(NULL, NULL, &witness);
    ask(cluster_target(cluster), ROWS_SQL, third);
    assert_string_equal(first, third);
    str_deinit(&witness.notices);
}

static void seeds_again_after(const char *damage)
{
    char first[256], second[256];
    struct witness witness = {0};
    seed_changed(NULL, NULL, &witness);
    ask(cluster_target(cluster), OID_SQL, first);
    sql(cluster_target(cluster), damage);
    str_clear(&witness.notices);
    seed_changed(NULL, NULL, &witness);
    ask(cluster_target(cluster), OID_SQL, second);
    assert_string_not_equal(first, second);
    assert_null(strstr(str_text(&witness.notices), "reusing"));
    assert_sql(cluster_target(cluster), "SELECT count(*) FROM dyno_reading.items", "5000");
    str_deinit(&witness.notices);
}

static void half_a_seed_is_made_again(void **state)
{
    (void)state;
    seeds_again_after("COMMENT ON SCHEMA dyno_reading IS 'pgdyno seeding'; TRUNCATE dyno_reading.items");
}

static void a_used_seed_is_made_again(void **state)
{
    (void)state;
    seeds_again_after("DO $$BEGIN EXECUTE format('COMMENT ON SCHEMA dyno_reading IS %L', replace(obj_description("
                      "'dyno_reading'::regnamespace, 'pg_namespace'), 'seed', 'used')); END$$");
}

static void a_dropped_table_is_noticed(void **state)
{
    (void)state;
    seeds_again_after("DROP TABLE dyno_reading.items");
}

static void a_failed_seed_leaves_nothing(void **state)
{
    (void)state;
    refuse(cluster_target(cluster), "ADD PRIMARY KEY (id)", "ADD PRIMARY KEY (kind)", ERR_INPUT, "kind");
    assert_sql(cluster_target(cluster), "SELECT count(*) FROM pg_namespace WHERE nspname = 'dyno_reading'", "0");
}

static void a_check_false_from_the_start(void **state)
{
    (void)state;
    refuse(cluster_target(cluster), "= 5000 FROM", "= 5001 FROM", ERR_INPUT, "check whole does not hold");
}

/* --- Refusing ----------------------------------------------------------------------------------------------------- */

static void a_foreign_schema_is_not_touched(void **state)
{
    (void)state;
    const struct target *target = cluster_target(cluster);
    sql(target, "CREATE SCHEMA dyno_reading; CREATE TABLE dyno_reading.items AS SELECT 7 AS mine;"
                "COMMENT ON SCHEMA dyno_reading IS 'payroll'");
    refuse(target, NULL, NULL, ERR_SERVER, "pgdyno did not make it");
    assert_sql(target, "SELECT mine FROM dyno_reading.items", "7");
    assert_sql(target, MARK_SQL, "payroll");
}

static void as_role(const char *role, const char *from, const char *to, const char *part)
{
    struct target target = *cluster_target(cluster);
    if (role)
        target.user = role;
    refuse(&target, from, to, ERR_SERVER, part);
    assert_sql(cluster_target(cluster), "SELECT count(*) FROM pg_namespace WHERE nspname = 'dyno_reading'", "0");
}

static void no_right_to_create(void **state)
{
    (void)state;
    sql(cluster_target(cluster), "CREATE ROLE dyno_guest LOGIN");
    as_role("dyno_guest", NULL, NULL, "GRANT CREATE ON DATABASE");
    sql(cluster_target(cluster), "DROP ROLE dyno_guest");
}

static void read_only(void **state)
{
    (void)state;
    sql(cluster_target(cluster), "CREATE ROLE dyno_reader LOGIN SUPERUSER; "
                                 "ALTER ROLE dyno_reader SET default_transaction_read_only = on");
    as_role("dyno_reader", NULL, NULL, "read-only");
    sql(cluster_target(cluster), "DROP ROLE dyno_reader");
}

static void too_few_connections(void **state)
{
    (void)state;
    char database[256], grant[512];
    ask(cluster_target(cluster), "SELECT quote_ident(current_database())", database);
    snprintf(grant, sizeof grant, "GRANT CREATE ON DATABASE %s TO dyno_few", database);
    as_role(NULL, "pool: [2]", "pool: [2, 500]", "needs 501 connections");
    sql(cluster_target(cluster), "CREATE ROLE dyno_few LOGIN CONNECTION LIMIT 2");
    sql(cluster_target(cluster), grant);
    as_role("dyno_few", "pool: [2]", "pool: [4]", "the role's limit allows 2");
    sql(cluster_target(cluster), "DROP OWNED BY dyno_few; DROP ROLE dyno_few");
}

static void settings_that_do_not_agree(void **state)
{
    (void)state;
    refuse(cluster_target(cluster), "checks:", "server: { shared_buffers: 977MB, no_such: 1 }\nchecks:", ERR_SERVER,
           "shared_buffers: the workload wants 977MB");
    refuse(cluster_target(cluster), "checks:", "server: { shared_buffers: 977MB, no_such: 1 }\nchecks:", ERR_SERVER,
           "no_such: the workload wants 1, this server has no such setting");
}

static void settings_that_agree(void **state)
{
    (void)state;
    struct witness witness = {0};
    seed_changed(
        "checks:", "server: { block_size: 8192, enable_seqscan: yes, deadlock_timeout: 1000ms }\nchecks:", &witness);
    str_deinit(&witness.notices);
}

static void one_at_a_time(void **state)
{
    (void)state;
    struct err err = {0};
    struct workload *workload = load_text(READING);
    struct run_options options = {.workload = workload, .target = cluster_target(cluster), .load_connections = 1};
    struct session *first, *second;
    assert_true(session_open(&options, &first, &err) && session_seed(first, &err));
    assert_true(session_open(&options, &second, &err));
    assert_false(session_seed(second, &err));
    assert_contains(err.text, "another pgdyno");
    session_close(first);
    assert_true(session_seed(second, &err));
    session_close(second);
    workload_free(workload);
}

struct seeding {
    struct workload *workload;
    struct witness witness;
    struct err err;
    bool ok;
};

static void *seed_in_a_thread(void *user)
{
    struct seeding *seeding = user;
    seeding->ok = open_and_seed(cluster_target(cluster), seeding->workload, &seeding->witness, &seeding->err);
    return NULL;
}

static void until_the_lock_was_tried(struct db *db)
{
    int64_t tried = 0;
    for (int i = 0; i < 20000 && tried == 0; i++) {
        assert_true(db_int(db, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_try_advisory%'",
                           &tried, NULL));
        usleep(200);
    }
    assert_int_equal(tried, 1);
}

/* What was seeded when the waiting began may have been changed by the one it waited for. */
static void looks_again_after_waiting(void **state)
{
    (void)state;
    struct witness witness = {0};
    struct seeding seeding = {.workload = load_text(READING)};
    struct db *other = NULL;
    pthread_t thread;
    seed_changed(NULL, NULL, &witness);
    assert_true(db_open(cluster_target(cluster), &other, NULL));
    assert_true(db_exec(other, "lock", "SELECT pg_advisory_lock(hashtext('pgdyno'), hashtext('dyno_reading'))", NULL));
    assert_int_equal(pthread_create(&thread, NULL, seed_in_a_thread, &seeding), 0);
    until_the_lock_was_tried(other);
    assert_true(db_exec(other, "mark", "COMMENT ON SCHEMA dyno_reading IS 'pgdyno used 0'", NULL));
    db_close(other);
    pthread_join(thread, NULL);
    assert_true(seeding.ok);
    assert_contains(str_text(&seeding.witness.notices), "it will be dropped");
    str_deinit(&seeding.witness.notices);
    str_deinit(&witness.notices);
    workload_free(seeding.workload);
}

/* --- Cleaning ----------------------------------------------------------------------------------------------------- */

static bool clean(const struct workload *workload, bool *found, struct err *err)
{
    struct run_options options = {.workload = workload, .target = cluster_target(cluster)};
    struct session *session;
    bool ok = session_open(&options, &session, err) && session_clean(session, found, err);
    session_close(session);
    return ok;
}

static void cleans_its_own_only(void **state)
{
    (void)state;
    struct witness witness = {0};
    struct err err = {0};
    bool found;
    struct workload *workload = load_text(READING);
    assert_true(clean(workload, &found, &err));
    assert_false(found);
    seed_changed(NULL, NULL, &witness);
    assert_true(clean(workload, &found, &err));
    assert_true(found);
    assert_sql(cluster_target(cluster), "SELECT count(*) FROM pg_namespace WHERE nspname = 'dyno_reading'", "0");
    sql(cluster_target(cluster), "CREATE SCHEMA dyno_reading");
    assert_false(clean(workload, &found, &err));
    assert_contains(err.text, "did not make it");
    assert_sql(cluster_target(cluster), "SELECT count(*) FROM pg_namespace WHERE nspname = 'dyno_reading'", "1");
    str_deinit(&witness.notices);
    workload_free(workload);
}

static void estimates_before_it_connects(void **state)
{
    (void)state;
    struct run_plan plan;
    struct err err = {0};
    struct workload *workload = load_changed(READING, "note: 'words(2, 4)'", "note: \"'abcdefgh'\"");
    assert_true(run_plan(workload, &plan, &err));
    assert_int_equal(plan.n_trials, 4);
    assert_int_equal(plan.measuring_ns, 4 * INT64_C(200000000));
    assert_int_equal(plan.rows, 5000);
    assert_true(plan.max_connections >= 3);
    /* ids: 3.78 digits on average, kinds: 2.78, the note: 8, tabs and newline: 3 */
    assert_in_range(plan.seed_bytes, 5000 * 17, 5000 * 18);
    workload_free(workload);
}

/* A rate in % needs a closed loop to refer to, once a cell; an overflow needs connections, whoever's habit it is. */
static void estimates_rates_and_overflow(void **state)
{
    (void)state;
    struct run_plan plain, plan;
    struct err err = {0};
    struct workload *workload = load_changed(READING, "note: 'words(2, 4)'", "note: \"'abcdefgh'\"");
    const struct rate rates[] = {{RATE_TPS, 500}, {RATE_SHARE, 0.8}};
    const int pools[] = {2, 70};
    struct variant *variants = (struct variant *)workload->variants; /* the loader's arena: ours to change */
    int cells = (int)(workload->n_variants * workload->sweep.n_isolations);
    workload->sweep.pools = pools;
    workload->sweep.n_pools = 2;
    assert_true(run_plan(workload, &plain, &err));
    assert_int_equal(plain.n_calibrations, 0);
    assert_int_equal(plain.max_connections, 71);
    workload->sweep.rates = rates;
    workload->sweep.n_rates = 2;
    variants[workload->n_variants - 1].pool.max_overflow = 5;
    assert_true(run_plan(workload, &plan, &err));
    assert_int_equal(plan.n_trials, 2 * plain.n_trials);
    assert_int_equal(plan.n_calibrations, 2 * cells);
    assert_int_equal(plan.measuring_ns / (plan.n_trials + plan.n_calibrations), plain.measuring_ns / plain.n_trials);
    assert_int_equal(plan.max_connections, 76);
    workload_free(workload);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, forget, forget)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(fills_and_settles),
        TEST(estimates_rates_and_overflow),
        TEST(reuses_what_is_unchanged),
        TEST(a_transaction_may_change),
        TEST(seeds_again_when_data_change),
        TEST(half_a_seed_is_made_again),
        TEST(a_used_seed_is_made_again),
        TEST(a_dropped_table_is_noticed),
        TEST(a_failed_seed_leaves_nothing),
        TEST(a_check_false_from_the_start),
        TEST(a_foreign_schema_is_not_touched),
        TEST(no_right_to_create),
        TEST(read_only),
        TEST(too_few_connections),
        TEST(settings_that_do_not_agree),
        TEST(settings_that_agree),
        TEST(one_at_a_time),
        TEST(looks_again_after_waiting),
        TEST(cleans_its_own_only),
        TEST(estimates_before_it_connects),
    };
    stop_install();
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}

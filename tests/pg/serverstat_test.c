#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "pg/serverstat.h"
#include "support/server.h"

static struct err err;

static int make_table(void **state)
{
    if (test_server_start(state) != 0)
        return -1;
    return db_exec(test_db(), "tables",
                   "CREATE SCHEMA work; CREATE SCHEMA elsewhere;"
                   "CREATE TABLE work.t (id int PRIMARY KEY, n int, pad text) WITH (autovacuum_enabled = false, "
                   "fillfactor = 50);"
                   "CREATE TABLE elsewhere.t (id int PRIMARY KEY);"
                   "INSERT INTO work.t SELECT i, 0, repeat('x', 50) FROM generate_series(1, 1000) i;"
                   "CREATE INDEX t_n ON work.t (n)",
                   &err)
               ? 0
               : -1;
}

static struct db *open_worker(const char *app)
{
    struct db *db = test_db_open();
    assert_true(db_execf(db, "name", &err, "SET application_name = '%s'", app));
    return db;
}

static void read_stats(struct serverstat *out)
{
    if (!serverstat_read(test_db(), "work", "worker", out, &err))
        fail_msg("%s", err.text);
}

/* The checkpointer counts a little after CHECKPOINT has returned. */
static void read_after_checkpoint(const struct serverstat *before, struct serverstat *after)
{
    int64_t deadline_ns = clock_now_ns() + 5 * NS_PER_S;
    do
        read_stats(after);
    while (after->value[STAT_CHECKPOINTS] == before->value[STAT_CHECKPOINTS] && clock_now_ns() < deadline_ns);
}

static void what_backends_did_is_counted_once_they_are_gone(void **state)
{
    (void)state;
    struct serverstat before, after, diff;
    read_stats(&before);
    for (int i = 0; i < STAT_COUNT; i++)
        assert_true(before.has[i]); /* of each version from 14 to 18 */
    struct db *worker = open_worker("worker");
    test_exec(worker, "SET enable_seqscan = off");
    for (int i = 0; i < 10; i++)
        test_exec(worker, "UPDATE work.t SET pad = 'y' WHERE id = 7");
    for (int i = 0; i < 5; i++)
        test_exec(worker, "UPDATE work.t SET n = n + 1 WHERE id = 8");
    test_exec(worker, "BEGIN; DELETE FROM work.t WHERE id = 9; ROLLBACK");
    test_exec(worker, "SET enable_seqscan = on; SELECT count(*) FROM work.t WHERE pad = 'z'");
    test_exec(worker, "INSERT INTO elsewhere.t SELECT generate_series(1, 100)");
    db_close(worker);
    test_exec(test_db(), "CHECKPOINT");
    read_after_checkpoint(&before, &after);
    serverstat_diff(&before, &after, &diff);

    assert_int_equal(diff.value[STAT_N_TUP_UPD], 15);
    assert_int_equal(diff.value[STAT_N_TUP_HOT_UPD], 10); /* the five changed an indexed column */
    assert_int_equal(diff.value[STAT_TUP_UPDATED], 15);
    assert_int_equal(diff.value[STAT_TUP_INSERTED], 100);
    assert_int_equal(diff.value[STAT_IDX_SCAN], 16);
    assert_int_equal(diff.value[STAT_SEQ_SCAN], 1);
    assert_true(diff.value[STAT_SEQ_TUP_READ] >= 1000);
    assert_int_equal(diff.value[STAT_XACT_ROLLBACK], 1);
    assert_true(diff.value[STAT_XACT_COMMIT] >= 17);
    assert_int_equal(diff.value[STAT_CHECKPOINTS], 1);
    assert_true(diff.value[STAT_WAL_RECORDS] >= 15);
    assert_true(diff.value[STAT_WAL_BYTES] > diff.value[STAT_WAL_RECORDS]);
    assert_true(diff.value[STAT_N_DEAD_TUP] > 0);
    assert_int_equal(diff.value[STAT_DEADLOCKS], 0);
    assert_true(diff.has[STAT_DEADLOCKS]);
}

static void it_waits_for_backends_but_not_for_ever(void **state)
{
    (void)state;
    struct serverstat stats;
    struct db *worker = open_worker("worker"), *other = open_worker("somebody else");
    int64_t start_ns = clock_now_ns();
    read_stats(&stats);
    assert_true(clock_now_ns() - start_ns >= 2 * NS_PER_S);
    db_close(worker);
    start_ns = clock_now_ns();
    read_stats(&stats);
    assert_true(clock_now_ns() - start_ns < 2 * NS_PER_S);
    db_close(other);
}

static void readings_in_a_transaction_are_fresh(void **state)
{
    (void)state;
    struct serverstat before, after, diff;
    struct db *worker = open_worker("worker");
    test_exec(test_db(), "BEGIN");
    test_exec(worker, "INSERT INTO work.t VALUES (5000, 1, '')");
    db_close(worker);
    read_stats(&before);
    worker = open_worker("worker");
    test_exec(worker, "INSERT INTO work.t VALUES (5001, 1, '')");
    db_close(worker);
    read_stats(&after);
    test_exec(test_db(), "ROLLBACK");
    serverstat_diff(&before, &after, &diff);
    assert_int_equal(diff.value[STAT_TUP_INSERTED], 1);
}

static void an_ordinary_user_may_read(void **state)
{
    (void)state;
    struct serverstat stats;
    struct index_use uses[2];
    size_t count;
    struct db *db;
    struct target target = *cluster_target(test_cluster());
    test_exec(test_db(), "CREATE ROLE plain LOGIN");
    target.user = "plain";
    assert_true(db_open(&target, &db, &err));
    if (!serverstat_read(db, "work", "worker", &stats, &err) || !serverstat_indexes(db, "work", uses, 2, &count, &err))
        fail_msg("%s", err.text);
    assert_true(stats.has[STAT_WAL_BYTES] && stats.has[STAT_CHECKPOINTS] && stats.has[STAT_TUP_INSERTED]);
    db_close(db);
    test_exec(test_db(), "DROP ROLE plain");
}

static void indexes_are_listed_with_their_use(void **state)
{
    (void)state;
    struct index_use uses[2];
    size_t count;
    assert_true(serverstat_indexes(test_db(), "work", uses, 2, &count, &err));
    assert_int_equal(count, 2);
    assert_string_equal(uses[0].name, "t_n");
    assert_string_equal(uses[1].name, "t_pkey");
    assert_string_equal(uses[1].table, "t");
    assert_true(uses[1].scans >= 16);
    assert_int_equal(uses[0].scans, 0);
    assert_true(uses[0].size_bytes > 0);
    uses[1].name[0] = '#';
    assert_true(serverstat_indexes(test_db(), "work", uses, 1, &count, &err));
    assert_int_equal(count, 2);
    assert_int_equal(uses[1].name[0], '#');
}

static void differences_respect_levels_resets_and_absence(void **state)
{
    (void)state;
    struct serverstat earlier = {.has = {[STAT_XACT_COMMIT] = true, [STAT_N_DEAD_TUP] = true, [STAT_DEADLOCKS] = true},
                                 .value = {[STAT_XACT_COMMIT] = 5, [STAT_N_DEAD_TUP] = 90, [STAT_DEADLOCKS] = 3}};
    struct serverstat later = earlier, diff;
    later.has[STAT_BLKS_HIT] = true;
    later.value[STAT_XACT_COMMIT] = 12;
    later.value[STAT_N_DEAD_TUP] = 40;
    later.value[STAT_DEADLOCKS] = 1;
    serverstat_diff(&earlier, &later, &diff);
    assert_int_equal(diff.value[STAT_XACT_COMMIT], 7);
    assert_int_equal(diff.value[STAT_N_DEAD_TUP], 40);
    assert_true(diff.has[STAT_N_DEAD_TUP]);
    assert_false(diff.has[STAT_DEADLOCKS]);
    assert_false(diff.has[STAT_BLKS_HIT]);
    serverstat_diff(&earlier, &later, &later); /* in place */
    assert_int_equal(later.value[STAT_XACT_COMMIT], 7);
}

static void every_row_has_its_names(void **state)
{
    (void)state;
    for (int i = 0; i < STAT_COUNT; i++) {
        assert_non_null(serverstat_rows[i].name);
        assert_non_null(serverstat_rows[i].label);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_backends_did_is_counted_once_they_are_gone),
        cmocka_unit_test(it_waits_for_backends_but_not_for_ever),
        cmocka_unit_test(readings_in_a_transaction_are_fresh),
        cmocka_unit_test(an_ordinary_user_may_read),
        cmocka_unit_test(indexes_are_listed_with_their_use),
        cmocka_unit_test(differences_respect_levels_resets_and_absence),
        cmocka_unit_test(every_row_has_its_names),
    };
    return cmocka_run_group_tests_name("serverstat", tests, make_table, test_server_stop);
}

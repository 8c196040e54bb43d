/* The server's disk is full in mid-trial: a tablespace on a small tmpfs. It is mounted in a mount namespace of this
 * test alone, so that it goes with the test, however that ends. */
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "under_load.h"

/* A row a page of 8 kB: the megabyte is full after some hundred. */
#define WRITES_AND_READS                                                                                               \
    "transactions:\n"                                                                                                  \
    "  write:\n"                                                                                                       \
    "    weight: 1\n"                                                                                                  \
    "    steps:\n"                                                                                                     \
    "      - sql: SELECT count(*) FROM kv WHERE id < 10\n"                                                             \
    "      - sql: INSERT INTO pile VALUES (repeat('x', 6000))\n"                                                       \
    "  lookup: { weight: 1, let: { id: \"random(1, 100)\" }, sql: \"SELECT v FROM kv WHERE id = :id\" }\n"

static char folder[] = "/tmp/pgdyno-disk-XXXXXX";
static bool mounted;

static bool mount_small(void)
{
    return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 && mkdtemp(folder) &&
           mount("pgdyno", folder, "tmpfs", 0, "size=1m,mode=0700") == 0;
}

static int setup(void **state)
{
    (void)state;
    struct stat status;
    char sql[256];
    mounted = mount_small();
    if (!mounted)
        return 0;
    if (!test_server_open(NULL, 0, 20) || stat(cluster_folder(test_cluster()), &status) != 0 ||
        chown(folder, status.st_uid, status.st_gid) != 0)
        return -1;
    make_kv(test_db());
    snprintf(sql, sizeof sql, "CREATE TABLESPACE small LOCATION '%s'", folder);
    test_exec(test_db(), sql);
    return 0;
}

static int teardown(void **state)
{
    if (mounted)
        test_server_stop(state);
    umount(folder);
    rmdir(folder);
    return 0;
}

static void test_the_disk_is_full(void **state)
{
    (void)state;
    if (!mounted) {
        print_message("skipped: a tmpfs cannot be mounted here; run this test as root\n");
        skip();
    }
    for (int open = 0; open < 2; open++) {
        struct drive_case c = {.text = WRITES_AND_READS,
                               .connections = 4,
                               .clients = open ? 0 : 16,
                               .think_ns = open ? 0 : 40 * MS,
                               .rate_tps = open ? 400 : 0,
                               .protocol = PROTOCOL_PREPARED,
                               .duration_ns = 1500 * MS};
        struct trial_result r;
        test_exec(test_db(), "DROP TABLE IF EXISTS pile"); /* its space is free after the commit */
        test_exec(test_db(), "CREATE TABLE pile (t text) TABLESPACE small;"
                             "ALTER TABLE pile ALTER t SET STORAGE PLAIN");
        drive(&c, &r);
        struct accounts sum = check_accounts(&r);
        const struct transaction_result *write = &r.transactions[0], *lookup = &r.transactions[1];
        assert_true(r.complete && sum.censored == 0 && sum.timed_out == 0);
        assert_true(write->ok > 20 && write->failed > 20);
        assert_int_equal(errors_of(&r, SQLSTATE_OF("53100")), write->failed);
        assert_int_equal(write->other_failures, write->failed);
        assert_true(r.first_error_code == SQLSTATE_OF("53100") && strstr(r.first_error, "No space left on device"));
        /* Who only reads notices nothing, and no connection was lost. */
        assert_true(lookup->ok > 100 && lookup->failed == 0);
        assert_int_equal(sum.ok, write->ok + lookup->ok);
        assert_true(r.reconnects == 0 && r.outage.seconds == 0);
        assert_true(r.total_rollbacks >= write->failed);
        trial_result_deinit(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_disk_is_full),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

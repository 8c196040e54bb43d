/* The same scripts by pgbench and by us, on the same server: what each leaves in a table is compared. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>

#include "base/proc.h"
#include "fixture.h"
#include "workloads/script.h"

enum {
    SCRIPTS_MIN = 14,
    SCRIPTS_MAX = 64
};

static struct cluster *cluster;
static char pgbench[4096];

#define KEEP(name, value) "INSERT INTO result VALUES ('" name "', " value ");\n"

/* --- The server -----------------------------------------------------------------------------------------------------
 */

static const struct target *target(void)
{
    return cluster_target(cluster);
}

static int start(void **state)
{
    (void)state;
    cluster = open_server();
    snprintf(pgbench, sizeof pgbench, "%s/pgbench", cluster_bindir(cluster));
    if (access(pgbench, X_OK) != 0)
        return -1;
    sql(target(), "CREATE TABLE result (k text, v text); CREATE TABLE theirs (k text, v text); CREATE TABLE result_1 "
                  "(v text); CREATE TABLE resulfalse (x int)");
    return 0;
}

static int stop(void **state)
{
    (void)state;
    cluster_close(cluster);
    return 0;
}

static void run_pgbench(const char *const *args, int count)
{
    const char *argv[32] = {pgbench};
    struct str output = {0};
    struct err err = {0};
    const struct target *server = target();
    const char *const end[] = {"-h",
                               server->host,
                               "-p",
                               server->port ? server->port : "5432",
                               "-U",
                               server->user,
                               server->database ? server->database : server->dbname};
    int n = 1;
    for (int i = 0; i < count; i++)
        argv[n++] = args[i];
    for (size_t i = 0; i < sizeof end / sizeof end[0]; i++)
        argv[n++] = end[i];
    if (!proc_run(argv, NULL, (uid_t)-1, (gid_t)-1, 0, &output, &err))
        fail_msg("%s\n%s", err.text, str_text(&output));
    str_deinit(&output);
}

/* --- Ours ------------------------------------------------------------------------------------------------------------
 */

static struct workload *load_scripts(const struct override *overrides, size_t count)
{
    struct workload *workload = NULL;
    struct problems problems = {0};
    if (!workload_load_scripts(overrides, count, &workload, &problems)) {
        struct str shown = {0};
        problems_print(&problems, false, &shown);
        fail_msg("%s", str_text(&shown));
    }
    problems_deinit(&problems);
    return workload;
}

static void sweep(const struct workload *workload, struct witness *witness)
{
    struct err err = {0};
    struct log log = {witness_notice, witness};
    struct run_options options = {.workload = workload, .target = target(), .log = &log};
    struct run_sink sink = witness_sink(witness);
    struct session *session;
    if (!session_open(&options, &session, &err) || !session_rehearse(session, &err) || !session_seed(session, &err) ||
        !session_sweep(session, &sink, &err))
        fail_msg("%s: %s\n%s", err.where, err.text, str_text(&witness->notices));
    session_close(session);
}

static void run_ours(const struct override *overrides, size_t count, struct witness *witness)
{
    struct workload *workload = load_scripts(overrides, count);
    *witness = (struct witness){0};
    sweep(workload, witness);
    workload_free(workload);
    assert_int_equal(witness->n_trials, 1);
}

#define RUN(protocol, pool)                                                                                            \
    {"measure.protocol", (protocol), "-M"}, {"sweep.pool", (pool), "--pool"}, {"measure.blocks", "1", "--blocks"},     \
        {"measure.warmup", "100ms", "--warmup"}, {"measure.duration", "300ms", "-T"},                                  \
    {                                                                                                                  \
        "retry.max_tries", "100", "--max-tries"                                                                        \
    }

/* --- The same effects ------------------------------------------------------------------------------------------------
 */

/* Rows of the one that the other has not. */
static void assert_no_difference(const char *name, const char *from, const char *other)
{
    char query[256], found[256];
    snprintf(query, sizeof query,
             "SELECT left(string_agg(k || '=' || coalesce(v, 'NULL'), ' | '), 250) FROM "
             "(SELECT k, v FROM %s EXCEPT SELECT k, v FROM %s) AS d",
             from, other);
    if (*ask(target(), query, found))
        fail_msg("%s protocol: in %s and not in %s: %s", name, from, other, found);
}

/* The first line of a script names its protocols. */
static bool is_for(const char *path, const char *protocol)
{
    char line[256] = "";
    FILE *script = fopen(path, "r");
    assert_non_null(script);
    assert_non_null(fgets(line, sizeof line, script));
    fclose(script);
    assert_contains(line, "-- protocols: ");
    return strstr(line, protocol) != NULL;
}

static int find_scripts(const char *protocol, char paths[SCRIPTS_MAX][512])
{
    int count = 0;
    DIR *dir = opendir(TEST_DATA_DIR "/scripts");
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        assert_true(count < SCRIPTS_MAX);
        snprintf(paths[count], sizeof paths[count], TEST_DATA_DIR "/scripts/%s", entry->d_name);
        count += entry->d_name[0] != '.' && is_for(paths[count], protocol);
    }
    closedir(dir);
    return count;
}

static void compare(enum protocol protocol)
{
    char paths[SCRIPTS_MAX][512];
    const char *name = protocol_name(protocol);
    struct override overrides[SCRIPTS_MAX + 16] = {
        {"params.given", "5", "-D"}, {"params.fraction", "0.25", "-D"}, {"params.yes", "yes", "-D"}, RUN(name, "1")};
    struct witness witness;
    int count = find_scripts(protocol == PROTOCOL_SIMPLE ? "simple" : name, paths), n = 0;
    assert_true(count >= SCRIPTS_MIN);
    while (overrides[n].key)
        n++;
    sql(target(), "TRUNCATE theirs, result, result_1, resulfalse");
    for (int i = 0; i < count; i++) {
        const char *const args[] = {
            "-n", "-t", "1",     "--random-seed=42", "-D", "given=5", "-D", "fraction=0.25", "-D", "yes=yes", "-M",
            name, "-f", paths[i]};
        run_pgbench(args, sizeof args / sizeof args[0]);
        overrides[n++] = (struct override){OVERRIDE_SCRIPT_FILE, paths[i], "-f"};
    }
    sql(target(), "INSERT INTO theirs SELECT * FROM result; TRUNCATE result, result_1, resulfalse");
    run_ours(overrides, (size_t)n, &witness);
    assert_no_difference(name, "theirs", "result");
    assert_no_difference(name, "result", "theirs");
    assert_null(strstr(witness.trials[0].warnings, "failed"));
    str_deinit(&witness.notices);
}

static void scripts_do_what_they_do_under_pgbench(void **state)
{
    (void)state;
    for (int protocol = 0; protocol < PROTOCOL_COUNT; protocol++)
        compare((enum protocol)protocol);
}

/* --- The built-in scripts
 * --------------------------------------------------------------------------------------------- */

static void check_sums(bool all)
{
    char history[256], buf[256];
    ask(target(), "SELECT sum(delta) FROM pgbench_history", history);
    assert_true(*history != '\0');
    assert_string_equal(ask(target(), "SELECT sum(abalance) FROM pgbench_accounts", buf), history);
    assert_string_equal(ask(target(), "SELECT sum(tbalance) FROM pgbench_tellers", buf), all ? history : "0");
    assert_string_equal(ask(target(), "SELECT sum(bbalance) FROM pgbench_branches", buf), all ? history : "0");
}

static void run_builtin(const char *name, const char *protocol, const char *pool, bool partitions)
{
    const char *const plain[] = {"-i", "-q", "-s", "1"}, *const parted[] = {"-i", "-q", "-s", "1", "--partitions=3"};
    const struct override overrides[] = {{OVERRIDE_SCRIPT_BUILTIN, name, "-b"}, RUN(protocol, pool)};
    struct witness witness;
    char rows[256];
    if (partitions)
        run_pgbench(parted, sizeof parted / sizeof parted[0]);
    else
        run_pgbench(plain, sizeof plain / sizeof plain[0]);
    run_ours(overrides, sizeof overrides / sizeof overrides[0], &witness);
    check_sums(str_starts_with(name, "tpcb"));
    assert_true(strtoll(ask(target(), "SELECT count(*) FROM pgbench_history", rows), NULL, 10) >= witness.trials[0].ok);
    assert_true(witness.trials[0].ok > 10);
    assert_contains(str_text(&witness.notices), "what they change there stays changed, and pgbench_history grows");
    assert_sql(target(), "SELECT count(*) FROM pg_namespace WHERE nspname IN ('scripts', 'pgbench')", "0");
    str_deinit(&witness.notices);
}

static void sums_of_the_tpcb_like_script_agree(void **state)
{
    (void)state;
    run_builtin("tpcb-like", "simple", "1", false);
    run_builtin("tpcb-like", "extended", "4", false);
    run_builtin("tpcb", "prepared", "4", false);
    run_builtin("tpcb-like", "prepared", "4", true);
    run_builtin("simple-update", "simple", "4", false);
}

static void reading_changes_nothing_and_says_so(void **state)
{
    (void)state;
    const char *const init[] = {"-i", "-q", "-s", "1"};
    const struct override overrides[] = {{OVERRIDE_SCRIPT_BUILTIN, "select", "-b"}, RUN("prepared", "2")};
    struct witness witness;
    run_pgbench(init, 4);
    run_ours(overrides, sizeof overrides / sizeof overrides[0], &witness);
    assert_null(strstr(str_text(&witness.notices), "stays changed"));
    assert_sql(target(), "SELECT count(*) FROM pgbench_history", "0");
    str_deinit(&witness.notices);
}

/* A name that must be quoted: somebody's schemas are not named as workloads are. */
static void any_schema_will_do(void **state)
{
    (void)state;
    const char *const init[] = {"-i", "-q", "-s", "1"};
    const struct override overrides[] = {{OVERRIDE_SCRIPT_BUILTIN, "select", "-b"}, RUN("prepared", "2")};
    struct witness witness;
    sql(target(), "CREATE SCHEMA \"My 'Schema'\"; ALTER ROLE CURRENT_USER SET search_path = \"My 'Schema'\"");
    run_pgbench(init, 4);
    run_ours(overrides, sizeof overrides / sizeof overrides[0], &witness);
    assert_true(witness.trials[0].ok > 0);
    str_deinit(&witness.notices);
    sql(target(), "ALTER ROLE CURRENT_USER RESET search_path; DROP SCHEMA \"My 'Schema'\" CASCADE");
}

/* Of four clients that update the one branch, three fail under serializable: whatever they try again is the whole. */
static void a_retry_repeats_the_whole_script(void **state)
{
    (void)state;
    const char *const init[] = {"-i", "-q", "-s", "1"};
    const struct override overrides[] = {
        {OVERRIDE_SCRIPT_BUILTIN, "tpcb-like", "-b"}, {"sweep.isolation", "ser", "--isolation"}, RUN("prepared", "4")};
    struct witness witness;
    run_pgbench(init, 4);
    run_ours(overrides, sizeof overrides / sizeof overrides[0], &witness);
    check_sums(true);
    assert_true(witness.trials[0].ok > 0);
    str_deinit(&witness.notices);
}

/* --- The rehearsal ---------------------------------------------------------------------------------------------------
 */

static bool rehearse_text(const char *protocol, const char *text, struct witness *witness, struct err *err)
{
    char path[] = "/tmp/pgdyno-script-XXXXXX.sql";
    int fd = mkstemps(path, 4);
    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
    const struct override overrides[] = {{OVERRIDE_SCRIPT_FILE, path, "-f"}, RUN(protocol, "1")};
    struct workload *workload = load_scripts(overrides, sizeof overrides / sizeof overrides[0]);
    struct log log = {witness_notice, witness};
    struct run_options options = {.workload = workload, .target = target(), .log = &log};
    struct session *session = NULL;
    *witness = (struct witness){0};
    *err = (struct err){0};
    assert_true(session_open(&options, &session, err));
    bool ok = session_rehearse(session, err);
    session_close(session);
    workload_free(workload);
    unlink(path);
    return ok;
}

static void what_cannot_work_is_said_before_it_runs(void **state)
{
    (void)state;
    static const struct {
        const char *protocol, *text, *error; /* NULL: it may work */
        const char *notice;
    } rows[] = {
        {"prepared", "\\set x 1\nSELECT :x FROM nowhere;", "nowhere", NULL},
        {"simple", "\\set x 1\nSELECT * FROM nowhere\nWHERE a = :x;", "nowhere", NULL},
        {"simple", "\\set x 1\nSELECT nothing FROM result WHERE v = ':x';", NULL, ".sql:2 is not rehearsed"},
        {"simple", "\\set x 1\nSELECT * FROM result_:x;", NULL, ".sql:2 is not rehearsed"},
        {"simple", "\\set x 1\nSELECT :x, ':x';", NULL, ".sql:2 is not rehearsed"},
        {"simple", "\\set x 5\nSELECT abs(:x), :x + 1;", NULL, NULL},
        {"prepared", "CREATE TABLE later (x int); INSERT INTO later VALUES (1);", NULL, ":1 is not rehearsed"},
        {"prepared", "BEGIN; SELECT 1; END;", NULL, NULL},
        {"simple", "SELECT 1 \\; SELECT 2;", NULL, NULL},
        {"extended", "SELEC 1;", "SELEC", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct witness witness;
        struct err err;
        bool ok = rehearse_text(rows[i].protocol, rows[i].text, &witness, &err);
        if (ok != !rows[i].error)
            fail_msg("%s\n%s %s", rows[i].text, ok ? "was accepted" : err.where, err.text);
        if (rows[i].error)
            assert_contains(err.text, rows[i].error);
        if (rows[i].notice)
            assert_contains(str_text(&witness.notices), rows[i].notice);
        else
            assert_null(strstr(str_text(&witness.notices), "not rehearsed"));
        str_deinit(&witness.notices);
    }
    assert_sql(target(), "SELECT count(*) FROM pg_class WHERE relname = 'later'", "0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scripts_do_what_they_do_under_pgbench),
        cmocka_unit_test(sums_of_the_tpcb_like_script_agree),
        cmocka_unit_test(reading_changes_nothing_and_says_so),
        cmocka_unit_test(a_retry_repeats_the_whole_script),
        cmocka_unit_test(any_schema_will_do),
        cmocka_unit_test(what_cannot_work_is_said_before_it_runs),
    };
    stop_install();
    return cmocka_run_group_tests(tests, start, stop);
}

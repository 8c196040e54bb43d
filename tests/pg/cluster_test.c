#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/proc.h"
#include "base/stop.h"
#include "pg/cluster.h"
#include "pg/query.h"
#include "unit.h"

/* Every test works in a folder of its own below /tmp, which must be empty afterwards. */
static char parent[64];
static struct err err;

static int make_parent(void **state)
{
    (void)state;
    err = (struct err){0};
    strcpy(parent, "/tmp/pgcluster-test.XXXXXX");
    return mkdtemp(parent) && chmod(parent, 01777) == 0 ? 0 : -1;
}

static int remove_parent(void **state)
{
    (void)state;
    stop_reset();
    if (rmdir(parent) == 0)
        return 0;
    print_error("%s is not empty\n", parent);
    proc_remove_tree(parent, NULL);
    return -1;
}

static struct cluster_options real_options(void)
{
    return (struct cluster_options){.parent = parent, .fast_unsafe = true};
}

/* initdb takes most of a server's start, and has the same result each time. Where the test is about something else, an
 * initdb that copies what the real one made before stands in for it. */
static char template_folder[64];
static char quick_bindir[80];

static struct cluster_options options(void)
{
    struct cluster_options quick = real_options();
    quick.bindir = quick_bindir;
    return quick;
}

static struct cluster *open_cluster(const struct cluster_options *wanted)
{
    struct cluster *cluster;
    if (!cluster_open(wanted, &cluster, &err))
        fail_msg("%s: %s", err.where, err.text);
    return cluster;
}

static void write_script(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0755), 0);
}

/* What initdb makes is taken from a kept server, so that it is owned by the account that will copy it. */
static int make_template(void **state)
{
    static const char *const linked[] = {"postgres", "pg_controldata"};
    char script[512], path[160], program[PATH_MAX];
    strcpy(template_folder, "/tmp/pgcluster-template.XXXXXX");
    if (!mkdtemp(template_folder) || chmod(template_folder, 01777) != 0)
        return -1;
    strcpy(parent, template_folder);
    struct cluster_options wanted = real_options();
    wanted.keep = true;
    struct cluster *cluster = open_cluster(&wanted);
    snprintf(quick_bindir, sizeof quick_bindir, "%s/bin", template_folder);
    assert_int_equal(mkdir(quick_bindir, 0755), 0);
    for (size_t i = 0; i < sizeof linked / sizeof *linked; i++) {
        snprintf(path, sizeof path, "%s/%s", quick_bindir, linked[i]);
        snprintf(program, sizeof program, "%s/%s", cluster_bindir(cluster), linked[i]);
        assert_int_equal(symlink(program, path), 0);
    }
    snprintf(path, sizeof path, "%s/initdb", quick_bindir);
    snprintf(script, sizeof script, "#!/bin/sh\n[ \"$1\" = -D ] && exec cp -Rp %s/data \"$2\"\n",
             cluster_folder(cluster));
    write_script(path, script);
    cluster_close(cluster);
    (void)state;
    return 0;
}

static int remove_template(void **state)
{
    (void)state;
    return proc_remove_tree(template_folder, &err) ? 0 : -1;
}

static void refuse(const struct cluster_options *wanted, const char *part)
{
    struct cluster *cluster = (struct cluster *)&err;
    assert_false(cluster_open(wanted, &cluster, &err));
    assert_null(cluster);
    if (!strstr(err.text, part))
        fail_msg("\"%s\" is not in:\n%s", part, err.text);
}

static void query(const struct cluster *cluster, const char *sql, char *buf, size_t size)
{
    struct db *db;
    if (!db_open(cluster_target(cluster), &db, &err) || !db_value(db, sql, buf, size, &err))
        fail_msg("%s", err.text);
    db_close(db);
}

/* Not there, or dead and only not yet buried by its parent. */
static bool process_gone(pid_t pid)
{
    char path[64], line[256] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return true;
    char *read = fgets(line, sizeof line, file);
    fclose(file);
    const char *name_end = strrchr(line, ')');
    return !read || !name_end || name_end[2] == 'Z';
}

static bool folder_gone(const char *path)
{
    return access(path, F_OK) != 0;
}

static pid_t parent_of(pid_t pid)
{
    char path[64];
    int ppid = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%*d (%*[^)]) %*c %d", &ppid), 1);
    fclose(file);
    return ppid;
}

#define AWAIT(condition)                                                                                               \
    do {                                                                                                               \
        int64_t deadline_ns = clock_now_ns() + 20 * NS_PER_S;                                                          \
        while (!(condition) && clock_now_ns() < deadline_ns)                                                           \
            nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);                                                   \
        assert_true(condition);                                                                                        \
    } while (0)

/* --- Opening and closing ------------------------------------------------------------------------------------------ */

static void it_serves_and_is_gone(void **state)
{
    (void)state;
    char value[256], folder[128];
    struct stat status;
    struct cluster_options wanted = real_options();
    struct cluster *cluster = open_cluster(&wanted);
    pid_t postmaster = cluster_postmaster_pid(cluster);
    strcpy(folder, cluster_folder(cluster));

    assert_int_equal(stat(folder, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    assert_int_not_equal(status.st_uid, 0);
    query(cluster, "SHOW listen_addresses", value, sizeof value);
    assert_string_equal(value, "");
    query(cluster, "SHOW unix_socket_directories", value, sizeof value);
    assert_non_null(strstr(value, folder));
    query(cluster,
          "SELECT current_user || current_database() || pg_encoding_to_char(encoding) || datcollate "
          "FROM pg_database WHERE datname = 'postgres'",
          value, sizeof value);
    assert_string_equal(value, "postgrespostgresUTF8C");
    query(cluster, "SHOW timezone", value, sizeof value);
    assert_string_equal(value, "UTC");
    cluster_log_tail(cluster, value, sizeof value);
    assert_non_null(strstr(value, "ready to accept connections"));

    cluster_close(cluster);
    assert_true(process_gone(postmaster));
    assert_true(folder_gone(folder));
}

static void two_live_side_by_side(void **state)
{
    (void)state;
    char value[64];
    struct cluster_options wanted = options();
    struct cluster *first = open_cluster(&wanted), *second = open_cluster(&wanted);
    assert_string_not_equal(cluster_folder(first), cluster_folder(second));
    cluster_close(first);
    query(second, "SELECT 1", value, sizeof value);
    assert_string_equal(value, "1");
    first = open_cluster(&wanted); /* sweeps, and must leave the second alone */
    query(second, "SELECT 2", value, sizeof value);
    assert_string_equal(value, "2");
    cluster_close(second);
    query(first, "SELECT 3", value, sizeof value);
    assert_string_equal(value, "3");
    cluster_close(first);
}

static void closing_nothing_is_fine(void **state)
{
    (void)state;
    cluster_close(NULL);
}

static void settings_are_quoted_and_later_ones_win(void **state)
{
    (void)state;
    char value[256];
    const struct setting settings[] = {{"work_mem", "8MB"},
                                       {"work_mem", "16MB"},
                                       {"checkpoint_timeout", "30min"},
                                       {"search_path", "a'b, \"c\\d\""},
                                       {"custom.thing", "line 1\nline 2"}};
    struct cluster_options wanted = options();
    wanted.settings = settings;
    wanted.n_settings = sizeof settings / sizeof *settings;
    wanted.max_connections = 300;
    struct cluster *cluster = open_cluster(&wanted);
    query(cluster, "SHOW work_mem", value, sizeof value);
    assert_string_equal(value, "16MB");
    query(cluster, "SHOW checkpoint_timeout", value, sizeof value);
    assert_string_equal(value, "30min");
    query(cluster, "SHOW search_path", value, sizeof value);
    assert_string_equal(value, "a'b, \"c\\d\"");
    query(cluster, "SHOW custom.thing", value, sizeof value);
    assert_string_equal(value, "line 1\nline 2");
    query(cluster, "SELECT current_setting('max_connections')::int >= 300", value, sizeof value);
    assert_string_equal(value, "t");
    cluster_close(cluster);
}

static void write_wal_files(struct db *db, int count)
{
    for (int i = 0; i < count; i++) {
        assert_true(db_exec(db, "message", "SELECT pg_logical_emit_message(false, '', 'x')", &err));
        assert_true(db_exec(db, "switch", "SELECT pg_switch_wal()", &err));
    }
    assert_true(db_exec(db, "checkpoint", "CHECKPOINT", &err));
}

/* Files that the checkpoints before light trials delete would have to be made again within a heavy one. */
static void light_trials_leave_wal_files_for_a_heavy_one(void **state)
{
    (void)state;
    char before[32], after[32];
    struct cluster_options wanted = options();
    struct cluster *cluster = open_cluster(&wanted);
    struct db *db;
    assert_true(db_open(cluster_target(cluster), &db, &err));
    write_wal_files(db, 12);
    query(cluster, "SELECT count(*) FROM pg_ls_waldir()", before, sizeof before);
    for (int i = 0; i < 30; i++)
        write_wal_files(db, 1);
    query(cluster, "SELECT count(*) FROM pg_ls_waldir()", after, sizeof after);
    assert_true(atoi(before) >= 12);
    assert_true(atoi(after) >= atoi(before));
    db_close(db);
    cluster_close(cluster);
}

static void inherited_variables_do_not_disturb(void **state)
{
    (void)state;
    static const char *const variables[] = {"PGDATA",       "PGPORT",        "PGHOST",          "PGHOSTADDR", "PGUSER",
                                            "PGDATABASE",   "PGOPTIONS",     "PGSSLMODE",       "PGTZ",       "LC_ALL",
                                            "PGGSSENCMODE", "PGREQUIREPEER", "PGCLIENTENCODING"};
    static const char *const values[] = {"/nonexistent",    "1",       "elsewhere",  "192.0.2.1", "nosuch",  "nosuch",
                                         "-c work_mem=1MB", "require", "Asia/Tokyo", "xx_YY",     "require", "nosuch",
                                         "LATIN1"};
    char value[64];
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        setenv(variables[i], values[i], 1);
    struct cluster_options wanted = options();
    struct cluster *cluster = open_cluster(&wanted);
    query(cluster, "SELECT current_setting('work_mem') || current_setting('client_encoding')", value, sizeof value);
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        unsetenv(variables[i]);
    assert_string_equal(value, "4MBUTF8");
    cluster_close(cluster);
}

static void a_kept_one_can_be_started_again(void **state)
{
    (void)state;
    char folder[128], program[160], data[160];
    struct cluster_options wanted = options();
    wanted.keep = true;
    struct cluster *cluster = open_cluster(&wanted);
    strcpy(folder, cluster_folder(cluster));
    snprintf(program, sizeof program, "%s/pg_controldata", cluster_bindir(cluster));
    pid_t postmaster = cluster_postmaster_pid(cluster);
    cluster_close(cluster);
    assert_true(process_gone(postmaster));

    wanted.keep = false;
    cluster_close(open_cluster(&wanted)); /* its sweep leaves the kept one alone */
    snprintf(data, sizeof data, "%s/data", folder);
    const char *const argv[] = {program, "-D", data, NULL};
    struct str output = {0};
    if (!proc_run(argv, NULL, (uid_t)-1, (gid_t)-1, 0, &output, &err))
        fail_msg("%s", err.text);
    assert_non_null(strstr(str_text(&output), "shut down\n"));
    str_deinit(&output);
    assert_true(proc_remove_tree(folder, NULL));
}

/* --- Refusals ----------------------------------------------------------------------------------------------------- */

static void a_bad_setting_shows_the_servers_words(void **state)
{
    (void)state;
    struct setting setting = {"no_such_setting", "1"};
    struct cluster_options wanted = options();
    wanted.settings = &setting;
    wanted.n_settings = 1;
    refuse(&wanted, "unrecognized configuration parameter \"no_such_setting\"");
    assert_non_null(strstr(err.text, "`server:`"));
    setting = (struct setting){"work_mem", "plenty"};
    refuse(&wanted, "invalid value for parameter \"work_mem\"");
    setting = (struct setting){"work_mem = 1MB\nx", "1"};
    refuse(&wanted, "not the name of a setting");
    setting = (struct setting){"Listen_Addresses", "*"};
    refuse(&wanted, "leave it out");
    setting = (struct setting){"include_if_exists", "/etc/other.conf"}; /* could set all of the others */
    refuse(&wanted, "leave it out");
}

static void missing_programs_are_named(void **state)
{
    (void)state;
    struct cluster_options wanted = options();
    wanted.bindir = "/nonexistent/bin";
    refuse(&wanted, "/nonexistent/bin");
    assert_non_null(strstr(err.text, "apt-get install postgresql"));
    wanted.bindir = NULL;
    setenv("PGDYNO_PG_BINDIR", "/nonexistent/env", 1);
    refuse(&wanted, "/nonexistent/env (PGDYNO_PG_BINDIR)");
    unsetenv("PGDYNO_PG_BINDIR");
}

static void a_failing_initdb_shows_its_words(void **state)
{
    (void)state;
    char folder[128], path[160];
    snprintf(folder, sizeof folder, "%s/bin", parent);
    assert_int_equal(mkdir(folder, 0755), 0);
    chmod(folder, 0755);
    static const char *const programs[] = {"initdb", "postgres"};
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, programs[i]);
        write_script(path, "#!/bin/sh\necho the disk is on fire >&2\nexit 1\n");
    }
    struct cluster_options wanted = options();
    wanted.bindir = folder;
    refuse(&wanted, "the disk is on fire");
    assert_true(proc_remove_tree(folder, NULL));
}

static void an_unusable_parent_is_refused_with_a_remedy(void **state)
{
    (void)state;
    char path[200];
    struct cluster_options wanted = options();
    wanted.parent = "/nonexistent";
    refuse(&wanted, "TMPDIR");
    assert_string_equal(err.where, "/nonexistent");
    wanted.parent = "relative";
    refuse(&wanted, "absolute");
    wanted.parent = "/tmp/a,b";
    refuse(&wanted, "comma");
    memset(path, 'x', sizeof path - 1);
    path[0] = '/';
    path[sizeof path - 1] = '\0';
    wanted.parent = path;
    refuse(&wanted, "shorter");
}

/* The longest parent that check passes works in fact. */
static void the_longest_path_works(void **state)
{
    (void)state;
    char path[200], value[8];
    size_t want = 107 - strlen("/pgdyno-XXXXXX/.s.PGSQL.5432");
    snprintf(path, sizeof path, "%s/%.*s", parent, (int)(want - strlen(parent) - 1),
             "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    assert_int_equal(strlen(path), want);
    assert_int_equal(mkdir(path, 0777), 0);
    chmod(path, 01777);
    struct cluster_options wanted = options();
    wanted.parent = path;
    struct cluster *cluster = open_cluster(&wanted);
    query(cluster, "SELECT 1", value, sizeof value);
    cluster_close(cluster);
    assert_int_equal(rmdir(path), 0);
}

/* --- Violence ----------------------------------------------------------------------------------------------------- */

struct report {
    pid_t postmaster;
    char folder[128];
};

/* A process that opens a cluster and then only waits to be killed. */
static pid_t fork_owner(struct report *report)
{
    int pipe_fds[2];
    assert_int_equal(pipe(pipe_fds), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct cluster_options wanted = options();
        struct cluster *cluster;
        struct report mine = {0};
        if (!cluster_open(&wanted, &cluster, &err))
            _exit(1);
        mine.postmaster = cluster_postmaster_pid(cluster);
        strcpy(mine.folder, cluster_folder(cluster));
        if (write(pipe_fds[1], &mine, sizeof mine) < 0)
            _exit(1);
        for (;;)
            pause();
    }
    close(pipe_fds[1]);
    assert_int_equal(read(pipe_fds[0], report, sizeof *report), sizeof *report);
    close(pipe_fds[0]);
    return pid;
}

static void bury(pid_t pid, int signal)
{
    kill(pid, signal);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
}

static void it_is_gone_when_its_owner_is_killed(void **state)
{
    (void)state;
    struct report report;
    pid_t owner = fork_owner(&report);
    assert_false(process_gone(report.postmaster));
    bury(owner, SIGKILL);
    AWAIT(process_gone(report.postmaster));
    AWAIT(folder_gone(report.folder));
}

static bool parent_is_empty(void)
{
    return rmdir(parent) == 0 && mkdir(parent, 0777) == 0 && chmod(parent, 01777) == 0;
}

static bool any_folder(void)
{
    char pattern[96];
    glob_t found = {0};
    snprintf(pattern, sizeof pattern, "%s/pgdyno-*/data/PG_VERSION", parent);
    bool any = glob(pattern, 0, NULL, &found) == 0;
    globfree(&found);
    return any;
}

static void it_is_gone_when_its_owner_is_killed_during_initdb(void **state)
{
    (void)state;
    pid_t owner = fork();
    if (owner == 0) {
        struct cluster_options wanted = real_options();
        struct cluster *cluster;
        cluster_open(&wanted, &cluster, &err);
        for (;;)
            pause();
    }
    AWAIT(any_folder());
    bury(owner, SIGKILL);
    AWAIT(parent_is_empty());
}

static void terminal_signals_do_not_reach_it(void **state)
{
    (void)state;
    char value[8];
    struct cluster_options wanted = options();
    struct cluster *cluster = open_cluster(&wanted);
    pid_t keeper = parent_of(cluster_postmaster_pid(cluster));
    assert_int_not_equal(getsid(keeper), getsid(0));
    kill(keeper, SIGINT);
    kill(keeper, SIGTERM);
    kill(keeper, SIGHUP);
    query(cluster, "SELECT 1", value, sizeof value);
    assert_string_equal(value, "1");
    cluster_close(cluster);
}

static void postgres_ends_with_its_keeper_and_the_next_run_sweeps(void **state)
{
    (void)state;
    char folder[128];
    struct cluster_options wanted = options();
    struct cluster *cluster = open_cluster(&wanted);
    pid_t postmaster = cluster_postmaster_pid(cluster);
    strcpy(folder, cluster_folder(cluster));
    kill(parent_of(postmaster), SIGKILL);
    AWAIT(process_gone(postmaster));
    cluster_close(cluster);
    assert_false(folder_gone(folder));

    char bystander[128]; /* named like one of ours, but without our lock */
    snprintf(bystander, sizeof bystander, "%s/pgdyno-source", parent);
    assert_int_equal(mkdir(bystander, 0777), 0);
    struct passwd *account = getpwnam("postgres");
    if (geteuid() == 0 && account)
        assert_int_equal(chown(bystander, account->pw_uid, account->pw_gid), 0);
    cluster = open_cluster(&wanted);
    assert_true(folder_gone(folder));
    assert_int_equal(rmdir(bystander), 0);
    cluster_close(cluster);
}

/* The shared memory of a postmaster: its System V id, and its file. */
static void find_shared_memory(const struct cluster *cluster, int *id, char *file, size_t size)
{
    char path[200], line[512];
    snprintf(path, sizeof path, "%s/data/postmaster.pid", cluster_folder(cluster));
    FILE *in = fopen(path, "re");
    assert_non_null(in);
    for (int i = 0; i < 7; i++)
        assert_non_null(fgets(line, sizeof line, in));
    fclose(in);
    assert_int_equal(sscanf(line, "%*u %d", id), 1);
    snprintf(path, sizeof path, "/proc/%d/maps", cluster_postmaster_pid(cluster));
    in = fopen(path, "re");
    assert_non_null(in);
    *file = '\0';
    while (fgets(line, sizeof line, in)) {
        const char *name = strstr(line, "/dev/shm/PostgreSQL.");
        if (name)
            snprintf(file, size, "%.*s", (int)strcspn(name, " \n"), name);
    }
    fclose(in);
}

static void a_dead_postmaster_leaves_its_log_until_closed(void **state)
{
    (void)state;
    char folder[128], tail[512];
    struct cluster_options wanted = options();
    struct cluster *cluster = open_cluster(&wanted);
    struct db *db;
    strcpy(folder, cluster_folder(cluster));
    int id;
    struct shmid_ds status;
    char file[128];
    find_shared_memory(cluster, &id, file, sizeof file);
    assert_int_not_equal(shmctl(id, IPC_STAT, &status), -1);
    assert_true(*file == '\0' || !folder_gone(file));
    assert_true(db_open(cluster_target(cluster), &db, &err));
    kill(cluster_postmaster_pid(cluster), SIGKILL);
    AWAIT(process_gone(cluster_postmaster_pid(cluster)));
    cluster_log_tail(cluster, tail, sizeof tail);
    assert_non_null(strstr(tail, "ready to accept connections"));
    assert_false(folder_gone(folder));
    cluster_close(cluster); /* waits for the backend, too */
    assert_true(folder_gone(folder));
    assert_true(folder_gone(file));
    assert_int_equal(shmctl(id, IPC_STAT, &status), -1);
    db_close(db);
}

static void a_stop_while_starting_leaves_nothing(void **state)
{
    (void)state;
    assert_true(stop_install());
    pid_t owner = fork();
    if (owner == 0) {
        struct cluster_options wanted = real_options();
        struct cluster *cluster;
        bool ok = cluster_open(&wanted, &cluster, &err);
        _exit(!ok && err.kind == ERR_STOPPED ? 0 : 1);
    }
    AWAIT(any_folder());
    kill(owner, SIGINT);
    int status;
    while (waitpid(owner, &status, 0) < 0 && errno == EINTR)
        continue;
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_true(parent_is_empty());
}

#define IN_PARENT(test) cmocka_unit_test_setup_teardown(test, make_parent, remove_parent)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_PARENT(it_serves_and_is_gone),
        IN_PARENT(two_live_side_by_side),
        IN_PARENT(closing_nothing_is_fine),
        IN_PARENT(settings_are_quoted_and_later_ones_win),
        IN_PARENT(light_trials_leave_wal_files_for_a_heavy_one),
        IN_PARENT(inherited_variables_do_not_disturb),
        IN_PARENT(a_kept_one_can_be_started_again),
        IN_PARENT(a_bad_setting_shows_the_servers_words),
        IN_PARENT(missing_programs_are_named),
        IN_PARENT(a_failing_initdb_shows_its_words),
        IN_PARENT(an_unusable_parent_is_refused_with_a_remedy),
        IN_PARENT(the_longest_path_works),
        IN_PARENT(it_is_gone_when_its_owner_is_killed),
        IN_PARENT(it_is_gone_when_its_owner_is_killed_during_initdb),
        IN_PARENT(terminal_signals_do_not_reach_it),
        IN_PARENT(postgres_ends_with_its_keeper_and_the_next_run_sweeps),
        IN_PARENT(a_dead_postmaster_leaves_its_log_until_closed),
        IN_PARENT(a_stop_while_starting_leaves_nothing),
    };
    return cmocka_run_group_tests_name("cluster", tests, make_template, remove_template);
}

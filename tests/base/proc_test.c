#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/proc.h"
#include "base/stop.h"
#include "unit.h"

#define AS_ME (uid_t) - 1, (gid_t)-1

static char folder[64];
static char path[2][512];

static const char *inside(int slot, const char *name)
{
    snprintf(path[slot], sizeof path[slot], "%s/%s", folder, name);
    return path[slot];
}

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/pgdyno_proc_test.XXXXXX");
    return mkdtemp(folder) && chmod(folder, 0755) == 0 ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    stop_reset();
    return proc_remove_tree(folder, NULL) ? 0 : -1;
}

static bool shell(const char *script, struct str *output, struct err *err)
{
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    return proc_run(argv, folder, AS_ME, 0, output, err);
}

static void programs_are_found_on_path(void **state)
{
    (void)state;
    char buf[256];
    assert_true(proc_find("sh", buf, sizeof buf));
    assert_int_equal(buf[0], '/');
    assert_string_equal(strrchr(buf, '/'), "/sh");
    assert_false(proc_find("no-such-program", buf, sizeof buf));
    assert_false(proc_find("", buf, sizeof buf));
    assert_false(proc_find("sh", buf, 4));
}

static void both_outputs_are_collected(void **state)
{
    (void)state;
    struct str output = {0};
    struct err err;
    str_append(&output, "before ");
    assert_true(shell("echo out; echo err >&2; pwd; cat", &output, &err));
    char expected[128];
    snprintf(expected, sizeof expected, "before out\nerr\n%s\n", folder);
    assert_string_equal(str_text(&output), expected);
    str_deinit(&output);
}

static void much_output_neither_blocks_nor_is_lost(void **state)
{
    (void)state;
    struct str output = {0};
    struct err err;
    assert_true(shell("i=0; while [ $i -lt 20000 ]; do echo 0123456789; i=$((i+1)); done", &output, &err));
    assert_int_equal(output.len, 20000 * 11);
    assert_true(shell("i=0; while [ $i -lt 20000 ]; do echo 0123456789; i=$((i+1)); done", NULL, NULL));
    str_deinit(&output);
}

static void failure_shows_the_last_lines(void **state)
{
    (void)state;
    struct str output = {0};
    struct err err;
    str_append(&output, "not of this program\n");
    assert_false(shell("echo the reason; exit 3", &output, &err));
    assert_int_equal(err.kind, ERR_SYSTEM);
    assert_string_equal(err.text, "/bin/sh -c echo the reason; exit 3\nended with status 3\nthe reason");
    assert_false(shell("i=0; while [ $i -lt 9999 ]; do echo line $i; i=$((i+1)); done; kill -9 $$", NULL, &err));
    assert_non_null(strstr(err.text, "was ended by signal 9 (Killed)\nline 9987\n"));
    assert_string_equal(err.text + strlen(err.text) - 9, "line 9998");
    assert_false(shell("exit 1", NULL, NULL));
    str_deinit(&output);
}

static void what_cannot_start_says_why(void **state)
{
    (void)state;
    struct err err;
    const char *const argv[] = {"/nonexistent/initdb", NULL};
    assert_false(proc_run(argv, NULL, AS_ME, 0, NULL, &err));
    assert_string_equal(err.text, "cannot run /nonexistent/initdb: cannot execute it: No such file or directory");
    const char *const fine[] = {"/bin/sh", "-c", "true", NULL};
    assert_false(proc_run(fine, "/nonexistent", AS_ME, 0, NULL, &err));
    assert_string_equal(err.text, "cannot run /bin/sh: cannot enter the working folder: No such file or directory");
}

static void root_can_run_as_another_user(void **state)
{
    (void)state;
    struct str output = {0};
    struct err err;
    const char *const argv[] = {"/bin/sh", "-c", "id -u; id -g; id -G", NULL};
    if (geteuid() != 0) {
        assert_false(proc_run(argv, NULL, geteuid() + 1, getegid(), 0, NULL, &err));
        assert_non_null(strstr(err.text, "cannot become another user"));
        assert_true(proc_run(argv, NULL, geteuid(), getegid(), 0, NULL, &err));
        return;
    }
    assert_true(proc_run(argv, folder, 65534, 65533, 0, &output, &err));
    assert_string_equal(str_text(&output), "65534\n65533\n65533\n");
    str_deinit(&output);
}

/* A broken pipe must end a program that pgdyno starts, although pgdyno ignores SIGPIPE. */
static void signals_are_as_in_a_shell(void **state)
{
    (void)state;
    struct err err;
    assert_true(stop_install());
    assert_false(shell("kill -PIPE $$; exit 0", NULL, &err));
    assert_non_null(strstr(err.text, "signal 13"));
}

static void a_daemon_left_behind_is_not_waited_for(void **state)
{
    (void)state;
    struct str output = {0};
    struct err err;
    int64_t start_ns = clock_now_ns();
    assert_true(shell("sleep 30 & echo $!", &output, &err));
    assert_true(clock_now_ns() - start_ns < 10 * NS_PER_S);
    pid_t daemon = (pid_t)strtol(str_text(&output), NULL, 10);
    assert_true(daemon > 1);
    assert_int_equal(kill(daemon, SIGKILL), 0);
    str_deinit(&output);
}

/* Raises the stop once the program has shown, by a file, that it runs. */
static void *stop_when_started(void *arg)
{
    while (access(arg, F_OK) != 0)
        sched_yield();
    kill(getpid(), SIGTERM);
    return NULL;
}

static void a_stop_ends_the_program_and_its_children(void **state)
{
    (void)state;
    struct err err;
    struct str output = {0};
    pthread_t thread;
    assert_true(stop_install());
    char *started = strdup(inside(0, "started"));
    assert_int_equal(pthread_create(&thread, NULL, stop_when_started, started), 0);
    int64_t start_ns = clock_now_ns();
    assert_false(shell("sleep 60 & echo $!; : >started; wait", &output, &err));
    assert_int_equal(err.kind, ERR_STOPPED);
    assert_true(clock_now_ns() - start_ns < 30 * NS_PER_S);
    pthread_join(thread, NULL);
    free(started);
    /* The orphan's new parent reaps it at its leisure: dead it is when nobody can read its command line. */
    char line[64], cmdline[64];
    snprintf(line, sizeof line, "/proc/%ld/cmdline", strtol(str_text(&output), NULL, 10));
    ssize_t got = 1;
    while (got > 0 && clock_now_ns() - start_ns < 60 * NS_PER_S) {
        int fd = open(line, O_RDONLY | O_CLOEXEC);
        got = fd < 0 ? 0 : read(fd, cmdline, sizeof cmdline);
        if (fd >= 0)
            close(fd);
    }
    assert_true(got <= 0);
    /* Winding down may still use programs. */
    assert_true(stop_requested());
    assert_true(shell("exit 0", NULL, &err));
    str_deinit(&output);
}

static void what_does_not_end_is_ended(void **state)
{
    (void)state;
    struct err err;
    struct str output = {0};
    const char *const argv[] = {"/bin/sh", "-c", "echo drawing; sleep 60; exit 0", NULL};
    int64_t start_ns = clock_now_ns();
    assert_false(proc_run(argv, NULL, AS_ME, 300 * NS_PER_MS, &output, &err));
    int64_t took_ns = clock_now_ns() - start_ns;
    assert_true(took_ns >= 300 * NS_PER_MS && took_ns < 30 * NS_PER_S);
    assert_int_equal(err.kind, ERR_SYSTEM);
    assert_string_equal(err.text, "/bin/sh -c echo drawing; sleep 60; exit 0\ndid not end within 0.3 s\ndrawing");
    assert_false(stop_requested());
    str_deinit(&output);
}

static void a_limit_that_suffices_is_not_felt(void **state)
{
    (void)state;
    struct err err;
    const char *const fine[] = {"/bin/sh", "-c", "exit 0", NULL}, *const bad[] = {"/bin/sh", "-c", "exit 3", NULL};
    assert_true(proc_run(fine, NULL, AS_ME, 60 * NS_PER_S, NULL, &err));
    assert_false(proc_run(bad, NULL, AS_ME, 60 * NS_PER_S, NULL, &err));
    assert_non_null(strstr(err.text, "ended with status 3"));
}

static void the_machine_is_described(void **state)
{
    (void)state;
    struct machine machine;
    proc_machine(&machine);
    assert_true(machine.hostname[0] && machine.kernel[0]);
    assert_true(machine.cores >= 1);
    assert_true(machine.memory_bytes > 1000000);
    assert_null(strpbrk(machine.os, "\"\n"));
    assert_null(strchr(machine.cpu, '\n'));
}

static void cpu_time_grows(void **state)
{
    (void)state;
    int64_t before_ns = proc_cpu_ns();
    assert_true(before_ns > 0);
    while (proc_cpu_ns() == before_ns)
        continue;
    assert_true(proc_cpu_ns() > before_ns);
}

static void a_tree_is_deleted_but_not_what_it_links_to(void **state)
{
    (void)state;
    struct err err;
    assert_true(shell("mkdir -p tree/a/b/c .outside && : >tree/.hidden && : >.outside/kept && : >tree/a/b/file &&"
                      "ln -s ../.outside tree/link && ln -s /nonexistent tree/a/dangling && mkfifo tree/fifo &&"
                      "i=0; while [ $i -lt 2000 ]; do : >tree/a/b/c/$i; i=$((i+1)); done",
                      NULL, &err));
    assert_true(proc_remove_tree(inside(0, "tree"), &err));
    assert_int_not_equal(access(inside(0, "tree"), F_OK), 0);
    assert_int_equal(access(inside(0, ".outside/kept"), F_OK), 0);
    assert_true(proc_remove_tree(inside(0, "tree"), &err));
}

static void a_link_or_file_is_not_a_tree(void **state)
{
    (void)state;
    struct err err;
    assert_true(shell("mkdir real && : >real/kept && ln -s real alias", NULL, &err));
    assert_false(proc_remove_tree(inside(0, "alias"), &err));
    assert_int_equal(err.kind, ERR_SYSTEM);
    assert_false(proc_remove_tree(inside(0, "real/kept"), &err));
    assert_int_equal(access(inside(0, "alias/kept"), F_OK), 0);
}

/* Root may delete anything, so this one becomes somebody else for a moment. */
static void what_cannot_be_deleted_is_named_and_left(void **state)
{
    (void)state;
    struct err err;
    uid_t me = geteuid();
    assert_true(shell("mkdir -p mix/locked && : >mix/free && : >mix/locked/kept && chmod 555 mix/locked", NULL, &err));
    if (me == 0) {
        assert_true(shell("chown -R 65534 mix", NULL, &err));
        assert_int_equal(seteuid(65534), 0);
    }
    bool removed = proc_remove_tree(inside(0, "mix"), &err);
    if (me == 0)
        assert_int_equal(seteuid(me), 0);
    assert_false(removed);
    assert_string_equal(err.text, "cannot delete kept: Permission denied");
    assert_int_equal(access(inside(0, "mix/locked/kept"), F_OK), 0);
    assert_int_not_equal(access(inside(0, "mix/free"), F_OK), 0);
    assert_int_equal(chmod(inside(0, "mix/locked"), 0755), 0);
}

static void closed_standard_descriptors_are_taken(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        close(STDIN_FILENO);
        close(STDERR_FILENO);
        proc_open_stdio();
        int next = dup(STDOUT_FILENO);
        bool harmless = write(STDERR_FILENO, "x", 1) == 1 && read(STDIN_FILENO, &(char){0}, 1) == 0;
        _exit(next > STDERR_FILENO && harmless ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closed_standard_descriptors_are_taken),
        cmocka_unit_test(programs_are_found_on_path),
        IN_FOLDER(both_outputs_are_collected),
        IN_FOLDER(much_output_neither_blocks_nor_is_lost),
        IN_FOLDER(failure_shows_the_last_lines),
        cmocka_unit_test(what_cannot_start_says_why),
        IN_FOLDER(root_can_run_as_another_user),
        IN_FOLDER(signals_are_as_in_a_shell),
        IN_FOLDER(a_daemon_left_behind_is_not_waited_for),
        IN_FOLDER(a_stop_ends_the_program_and_its_children),
        cmocka_unit_test(what_does_not_end_is_ended),
        cmocka_unit_test(a_limit_that_suffices_is_not_felt),
        cmocka_unit_test(the_machine_is_described),
        cmocka_unit_test(cpu_time_grows),
        IN_FOLDER(a_tree_is_deleted_but_not_what_it_links_to),
        IN_FOLDER(a_link_or_file_is_not_a_tree),
        IN_FOLDER(what_cannot_be_deleted_is_named_and_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

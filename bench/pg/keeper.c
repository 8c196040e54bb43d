/* The keeper's life: make a folder, initdb, start postgres, say so, wait for the pipe to end, stop, clean up.
 *
 * It runs as the unprivileged account from its first step on, so nothing here is done with root's rights. It is a fork
 * of a process with a single thread (see cluster_open) and may therefore allocate. It must not use what waits for a
 * stop request: its copy of that descriptor is closed. */
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/proc.h"
#include "base/str.h"
#include "folder.h"
#include "settings.h"

enum {
    START_TIMEOUT_S = 60,
    READY_TICK_MS = 5,
    STRAY_TIMEOUT_MS = 10000,
    TAIL_LINES = 12
};

struct keeper {
    const struct keeper_job *job;
    struct keeper_report report;
    pid_t pid;
    int signal_fd;
    pid_t child; /* initdb or postgres; 0 when there is none */
    int status;  /* how the last child ended */
    bool orphaned;
};

/* --- A process of its own ----------------------------------------------------------------------------------------- */

static void drop_descriptors(const struct keeper_job *job)
{
    int top = job->life_fd > job->report_fd ? job->life_fd : job->report_fd;
    int null_fd = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; fd++)
        dup2(null_fd, fd);
    for (int fd = 3; fd < top; fd++) {
        if (fd != job->life_fd && fd != job->report_fd)
            close(fd);
    }
    closefrom(top + 1);
}

/* What pgdyno was told about its server is not meant for this one; and no locale or time zone of the machine shall
 * show in the results. */
static void clean_environment(void)
{
    static const char *const prefixes[] = {"PG", "LC_", "LANG"};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        for (char **entry = environ; entry && *entry;) {
            char name[128];
            size_t len = strcspn(*entry, "=");
            bool drop = str_starts_with(*entry, prefixes[i]) && len < sizeof name;
            if (drop) {
                memcpy(name, *entry, len);
                name[len] = '\0';
                unsetenv(name); /* moves the rest up */
            } else {
                entry++;
            }
        }
    }
    setenv("LC_ALL", "C", 1);
    setenv("TZ", "UTC", 1);
}

static void detach(struct keeper *keeper)
{
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};
    sigset_t child_signal;
    setsid();
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        signal(ignored[i], SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    sigemptyset(&child_signal);
    sigaddset(&child_signal, SIGCHLD);
    sigprocmask(SIG_SETMASK, &child_signal, NULL);
    drop_descriptors(keeper->job);
    keeper->signal_fd = signalfd(-1, &child_signal, SFD_CLOEXEC | SFD_NONBLOCK);
    keeper->pid = getpid();
    prctl(PR_SET_NAME, "pgdyno-keeper");
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* backends of a killed postmaster become ours, to be waited for */
    umask(077);
    clean_environment();
}

static bool become_account(const struct keeper_job *job, struct err *err)
{
    if (job->uid == (uid_t)-1)
        return true;
    if (setgroups(0, NULL) != 0 || setgid(job->gid) != 0 || setuid(job->uid) != 0)
        return err_system(err, NULL, "cannot become the account %s to run the private server", job->account);
    return true;
}

/* --- Waiting ------------------------------------------------------------------------------------------------------ */

static void reap(struct keeper *keeper)
{
    struct signalfd_siginfo info;
    pid_t pid;
    int status;
    while (read(keeper->signal_fd, &info, sizeof info) > 0)
        continue;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid == keeper->child) {
            keeper->child = 0;
            keeper->status = status;
        }
    }
}

/* Until something happens: a child ended, the pipe ended (unless that is known already), or the time is over. */
static void wait_event(struct keeper *keeper, int timeout_ms)
{
    struct pollfd fds[2] = {
        {.fd = keeper->signal_fd, .events = POLLIN},
        {.fd = keeper->orphaned ? -1 : keeper->job->life_fd, .events = POLLIN},
    };
    poll(fds, 2, timeout_ms);
    if (fds[1].revents)
        keeper->orphaned = true;
    reap(keeper);
}

static void path_in(const struct keeper *keeper, const char *name, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%s/%s", keeper->report.folder, name);
}

/* --- Programs ----------------------------------------------------------------------------------------------------- */

/* Throw-away data need no shutdown checkpoint. */
static int stop_signal_of(const struct keeper *keeper)
{
    return keeper->job->options->keep ? SIGINT : SIGQUIT;
}

static _Noreturn void become_program(const struct keeper *keeper, const char *const *argv, int log_fd)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};
    sigset_t none;
    prctl(PR_SET_PDEATHSIG, stop_signal_of(keeper));
    if (getppid() != keeper->pid)
        _exit(1); /* the keeper was killed before it could matter to us */
    setpgid(0, 0);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        signal(signals[i], SIG_DFL); /* "ignored" would survive the exec */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    dup2(log_fd, STDOUT_FILENO);
    dup2(log_fd, STDERR_FILENO);
    execv(argv[0], (char *const *)argv);
    dprintf(STDERR_FILENO, "cannot execute %s: %m\n", argv[0]);
    _exit(127);
}

static bool start_program(struct keeper *keeper, const char *const *argv, const char *log, struct err *err)
{
    char path[PATH_MAX];
    path_in(keeper, log, path);
    int log_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log_fd < 0)
        return err_system(err, path, "cannot create");
    pid_t pid = fork();
    if (pid == 0)
        become_program(keeper, argv, log_fd);
    close(log_fd);
    if (pid < 0)
        return err_system(err, NULL, "cannot fork for %s", argv[0]);
    setpgid(pid, pid);
    keeper->child = pid;
    return true;
}

void keeper_log_tail(const char *folder, const char *name, char *buf, size_t size)
{
    char path[PATH_MAX];
    *buf = '\0';
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    off_t end = lseek(fd, 0, SEEK_END);
    off_t from = end > (off_t)size - 1 ? end - (off_t)size + 1 : 0;
    ssize_t got = pread(fd, buf, size - 1, from);
    close(fd);
    size_t len = got > 0 ? (size_t)got : 0;
    while (len > 0 && buf[len - 1] == '\n')
        len--;
    buf[len] = '\0';
    char *start = buf + len;
    for (int lines = 0; start > buf; start--) {
        if (start[-1] == '\n' && ++lines == TAIL_LINES)
            break;
    }
    if (start == buf && from > 0 && strchr(buf, '\n'))
        start = strchr(buf, '\n') + 1; /* half a line */
    memmove(buf, start, strlen(start) + 1);
}

/* What failed, the log's own words, and what the user can do. */
static bool program_failed(const struct keeper *keeper, const char *what, const char *log, const char *remedy,
                           struct err *err)
{
    char tail[1400];
    keeper_log_tail(keeper->report.folder, log, tail, sizeof tail);
    err_set(err, ERR_SERVER, "private server", "%s", what);
    if (*tail)
        err_append(err, "%s", tail);
    if (remedy)
        err_append(err, "%s", remedy);
    return false;
}

static bool stopped(struct err *err)
{
    return err_set(err, ERR_STOPPED, "private server", "stopped while starting");
}

/* Byte order for text: a locale's order changes with the C library's version, and with it the shape of an index. */
static bool run_initdb(struct keeper *keeper, struct err *err)
{
    char program[PATH_MAX], data[PATH_MAX];
    snprintf(program, sizeof program, "%s/initdb", keeper->job->bindir);
    path_in(keeper, "data", data);
    const char *const argv[] = {program,
                                "-D",
                                data,
                                "-U",
                                "postgres",
                                "-A",
                                "trust",
                                "--encoding=UTF8",
                                "--no-locale",
                                "--no-sync",
                                "--no-instructions",
                                NULL};
    if (!start_program(keeper, argv, "initdb.log", err))
        return false;
    while (keeper->child && !keeper->orphaned)
        wait_event(keeper, -1);
    if (keeper->orphaned)
        return stopped(err);
    if (WIFEXITED(keeper->status) && WEXITSTATUS(keeper->status) == 0)
        return true;
    return program_failed(keeper, "initdb failed", "initdb.log", NULL, err);
}

/* --- Starting and stopping ---------------------------------------------------------------------------------------- */

/* The nth line of postmaster.pid; false if there is none (yet, or any more). */
static bool read_pid_file(const struct keeper *keeper, int n, char line[PATH_MAX])
{
    char path[PATH_MAX];
    path_in(keeper, "data/postmaster.pid", path);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    int number = 0;
    while (number < n && fgets(line, PATH_MAX, file))
        number++;
    fclose(file);
    return number == n;
}

static bool is_ready(const struct keeper *keeper)
{
    char line[PATH_MAX];
    return read_pid_file(keeper, 8, line) && str_starts_with(line, "ready");
}

static bool start_postgres(struct keeper *keeper, struct err *err)
{
    char program[PATH_MAX], data[PATH_MAX];
    snprintf(program, sizeof program, "%s/postgres", keeper->job->bindir);
    path_in(keeper, "data", data);
    const char *const argv[] = {program, "-D", data, NULL};
    return start_program(keeper, argv, "server.log", err);
}

static bool start_server(struct keeper *keeper, struct err *err)
{
    const char *remedy = keeper->job->options->n_settings > 0 ? "check the workload's settings under `server:`" : NULL;
    if (!start_postgres(keeper, err))
        return false;
    keeper->report.postmaster = keeper->child;
    int64_t deadline_ns = clock_now_ns() + START_TIMEOUT_S * NS_PER_S;
    while (!is_ready(keeper)) {
        wait_event(keeper, READY_TICK_MS);
        if (keeper->orphaned)
            return stopped(err);
        if (!keeper->child)
            return program_failed(keeper, "the server did not start", "server.log", remedy, err);
        if (clock_now_ns() > deadline_ns)
            return program_failed(keeper, "the server was not ready within 60 s", "server.log", remedy, err);
    }
    return true;
}

static void await_child(struct keeper *keeper, int timeout_ms)
{
    int64_t deadline_ns = clock_now_ns() + timeout_ms * NS_PER_MS;
    for (int64_t left_ns; keeper->child && (left_ns = deadline_ns - clock_now_ns()) > 0;)
        wait_event(keeper, (int)(left_ns / NS_PER_MS) + 1);
}

static void stop_child(struct keeper *keeper)
{
    static const struct step {
        int signal;
        int wait_ms;
    } kept[] = {{SIGINT, 60000}, {SIGQUIT, 7000}, {SIGKILL, 5000}}, thrown_away[] = {{SIGQUIT, 7000}, {SIGKILL, 5000}};
    bool keep = keeper->job->options->keep;
    const struct step *steps = keep ? kept : thrown_away;
    size_t count = keep ? sizeof kept / sizeof *kept : sizeof thrown_away / sizeof *thrown_away;
    for (size_t i = 0; i < count && keeper->child; i++) {
        kill(keeper->child, steps[i].signal);
        await_child(keeper, steps[i].wait_ms);
    }
}

/* Backends that outlived a killed postmaster notice it and end. */
static void await_strays(struct keeper *keeper)
{
    int64_t deadline_ns = clock_now_ns() + STRAY_TIMEOUT_MS * NS_PER_MS;
    siginfo_t info;
    while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && clock_now_ns() < deadline_ns)
        wait_event(keeper, 100);
}

static bool has_started(const struct keeper *keeper)
{
    char line[PATH_MAX];
    return read_pid_file(keeper, 1, line) && atoi(line) == keeper->child && read_pid_file(keeper, 8, line);
}

/* A postmaster that was killed leaves postmaster.pid and its shared memory, which only a successor on the same data
 * knows how to find: it is the first thing that one does. */
static void release_shared_memory(struct keeper *keeper)
{
    char line[PATH_MAX];
    if (!read_pid_file(keeper, 1, line) || !start_postgres(keeper, NULL))
        return;
    int64_t deadline_ns = clock_now_ns() + STRAY_TIMEOUT_MS * NS_PER_MS;
    while (keeper->child && !has_started(keeper) && clock_now_ns() < deadline_ns)
        wait_event(keeper, READY_TICK_MS);
    stop_child(keeper);
}

static void clean_up(struct keeper *keeper)
{
    stop_child(keeper);
    await_strays(keeper);
    release_shared_memory(keeper);
    bool keep = keeper->job->options->keep && keeper->report.err.kind == ERR_NONE;
    if (*keeper->report.folder && !keep)
        proc_remove_tree(keeper->report.folder, NULL);
}

_Noreturn void keeper_main(const struct keeper_job *job)
{
    _Static_assert(sizeof(struct keeper_report) <= PIPE_BUF, "a report is written at once");
    struct keeper keeper = {.job = job};
    struct err *err = &keeper.report.err;
    detach(&keeper);
    bool ok = become_account(job, err);
    if (ok)
        folder_sweep(job->parent);
    ok = ok && folder_make(job, keeper.report.folder, err) && run_initdb(&keeper, err) &&
         settings_write(job->options, keeper.report.folder, err) && start_server(&keeper, err);
    if (write(job->report_fd, &keeper.report, sizeof keeper.report) < 0)
        keeper.orphaned = true; /* nobody is there to use the server */
    while (ok && !keeper.orphaned)
        wait_event(&keeper, -1);
    clean_up(&keeper);
    _exit(0);
}

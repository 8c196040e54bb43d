#include "base/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/stop.h"

/* open() gives the lowest free number. */
void proc_open_stdio(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

/* --- Finding ------------------------------------------------------------------------------------------------------ */

static bool is_program(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

bool proc_find(const char *program, char *buf, size_t size)
{
    const char *path = getenv("PATH");
    if (!path)
        path = "/usr/local/bin:/usr/bin:/bin";
    if (*program == '\0' || strchr(program, '/'))
        return false;
    for (const char *next = path; next; path = next + 1) {
        next = strchr(path, ':');
        int len = next ? (int)(next - path) : (int)strlen(path);
        /* A relative entry would mean another program after each chdir. */
        if (*path != '/')
            continue;
        int written = snprintf(buf, size, "%.*s/%s", len, path, program);
        if (written > 0 && (size_t)written < size && is_program(buf))
            return true;
    }
    return false;
}

/* --- Running ------------------------------------------------------------------------------------------------------ */

enum {
    TICK_MS = 20,    /* how often to look whether the child has ended while it is silent */
    END_TICK_MS = 1, /* the same once its output has ended */
    GRACE_MS = 3000, /* between SIGTERM and SIGKILL */
    TAIL_LINES = 12, /* of the output in an error */
    TAIL_BYTES = 1500,
    KEEP_BYTES = 64 * 1024 /* of output that the caller does not want */
};

struct command {
    const char *const *argv;
    const char *cwd;
    uid_t uid;
    gid_t gid;
};

struct child {
    pid_t pid;
    int output_fd; /* -1 after its end */
    bool watch_stop;
    int64_t late_at_ns; /* 0: it may take as long as it likes */
    int64_t kill_at_ns; /* 0 until a stop was asked for or it was late */
    bool late;          /* the reason is its own slowness */
};

/* What the child sends instead of its exec, should that fail. */
struct failure {
    int code;
    char step[60];
};

static bool become_user(const struct command *command)
{
    bool already = geteuid() == command->uid && getuid() == command->uid && getegid() == command->gid;
    if (command->uid == (uid_t)-1 || (already && command->uid != 0))
        return true;
    return setgroups(0, NULL) == 0 && setgid(command->gid) == 0 && setuid(command->uid) == 0;
}

static void restore_signals(void)
{
    sigset_t none;
    sigemptyset(&none);
    signal(SIGPIPE, SIG_DFL); /* unlike a handler, "ignore" would survive the exec */
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the child, where other threads' locks may be held for ever: system calls only. Returns the step that failed. */
static const char *become_program(const struct command *command, int output_fd)
{
    setpgid(0, 0);
    int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0)
        return "open /dev/null";
    if (dup2(output_fd, STDOUT_FILENO) < 0 || dup2(output_fd, STDERR_FILENO) < 0)
        return "redirect the output";
    if (!become_user(command))
        return "become another user";
    if (command->cwd && chdir(command->cwd) != 0)
        return "enter the working folder";
    restore_signals();
    execv(command->argv[0], (char *const *)command->argv);
    return "execute it";
}

static _Noreturn void child_main(const struct command *command, int output_fd, int failure_fd)
{
    const char *step = become_program(command, output_fd);
    struct failure failure = {.code = errno};
    strncpy(failure.step, step, sizeof failure.step - 1);
    ssize_t ignored = write(failure_fd, &failure, sizeof failure);
    _exit(ignored < 0 ? 126 : 127);
}

/* Returns true once the program is executing, i.e. when the CLOEXEC pipe ended without a word. */
static bool await_exec(pid_t pid, int failure_fd, const char *program, struct err *err)
{
    struct failure failure;
    ssize_t got;
    do
        got = read(failure_fd, &failure, sizeof failure);
    while (got < 0 && errno == EINTR);
    if (got != sizeof failure)
        return true;
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    errno = failure.code;
    return err_system(err, NULL, "cannot run %s: cannot %s", program, failure.step);
}

static void close_pair(int pair[2])
{
    for (int i = 0; i < 2; i++) {
        if (pair[i] >= 0)
            close(pair[i]);
        pair[i] = -1;
    }
}

static bool spawn(const struct command *command, struct child *child, struct err *err)
{
    int output[2] = {-1, -1}, failure[2] = {-1, -1};
    bool ok = false;
    if (pipe2(output, O_CLOEXEC) != 0 || pipe2(failure, O_CLOEXEC) != 0) {
        err_system(err, NULL, "cannot run %s: no pipe", command->argv[0]);
        goto out;
    }
    pid_t pid = fork();
    if (pid == 0)
        child_main(command, output[1], failure[1]);
    if (pid < 0) {
        err_system(err, NULL, "cannot run %s: cannot fork", command->argv[0]);
        goto out;
    }
    setpgid(pid, pid); /* both sides do it, so that neither depends on who comes first */
    close(failure[1]);
    failure[1] = -1;
    ok = await_exec(pid, failure[0], command->argv[0], err);
    if (!ok)
        goto out;
    child->pid = pid;
    child->output_fd = output[0];
    output[0] = -1;
    fcntl(child->output_fd, F_SETFL, O_NONBLOCK);
out:
    close_pair(output);
    close_pair(failure);
    return ok;
}

/* Take all that is there now; notices the end of the output. */
static void drain(struct child *child, struct str *output, bool wanted)
{
    char buf[8192];
    ssize_t got;
    while (child->output_fd >= 0 && (got = read(child->output_fd, buf, sizeof buf)) != -1) {
        if (got == 0) {
            close(child->output_fd);
            child->output_fd = -1;
            break;
        }
        if (!wanted && output->len > KEEP_BYTES) {
            memmove(output->data, output->data + output->len - TAIL_BYTES, TAIL_BYTES);
            output->len = TAIL_BYTES;
        }
        str_append_n(output, buf, (size_t)got);
    }
}

static void make_end(struct child *child)
{
    if (child->kill_at_ns == 0) {
        kill(-child->pid, SIGTERM);
        child->kill_at_ns = clock_now_ns() + GRACE_MS * NS_PER_MS;
    } else if (clock_now_ns() >= child->kill_at_ns) {
        kill(-child->pid, SIGKILL);
    }
}

/* Until the child itself has ended. Its output may never end: a daemon that it left behind can hold the pipe. */
static int await_end(struct child *child, struct str *output, bool wanted)
{
    int status;
    for (;;) {
        pid_t ended = waitpid(child->pid, &status, WNOHANG);
        drain(child, output, wanted);
        if (ended == child->pid)
            break;
        bool stopping = child->kill_at_ns != 0;
        struct pollfd fds[2] = {
            {.fd = child->output_fd, .events = POLLIN}, /* poll() skips -1 */
            {.fd = child->watch_stop && !stopping ? stop_fd() : -1, .events = POLLIN},
        };
        poll(fds, 2, child->output_fd < 0 ? END_TICK_MS : TICK_MS);
        bool stop = fds[1].revents & POLLIN, late = child->late_at_ns != 0 && clock_now_ns() >= child->late_at_ns;
        if (!stopping)
            child->late = late && !stop;
        if (stopping || stop || late)
            make_end(child);
    }
    if (child->kill_at_ns != 0)
        kill(-child->pid, SIGKILL); /* what it had started itself */
    if (child->output_fd >= 0)
        close(child->output_fd);
    return status;
}

static const char *tail(const struct str *output, size_t from)
{
    const char *text = str_text(output), *first = text + (from < output->len ? from : output->len);
    const char *end = text + output->len, *line = end;
    while (end > first && end[-1] == '\n')
        end--;
    for (int lines = 0; line > first && end - line < TAIL_BYTES; line--) {
        if (line < end && line[-1] == '\n' && ++lines == TAIL_LINES)
            break;
    }
    return line;
}

/* limit_ns: 0 unless the limit ended it. */
static bool report_end(const struct command *command, int status, int64_t limit_ns, const char *last_lines,
                       struct err *err)
{
    struct str line = {0};
    for (const char *const *arg = command->argv; *arg; arg++)
        str_printf(&line, "%s%s", arg == command->argv ? "" : " ", *arg);
    if (limit_ns != 0)
        err_set(err, ERR_SYSTEM, NULL, "%.400s\ndid not end within %g s", str_text(&line),
                (double)limit_ns / (double)NS_PER_S);
    else if (WIFSIGNALED(status))
        err_set(err, ERR_SYSTEM, NULL, "%.400s\nwas ended by signal %d (%s)", str_text(&line), WTERMSIG(status),
                strsignal(WTERMSIG(status)));
    else
        err_set(err, ERR_SYSTEM, NULL, "%.400s\nended with status %d", str_text(&line), WEXITSTATUS(status));
    size_t len = strlen(last_lines);
    while (len > 0 && last_lines[len - 1] == '\n')
        len--;
    if (len > 0)
        err_append(err, "%.*s", (int)len, last_lines);
    str_deinit(&line);
    return false;
}

bool proc_run(const char *const *argv, const char *cwd, uid_t uid, gid_t gid, int64_t limit_ns, struct str *output,
              struct err *err)
{
    struct command command = {argv, cwd, uid, gid};
    struct str own = {0}, *text = output ? output : &own;
    /* Asked before the start: from then on every stop counts. */
    struct child child = {
        .output_fd = -1, .watch_stop = !stop_requested(), .late_at_ns = limit_ns != 0 ? clock_now_ns() + limit_ns : 0};
    size_t from = text->len;
    if (!spawn(&command, &child, err))
        return false;
    int status = await_end(&child, text, output != NULL);
    bool ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (child.kill_at_ns != 0 && !child.late)
        ok = err_set(err, ERR_STOPPED, NULL, "%s was stopped", argv[0]);
    else if (!ok || child.late)
        ok = report_end(&command, status, child.late ? limit_ns : 0, tail(text, from), err);
    else if (output && output->failed)
        ok = err_memory(err);
    str_deinit(&own);
    return ok;
}

/* --- This machine ------------------------------------------------------------------------------------------------- */

/* The value of the first line `key<separator>value`, without quotes; buf stays empty if there is none. */
static void read_key(const char *path, const char *key, char separator, char *buf, size_t size)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return;
    char line[512];
    size_t len = strlen(key);
    while (fgets(line, sizeof line, file)) {
        const char *value = strchr(line, separator);
        if (strncmp(line, key, len) != 0 || !value || line + len + strspn(line + len, " \t") != value)
            continue;
        value += 1 + strspn(value + 1, " \t\"'");
        snprintf(buf, size, "%.*s", (int)strcspn(value, "\"'\n"), value);
        break;
    }
    fclose(file);
}

static int usable_cores(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return CPU_COUNT(&set);
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 0;
}

void proc_machine(struct machine *machine)
{
    *machine = (struct machine){.cores = usable_cores()};
    struct utsname names;
    if (uname(&names) == 0) {
        snprintf(machine->hostname, sizeof machine->hostname, "%s", names.nodename);
        snprintf(machine->kernel, sizeof machine->kernel, "%s", names.release);
    }
    read_key("/etc/os-release", "PRETTY_NAME", '=', machine->os, sizeof machine->os);
    read_key("/proc/cpuinfo", "model name", ':', machine->cpu, sizeof machine->cpu);
    long pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);
    if (pages > 0 && page_bytes > 0)
        machine->memory_bytes = (int64_t)pages * page_bytes;
}

int64_t proc_cpu_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

/* --- Deleting ----------------------------------------------------------------------------------------------------- */

/* The first failure is kept: later ones, such as "directory not empty", only follow from it. */
static bool cannot_delete(const char *root, const char *name, bool earlier_failure, struct err *err)
{
    if (!earlier_failure)
        err_system(err, root, "cannot delete %s", name);
    return false;
}

static bool remove_folder(int parent_fd, const char *name, const char *root, struct err *err);

static bool remove_entry(int folder_fd, const char *name, const char *root, bool failed, struct err *err)
{
    if (unlinkat(folder_fd, name, 0) == 0 || errno == ENOENT)
        return true;
    if (errno != EISDIR && errno != EPERM)
        return cannot_delete(root, name, failed, err);
    return remove_folder(folder_fd, name, root, failed ? NULL : err);
}

/* Deleting may make readdir() skip entries on some file systems, hence passes until one finds nothing to delete. */
static bool empty_folder(DIR *dir, const char *root, struct err *err)
{
    bool ok = true;
    size_t removed;
    do {
        removed = 0;
        rewinddir(dir);
        for (struct dirent *entry; (entry = readdir(dir));) {
            if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                continue;
            if (remove_entry(dirfd(dir), entry->d_name, root, !ok, err))
                removed++;
            else
                ok = false;
        }
    } while (ok && removed > 0);
    return ok;
}

static bool remove_folder(int parent_fd, const char *name, const char *root, struct err *err)
{
    int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || cannot_delete(root, name, false, err);
    DIR *dir = fdopendir(fd);
    if (!dir) {
        cannot_delete(root, name, false, err);
        close(fd);
        return false;
    }
    bool ok = empty_folder(dir, root, err);
    closedir(dir);
    if (unlinkat(parent_fd, name, AT_REMOVEDIR) != 0 && errno != ENOENT)
        ok = cannot_delete(root, name, !ok, err);
    return ok;
}

bool proc_remove_tree(const char *path, struct err *err)
{
    return remove_folder(AT_FDCWD, path, path, err);
}

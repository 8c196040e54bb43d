#include "pg/cluster.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/stop.h"
#include "binaries.h"
#include "keeper.h"
#include "settings.h"

struct cluster {
    pid_t keeper;
    int life_fd; /* closing it, or dying, ends the server */
    pid_t postmaster;
    char folder[KEEPER_FOLDER_BYTES];
    char bindir[PATH_MAX];
    struct target target;
};

/* Said in the connection string, where it wins over PG* variables that are meant for some other server. */
#define PRIVATE_DBNAME                                                                                                 \
    "dbname=postgres hostaddr='' options='' sslmode=disable gssencmode=disable channel_binding=disable "               \
    "target_session_attrs=any requirepeer=''"

/* --- Checks before anything is started ---------------------------------------------------------------------------- */

static bool check_parent(const char *parent, struct err *err)
{
    size_t socket_path = strlen(parent) + sizeof "/" KEEPER_FOLDER_TEMPLATE "/" KEEPER_SOCKET;
    if (*parent != '/')
        return err_set(err, ERR_SYSTEM, parent,
                       "the private server's folder needs an absolute path\nset TMPDIR to one");
    if (strchr(parent, ',')) /* libpq reads a list of hosts there */
        return err_set(err, ERR_SYSTEM, parent,
                       "no comma can be in the path of the private server's socket\n"
                       "set TMPDIR to a folder without one");
    if (socket_path > KEEPER_FOLDER_BYTES)
        return err_set(err, ERR_SYSTEM, parent,
                       "the path of the private server's socket would have %zu bytes; the "
                       "system allows %d\nset TMPDIR to something shorter, such as /tmp",
                       socket_path - 1, KEEPER_FOLDER_BYTES - 1);
    return true;
}

/* PostgreSQL refuses to run as root. */
static bool find_account(struct keeper_job *job, struct err *err)
{
    job->uid = (uid_t)-1;
    struct passwd *entry = getpwuid(geteuid());
    if (geteuid() == 0) {
        entry = getpwnam("postgres");
        if (!entry)
            entry = getpwnam("nobody");
        if (!entry)
            return err_set(err, ERR_SYSTEM, NULL,
                           "PostgreSQL does not run as root, and there is neither an account postgres nor nobody\n"
                           "create one, or run pgdyno as an ordinary user");
        job->uid = entry->pw_uid;
        job->gid = entry->pw_gid;
    }
    job->account = entry ? entry->pw_name : "of this process";
    return true;
}

static const char *parent_folder(const struct cluster_options *options)
{
    const char *variable = getenv("TMPDIR");
    return options->parent ? options->parent : variable && *variable ? variable : "/tmp";
}

/* --- The keeper, seen from here ----------------------------------------------------------------------------------- */

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static bool fork_keeper(struct cluster *cluster, struct keeper_job *job, int *report_fd, struct err *err)
{
    int life[2] = {-1, -1}, report[2] = {-1, -1};
    bool ok = false;
    if (pipe2(life, O_CLOEXEC) != 0 || pipe2(report, O_CLOEXEC) != 0) {
        err_system(err, NULL, "no pipe for the private server's keeper");
        goto out;
    }
    job->life_fd = life[0];
    job->report_fd = report[1];
    pid_t pid = fork();
    if (pid == 0)
        keeper_main(job);
    if (pid < 0) {
        err_system(err, NULL, "cannot fork the private server's keeper");
        goto out;
    }
    cluster->keeper = pid;
    cluster->life_fd = life[1];
    *report_fd = report[0];
    life[1] = report[0] = -1;
    ok = true;
out:
    close_fd(&life[0]);
    close_fd(&life[1]);
    close_fd(&report[0]);
    close_fd(&report[1]);
    return ok;
}

static bool await_report(int report_fd, struct keeper_report *report, struct err *err)
{
    struct pollfd fds[2] = {{.fd = report_fd, .events = POLLIN}, {.fd = stop_fd(), .events = POLLIN}};
    ssize_t got;
    do {
        while (poll(fds, 2, -1) < 0 && errno == EINTR)
            continue;
        if (stop_requested())
            return err_set(err, ERR_STOPPED, "private server", "stopped while starting");
        got = fds[0].revents ? read(report_fd, report, sizeof *report) : -1;
    } while (got < 0);
    if (got != sizeof *report)
        return err_set(err, ERR_SYSTEM, "private server", "the process that keeps it ended unexpectedly");
    if (report->err.kind == ERR_NONE)
        return true;
    if (err)
        *err = report->err;
    return false;
}

bool cluster_open(const struct cluster_options *options, struct cluster **out, struct err *err)
{
    struct keeper_job job = {.options = options, .parent = parent_folder(options)};
    struct keeper_report report;
    int report_fd = -1;
    *out = NULL;
    struct cluster *cluster = calloc(1, sizeof *cluster);
    if (!cluster)
        return err_memory(err);
    cluster->life_fd = -1;
    job.bindir = cluster->bindir;
    if (!settings_check(options, err) || !check_parent(job.parent, err) || !find_account(&job, err) ||
        !binaries_find(options->bindir, cluster->bindir, sizeof cluster->bindir, err))
        goto fail;
    if (!fork_keeper(cluster, &job, &report_fd, err) || !await_report(report_fd, &report, err))
        goto fail;
    close(report_fd);
    cluster->postmaster = report.postmaster;
    memcpy(cluster->folder, report.folder, sizeof cluster->folder);
    cluster->target =
        (struct target){.host = cluster->folder, .port = KEEPER_PORT, .user = "postgres", .dbname = PRIVATE_DBNAME};
    *out = cluster;
    return true;
fail:
    close_fd(&report_fd);
    cluster_close(cluster);
    return false;
}

void cluster_close(struct cluster *cluster)
{
    if (!cluster)
        return;
    close_fd(&cluster->life_fd);
    while (cluster->keeper > 0 && waitpid(cluster->keeper, NULL, 0) < 0 && errno == EINTR)
        continue;
    free(cluster);
}

const struct target *cluster_target(const struct cluster *cluster)
{
    return &cluster->target;
}

const char *cluster_folder(const struct cluster *cluster)
{
    return cluster->folder;
}

const char *cluster_bindir(const struct cluster *cluster)
{
    return cluster->bindir;
}

void cluster_log_tail(const struct cluster *cluster, char *buf, size_t size)
{
    keeper_log_tail(cluster->folder, "server.log", buf, size);
}

int cluster_postmaster_pid(const struct cluster *cluster)
{
    return cluster->postmaster;
}

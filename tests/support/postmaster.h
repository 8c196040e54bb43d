/* A private server that a test can stop and start while something is connected to it, and that may listen on TCP:
 * initdb by pg/cluster.h, then a postgres of our own on what that left.
 *
 * postgres gets SIGQUIT should the test die, and the folder's lock is held by it and by us, so that the next private
 * server removes what a killed test leaves (bench/pg/folder.c). */
#ifndef PGDYNO_TESTS_SUPPORT_POSTMASTER_H
#define PGDYNO_TESTS_SUPPORT_POSTMASTER_H

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/proc.h"
#include "pg/cluster.h"
#include "pg/query.h"
#include "unit.h"

struct postmaster {
    char folder[128], bindir[256], dbname[256];
    struct target target; /* through the Unix socket */
    uid_t uid;
    gid_t gid;
    int lock_fd;
    pid_t pid; /* 0: not running */
};

static inline bool postmaster_hold_folder(struct postmaster *server)
{
    char path[256];
    struct stat status;
    snprintf(path, sizeof path, "%s/pgdyno.lock", server->folder);
    server->lock_fd = open(path, O_RDWR); /* without O_CLOEXEC: postgres holds it too */
    if (server->lock_fd < 0 || flock(server->lock_fd, LOCK_EX | LOCK_NB) != 0 || stat(server->folder, &status) != 0)
        return false;
    server->uid = status.st_uid;
    server->gid = status.st_gid;
    snprintf(path, sizeof path, "%s/pgdyno.kept", server->folder);
    return unlink(path) == 0;
}

/* A server that has not been started yet. */
static inline bool postmaster_make(struct postmaster *server, int max_connections)
{
    struct cluster_options options = {.fast_unsafe = true, .keep = true, .max_connections = max_connections};
    struct cluster *cluster;
    struct err err = {0};
    *server = (struct postmaster){.lock_fd = -1};
    if (!cluster_open(&options, &cluster, &err)) {
        print_error("%s: %s\n", err.where, err.text);
        return false;
    }
    snprintf(server->folder, sizeof server->folder, "%s", cluster_folder(cluster));
    snprintf(server->bindir, sizeof server->bindir, "%s", cluster_bindir(cluster));
    server->target = *cluster_target(cluster);
    snprintf(server->dbname, sizeof server->dbname, "%s", server->target.dbname);
    server->target.host = server->folder;
    server->target.dbname = server->dbname;
    cluster_close(cluster);
    return postmaster_hold_folder(server);
}

/* For postgresql.conf or pg_hba.conf. */
static inline bool postmaster_append(const struct postmaster *server, const char *file, const char *line)
{
    char path[256];
    snprintf(path, sizeof path, "%s/data/%s", server->folder, file);
    int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    bool ok = fd >= 0 && dprintf(fd, "%s\n", line) > 0;
    if (fd >= 0)
        close(fd);
    return ok;
}

/* Only what is safe in the child of a process with threads. */
static inline void postmaster_exec(const struct postmaster *server, char *const *argv, int log_fd)
{
    if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setgid(server->gid) != 0 || setuid(server->uid) != 0))
        _exit(126);
    prctl(PR_SET_PDEATHSIG, SIGQUIT); /* after setuid(), which forgets it */
    setpgid(0, 0);
    dup2(log_fd, STDOUT_FILENO);
    dup2(log_fd, STDERR_FILENO);
    execv(argv[0], argv);
    _exit(127);
}

static inline void postmaster_start(struct postmaster *server)
{
    char program[512], data[256], log[256];
    snprintf(program, sizeof program, "%s/postgres", server->bindir);
    snprintf(data, sizeof data, "%s/data", server->folder);
    snprintf(log, sizeof log, "%s/server.log", server->folder);
    char *const argv[] = {program, (char *)(uintptr_t) "-D", data, NULL};
    int log_fd = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    assert_true(log_fd >= 0);
    pid_t pid = fork();
    if (pid == 0)
        postmaster_exec(server, argv, log_fd);
    close(log_fd);
    assert_true(pid > 0);
    server->pid = pid;
}

/* SIGINT: fast, SIGQUIT: immediate. Returns at once; postmaster_gone() tells. */
static inline void postmaster_signal(struct postmaster *server, int number)
{
    assert_true(server->pid > 0 && kill(server->pid, number) == 0);
}

static inline bool postmaster_gone(struct postmaster *server)
{
    if (server->pid > 0 && waitpid(server->pid, NULL, WNOHANG) == server->pid)
        server->pid = 0;
    return server->pid == 0;
}

static inline void postmaster_await_gone(struct postmaster *server)
{
    for (int i = 0; i < 10000 && !postmaster_gone(server); i++)
        usleep(1000);
    if (!postmaster_gone(server))
        fail_msg("the server does not stop");
}

/* A connection as soon as there is one. */
static inline struct db *postmaster_connect(struct postmaster *server)
{
    struct err err = {0};
    struct db *db = NULL;
    for (int64_t limit_ns = clock_now_ns() + 30 * NS_PER_S; !db && clock_now_ns() < limit_ns; usleep(5000))
        if (postmaster_gone(server) || !db_open(&server->target, &db, &err))
            db = NULL;
    if (!db)
        fail_msg("the server does not start: %s", err.text);
    return db;
}

static inline void postmaster_remove(struct postmaster *server)
{
    if (server->pid > 0 && !postmaster_gone(server))
        kill(server->pid, SIGQUIT);
    for (int i = 0; i < 10000 && !postmaster_gone(server); i++)
        usleep(1000);
    if (server->folder[0])
        proc_remove_tree(server->folder, NULL);
    if (server->lock_fd >= 0)
        close(server->lock_fd);
}

#endif

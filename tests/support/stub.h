/* The stub server (tests/stubpg) for a test program; in CMakeLists.txt: pgdyno_use_stub(TARGET).
 *
 *     struct stub stub;
 *     stub_start(&stub, NULL);                       // or {"--tcp", "--seed=7", NULL}
 *     stub_tell(&stub, "service exponential 5ms");   // any line of tests/stubpg/README.md
 *     … work against &stub.target …
 *     struct stub_record *records = stub_log(&stub, &n);
 *     stub_tell(&stub, "reset");                     // and the next case
 *     stub_stop(&stub);
 */
#ifndef PGDYNO_TESTS_SUPPORT_STUB_H
#define PGDYNO_TESTS_SUPPORT_STUB_H

#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pg/target.h"
#include "stubpg/record.h"
#include "unit.h"

enum {
    STUB_OPTIONS = 16,
    STUB_LINE = 512
};

struct stub {
    pid_t pid;
    int out;         /* its standard output, for "ready" */
    char folder[32]; /* of its socket and log */
    char port[8];
    struct target target;
    PGconn *control; /* carries the STUB statements; counts as one of the server's connections */
};

static inline void stub_exec(const struct stub *stub, const char *const *options, int out, pid_t parent)
{
    char host[64];
    char *argv[STUB_OPTIONS + 3] = {(char *)(uintptr_t)STUBPG_PATH, host};
    snprintf(host, sizeof host, "--host=%s", stub->folder);
    for (int i = 0; options && options[i] && i < STUB_OPTIONS; i++)
        argv[2 + i] = (char *)(uintptr_t)options[i];
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent || dup2(out, STDOUT_FILENO) < 0)
        _exit(126);
    execv(STUBPG_PATH, argv);
    _exit(127);
}

static inline void stub_await_ready(struct stub *stub)
{
    char line[256] = "";
    size_t len = 0;
    while (len < sizeof line - 1 && !strchr(line, '\n')) {
        ssize_t n = read(stub->out, line + len, sizeof line - 1 - len);
        if (n <= 0)
            fail_msg("%s did not start", STUBPG_PATH);
        len += (size_t)n;
    }
    const char *port = strstr(line, "port=");
    assert_non_null(port);
    assert_int_equal(sscanf(port, "port=%7[0-9]", stub->port), 1);
}

static inline PGconn *stub_connect(const struct stub *stub)
{
    const char *keywords[TARGET_KEYWORDS], *values[TARGET_KEYWORDS];
    target_keywords(&stub->target, "test", keywords, values);
    PGconn *pg = PQconnectdbParams(keywords, values, 1);
    if (PQstatus(pg) != CONNECTION_OK)
        fail_msg("%s", PQerrorMessage(pg));
    return pg;
}

/* A stub of its own, in a folder of its own; it ends with the calling thread, should that not get to stub_stop.
 * `options` (may be NULL) ends with NULL; --host is not for the taking. The struct stays where it is: `target` points
 * into it. */
static inline void stub_start(struct stub *stub, const char *const *options)
{
    int pipe_fds[2];
    *stub = (struct stub){.folder = "/tmp/stubpg-XXXXXX"};
    assert_non_null(mkdtemp(stub->folder));
    assert_int_equal(pipe(pipe_fds), 0);
    pid_t parent = getpid();
    fflush(NULL);
    stub->pid = fork();
    if (stub->pid == 0)
        stub_exec(stub, options, pipe_fds[1], parent);
    assert_true(stub->pid > 0);
    close(pipe_fds[1]);
    stub->out = pipe_fds[0];
    stub_await_ready(stub);
    stub->target = (struct target){.host = stub->folder, .port = stub->port, .user = "stub", .dbname = "stub"};
    stub->control = stub_connect(stub);
}

static inline void stub_log_path(const struct stub *stub, char *path, size_t size)
{
    snprintf(path, size, "%s/log", stub->folder);
}

/* Ends it and removes its folder; fails if it did not end well (a sanitizer's report, for one). */
static inline void stub_stop(struct stub *stub)
{
    char path[64];
    int status = 0;
    if (stub->pid <= 0)
        return;
    PQfinish(stub->control);
    kill(stub->pid, SIGTERM);
    assert_int_equal(waitpid(stub->pid, &status, 0), stub->pid);
    close(stub->out);
    stub_log_path(stub, path, sizeof path);
    unlink(path);
    assert_int_equal(rmdir(stub->folder), 0);
    stub->pid = 0;
    assert_int_equal(status, 0);
}

static inline PGresult *stub_ask(struct stub *stub, const char *line)
{
    char sql[STUB_LINE];
    assert_true(snprintf(sql, sizeof sql, "STUB %s", line) < (int)sizeof sql);
    PGresult *result = PQexec(stub->control, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(stub->control));
    return result;
}

/* One setting or command, as in stub_tell(&stub, "service constant 1ms"). It holds once this returns. */
static inline void stub_tell(struct stub *stub, const char *line)
{
    PQclear(stub_ask(stub, line));
}

static inline void stub_tellf(struct stub *stub, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static inline void stub_tellf(struct stub *stub, const char *fmt, ...)
{
    char line[STUB_LINE];
    va_list args;
    va_start(args, fmt);
    assert_true(vsnprintf(line, sizeof line, fmt, args) < (int)sizeof line);
    va_end(args);
    stub_tell(stub, line);
}

/* One figure of `STUB status` since the last reset: "requests", "commits", "rollbacks", "errors", … */
static inline int64_t stub_figure(struct stub *stub, const char *name)
{
    PGresult *result = stub_ask(stub, "status");
    int column = PQfnumber(result, name);
    if (column < 0)
        fail_msg("the stub's status has no %s", name);
    int64_t value = strtoll(PQgetvalue(result, 0, column), NULL, 10);
    PQclear(result);
    return value;
}

/* All requests since the last reset in the order of receipt, for the caller to free(). Takes the stub's time (1 s for
 * some millions), so ask when the load is over. */
static inline struct stub_record *stub_log(struct stub *stub, size_t *n)
{
    char path[64];
    struct stub_log_header header;
    stub_log_path(stub, path, sizeof path);
    stub_tellf(stub, "log %s", path);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_int_equal(fread(&header, sizeof header, 1, file), 1);
    assert_memory_equal(header.magic, STUB_LOG_MAGIC, sizeof header.magic);
    assert_int_equal(header.n_dropped, 0);
    *n = header.n_records;
    struct stub_record *records = malloc((*n + 1) * sizeof *records);
    assert_non_null(records);
    assert_int_equal(fread(records, sizeof *records, *n, file), *n);
    fclose(file);
    unlink(path);
    return records;
}

#endif

#include "pg/query.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/stop.h"
#include "base/str.h"
#include "base/units.h"
#include "pg/sqlerror.h"

enum {
    CANCEL_LIMIT_S = 3,
    CANCEL_GRACE_MS = 5000, /* how long a cancelled statement may take to end */
    OLDEST_VERSION = 140000
};

struct db {
    PGconn *conn;
    sqlstate last;
    bool uninterruptible;
};

static bool stopping(const struct db *db)
{
    return !db->uninterruptible && stop_requested();
}

enum wait {
    WAIT_READY,
    WAIT_STOP,
    WAIT_TIMEOUT,
    WAIT_LOST
};

/* Until the socket is ready, a stop is asked for, or `deadline_ns` (0: never) has come. */
static enum wait wait_socket(const struct db *db, short events, int64_t deadline_ns)
{
    for (;;) {
        if (stopping(db))
            return WAIT_STOP;
        int timeout_ms = -1;
        if (deadline_ns != 0) {
            int64_t left_ns = deadline_ns - clock_now_ns();
            if (left_ns <= 0)
                return WAIT_TIMEOUT;
            timeout_ms = (int)(left_ns / NS_PER_MS) + 1;
        }
        struct pollfd fds[2] = {
            {.fd = PQsocket(db->conn), .events = events},
            {.fd = db->uninterruptible ? -1 : stop_fd(), .events = POLLIN}, /* poll() skips -1 */
        };
        if (fds[0].fd < 0)
            return WAIT_LOST;
        int ready = poll(fds, 2, timeout_ms);
        if (ready < 0 && errno != EINTR)
            return WAIT_LOST;
        if (ready > 0 && fds[0].revents)
            return WAIT_READY;
    }
}

/* --- Connecting --------------------------------------------------------------------------------------------------- */

static void discard_notice(void *user, const PGresult *result)
{
    (void)user;
    (void)result;
}

static bool connect_socket(struct db *db, int timeout_s, struct err *err)
{
    int64_t deadline_ns = timeout_s ? clock_now_ns() + timeout_s * NS_PER_S : 0;
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;
    while (status != PGRES_POLLING_OK) {
        if (status == PGRES_POLLING_FAILED)
            return sqlerror_set_connect(db->conn, err, &db->last);
        switch (wait_socket(db, status == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline_ns)) {
        case WAIT_STOP:
            return err_set(err, ERR_STOPPED, NULL, "stopped while connecting");
        case WAIT_TIMEOUT:
            return err_set(
                err, ERR_SERVER, NULL,
                "no answer from the server at %s, port %s, within %d s\n"
                "is it the right host and port? A firewall may drop the packets; connect_timeout sets the limit",
                PQhost(db->conn), PQport(db->conn), timeout_s);
        case WAIT_LOST:
            return err_system(err, NULL, "cannot wait for the server");
        case WAIT_READY:
            status = PQconnectPoll(db->conn);
        }
    }
    return true;
}

bool db_version_supported(int version, struct err *err)
{
    if (version >= OLDEST_VERSION)
        return true;
    char text[32];
    if (version >= 100000)
        snprintf(text, sizeof text, "%d.%d", version / 10000, version % 10000);
    else
        snprintf(text, sizeof text, "%d.%d.%d", version / 10000, version / 100 % 100, version % 100);
    return err_set(err, ERR_SERVER, NULL,
                   "the server is PostgreSQL %s, which is too old\npgdyno works with PostgreSQL 14 to 18", text);
}

static bool set_up_session(struct db *db, struct err *err)
{
    PQsetErrorVerbosity(db->conn, PQERRORS_DEFAULT);
    PQsetNoticeReceiver(db->conn, discard_notice, NULL);
    return db_version_supported(PQserverVersion(db->conn), err) &&
           db_exec(db, "connecting", "SET client_min_messages = warning", err);
}

static bool open_db(const struct target *target, bool uninterruptible, struct db **out, struct err *err)
{
    const char *keywords[TARGET_KEYWORDS], *values[TARGET_KEYWORDS];
    *out = NULL;
    if (!sqlerror_check_conninfo(target->dbname, err))
        return false;
    struct db *db = calloc(1, sizeof *db);
    if (!db)
        return err_memory(err);
    db->uninterruptible = uninterruptible;
    target_keywords(target, "pgdyno", keywords, values);
    db->conn = PQconnectStartParams(keywords, values, 1);
    if (!db->conn) {
        err_memory(err);
        goto fail;
    }
    PQsetErrorVerbosity(db->conn, PQERRORS_VERBOSE); /* see sqlerror_set_connect */
    if (PQstatus(db->conn) == CONNECTION_BAD) {
        sqlerror_set_connect(db->conn, err, &db->last);
        goto fail;
    }
    if (!connect_socket(db, target_connect_timeout_s(target), err) || !set_up_session(db, err))
        goto fail;
    *out = db;
    return true;
fail:
    db_close(db);
    return false;
}

bool db_open(const struct target *target, struct db **out, struct err *err)
{
    return open_db(target, false, out, err);
}

bool db_open_uninterruptible(const struct target *target, struct db **out, struct err *err)
{
    return open_db(target, true, out, err);
}

void db_close(struct db *db)
{
    if (!db)
        return;
    PQfinish(db->conn);
    free(db);
}

bool db_set_uninterruptible(struct db *db, bool on)
{
    bool before = db->uninterruptible;
    db->uninterruptible = on;
    return before;
}

PGconn *db_handle(struct db *db)
{
    return db->conn;
}

int db_version(const struct db *db)
{
    return PQserverVersion(db->conn);
}

int db_client_version(void)
{
    return PQlibVersion();
}

sqlstate db_sqlstate(const struct db *db)
{
    return db->last;
}

/* --- Running ------------------------------------------------------------------------------------------------------ */

bool db_set_error(struct db *db, const PGresult *result, const char *what, const char *sql, struct err *err)
{
    db->last = result ? sqlstate_parse(PQresultErrorField(result, PG_DIAG_SQLSTATE)) : 0;
    return sqlerror_set(db->conn, result, what, sql, err);
}

static _Noreturn void cancel_and_exit(PGcancel *const *handles, size_t n)
{
    char reason[256];
    sigset_t alarm_signal;
    sigemptyset(&alarm_signal);
    sigaddset(&alarm_signal, SIGALRM);
    signal(SIGALRM, SIG_DFL);
    sigprocmask(SIG_UNBLOCK, &alarm_signal, NULL);
    alarm(CANCEL_LIMIT_S);
    for (size_t i = 0; i < n; i++)
        if (handles[i])
            PQcancel(handles[i], reason, sizeof reason);
    _exit(0);
}

/* PQcancel waits for as long as the network does: minutes, where packets vanish. But it is safe in a signal handler,
 * and therefore in the child of a process with threads, which an alarm ends. */
void query_cancel(PGconn *const *conns, size_t n)
{
    PGcancel **handles = calloc(n + 1, sizeof *handles);
    for (size_t i = 0; handles && i < n; i++)
        handles[i] = PQgetCancel(conns[i]);
    pid_t pid = handles && n > 0 ? fork() : -1;
    if (pid == 0)
        cancel_and_exit(handles, n);
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    for (size_t i = 0; handles && i < n; i++)
        PQfreeCancel(handles[i]);
    free(handles);
}

/* Push out what libpq holds back, taking in meanwhile what the server says, lest both wait for the other to read. */
static enum wait flush(struct db *db, int64_t deadline_ns)
{
    for (;;) {
        int pending = PQflush(db->conn);
        if (pending <= 0)
            return pending < 0 ? WAIT_LOST : WAIT_READY;
        enum wait wait = wait_socket(db, POLLIN | POLLOUT, deadline_ns);
        if (wait != WAIT_READY)
            return wait;
        if (!PQconsumeInput(db->conn))
            return WAIT_LOST;
    }
}

static enum wait await_result(struct db *db, int64_t deadline_ns)
{
    enum wait wait = flush(db, deadline_ns);
    while (wait == WAIT_READY && PQisBusy(db->conn)) {
        wait = wait_socket(db, POLLIN, deadline_ns);
        if (wait == WAIT_READY && !PQconsumeInput(db->conn))
            wait = WAIT_LOST;
    }
    return wait;
}

/* COPY has no place here; end it, so that its error or its end comes as the next result. */
static void refuse_copy(struct db *db, ExecStatusType status)
{
    char *row;
    if (status == PGRES_COPY_IN || status == PGRES_COPY_BOTH)
        PQputCopyEnd(db->conn, "COPY … FROM STDIN is not possible here");
    if (status != PGRES_COPY_OUT)
        return;
    query_cancel(&db->conn, 1);
    while (PQgetCopyData(db->conn, &row, 0) > 0)
        PQfreemem(row);
}

static bool is_failure(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE;
}

/* Keep the first failure, else the last result. */
static PGresult *better(PGresult *kept, PGresult *next)
{
    bool keep = kept && is_failure(kept);
    PQclear(keep ? next : kept);
    return keep ? kept : next;
}

/* All results of what was sent; on WAIT_READY *out is one of them, or NULL if there were none. */
static enum wait collect(struct db *db, int64_t deadline_ns, PGresult **out)
{
    *out = NULL;
    for (;;) {
        enum wait wait = await_result(db, deadline_ns);
        if (wait == WAIT_LOST && PQstatus(db->conn) == CONNECTION_BAD)
            wait = WAIT_READY; /* the server's last words, or libpq's own, are a result too */
        PGresult *next = wait == WAIT_READY ? PQgetResult(db->conn) : NULL;
        if (!next)
            return wait;
        refuse_copy(db, PQresultStatus(next));
        *out = better(*out, next);
        if (PQstatus(db->conn) == CONNECTION_BAD)
            return WAIT_READY;
    }
}

/* The statement is cancelled and its end awaited, so that the session can be used for cleaning up. */
static void stop_statement(struct db *db)
{
    PGresult *discarded;
    bool before = db_set_uninterruptible(db, true);
    query_cancel(&db->conn, 1);
    collect(db, clock_now_ns() + CANCEL_GRACE_MS * NS_PER_MS, &discarded);
    PQclear(discarded);
    db_set_uninterruptible(db, before);
}

static bool stopped(const char *what, struct err *err)
{
    return err_set(err, ERR_STOPPED, what, "stopped");
}

/* The result of what `send` brought on its way, or NULL with the error. */
static PGresult *finish(struct db *db, int sent, const char *what, const char *sql, struct err *err)
{
    PGresult *result = NULL;
    enum wait wait = sent ? collect(db, 0, &result) : WAIT_LOST;
    bool ok = wait == WAIT_READY && result && !is_failure(result);
    if (wait == WAIT_STOP) {
        stop_statement(db);
        stopped(what, err);
    } else if (!ok) {
        db_set_error(db, result, what, sql, err);
    }
    PQsetnonblocking(db->conn, 0);
    if (ok)
        return result;
    PQclear(result);
    return NULL;
}

bool db_exec(struct db *db, const char *what, const char *sql, struct err *err)
{
    db->last = 0;
    if (stopping(db))
        return stopped(what, err);
    PQsetnonblocking(db->conn, 1);
    PGresult *result = finish(db, PQsendQuery(db->conn, sql), what, sql, err);
    bool ok = result != NULL;
    PQclear(result);
    return ok;
}

bool db_execf(struct db *db, const char *what, struct err *err, const char *fmt, ...)
{
    struct str sql = {0};
    va_list args;
    va_start(args, fmt);
    str_vprintf(&sql, fmt, args);
    va_end(args);
    bool ok = sql.failed ? err_memory(err) : db_exec(db, what, str_text(&sql), err);
    str_deinit(&sql);
    return ok;
}

PGresult *db_rows(struct db *db, const char *what, const char *sql, int n_params, const char *const *params,
                  struct err *err)
{
    db->last = 0;
    if (stopping(db)) {
        stopped(what, err);
        return NULL;
    }
    PQsetnonblocking(db->conn, 1);
    int sent = PQsendQueryParams(db->conn, sql, n_params, NULL, params, NULL, NULL, 0);
    return finish(db, sent, what, sql, err);
}

bool db_value(struct db *db, const char *sql, char *buf, size_t size, struct err *err)
{
    PGresult *rows = db_rows(db, NULL, sql, 0, NULL, err);
    if (!rows)
        return false;
    bool any = PQntuples(rows) > 0 && PQnfields(rows) > 0;
    const char *value = any ? PQgetvalue(rows, 0, 0) : "";
    bool ok = strlen(value) < size ||
              err_set(err, ERR_SERVER, NULL, "a value of %zu bytes is too long: %s", strlen(value), sql);
    if (ok)
        strcpy(buf, value);
    PQclear(rows);
    return ok;
}

bool db_int(struct db *db, const char *sql, int64_t *out, struct err *err)
{
    char buf[64];
    if (!db_value(db, sql, buf, sizeof buf, err))
        return false;
    if (!units_parse_int(buf, out))
        return err_set(err, ERR_SERVER, NULL, "a whole number was expected, not \"%s\": %s", buf, sql);
    return true;
}

bool db_prepare(struct db *db, const char *what, const char *name, const char *sql, struct err *err)
{
    db->last = 0;
    if (stopping(db))
        return stopped(what, err);
    PQsetnonblocking(db->conn, 1);
    PGresult *result = finish(db, PQsendPrepare(db->conn, name, sql, 0, NULL), what, sql, err);
    bool ok = result != NULL;
    PQclear(result);
    return ok;
}

bool db_prepare_check(struct db *db, const char *what, const char *sql, struct err *err)
{
    return db_prepare(db, what, "", sql, err); /* the unnamed one is gone with the next statement */
}

bool db_quote_ident(struct db *db, const char *name, char *buf, size_t size)
{
    char *quoted = PQescapeIdentifier(db->conn, name, strlen(name));
    bool ok = quoted && strlen(quoted) < size;
    if (ok)
        strcpy(buf, quoted);
    PQfreemem(quoted);
    return ok;
}

#include "generators/copy_in.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/stop.h"
#include "pg/query.h"

enum {
    LOOK_AROUND_MS = 100, /* how soon another connection's failure is noticed */
    ABANDON_MS = 2000
};

bool copy_in_init(struct copy_in *copy, PGconn *conn, const atomic_bool *stop)
{
    *copy = (struct copy_in){.conn = conn, .stop = stop};
    return PQsetnonblocking(conn, 1) == 0;
}

void copy_in_deinit(struct copy_in *copy)
{
    PQclear(copy->rejected);
    copy->rejected = NULL;
}

/* What the socket is ready for, in *events. */
static enum copy_in_status wait_socket(const struct copy_in *copy, short *events)
{
    struct pollfd fds[2] = {
        {.fd = PQsocket(copy->conn), .events = *events},
        {.fd = stop_fd(), .events = POLLIN}, /* poll() passes over -1 */
    };
    while (fds[0].fd >= 0) {
        if (stop_requested() || atomic_load_explicit(copy->stop, memory_order_relaxed))
            return COPY_IN_STOPPED;
        int ready = poll(fds, 2, LOOK_AROUND_MS);
        if (ready < 0 && errno != EINTR)
            return COPY_IN_REJECTED;
        if (ready > 0 && fds[0].revents) {
            *events = fds[0].revents;
            return COPY_IN_OK;
        }
    }
    return COPY_IN_REJECTED;
}

static bool server_spoke(const struct copy_in *copy)
{
    struct pollfd fd = {.fd = PQsocket(copy->conn), .events = POLLIN};
    return fd.fd < 0 || poll(&fd, 1, 0) != 0;
}

/* Push out what is buffered and read until a result is complete. */
static enum copy_in_status wait_result(const struct copy_in *copy)
{
    for (;;) {
        int left = PQflush(copy->conn);
        if (!PQisBusy(copy->conn))
            return COPY_IN_OK;
        short events = left > 0 ? POLLIN | POLLOUT : POLLIN;
        enum copy_in_status status = wait_socket(copy, &events);
        if (status != COPY_IN_OK)
            return status;
        if (events & ~POLLOUT && !PQconsumeInput(copy->conn))
            return COPY_IN_OK; /* PQgetResult has the reason, and does not wait */
    }
}

enum copy_in_status copy_in_begin(struct copy_in *copy, const char *sql)
{
    if (!PQsendQuery(copy->conn, sql))
        return COPY_IN_REJECTED;
    enum copy_in_status status = wait_result(copy);
    if (status != COPY_IN_OK)
        return status;
    PGresult *result = PQgetResult(copy->conn);
    if (PQresultStatus(result) == PGRES_COPY_IN) {
        PQclear(result);
        return COPY_IN_OK;
    }
    copy_in_deinit(copy);
    copy->rejected = result;
    return COPY_IN_REJECTED;
}

/* A libpq that had to wait for the socket itself may have read the server's message already. It is then seen at
 * copy_in_end(); the server reads and forgets what comes until then. */
enum copy_in_status copy_in_send(struct copy_in *copy, const char *data, size_t len)
{
    int queued = PQputCopyData(copy->conn, data, (int)len);
    if (queued == 0)
        return COPY_IN_REJECTED; /* no memory: the COPY would go on without these rows */
    if (queued < 0)
        return COPY_IN_SPOKEN;
    int left;
    while ((left = PQflush(copy->conn)) > 0) {
        short events = POLLIN | POLLOUT;
        enum copy_in_status status = wait_socket(copy, &events);
        if (status == COPY_IN_STOPPED)
            return status;
        if (status == COPY_IN_REJECTED || events != POLLOUT)
            return COPY_IN_SPOKEN;
    }
    return left < 0 || server_spoke(copy) ? COPY_IN_SPOKEN : COPY_IN_OK;
}

static bool is_error(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK;
}

/* The first error counts: what follows a lost connection says less. */
static bool keep_result(struct copy_in *copy, PGresult *result)
{
    bool ended = PQresultStatus(result) == PGRES_COPY_IN; /* the end could not even be queued */
    if (is_error(result) && !copy->rejected)
        copy->rejected = result;
    else
        PQclear(result);
    return !ended;
}

enum copy_in_status copy_in_end(struct copy_in *copy)
{
    copy_in_deinit(copy);
    PQputCopyEnd(copy->conn, NULL); /* whether it could be sent shows in the results */
    for (;;) {
        enum copy_in_status status = wait_result(copy);
        if (status != COPY_IN_OK)
            return status;
        PGresult *result = PQgetResult(copy->conn);
        if (!result)
            break;
        if (!keep_result(copy, result))
            return COPY_IN_REJECTED;
    }
    return copy->rejected || PQstatus(copy->conn) != CONNECTION_OK ? COPY_IN_REJECTED : COPY_IN_OK;
}

void copy_in_abandon(struct copy_in *copy, const char *why)
{
    int64_t deadline_ns = clock_now_ns() + ABANDON_MS * NS_PER_MS;
    if (PQstatus(copy->conn) != CONNECTION_OK || PQtransactionStatus(copy->conn) != PQTRANS_ACTIVE)
        return;
    query_cancel(&copy->conn, 1); /* it may wait for a lock; one that waits for rows hears only the end of them */
    PQputCopyEnd(copy->conn, why);
    while (clock_now_ns() < deadline_ns) {
        bool unsent = PQflush(copy->conn) > 0;
        if (!PQisBusy(copy->conn)) {
            PGresult *result = PQgetResult(copy->conn);
            bool more = result && PQresultStatus(result) != PGRES_COPY_IN;
            PQclear(result);
            if (!more)
                return;
            continue;
        }
        struct pollfd fd = {.fd = PQsocket(copy->conn), .events = unsent ? POLLIN | POLLOUT : POLLIN};
        if (poll(&fd, 1, LOOK_AROUND_MS) > 0 && fd.revents != POLLOUT && !PQconsumeInput(copy->conn))
            return;
    }
}

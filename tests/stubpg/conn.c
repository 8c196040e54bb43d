#include "conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "generators/rng.h"
#include "protocol.h"
#include "statement.h"

enum {
    FIRST_ROOM = 4096,
    ROOM_LIMIT = 2 << 20
};

/* --- Opening and closing ------------------------------------------------------------------------------------------ */

struct conn *conn_open(struct server *server, int fd)
{
    struct conn *conn = calloc(1, sizeof *conn);
    if (!conn) {
        close(fd);
        return NULL;
    }
    conn->server = server;
    conn->fd = fd;
    conn->status = 'I';
    conn->pid = ++server->last_pid;
    conn->key = (uint32_t)rng_mix(conn->pid);
    return conn;
}

void conn_free(struct conn *conn, int64_t now_ns)
{
    service_drop(&conn->server->service, &conn->request, now_ns);
    statement_forget_all(conn);
    free(conn->prepared);
    free(conn->in);
    str_deinit(&conn->out);
    str_deinit(&conn->portal);
    close(conn->fd);
    free(conn);
}

void conn_die(struct conn *conn)
{
    conn->dead = true;
    conn->server->any_dead = true;
}

/* --- Bytes -------------------------------------------------------------------------------------------------------- */

static void want_write(struct conn *conn, bool wanted)
{
    if (conn->wants_write == wanted)
        return;
    struct epoll_event event = {.events = EPOLLIN | (wanted ? (uint32_t)EPOLLOUT : 0), .data.ptr = conn};
    conn->wants_write = wanted;
    if (epoll_ctl(conn->server->epoll_fd, EPOLL_CTL_MOD, conn->fd, &event) != 0)
        conn_die(conn);
}

static void stamp_sent(struct conn *conn)
{
    int64_t now_ns = clock_now_ns();
    for (int i = 0; i < conn->n_unsent; i++) {
        struct stub_record *logged = journal_at(&conn->server->service.journal, conn->unsent[i]);
        if (logged)
            logged->send_ns = now_ns;
    }
    conn->n_unsent = 0;
}

void conn_flush(struct conn *conn)
{
    if (conn->n_unsent > 0)
        stamp_sent(conn);
    while (!conn->dead && !conn->out.failed && conn->out_sent < conn->out.len) {
        ssize_t n = send(conn->fd, conn->out.data + conn->out_sent, conn->out.len - conn->out_sent,
                         MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0) {
            conn->out_sent += (size_t)n;
        } else if (errno == EAGAIN) {
            want_write(conn, true);
            return;
        } else if (errno != EINTR) {
            conn_die(conn);
        }
    }
    if (conn->out.failed)
        conn_die(conn);
    want_write(conn, false);
    str_clear(&conn->out);
    conn->out_sent = 0;
}

static bool make_room(struct conn *conn)
{
    if (conn->in_start > 0) {
        memmove(conn->in, conn->in + conn->in_start, conn->in_end - conn->in_start);
        conn->in_end -= conn->in_start;
        conn->in_start = 0;
    }
    if (conn->in_end < conn->in_cap)
        return true;
    size_t cap = conn->in_cap ? 2 * conn->in_cap : FIRST_ROOM;
    char *in = cap <= ROOM_LIMIT ? realloc(conn->in, cap) : NULL;
    if (!in)
        return false;
    conn->in = in;
    conn->in_cap = cap;
    return true;
}

static void receive(struct conn *conn, int64_t now_ns)
{
    if (!make_room(conn)) {
        conn_die(conn);
        return;
    }
    ssize_t n = recv(conn->fd, conn->in + conn->in_end, conn->in_cap - conn->in_end, MSG_DONTWAIT);
    if (n > 0) {
        conn->in_end += (size_t)n;
        conn->recv_ns = now_ns;
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        conn_die(conn);
    }
}

/* --- Events ------------------------------------------------------------------------------------------------------- */

static void hold(struct conn *conn)
{
    struct server *server = conn->server;
    if (conn->held)
        return;
    conn->held = true;
    conn->next_held = NULL;
    *server->last_held = conn;
    server->last_held = &conn->next_held;
}

void conn_event(struct conn *conn, uint32_t events, int64_t now_ns)
{
    if (conn->dead)
        return;
    if (events & EPOLLOUT)
        conn_flush(conn);
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        receive(conn, now_ns);
    if (service_stalled(&conn->server->service))
        hold(conn);
    else
        protocol_process(conn, now_ns);
}

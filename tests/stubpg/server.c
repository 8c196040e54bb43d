#include "server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/stop.h"
#include "conn.h"
#include "protocol.h"
#include "statement.h"

enum {
    BATCH = 64,
    BACKLOG = 4096
};

/* --- Sockets ------------------------------------------------------------------------------------------------------ */

static bool watch(struct server *server, int fd, void *item, struct err *err)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = item};
    return epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0 || err_system(err, NULL, "epoll_ctl");
}

static bool listen_at(struct server *server, const struct sockaddr *address, socklen_t len, const char *where,
                      struct err *err)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
    if (fd < 0)
        return err_system(err, where, "cannot make a socket");
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, address, len) != 0 || listen(fd, BACKLOG) != 0) {
        err_system(err, where, "cannot listen (is another server there?)");
        close(fd);
        return false;
    }
    int *listener = &server->listeners[server->n_listeners++];
    *listener = fd;
    return watch(server, fd, listener, err);
}

static bool unix_address(const struct listen_options *options, struct sockaddr_un *address, struct err *err)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    int len =
        snprintf(address->sun_path, sizeof address->sun_path, "%s/.s.PGSQL.%d", options->host, (int)options->port);
    return len < (int)sizeof address->sun_path ||
           err_set(err, ERR_USAGE, "--host", "the folder's name is too long for a socket");
}

static bool open_sockets(struct server *server, const struct listen_options *options, struct err *err)
{
    struct sockaddr_un local;
    struct sockaddr_in tcp = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)options->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return unix_address(options, &local, err) &&
           listen_at(server, (struct sockaddr *)&local, sizeof local, local.sun_path, err) &&
           (!options->tcp || listen_at(server, (struct sockaddr *)&tcp, sizeof tcp, "127.0.0.1", err));
}

/* As many as the machine allows: the limit of the shell is often 1,024. */
static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* --- Connections -------------------------------------------------------------------------------------------------- */

static void add_conn(struct server *server, int fd)
{
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* fails on a Unix socket, which needs none */
    struct conn *conn = conn_open(server, fd);
    if (!conn)
        return;
    conn->next = server->conns;
    server->conns = conn;
    server->n_conns++;
    if (!watch(server, fd, conn, NULL)) {
        conn->dead = true;
        server->any_dead = true;
    }
}

static void accept_all(struct server *server, int listener)
{
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        if (server->n_conns < SERVER_MOST_CONNECTIONS)
            add_conn(server, fd);
        else
            close(fd);
    }
}

static void forget_held(struct server *server)
{
    struct conn **link = &server->held;
    while (*link) {
        if ((*link)->dead)
            *link = (*link)->next_held;
        else
            link = &(*link)->next_held;
    }
    server->last_held = link;
}

static void free_dead(struct server *server, int64_t now_ns)
{
    forget_held(server);
    server->any_dead = false;
    for (struct conn **link = &server->conns; *link;) {
        struct conn *conn = *link;
        if (!conn->dead) {
            link = &conn->next;
            continue;
        }
        *link = conn->next;
        server->n_conns--;
        conn_free(conn, now_ns);
    }
}

/* --- The loop ----------------------------------------------------------------------------------------------------- */

static void release_held(struct server *server, int64_t at_ns)
{
    struct conn *conn = server->held, *next;
    server->held = NULL;
    server->last_held = &server->held;
    for (; conn; conn = next) {
        next = conn->next_held;
        conn->held = false;
        protocol_process(conn, at_ns);
    }
}

static void advance(struct server *server, int64_t now_ns)
{
    int64_t ended_ns;
    while (service_advance(&server->service, now_ns, &ended_ns))
        release_held(server, ended_ns);
}

/* epoll_pwait2 came with Linux 5.11, and valgrind does not know it. */
static int sleep_for(struct server *server, struct epoll_event *events, int64_t left_ns)
{
    struct timespec timeout = {.tv_sec = left_ns / NS_PER_S, .tv_nsec = left_ns % NS_PER_S};
    if (!server->without_pwait2) {
        int n = epoll_pwait2(server->epoll_fd, events, BATCH, &timeout, NULL);
        if (n >= 0 || (errno != ENOSYS && errno != EPERM))
            return n;
        server->without_pwait2 = true;
    }
    struct pollfd fd = {.fd = server->epoll_fd, .events = POLLIN};
    ppoll(&fd, 1, &timeout, NULL);
    return epoll_wait(server->epoll_fd, events, BATCH, 0);
}

static int wait_events(struct server *server, struct epoll_event *events)
{
    int64_t next_ns = service_next_ns(&server->service), now_ns = clock_now_ns();
    if (next_ns == INT64_MAX)
        return epoll_wait(server->epoll_fd, events, BATCH, -1);
    int64_t left_ns = next_ns - server->service.model.spin_ns - now_ns;
    int n = sleep_for(server, events, left_ns > 0 ? left_ns : 0);
    while (n == 0 && clock_now_ns() < next_ns)
        n = epoll_wait(server->epoll_fd, events, BATCH, 0);
    return n;
}

static void on_event(struct server *server, const struct epoll_event *event, int64_t now_ns)
{
    if (!event->data.ptr)
        return; /* the stop */
    for (int i = 0; i < server->n_listeners; i++) {
        if (event->data.ptr == &server->listeners[i]) {
            accept_all(server, server->listeners[i]);
            return;
        }
    }
    conn_event(event->data.ptr, event->events, now_ns);
}

/* What falls due while a batch is worked on is not kept waiting for its end. */
void server_run(struct server *server)
{
    struct epoll_event events[BATCH];
    while (!stop_requested()) {
        int n = wait_events(server, events);
        int64_t now_ns = clock_now_ns();
        advance(server, now_ns);
        for (int i = 0; i < n; i++) {
            on_event(server, &events[i], now_ns);
            advance(server, clock_now_ns());
        }
        if (server->any_dead)
            free_dead(server, now_ns);
    }
}

/* --- Start and end ------------------------------------------------------------------------------------------------ */

bool server_open(struct server *server, const struct listen_options *options, struct err *err)
{
    server->last_held = &server->held;
    server->service.model = server->first;
    server->service.done = statement_served;
    raise_file_limit();
    server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (server->epoll_fd < 0 || !stop_install())
        return err_system(err, NULL, "cannot make an event loop");
    return service_init(&server->service, SERVER_MOST_CONNECTIONS, options->log_records, err) &&
           watch(server, stop_fd(), NULL, err) && open_sockets(server, options, err);
}

void server_close(struct server *server, const struct listen_options *options)
{
    struct sockaddr_un local;
    if (server->n_listeners > 0 && unix_address(options, &local, NULL))
        unlink(local.sun_path);
    for (int i = 0; i < server->n_listeners; i++)
        close(server->listeners[i]);
    for (struct conn *conn = server->conns; conn; conn = conn->next)
        conn->dead = true;
    free_dead(server, clock_now_ns());
    service_deinit(&server->service);
    if (server->epoll_fd > 0)
        close(server->epoll_fd);
}

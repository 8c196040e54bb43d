/* Between client and server, on a Unix socket of its own: passes on what comes, and counts how often a client spoke
 * after the server had: its round trips. One thread for all connections. */
#ifndef PGDYNO_TESTS_SUPPORT_RELAY_H
#define PGDYNO_TESTS_SUPPORT_RELAY_H

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "pg/target.h"
#include "unit.h"

enum {
    RELAY_PAIRS = 32
};

struct relay {
    char folder[32];
    char server[108];
    struct target target; /* the server through the relay */
    int listen_fd, end_fd;
    int ends[RELAY_PAIRS][2]; /* client's, server's */
    bool server_spoke[RELAY_PAIRS];
    _Atomic int n;
    pthread_t thread;
    _Atomic int64_t round_trips;
    _Atomic int64_t connections;
};

static inline void relay_address(struct sockaddr_un *address, const char *folder, const char *port)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    snprintf(address->sun_path, sizeof address->sun_path, "%s/.s.PGSQL.%s", folder, port);
}

static inline void relay_accept(struct relay *relay)
{
    int client = accept(relay->listen_fd, NULL, NULL), server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", relay->server);
    if (client < 0 || server < 0 || relay->n == RELAY_PAIRS ||
        connect(server, (struct sockaddr *)(void *)&address, sizeof address) != 0)
        abort();
    relay->ends[relay->n][0] = client;
    relay->ends[relay->n][1] = server;
    relay->server_spoke[relay->n] = true;
    relay->connections++;
    relay->n++;
}

/* False: one end is closed. */
static inline bool relay_pass(struct relay *relay, int pair, int from)
{
    char buf[65536];
    ssize_t n = recv(relay->ends[pair][from], buf, sizeof buf, 0);
    if (n <= 0)
        return false;
    relay->round_trips += from == 0 && relay->server_spoke[pair];
    relay->server_spoke[pair] = from == 1;
    for (ssize_t sent = 0, part; sent < n; sent += part) {
        part = send(relay->ends[pair][!from], buf + sent, (size_t)(n - sent), MSG_NOSIGNAL);
        if (part <= 0)
            return false;
    }
    return true;
}

static inline void relay_drop(struct relay *relay, int pair)
{
    int last = relay->n - 1;
    close(relay->ends[pair][0]);
    close(relay->ends[pair][1]);
    relay->ends[pair][0] = relay->ends[last][0];
    relay->ends[pair][1] = relay->ends[last][1];
    relay->server_spoke[pair] = relay->server_spoke[last];
    relay->n = last;
}

static inline void *relay_run(void *arg)
{
    struct relay *relay = arg;
    struct pollfd fds[2 + 2 * RELAY_PAIRS];
    for (;;) {
        int n = relay->n;
        fds[0] = (struct pollfd){.fd = relay->end_fd, .events = POLLIN};
        fds[1] = (struct pollfd){.fd = relay->listen_fd, .events = POLLIN};
        for (int i = 0; i < 2 * n; i++)
            fds[2 + i] = (struct pollfd){.fd = relay->ends[i / 2][i % 2], .events = POLLIN};
        poll(fds, 2 + 2 * (nfds_t)n, -1);
        if (fds[0].revents)
            return NULL;
        for (int i = n - 1; i >= 0; i--) /* dropping one moves the last to its place */
            if ((fds[2 + 2 * i].revents && !relay_pass(relay, i, 0)) ||
                (fds[3 + 2 * i].revents && !relay_pass(relay, i, 1)))
                relay_drop(relay, i);
        if (fds[1].revents)
            relay_accept(relay);
    }
}

static inline void relay_start(struct relay *relay, const struct target *server)
{
    struct sockaddr_un address;
    *relay = (struct relay){.folder = "/tmp/pgdyno-relay-XXXXXX"};
    assert_true(mkdtemp(relay->folder) != NULL);
    relay_address(&address, server->host, server->port ? server->port : "5432");
    snprintf(relay->server, sizeof relay->server, "%s", address.sun_path);
    relay_address(&address, relay->folder, "5432");
    relay->target = *server;
    relay->target.host = relay->folder;
    relay->target.port = "5432";
    relay->end_fd = eventfd(0, EFD_CLOEXEC);
    relay->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(relay->end_fd >= 0 && relay->listen_fd >= 0);
    assert_int_equal(bind(relay->listen_fd, (struct sockaddr *)(void *)&address, sizeof address), 0);
    assert_int_equal(listen(relay->listen_fd, RELAY_PAIRS), 0);
    assert_int_equal(pthread_create(&relay->thread, NULL, relay_run, relay), 0);
}

/* Until every connection has said farewell; what they did is counted then. */
static inline void relay_settle(struct relay *relay)
{
    for (int i = 0; i < 2000 && relay->n > 0; i++)
        usleep(5000);
    assert_int_equal(relay->n, 0);
}

static inline void relay_stop(struct relay *relay)
{
    char path[64];
    eventfd_write(relay->end_fd, 1);
    pthread_join(relay->thread, NULL);
    while (relay->n > 0)
        relay_drop(relay, relay->n - 1);
    close(relay->end_fd);
    close(relay->listen_fd);
    snprintf(path, sizeof path, "%s/.s.PGSQL.5432", relay->folder);
    unlink(path);
    rmdir(relay->folder);
}

#endif

/* A network of our own between two network namespaces, with a delay and a switch:
 *
 *     client's namespace  10.99.0.1 ─ TUN ─► a thread of the test: each packet waits for the delay,
 *     server's namespace  10.99.0.2 ◄─ TUN ─  or is dropped while the network is cut
 *
 * What `tc netem` and `ip link set down` would do, but neither kernel nor machine need have those: it takes
 * /dev/net/tun and the right to make namespaces (root). Both namespaces go with the last process in them. */
#ifndef PGDYNO_TESTS_SUPPORT_TUNNEL_H
#define PGDYNO_TESTS_SUPPORT_TUNNEL_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

#define TUNNEL_CLIENT "10.99.0.1"
#define TUNNEL_SERVER "10.99.0.2"

enum {
    TUNNEL_MTU = 1500,
    TUNNEL_PACKETS = 4096 /* under way at once; more are dropped */
};

struct tunnel_packet {
    int64_t due_ns;
    int to; /* descriptor */
    ssize_t length;
    char data[TUNNEL_MTU];
};

struct tunnel {
    int fds[2]; /* client's, server's */
    int end_fd;
    pthread_t thread;
    bool running;
    _Atomic int64_t delay_ns; /* one way */
    _Atomic bool cut;
    struct tunnel_packet *packets; /* a ring, by due_ns */
    size_t first, n;
};

/* --- Ends --------------------------------------------------------------------------------------------------------- */

static inline bool tunnel_set_address(int fd, struct ifreq *request, unsigned long what, const char *address)
{
    struct sockaddr_in *in = (struct sockaddr_in *)(void *)&request->ifr_addr;
    memset(in, 0, sizeof *in);
    in->sin_family = AF_INET;
    return inet_pton(AF_INET, address, &in->sin_addr) == 1 && ioctl(fd, what, request) == 0;
}

static inline bool tunnel_bring_up(const char *name, const char *own, const char *peer)
{
    struct ifreq request = {0};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    bool ok = fd >= 0 && tunnel_set_address(fd, &request, SIOCSIFADDR, own) &&
              tunnel_set_address(fd, &request, SIOCSIFDSTADDR, peer) && ioctl(fd, SIOCGIFFLAGS, &request) == 0;
    request.ifr_flags |= IFF_UP;
    ok = ok && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    if (fd >= 0)
        close(fd);
    return ok;
}

/* One end of the tunnel in a namespace of its own, which this thread is in from now on. −1: not permitted. */
static inline int tunnel_end(const char *own, const char *peer)
{
    struct ifreq request = {.ifr_name = "pgdyno", .ifr_flags = IFF_TUN | IFF_NO_PI};
    if (unshare(CLONE_NEWNET) != 0)
        return -1;
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (ioctl(fd, TUNSETIFF, &request) == 0 && tunnel_bring_up("pgdyno", own, peer))
        return fd;
    close(fd);
    return -1;
}

/* --- The thread --------------------------------------------------------------------------------------------------- */

static inline void tunnel_take(struct tunnel *tunnel, int side)
{
    char rest[TUNNEL_MTU];
    for (;;) {
        bool room = tunnel->n < TUNNEL_PACKETS && !atomic_load(&tunnel->cut);
        struct tunnel_packet *packet = &tunnel->packets[(tunnel->first + tunnel->n) % TUNNEL_PACKETS];
        ssize_t length = read(tunnel->fds[side], room ? packet->data : rest, TUNNEL_MTU);
        if (length <= 0)
            return;
        if (!room)
            continue;
        packet->length = length;
        packet->to = tunnel->fds[!side];
        packet->due_ns = clock_now_ns() + atomic_load(&tunnel->delay_ns);
        tunnel->n++;
    }
}

static inline void tunnel_deliver(struct tunnel *tunnel)
{
    while (tunnel->n > 0 && tunnel->packets[tunnel->first].due_ns <= clock_now_ns()) {
        struct tunnel_packet *packet = &tunnel->packets[tunnel->first];
        if (!atomic_load(&tunnel->cut) && write(packet->to, packet->data, (size_t)packet->length) < 0 && errno == EINTR)
            continue;
        tunnel->first = (tunnel->first + 1) % TUNNEL_PACKETS;
        tunnel->n--;
    }
}

static inline void *tunnel_run(void *arg)
{
    struct tunnel *tunnel = (struct tunnel *)arg;
    struct pollfd fds[] = {{.fd = tunnel->fds[0], .events = POLLIN},
                           {.fd = tunnel->fds[1], .events = POLLIN},
                           {.fd = tunnel->end_fd, .events = POLLIN}};
    do {
        int64_t left_ns = tunnel->n > 0 ? tunnel->packets[tunnel->first].due_ns - clock_now_ns() : NS_PER_S;
        left_ns = left_ns < 0 ? 0 : left_ns < NS_PER_S ? left_ns : NS_PER_S - 1;
        ppoll(fds, 3, &(struct timespec){.tv_nsec = left_ns}, NULL);
        tunnel_take(tunnel, 0);
        tunnel_take(tunnel, 1);
        tunnel_deliver(tunnel);
    } while (!fds[2].revents);
    return NULL;
}

/* --- All of it ---------------------------------------------------------------------------------------------------- */

/* Step by step, so that the server can be started while this thread is in its namespace:
 * tunnel_open(), start the server, tunnel_enter_client(). */
static inline bool tunnel_open(struct tunnel *tunnel)
{
    *tunnel = (struct tunnel){.fds = {-1, -1}, .end_fd = -1};
    tunnel->fds[1] = tunnel_end(TUNNEL_SERVER, TUNNEL_CLIENT);
    return tunnel->fds[1] >= 0;
}

static inline bool tunnel_enter_client(struct tunnel *tunnel)
{
    tunnel->fds[0] = tunnel_end(TUNNEL_CLIENT, TUNNEL_SERVER);
    tunnel->packets = (struct tunnel_packet *)calloc(TUNNEL_PACKETS, sizeof *tunnel->packets);
    tunnel->end_fd = eventfd(0, EFD_CLOEXEC);
    tunnel->running = tunnel->fds[0] >= 0 && tunnel->packets && tunnel->end_fd >= 0 &&
                      pthread_create(&tunnel->thread, NULL, tunnel_run, tunnel) == 0;
    return tunnel->running;
}

static inline void tunnel_close(struct tunnel *tunnel)
{
    if (tunnel->running) {
        eventfd_write(tunnel->end_fd, 1);
        pthread_join(tunnel->thread, NULL);
    }
    for (int i = 0; i < 2; i++)
        if (tunnel->fds[i] >= 0)
            close(tunnel->fds[i]);
    if (tunnel->end_fd >= 0)
        close(tunnel->end_fd);
    free(tunnel->packets);
}

#endif

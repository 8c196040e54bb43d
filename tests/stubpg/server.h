/* The stub's one struct (time, connections, counters) and its loop. */
#ifndef PGDYNO_TESTS_STUBPG_SERVER_H
#define PGDYNO_TESTS_STUBPG_SERVER_H

#include "base/str.h"
#include "service.h"

enum {
    SERVER_MOST_CONNECTIONS = 20000,
    CONN_UNSENT = 16
};

struct server;

/* A prepared statement; the one named "" is Parse's unnamed. */
struct prepared {
    struct str name, text;
};

struct conn {
    struct request request; /* first: a request leads back to its connection */
    struct server *server;
    struct conn *next;      /* of all */
    struct conn *next_held; /* of those that wait for the end of a stall */
    int fd;
    uint32_t pid, key;
    bool started, dead, held, wants_write;
    char status;      /* of the transaction: I, T or E */
    bool failed;      /* the rest of the query, or all up to Sync, is skipped */
    size_t query_pos; /* where the simple query under way goes on; 0: none is */
    int64_t recv_ns;  /* when its last bytes came */
    char *in;
    size_t in_start, in_end, in_cap;
    struct str out;
    size_t out_sent;
    struct prepared *prepared;
    size_t n_prepared;
    struct str portal; /* the statement that runs, or is to: a simple query's, or what Bind chose */
    struct journal_slot unsent[CONN_UNSENT]; /* served, but their reply is still in `out` */
    int n_unsent;
};

struct counters {
    uint64_t requests, errors, commits, rollbacks, cancels, connects, refused;
};

struct server {
    struct service service;
    struct model first; /* the command line's: `STUB reset` goes back to it */
    struct counters counters;
    struct conn *conns;
    struct conn *held, **last_held;
    int64_t n_conns;
    bool any_dead;
    uint32_t last_pid;
    int epoll_fd;
    bool without_pwait2;
    int listeners[2];
    int n_listeners;
};

struct listen_options {
    const char *host; /* the folder of the Unix socket */
    int port;
    bool tcp; /* 127.0.0.1, too */
    size_t log_records;
};

/* server->first is the caller's to fill in, the rest zero. Handles stop signals (base/stop.h). */
bool server_open(struct server *server, const struct listen_options *options, struct err *err);
/* Until a signal asks to stop. */
void server_run(struct server *server);
/* Removes the socket; fine after a server_open that failed, or none at all. */
void server_close(struct server *server, const struct listen_options *options);

#endif

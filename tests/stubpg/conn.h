/* One client: its bytes, the protocol's messages, the state of its transaction. */
#ifndef PGDYNO_TESTS_STUBPG_CONN_H
#define PGDYNO_TESTS_STUBPG_CONN_H

#include "server.h"

/* Takes over `fd`, also when there is no memory (NULL). */
struct conn *conn_open(struct server *server, int fd);
/* The server's list of all must have lost it before. */
void conn_free(struct conn *conn, int64_t now_ns);

/* epoll has something for it, stamped now_ns. What cannot go on is marked dead, and freed later by the server. */
void conn_event(struct conn *conn, uint32_t events, int64_t now_ns);
/* Go on with what has been received already, at at_ns: after a service or a stall. */
void conn_process(struct conn *conn, int64_t at_ns);
/* struct service's `done`. */
void conn_served(struct request *request, int64_t at_ns);

#endif

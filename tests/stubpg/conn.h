/* One client's connection: its bytes, in and out. */
#ifndef PGDYNO_TESTS_STUBPG_CONN_H
#define PGDYNO_TESTS_STUBPG_CONN_H

#include "server.h"

/* Takes over `fd`, also when there is no memory (NULL). */
struct conn *conn_open(struct server *server, int fd);
/* The server's lists must have lost it before. */
void conn_free(struct conn *conn, int64_t now_ns);

/* epoll has something for it, stamped now_ns. */
void conn_event(struct conn *conn, uint32_t events, int64_t now_ns);
/* Send what is in `out`, as far as the socket takes it, and stamp the requests that it answers. */
void conn_flush(struct conn *conn);
/* No more of it; the server frees it when the batch of events is done. */
void conn_die(struct conn *conn);

#endif

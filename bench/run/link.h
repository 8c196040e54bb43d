/* What pool.c and link.c know of each other: a link moves through its states by itself, the pool decides what is done
 * with it. */
#ifndef RUN_LINK_H
#define RUN_LINK_H

#include "run/pool.h"

void link_init(struct link *link, struct pool *pool, bool overflow);
/* Begin to connect. It may be refused, and the hooks called, before this returns. */
void link_open(struct link *link, int64_t now_ns);
void link_ping(struct link *link, int64_t now_ns);
/* Close it on purpose. */
void link_park(struct link *link);

/* What a link tells its pool. */
void pool_reached(struct pool *pool, int64_t now_ns);   /* READY for the first time while starting */
void pool_connected(struct link *link, int64_t now_ns); /* READY for the transaction that wants it */
void pool_pinged(struct link *link, int64_t now_ns);    /* the same */
void pool_put(struct link *link);                       /* into the list that its state belongs to */
void pool_remove(struct link *link);                    /* from its list, if it is in one */

#endif

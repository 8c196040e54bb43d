/* The messages of PostgreSQL's protocol, version 3. */
#ifndef PGDYNO_TESTS_STUBPG_PROTOCOL_H
#define PGDYNO_TESTS_STUBPG_PROTOCOL_H

#include "server.h"

/* Go through the messages received already, at at_ns, until a service begins or no whole one is left. */
void protocol_process(struct conn *conn, int64_t at_ns);

#endif

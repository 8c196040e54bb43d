/* Which server and database, by libpq's rules: options, then PG* variables, service files, .pgpass. */
#ifndef PGDYNO_PG_TARGET_H
#define PGDYNO_PG_TARGET_H

#include <stdbool.h>
#include <stddef.h>

/* What the user gave; NULL leaves the question to libpq. Strings are borrowed. */
struct target {
    const char *host;
    const char *port;
    const char *user;
    const char *dbname;   /* a name, a conninfo string or a URI, as psql's -d */
    const char *database; /* when set: this database on that same server (overrides a URI's) */
};

enum {
    TARGET_KEYWORDS = 10
};

/* libpq's keyword and value arrays (NULL-terminated), for PQconnectStartParams with expand_dbname = 1. `app` becomes
 * the fallback application_name. Values are borrowed from `target`. */
void target_keywords(const struct target *target, const char *app, const char *keywords[TARGET_KEYWORDS],
                     const char *values[TARGET_KEYWORDS]);

/* Did the user name a server at all: any field set, or one of PGHOST, PGHOSTADDR, PGPORT, PGSERVICE, PGDATABASE,
 * PGUSER? If not, a private server is meant. */
bool target_is_given(const struct target *target);

/* How long connecting may take, in seconds: connect_timeout, wherever it is said; 10 if nothing says any. libpq leaves
 * it to those who connect without blocking. 0: no limit, as there. */
int target_connect_timeout_s(const struct target *target);

/* Is the server on this machine: a Unix socket, or a host with an address of this machine, loopback among them? One
 * such host of several is enough. Names are resolved, so it may take as long as the resolver; nothing is connected.
 * False also if the settings or the name make no sense: connecting will say so. */
bool target_is_local(const struct target *target);

#endif

/* The private server: initdb in a temporary folder, a Unix socket in a 0700 folder and nothing else to reach it by,
 * gone afterwards even when pgdyno is killed with SIGKILL.
 *
 *     pgdyno ──pipe──► keeper (own session, ignores terminal signals) ──► postgres
 *
 * The keeper holds the pipe's read end. When pgdyno closes it, or dies in any way, the keeper stops postgres and
 * removes the folder. Should the keeper itself be killed, postgres gets PR_SET_PDEATHSIG, and the next run removes the
 * abandoned folder (its lock is free). */
#ifndef PGDYNO_PG_CLUSTER_H
#define PGDYNO_PG_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "pg/target.h"

struct cluster;

/* One server setting, `name = value` as in postgresql.conf. */
struct setting {
    const char *name;
    const char *value;
};

struct cluster_options {
    const char *bindir;             /* NULL: $PGDYNO_PG_BINDIR, pg_config --bindir, PATH, /usr/lib/postgresql/NN/bin (newest) */
    const char *parent;             /* where the folder is made; NULL: $TMPDIR or /tmp */
    const struct setting *settings; /* the workload's `server:`; later ones win over our own */
    size_t n_settings;
    int max_connections; /* connections the run will need, our own included */
    bool fast_unsafe;    /* tests only: fsync off */
    bool keep;           /* leave server folder and data when closed (server is stopped) */
};

/* initdb and start; returns when the server accepts connections. As root the server runs as the account `postgres`,
 * else `nobody`. On failure nothing is left on disk or running, *out is NULL, and the error shows the server's own last
 * log lines. */
bool cluster_open(const struct cluster_options *options, struct cluster **out, struct err *err);
/* Stop the server and wait until it and its folder are gone (or kept). NULL is fine. */
void cluster_close(struct cluster *cluster);

/* How to connect: the socket folder, superuser, database. Borrowed. */
const struct target *cluster_target(const struct cluster *cluster);
const char *cluster_folder(const struct cluster *cluster);
const char *cluster_bindir(const struct cluster *cluster);
/* The last lines of the server's log into `buf`, for error messages. */
void cluster_log_tail(const struct cluster *cluster, char *buf, size_t size);
/* The postmaster's process id, for tests that stop or kill it. */
int cluster_postmaster_pid(const struct cluster *cluster);

#endif

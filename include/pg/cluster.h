/* The private server: initdb in a temporary folder, a Unix socket in a 0700 folder and nothing else to reach it by,
 * gone afterwards even when pgdyno is killed with SIGKILL.
 *
 *     pgdyno ──pipe──► keeper (own session, ignores terminal signals) ──► postgres
 *
 * The keeper holds the pipe's read end. When pgdyno closes it, or dies in any way, the keeper stops postgres and
 * removes the folder. Should the keeper itself be killed, postgres gets a signal to end (PR_SET_PDEATHSIG), and the
 * next run removes the abandoned folder: its lock, which keeper, postgres and all backends hold, is free. Folders of
 * runs that go on are never touched.
 *
 * The keeper is a fork that goes on running our code, hence: call cluster_open before any thread is started. */
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
    const char *bindir;             /* NULL: $PGDYNO_PG_BINDIR, pg_config --bindir, PATH, /usr/lib/postgresql/NN/bin */
    const char *parent;             /* where the folder is made; NULL: $TMPDIR or /tmp */
    const struct setting *settings; /* the workload's `server:`; later ones win over our own */
    size_t n_settings;
    int max_connections; /* connections the run will need, our own included */
    bool fast_unsafe;    /* tests only: fsync off */
    bool keep;           /* when closed, shut down cleanly and leave the folder, for `postgres -D folder/data` */
};

/* initdb and start; returns when the server accepts connections. As root the server runs as the account `postgres`,
 * else `nobody`. Text is UTF-8 in byte order and the time zone UTC, so that a run is the same everywhere. A stop
 * request ends it with ERR_STOPPED. On failure nothing is left on disk or running, *out is NULL, and the error shows
 * the server's own last log lines. */
bool cluster_open(const struct cluster_options *options, struct cluster **out, struct err *err);
/* Stop the server and wait until it and its folder are gone (or kept). Data that are thrown away get no shutdown
 * checkpoint. NULL is fine. */
void cluster_close(struct cluster *cluster);

/* How to connect: the socket folder, superuser, database (a connection string, which keeps stray PG* variables out).
 * Borrowed. */
const struct target *cluster_target(const struct cluster *cluster);
const char *cluster_folder(const struct cluster *cluster);
const char *cluster_bindir(const struct cluster *cluster);
/* The last lines of the server's log into `buf`, for error messages. */
void cluster_log_tail(const struct cluster *cluster, char *buf, size_t size);
/* The postmaster's process id, for tests that stop or kill it. */
int cluster_postmaster_pid(const struct cluster *cluster);

#endif

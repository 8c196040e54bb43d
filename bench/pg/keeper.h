/* The process that owns the private server: see pg/cluster.h. */
#ifndef PGDYNO_PG_KEEPER_H
#define PGDYNO_PG_KEEPER_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "pg/cluster.h"

enum {
    KEEPER_FOLDER_BYTES = 108
}; /* no longer than a socket's path */

#define KEEPER_FOLDER_TEMPLATE "pgdyno-XXXXXX"
#define KEEPER_SOCKET          ".s.PGSQL.5432"
#define KEEPER_PORT            "5432"

struct keeper_job {
    const struct cluster_options *options;
    const char *bindir;
    const char *parent; /* where the folder is made */
    const char *account;
    uid_t uid; /* (uid_t)-1: stay who we are */
    gid_t gid;
    int life_fd;   /* its end of file is the order to stop */
    int report_fd; /* one struct keeper_report goes here */
};

/* Sent once: the server accepts connections, or (err.kind other than ERR_NONE) why there is none. */
struct keeper_report {
    struct err err;
    pid_t postmaster;
    char folder[KEEPER_FOLDER_BYTES];
};

/* What the forked child does for the rest of its life. */
_Noreturn void keeper_main(const struct keeper_job *job);

/* The last lines of folder/name into `buf`; "" if there are none. */
void keeper_log_tail(const char *folder, const char *name, char *buf, size_t size);

#endif

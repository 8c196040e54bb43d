/* Other programs and this machine. */
#ifndef PGDYNO_BASE_PROC_H
#define PGDYNO_BASE_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

/* Put /dev/null where standard input, output or error is closed, so that no file, pipe or socket gets its number: it
 * would be read, written to or closed in its stead. For the start of main(). */
void proc_open_stdio(void);

/* Absolute path of `program` (a plain name) on PATH into `buf`; false if it is not there. Relative entries of PATH are
 * not looked at. */
bool proc_find(const char *program, char *buf, size_t size);

/* Run argv (NULL-terminated, argv[0] an absolute path), wait, collect stdout and stderr together into `output` (may
 * be NULL to discard). As `uid`/`gid` when uid is not (uid_t)-1 (supplementary groups dropped). stdin is /dev/null.
 * False if it cannot be started or exits other than 0: the error carries the command, the status and the last lines
 * of its output. Returns when the program itself has ended, even if a daemon that it left behind holds its output.
 * A stop request that comes meanwhile ends it and all of its process group, with ERR_STOPPED; one that came earlier
 * does not count, since winding down needs programs too (gnuplot). One that has not ended after `limit_ns` (0: no
 * limit) is ended in the same way, with ERR_SYSTEM. */
bool proc_run(const char *const *argv, const char *cwd, uid_t uid, gid_t gid, int64_t limit_ns, struct str *output,
              struct err *err);

/* What a result should remember of the machine. Unknown fields are empty or 0. */
struct machine {
    char hostname[128];
    char os[128];     /* PRETTY_NAME */
    char kernel[128]; /* uname -r */
    char cpu[128];    /* model name */
    int cores;        /* usable by this process */
    int64_t memory_bytes;
};
void proc_machine(struct machine *machine);

/* user + system CPU nanoseconds of this process so far. */
int64_t proc_cpu_ns(void);

/* Delete a folder and all below it, never following links out of it. One that is not there is deleted already. False
 * leaves what could not be deleted, and only that. */
bool proc_remove_tree(const char *path, struct err *err);

#endif

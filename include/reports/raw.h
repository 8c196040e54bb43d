/* raw/CELL.bBLOCK.rec: the raw records of one trial, as they were taken. README.md has the format. */
#ifndef PGDYNO_REPORTS_RAW_H
#define PGDYNO_REPORTS_RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "run/record.h"

struct raw_trial {
    int64_t started_wall_ns, duration_ns; /* of the window */
    int connections, clients;
    double rate_tps;
    const char *const *names; /* of the transactions that records refer to */
    size_t n_names;
    struct records records;
};

/* Makes the file; a full disk is an error that names it. */
bool raw_write(const char *path, const struct raw_trial *trial, struct err *err);

/* The inverse, without names: only their number. False, with what is wrong, if the file is not one, is cut short or
 * holds a record that cannot be; *found tells whether there is such a file at all. raw_deinit() what was read. */
bool raw_read(const char *path, struct raw_trial *out, bool *found, struct err *err);
void raw_deinit(struct raw_trial *trial);

#endif

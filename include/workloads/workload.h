/* From a file, or the name of a workload that comes with pgdyno, to a struct workload. */
#ifndef PGDYNO_WORKLOADS_WORKLOAD_H
#define PGDYNO_WORKLOADS_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "workloads/problems.h"
#include "workloads/spec.h"

/* A value from the command line that wins over the file's. It is read with the same rules as the key itself. */
struct override {
    const char *key;    /* "measure.duration", "sweep.pool", "params.scale"; "variants" keeps only the named ones */
    const char *value;  /* "8s", "4,8,16" */
    const char *option; /* "--duration", for messages */
};

/* Keys of overrides that replace all transactions by pgbench scripts, one each: "bench.sql@3", "tpcb-like". */
#define OVERRIDE_SCRIPT_FILE    "script.file"
#define OVERRIDE_SCRIPT_BUILTIN "script.builtin"

/* The i-th key of a section whose keys an override can name: of "sweep" the 0th is "pool". NULL after the last, and for
 * what is no such section. */
const char *workload_key(const char *section, size_t i);

/* One key of the file, for a help page. */
struct key_help {
    char where[80]; /* "sweep:", "tables: NAME:"; "" is the file itself; keys of one place are neighbours */
    const char *name;
    const char *help;     /* no capital, no full stop */
    const char *values;   /* "a whole number", "SQL"; "" where `help` says it */
    char limits[48];      /* "from 1 to 10000"; "" without */
    const char *fallback; /* as one would write it; NULL: none, or nothing */
    bool required;
    bool supported;
};
/* The i-th, from 0; false behind the last. */
bool workload_key_help(size_t i, struct key_help *out);

/* The file's schema for editors, JSON Schema draft 7, from the same rows. False when there is no memory. */
bool workload_json_schema(struct str *out);

/* Read, check and bind. All mistakes of the file are collected in `problems` at once (with place, line, caret, nearest
 * name). False, *out NULL, if there was any. Sends nothing to a server. The caller frees *out. */
bool workload_load(const char *path, const struct override *overrides, size_t n_overrides, struct workload **out,
                   struct problems *problems);
/* The same without a file: the scripts among the overrides, for the tables that a given server has already. */
bool workload_load_scripts(const struct override *overrides, size_t n_overrides, struct workload **out,
                           struct problems *problems);
void workload_free(struct workload *workload); /* NULL is fine */

/* The file that WORKLOAD means: itself when it has a slash or ends in .yaml or .yml, else the catalog's. False with the
 * nearest names when there is none. */
bool workload_find(const char *name, char *path, size_t size, struct err *err);

/* What `pgdyno list` prints. */
struct catalog_entry {
    char *name;
    char *about;
    char *path;
};
/* All workloads of the catalog, by name. The caller frees with catalog_free. */
bool catalog_list(struct catalog_entry **out, size_t *count, struct err *err);
void catalog_free(struct catalog_entry *entries, size_t count);

#endif

/* What the binders share while one file is read. Binding goes on after a mistake, so that all are shown at once; what
 * could not be bound is left out, and the workload is thrown away in the end. */
#ifndef WORKLOADS_LOADER_H
#define WORKLOADS_LOADER_H

#include "base/arena.h"
#include "doc.h"
#include "workloads/expr.h"
#include "workloads/problems.h"
#include "workloads/spec.h"
#include "workloads/workload.h"

/* Where a value came from: a node of the file, or an option of the command line. */
struct origin {
    const yaml_node_t *node;
    const char *option;
};

enum rows_state {
    ROWS_UNKNOWN,
    ROWS_BEING_FOUND, /* meeting it again is a circle */
    ROWS_FOUND,
    ROWS_BAD /* reported */
};

/* A table or a CSV source while it is being bound. */
struct relation {
    struct table_spec *spec;
    const yaml_node_t *rows_node; /* NULL for a source */
    const yaml_node_t *columns_node;
    enum rows_state state;
};

enum {
    LINKS_MAX = 200 /* columns, or counts of rows, that need each other one after the other: both walks recurse */
};

struct loader {
    struct arena *arena;
    struct doc doc;
    struct problems *problems;
    struct workload *workload;
    const struct override *overrides;
    size_t n_overrides;
    struct expr_param *params;
    size_t n_params;
    struct relation *relations;      /* sources, then workload->tables */
    const struct table_spec **specs; /* the same, for expressions */
    size_t n_relations;
    int rows_links;        /* rows(t) on the way */
    bool data_sound;       /* params, sources and tables had no mistakes: rows can be tried */
    uint64_t files_hash;   /* of all SQL files */
    uint64_t scripts_hash; /* of the texts of all pgbench scripts */
};

/* Zeroed; NULL, and problems->failed, when there is no memory. */
void *loader_alloc(struct loader *loader, size_t count, size_t size);
#define LOADER_ARRAY(loader, type, count) ((type *)loader_alloc((loader), (count), sizeof(type)))
const char *loader_copy(struct loader *loader, const char *text);
/* Of its first `len` bytes. Both: NULL, and problems->failed, when there is no memory. */
const char *loader_copy_n(struct loader *loader, const char *text, size_t len);
void loader_problem(struct loader *loader, struct origin origin, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* " (did you mean `x`?)" or "", in `buf`. */
const char *loader_hint(char *buf, size_t size, const char *word, const char *const *names);

/* "tasks.yaml:48", in the arena; NULL, and problems->failed, when there is no memory. */
const char *loader_where(struct loader *loader, const yaml_node_t *node);
/* Remember for workload_where() that `node` is where `thing` stands. */
void loader_place(struct loader *loader, const void *thing, const yaml_node_t *node);
/* The same of a thing that stands somewhere else; `where` is borrowed. */
void loader_place_at(struct loader *loader, const void *thing, const char *where);

/* Is the node what `what` needs? If not, say so. An empty one is none of them. */
bool loader_wants_map(struct loader *loader, const yaml_node_t *node, const char *what);
bool loader_wants_text(struct loader *loader, const yaml_node_t *node, const char *what);
/* A name of ours: a letter or underscore, then letters, digits, underscores; at most `longest` bytes. */
bool loader_wants_name(struct loader *loader, const yaml_node_t *node, const char *what, size_t longest);
/* A map of name: text, as settings. */
void bind_settings(struct loader *loader, const yaml_node_t *node, const char *what, const struct setting **out,
                   size_t *count);

/* A path in the file is relative to the file's own folder. */
void loader_path(const struct loader *loader, const char *path, char *buf, size_t size);
/* SQL in a file beside the workload; errors of the server in it are at that file. It enters the workload's hash. NULL
 * after a report. */
const char *loader_sql_file(struct loader *loader, const yaml_node_t *node, const char *what);
/* The whole of a regular file, at most 64 MB; a BOM is left out. */
bool file_read(const char *path, struct str *out, struct err *err);

/* text_origin.c: compile the expression of `node`; scope needs row, variables, later and constant, the rest is filled
 * in. */
const struct program *loader_compile(struct loader *loader, const yaml_node_t *node, struct expr_scope scope);

/* bind_tables.c */
void bind_params(struct loader *loader, const yaml_node_t *node);
void bind_sources(struct loader *loader, const yaml_node_t *node);
void bind_tables(struct loader *loader, const yaml_node_t *node);
/* How many rows it has; found on first use, so that tables may refer to each other in any order. False: reported. */
bool loader_rows(struct loader *loader, struct relation *relation, int64_t *out);

/* bind_transactions.c */
void bind_transactions(struct loader *loader, const yaml_node_t *node);

/* bind_variants.c */
void bind_variants(struct loader *loader, const yaml_node_t *node);
void bind_checks(struct loader *loader, const yaml_node_t *node);

/* check.c: what only the whole can tell. */
void check_workload(struct loader *loader);

#endif

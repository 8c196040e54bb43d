/* One transaction while it is put together, step by step, by whoever reads steps: bind_steps.c from YAML,
 * bind_script.c from a pgbench script. Arrays grow in the workload's arena. */
#ifndef WORKLOADS_BUILDER_H
#define WORKLOADS_BUILDER_H

#include "loader.h"

/* Where a text of the workload came from, so that a mistake in it is shown there: a scalar of the YAML file, or bytes
 * of a file beside it. */
struct text_origin {
    struct loader *loader;
    const yaml_node_t *node; /* NULL: of the file below */
    const char *path;        /* a script's */
    const char *text;        /* the whole of it */
    size_t offset;           /* where the text begins, in the script or in the scalar */
};

/* text_origin.c: report `len` bytes from `offset` of the text. */
void text_problem(const struct text_origin *origin, size_t offset, size_t len, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* "tasks.yaml:48" or "tpcb.sql:12" for the line at `offset`; a scalar has one place, its first line. NULL, and
 * problems->failed, when there is no memory. */
const char *text_where(const struct text_origin *origin, size_t offset);
/* Compile an expression that stands there; scope needs row, variables, later and constant, the rest is filled in. NULL
 * after a report. */
const struct program *text_compile(const struct text_origin *origin, const char *text, struct expr_scope scope);

enum {
    VARIABLE_MAX = 63 /* bytes of a variable's name */
};

struct builder {
    struct loader *loader;
    struct transaction *transaction; /* counts are kept here; the arrays are set by builder_finish() */
    const char **variables;
    struct let *lets;
    struct statement *statements;
    struct step *steps;
    const char **later; /* names that some step sets: to tell "too early" from "never" */
    size_t n_later;
    size_t cap_variables, cap_lets, cap_statements, cap_steps, cap_later;
    bool autocommit; /* each statement is a transaction of its own */
    int variant; /* of a rewrite, its place among the variants from 1: part of prepared names; 0: the workload's own */
};

/* `transaction` is all-zero but its name and what its reader sets itself (weight, pipeline, script, block). */
void builder_init(struct builder *builder, struct loader *loader, struct transaction *transaction);
/* Hand the arrays over to the transaction. */
void builder_finish(struct builder *builder);

/* The slot of a variable; -1: none. */
int builder_find(const struct builder *builder, const char *name, size_t len);
/* Its slot, a new one if there is none; the name is copied. -1 when there is no memory. */
int builder_add(struct builder *builder, const char *name, size_t len);
/* The slot of a param: a variable with the param's value from the start, by a hidden let. -1: there is no such param.
 * Slots of lets come before all others: call it before the first builder_add() of a step's variable. */
int builder_param(struct builder *builder, const char *name, size_t len);
bool builder_let(struct builder *builder, int slot, const struct program *value);
/* A step sets this name, here or further on: messages and builder_scope() know. */
void builder_later(struct builder *builder, const char *name, size_t len);

/* Append; the pointer is good until the next call. NULL when there is no memory. Its index is
 * transaction->n_steps - 1. */
struct step *builder_step(struct builder *builder, struct step step);
/* One statement with its text, name, place and number; `:name` of known slots became parameters, and what is unknown
 * was reported. Its index is transaction->n_statements - 1. NULL: it is no statement at all (reported), or no memory.
 */
struct statement *builder_statement(struct builder *builder, const struct text_origin *origin, const char *sql);
/* The same, but `sql`, `parts` and `params` are left to the caller, and nothing is checked. */
struct statement *builder_add_statement(struct builder *builder, const struct text_origin *origin, const char *sql);
/* Cuts a statement's text at what becomes its parameters: pieces for the simple protocol, $1 … $n for the others. */
struct cutter {
    struct loader *loader;
    struct statement *statement;
    const char **parts;
    int *params;
    struct str numbered;
    size_t from; /* of the text: where the piece under way begins */
};
/* `most` parameters at the most. False: no memory, nothing to end. */
bool cutter_begin(struct cutter *cutter, struct loader *loader, struct statement *statement, size_t most);
/* These bytes of the text, behind those of the last call, stand for the variable in `slot`. */
void cutter_param(struct cutter *cutter, size_t offset, size_t len, int slot);
/* Set the statement's `sql`, `parts` and `params`. */
void cutter_end(struct cutter *cutter);
/* The scope for expressions of a step: the slots so far. */
struct expr_scope builder_scope(const struct builder *builder);

#endif

/* One transaction while it is put together, step by step, by whoever reads steps: bind_transactions.c from YAML,
 * bind_script.c from a pgbench script. Arrays grow in the workload's arena. */
#ifndef WORKLOADS_BUILDER_H
#define WORKLOADS_BUILDER_H

#include "loader.h"

/* Where a text of the workload came from, so that a mistake in it is shown there: a scalar of the YAML file, or bytes of
 * a script. Offsets of problems are within the text. */
struct text_origin {
    struct loader *loader;
    const yaml_node_t *node;     /* NULL: of a script */
    const struct script *script; /* script.h; NULL: of the file */
    size_t offset;               /* of the text in the script */
};
void text_problem(const struct text_origin *origin, size_t offset, size_t len, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* "tasks.yaml:48" or "tpcb.sql:12" for the line at `offset`; NULL, and problems->failed, when there is no memory. */
const char *text_where(const struct text_origin *origin, size_t offset);
/* Compile an expression that stands there; scope needs row, variables and constant, the rest is filled in. */
const struct program *text_compile(const struct text_origin *origin, const char *text, struct expr_scope scope);

struct builder {
    struct loader *loader;
    struct transaction *transaction; /* counts are kept here; the arrays are set by builder_finish() */
    const char **variables;
    struct let *lets;
    struct statement *statements;
    struct step *steps;
    size_t cap_variables, cap_lets, cap_statements, cap_steps;
};

/* All-zero transaction but its name and weight. */
void builder_init(struct builder *builder, struct loader *loader, struct transaction *transaction);
/* Hand the arrays over to the transaction. */
void builder_finish(struct builder *builder);

/* The slot of a variable; -1: none. */
int builder_find(const struct builder *builder, const char *name, size_t len);
/* A new one; `name` is copied. -1 when there is no memory. */
int builder_add(struct builder *builder, const char *name, size_t len);
/* The slot of a param: a variable that never changes, filled by a hidden let. -1: there is no such param. Lets come
 * before all other slots: call it before the first builder_add() of a step's variable. */
int builder_param(struct builder *builder, const char *name, size_t len);
bool builder_let(struct builder *builder, int slot, const struct program *value);

/* Append; the pointer is good until the next call. NULL when there is no memory. Indexes are transaction->n_steps - 1
 * and transaction->n_statements - 1. */
struct step *builder_step(struct builder *builder, struct step step);
/* One statement with its text, name, place and number; `:name` of known slots became parameters, and what is unknown
 * was reported. NULL after a report. */
struct statement *builder_statement(struct builder *builder, const struct text_origin *origin, const char *sql);
/* The scope for expressions of a step: the slots so far. */
struct expr_scope builder_scope(const struct builder *builder);

#endif

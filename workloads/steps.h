/* The steps of a transaction in YAML. */
#ifndef WORKLOADS_STEPS_H
#define WORKLOADS_STEPS_H

#include "builder.h"

enum {
    STEPS_NESTING_MAX = 16
};

/* step_walk.c: look at steps before they are bound. Whatever is malformed is passed over: binding tells. */

/* Told of a name that a step sets. */
typedef void step_name_fn(struct builder *builder, const char *name, size_t len);
/* All names that steps of the list set, at any depth, in order. */
void steps_names(struct builder *builder, const yaml_node_t *list, step_name_fn *fn);
/* Make the variables that are there before the first step: params that a statement uses or a step sets. */
void steps_params(struct builder *builder, const yaml_node_t *list);
/* The same of a transaction's only statement. */
void steps_params_of_sql(struct builder *builder, const yaml_node_t *sql);
/* How many steps, those inside others included. */
size_t steps_count(struct builder *builder, const yaml_node_t *list);

/* bind_steps.c: `what` is how the list is called. */
void bind_steps(struct builder *builder, const yaml_node_t *list, const char *what, int nesting);
/* A transaction's only statement. */
void bind_only_sql(struct builder *builder, const yaml_node_t *sql);
/* "true" or "false"; reports anything else and is false. */
bool bind_bool(struct loader *loader, const yaml_node_t *node, const char *what);

#endif

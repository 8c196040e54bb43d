/* Transactions and their steps in YAML. */
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

/* Where the parts of a transaction stand: all in one map, or some in a variant's rewrite. NULL: not given. */
struct transaction_parts {
    const yaml_node_t *body; /* the map that has the statements */
    const yaml_node_t *let, *weight, *autocommit, *pipeline;
    bool pipeline_here; /* not left from what is rewritten */
    int variant;        /* the rewriting variant's place from 1; 0: none */
};

/* bind_transactions.c: `key` is what the transaction is called, for messages. Sets all but its name. */
void bind_parts(struct loader *loader, const yaml_node_t *key, const struct transaction_parts *parts,
                struct transaction *transaction);
/* Has the map a body of its own? */
bool has_body(struct loader *loader, const yaml_node_t *map);

/* bind_rewrites.c: a variant's own transactions, from its key `transactions`. `place` is the variant's, from 1. */
void bind_rewrites(struct loader *loader, const yaml_node_t *node, int place, struct variant *variant);
/* "close_task (rewritten); find_user (weight 3)": for the variant's line. */
void describe_rewrites(struct loader *loader, const yaml_node_t *node, struct str *about);

#endif

/* Transactions from pgbench scripts. */
#ifndef WORKLOADS_BIND_SCRIPT_H
#define WORKLOADS_BIND_SCRIPT_H

#include "builder.h"
#include "workloads/script.h"

enum {
    SCRIPT_NAME_BYTES = 41 /* of a transaction's name: leaves room for numbers behind it */
};

/* bind_script.c: the script becomes the steps of builder->transaction. Path and text live as long as the workload. */
void bind_script_text(struct builder *builder, const char *path, const char *text);

/* scripts.c: `script:`, a path or the name of a built-in script, the same. */
void bind_script(struct builder *builder, const yaml_node_t *node);

/* How many -f and -b the command line has. */
size_t scripts_given(const struct loader *loader);
/* They are the workload's transactions, in place of its own. */
void bind_given_scripts(struct loader *loader);

#endif

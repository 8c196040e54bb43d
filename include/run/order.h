/* In which order trials are run: blocks one after the other; within a block the sweep points in random order; at each
 * point every variant once, in random order. A pure function of the seed. */
#ifndef PGDYNO_RUN_ORDER_H
#define PGDYNO_RUN_ORDER_H

#include <stdint.h>

#include "workloads/spec.h"

/* One trial to run: indices into the workload's axes. */
struct cell {
    int block;
    int pool;
    int isolation;
    int rate;
    int variant;
};

/* Cells of one block. */
int order_cells_per_block(const struct workload *workload);
/* Fills `out` with the cells of `block`, in order; room for order_cells_per_block. */
void order_block(const struct workload *workload, int block, struct cell *out);

#endif

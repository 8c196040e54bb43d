/* The seconds that the workers hand over, merged as they come. Main thread only. */
#ifndef PGDYNO_RUN_TIMELINE_H
#define PGDYNO_RUN_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "run/recorder.h"
#include "run/result.h"

struct timeline {
    struct recorder **recorders;
    const struct second **pending; /* each recorder's next second, NULL: not there yet */
    size_t n_recorders;
    size_t n_transactions;
    struct timeline_hists {
        struct hist *one, *all;
    } response, pool_wait; /* of the second being merged: one transaction's, and all */
    struct interval_result *intervals;
    size_t n, capacity;
};

/* `recorders` is copied. */
bool timeline_init(struct timeline *timeline, struct recorder *const *recorders, size_t n_recorders, struct err *err);
void timeline_deinit(struct timeline *timeline);

/* Merge the next second if every recorder has handed it over, or all that is left when `ended`. *out is its interval
 * (valid until the next call), NULL if there is none. `length_ns` is that of the window, as far as it is known. */
bool timeline_take(struct timeline *timeline, bool ended, int64_t length_ns, const struct interval_result **out,
                   struct err *err);
/* Hand the intervals over, cut to a window of `length_ns`, which may have ended earlier than it was thought to. */
void timeline_move(struct timeline *timeline, int64_t length_ns, struct trial_result *out);

#endif

/* What came against what went: Little's law, the backlog, and whether the load was more than the server carries. From
 * the raw records, or from the seconds of the timeline where the records are incomplete. */
#ifndef PGDYNO_RUN_BALANCE_H
#define PGDYNO_RUN_BALANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "run/result.h"

/* Fills trial->little: the time integral of the number in the system, by sweeping the records' arrivals and departures,
 * beside the responses' sum in the histograms. made = false without complete records, or memory. */
void balance_little(struct trial_result *trial);

struct overload {
    bool made;       /* false: no rate, or nothing to go by; all else is 0 */
    bool overloaded; /* the queue grew in the window's second half, while nearly always all connections were taken */
    bool refusing;   /* the same, but acquire_timeout kept the queue short */
    double arrivals; /* in that half */
    double carried;  /* of all transactions, how many ended in that half, other than by a time-out */
    double carried_tps;
    double busy;       /* share of that half in which no connection was free; −1: not known */
    int64_t timed_out; /* in the whole window */
};

/* Without complete records it also fills trial->unsent_at_end, from the seconds. */
void balance_overload(struct trial_result *trial, struct overload *out);

#endif

/* Replay: what the same transactions would have waited for in a perfect harness. Each record's intended start and
 * measured service go through the exact recursion of a FIFO queue with c servers,
 *
 *     start(k) = max(intended(k), the earliest time at which a server is free)
 *
 * (Kiefer and Wolfowitz, "On the theory of queues with many servers", 1955). It needs no model of arrivals or services:
 * what a transaction really began later than that was the harness's doing, not the server's. With another number of
 * servers it tells what a pool of that size would have made of the same transactions. */
#ifndef PGDYNO_RUN_REPLAY_H
#define PGDYNO_RUN_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/heap.h"
#include "run/record.h"
#include "run/result.h"
#include "workloads/spec.h"

struct replay {
    struct heap free; /* when each server is free next */
};

/* `servers` of them, at least one, all free. False when there is no memory: deinit it all the same. */
bool replay_init(struct replay *replay, int servers);
void replay_deinit(struct replay *replay);
/* When a record that queues up now gets its server; records come in the order of their intended starts. The server is
 * then busy for the record's service (of a censored one: as far as it is known). Not for RECORD_TIMED_OUT, which never
 * had a server. From the window's start, as `intended_ns`. */
int64_t replay_start(struct replay *replay, const struct record *record);

/* What the transactions would have waited for one of `servers` connections: added to `wait`. The records' own waits do
 * not enter, so that a pool of any size, or a part of one, can be asked for. Timed-out ones, whose service nobody
 * knows, are left out. False when there is no memory. */
bool replay_waits(const struct records *records, int servers, struct hist *wait);

/* Fills trial->audit from the trial's records, which are made otherwise in two cases:
 *
 *     with a rate    the recursion over the whole window. The window begins with an empty queue, since the warm-up's
 *                    backlog is drained.
 *     closed loop    with more clients than connections: the starts in their order beside the moments at which
 *                    connections were really free. The recursion would run ahead without end there, since a client that is served
 *                    sooner also comes back sooner, which the records do not know.
 *
 * Not made, with the reason, where it would mean nothing: no complete records, a queue that nothing waits in, a
 * connection lost in the trial, or one that was opened or tested for a transaction, which is part of its pool wait. */
void replay_audit(const struct pool_habits *habits, struct trial_result *trial);

#endif

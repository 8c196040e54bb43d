/* Requests in time: the line before the limit, services under way, stalls. All is reckoned at the times when things
 * should happen, not when the process got round to them, so that a late wake-up delays one reply and no other.
 *
 *     recv ── waits in line ── begin ── service_ns (+ stalls) ── due ─ send
 */
#ifndef PGDYNO_TESTS_STUBPG_SERVICE_H
#define PGDYNO_TESTS_STUBPG_SERVICE_H

#include "base/heap.h"
#include "journal.h"
#include "model.h"

/* One connection's present request, and its count. */
struct request {
    enum {
        REQUEST_NONE,
        REQUEST_WAITING,
        REQUEST_SERVED
    } state;
    struct stub_record record;
    struct journal_slot slot;
    struct request *next; /* in line */
    uint32_t epoch;       /* of the journal when it was numbered */
    int64_t nth;          /* requests of this connection */
};

struct service {
    struct model model;
    struct journal journal;
    struct heap due; /* of requests */
    struct request *first, **last;
    int64_t n_in_service;
    int64_t full_until_ns; /* the limit was reached until then */
    int64_t origin_ns;     /* first request since the last reset; 0: none yet */
    int64_t stalled_until_ns;
    uint32_t n_requests, n_connections; /* numbered since the last reset */
    /* A service has ended at `at_ns`; the request is free for the next. */
    void (*done)(struct request *request, int64_t at_ns);
};

/* Up to `cap` requests at a time. model and done are the caller's to fill in. */
bool service_init(struct service *service, size_t cap, size_t log_records, struct err *err);
void service_deinit(struct service *service);
/* Empty log, numbers from 1, the clock of `stall … at` not started. Requests under way go on, but are not logged. */
void service_clear(struct service *service);
/* The model was changed at at_ns: a stall "at once" begins then, and a wider limit lets in those who wait. */
void service_model_changed(struct service *service, int64_t at_ns);

/* A request came at recv_ns and can begin at at_ns (later than recv_ns if its connection was not free). */
void service_request(struct service *service, struct request *request, uint32_t pid, int64_t recv_ns, int64_t at_ns);
/* Forget a request: its client has gone, or cancelled it. */
void service_drop(struct service *service, struct request *request, int64_t at_ns);
/* Do what is due up to now: ends and begins of services and of stalls. True if it stopped at the end of a stall, which
 * is *ended_ns: let go on what was held, then call again. */
bool service_advance(struct service *service, int64_t now_ns, int64_t *ended_ns);
/* When service_advance should be called next; INT64_MAX: no need. */
int64_t service_next_ns(const struct service *service);
static inline bool service_stalled(const struct service *service)
{
    return service->stalled_until_ns != 0;
}

#endif

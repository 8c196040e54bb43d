/* A queue with c servers, simulated without a harness: what a perfect one would record. The simulation steps through
 * events (an arrival, an end) and shares no code with the recursion that it tests. */
#ifndef PGDYNO_TESTS_RUN_SIMULATE_H
#define PGDYNO_TESTS_RUN_SIMULATE_H

#include <math.h>
#include <stdlib.h>

#include "generators/rng.h"
#include "run/result.h"
#include "unit.h"

enum {
    SIMULATE_SERVERS = 64
};

struct simulation {
    double rate_tps;         /* Poisson; 0: a closed loop of `clients` without think time */
    bool constant;           /* arrivals */
    bool exponential;        /* services */
    int64_t service_ns;      /* mean */
    int64_t slower_after_ns; /* with `slower`: services that begin later take so much longer */
    double slower;
    int servers, clients;
    int64_t from_ns; /* below 0: a warm-up whose transactions are not recorded, but still run when the window begins */
    int64_t duration_ns;
    uint64_t seed;
};

struct simulator {
    const struct simulation *spec;
    struct rng arrivals, services;
    struct record *list;
    size_t n, started; /* arrived; of them, got a server: the rest is the queue */
    int64_t free_ns[SIMULATE_SERVERS];
    int busy;
    int64_t next_arrival_ns;
};

static inline double simulate_exponential(struct rng *rng)
{
    return -log(1 - rng_unit(rng));
}

static inline void simulate_next_arrival(struct simulator *simulator)
{
    const struct simulation *spec = simulator->spec;
    if (spec->rate_tps <= 0) {
        simulator->next_arrival_ns = INT64_MAX;
        return;
    }
    double gap = (spec->constant ? 1 : simulate_exponential(&simulator->arrivals)) / spec->rate_tps;
    simulator->next_arrival_ns += (int64_t)(gap * 1e9);
    if (simulator->next_arrival_ns >= spec->duration_ns)
        simulator->next_arrival_ns = INT64_MAX;
}

static inline void simulate_arrive(struct simulator *simulator, int64_t now_ns)
{
    simulator->list[simulator->n++] = (struct record){.intended_ns = now_ns, .attempts = 1};
}

/* The head of the queue onto a free server. */
static inline void simulate_serve(struct simulator *simulator, int64_t now_ns)
{
    const struct simulation *spec = simulator->spec;
    while (simulator->started < simulator->n && simulator->busy < spec->servers) {
        struct record *record = &simulator->list[simulator->started++];
        double service = (double)spec->service_ns;
        service *= spec->exponential ? simulate_exponential(&simulator->services) : 1;
        service *= spec->slower > 0 && now_ns >= spec->slower_after_ns ? spec->slower : 1;
        record->pool_wait_ns = now_ns - record->intended_ns;
        record->service_ns = (int64_t)service;
        simulator->free_ns[simulator->busy++] = now_ns + record->service_ns;
    }
}

static inline int simulate_first_end(const struct simulator *simulator)
{
    int first = 0;
    for (int i = 1; i < simulator->busy; i++)
        if (simulator->free_ns[i] < simulator->free_ns[first])
            first = i;
    return first;
}

static inline void simulate_end(struct simulator *simulator, int which, int64_t now_ns)
{
    simulator->free_ns[which] = simulator->free_ns[--simulator->busy];
    if (simulator->spec->rate_tps <= 0 && now_ns < simulator->spec->duration_ns)
        simulate_arrive(simulator, now_ns);
}

static inline void simulate_drop_warmup(struct simulator *simulator, struct trial_result *out)
{
    size_t kept = 0;
    for (size_t i = 0; i < simulator->n; i++)
        if (simulator->list[i].intended_ns >= 0)
            simulator->list[kept++] = simulator->list[i];
    out->records = (struct records){.list = simulator->list, .n = kept, .complete = true};
    out->scheduled = (int64_t)kept;
}

/* Sets the records (free() the list), rate, clients, connections, scheduled and duration. */
static inline void simulate(const struct simulation *spec, struct trial_result *out)
{
    double seconds = (double)(spec->duration_ns - spec->from_ns) / 1e9;
    double most = spec->rate_tps > 0 ? 2 * spec->rate_tps * seconds + 1000 : 4e6;
    struct simulator simulator = {.spec = spec,
                                  .arrivals = rng_at(spec->seed, 1, 0, 0),
                                  .services = rng_at(spec->seed, 2, 0, 0),
                                  .list = calloc((size_t)most, sizeof(struct record)),
                                  .next_arrival_ns = spec->from_ns};
    assert_non_null(simulator.list);
    assert_true(spec->servers <= SIMULATE_SERVERS);
    for (int i = 0; spec->rate_tps <= 0 && i < spec->clients; i++)
        simulate_arrive(&simulator, spec->from_ns);
    simulate_next_arrival(&simulator);
    simulate_serve(&simulator, spec->from_ns);
    while (simulator.busy > 0 || simulator.next_arrival_ns < INT64_MAX) {
        assert_true((double)simulator.n < most - 2);
        int first = simulate_first_end(&simulator);
        int64_t now_ns = simulator.busy > 0 ? simulator.free_ns[first] : INT64_MAX;
        if (simulator.next_arrival_ns < now_ns) {
            now_ns = simulator.next_arrival_ns;
            simulate_arrive(&simulator, now_ns);
            simulate_next_arrival(&simulator);
        } else {
            simulate_end(&simulator, first, now_ns);
        }
        simulate_serve(&simulator, now_ns);
    }
    out->rate_tps = spec->rate_tps;
    out->connections = spec->servers;
    out->clients = spec->rate_tps > 0 ? spec->servers : spec->clients;
    out->duration_ns = spec->duration_ns;
    simulate_drop_warmup(&simulator, out);
}

/* What the driver would have counted: into an initialised result, all of one transaction. */
static inline void simulate_histograms(const struct records *records, struct transaction_result *out)
{
    for (size_t i = 0; i < records->n; i++) {
        const struct record *record = &records->list[i];
        hist_record(out->response, record_response_ns(record));
        hist_record(out->pool_wait, record->pool_wait_ns);
        hist_record(out->service, record->service_ns);
        out->ok += record->status == RECORD_OK;
        out->failed += record->status == RECORD_FAILED;
        out->timed_out += record->status == RECORD_TIMED_OUT;
        out->censored += record->status == RECORD_CENSORED;
    }
}

#endif

/* The raw record of one transaction: what the replay audit, Little's law and exact percentiles are computed from. Here,
 * because a thread writes it while it measures; records.c puts the threads' together. */
#ifndef PGDYNO_RUN_RECORD_H
#define PGDYNO_RUN_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum record_status {
    RECORD_OK,
    RECORD_FAILED,    /* gave up: an error that is not retried, or max_tries used up */
    RECORD_TIMED_OUT, /* no connection within pool.acquire_timeout: all of its response is pool wait */
    RECORD_CENSORED   /* unfinished when the drain ended: its response is a lower bound */
};

/* response = pool_wait + lag + service, to the nanosecond. */
struct record {
    int64_t intended_ns;  /* from the window's start */
    int64_t pool_wait_ns; /* max(0, free − intended) */
    int64_t service_ns; /* first byte sent to final ReadyForQuery, back-off between attempts included; 0: never sent */
    uint32_t lag_ns;    /* sent − max(intended, free); from 4.29 s on it says UINT32_MAX */
    uint16_t transaction; /* index in the workload */
    uint8_t attempts;     /* from 255 on it says 255; 0: never sent */
    uint8_t status;       /* enum record_status */
};
_Static_assert(sizeof(struct record) == 32, "32 bytes a transaction, measurement.md section 2");

static inline int64_t record_response_ns(const struct record *record)
{
    return record->pool_wait_ns + record->lag_ns + record->service_ns;
}

/* From the window's start, like intended_ns. */
static inline int64_t record_end_ns(const struct record *record)
{
    return record->intended_ns + record_response_ns(record);
}

/* All of one trial, in the order of intended starts. */
struct records {
    struct record *list; /* owned */
    size_t n;
    bool complete; /* false: the memory for them ran out, and later ones are in the histograms only */
};

/* How many had no connection yet at `at_ns`. */
int64_t records_unsent(const struct records *records, int64_t at_ns);
/* By intended start, in place. */
void records_sort(struct record *list, size_t n);
/* Sorted lists into one, which is out->list; out->complete stays as it is. False without memory. */
bool records_merge(struct record *const *lists, const size_t *lengths, size_t n_lists, struct records *out);

#endif

/* What the stub knows of one request: the truth that a harness is checked against. */
#ifndef PGDYNO_TESTS_STUBPG_RECORD_H
#define PGDYNO_TESTS_STUBPG_RECORD_H

#include <stdint.h>

/* Times are CLOCK_MONOTONIC, so that a client on the same machine can set them beside its own. A request is one data
 * statement; recv <= begin < due <= send, unless cancelled. The binary log is a header and then these, in host order.
 */
struct stub_record {
    int64_t recv_ns;     /* its last byte was there: stamped when epoll returned */
    int64_t begin_ns;    /* service began, after waiting for the limit, a stall or an earlier statement in the pipe */
    int64_t service_ns;  /* drawn: shape, factor, contention and delay, but no stall */
    int64_t due_ns;      /* begin + service + the stalls that fell between */
    int64_t send_ns;     /* just before the reply is handed to the kernel; 0: not answered (yet) */
    uint32_t request;    /* 1, 2, … in the order of receipt since the last reset */
    uint32_t connection; /* 1, 2, … in the order of their first request since the last reset */
    uint32_t pid;        /* what PQbackendPID tells that client */
    uint32_t in_service; /* itself and the others, when its service began */
    char sqlstate[8];    /* "" is success */
};
_Static_assert(sizeof(struct stub_record) == 64, "the log file has no padding");

#define STUB_LOG_MAGIC "STUBLOG1"

struct stub_log_header {
    char magic[8];
    uint64_t n_records;
    uint64_t n_dropped; /* requests that came after the log was full */
};

#endif

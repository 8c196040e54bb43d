/* What two programs cost that run as processes of their own, one of them pgbench. */
#ifndef PGDYNO_TESTS_PERF_PROCESS_H
#define PGDYNO_TESTS_PERF_PROCESS_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/resource.h>

/* User and system time, µs. */
static inline double process_cpu_us(const struct rusage *usage)
{
    return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1e6 +
           (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec);
}

/* Read pgbench's report to its end. False: it had no throughput. */
static inline bool process_read_pgbench(FILE *in, double *transactions, double *tps)
{
    char line[512];
    *transactions = *tps = 0;
    while (fgets(line, sizeof line, in)) {
        sscanf(line, "number of transactions actually processed: %lf", transactions);
        sscanf(line, "tps = %lf", tps);
    }
    return *tps > 0;
}

#endif

/* One long trial at a modest rate, and the driver's memory each minute. It must be flat but for two things that are
 * meant to grow: the raw records, up to their cap, and the timeline's seconds. Clients lose a connection a minute, and
 * connections are replaced after a minute's life: what those paths forgot to free would show too.
 *
 *     perf_soak [-T seconds] [-R rate] [-c connections] [-m cap of the raw records, MB] [-i seconds between rows] */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/stop.h"
#include "pg/cluster.h"
#include "pg/query.h"
#include "run/driver.h"
#include "workloads/workload.h"

#define APP "pgdyno soak"

struct soak {
    struct cluster *cluster;
    struct db *db;
    struct workload *workload;
    int seconds, connections, raw_mb, every_s;
    double rate_tps;
    int64_t due_ns; /* of the next row */
    int64_t failed; /* as far as the finished seconds tell */
    struct trial_result result;
};

static double resident_mb(void)
{
    long size = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file)
        return 0;
    if (fscanf(file, "%ld %ld", &size, &resident) != 2)
        resident = 0;
    fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1048576;
}

/* RSS, of it malloc's, and what the raw records must have come to. */
static void print_row(const struct soak *soak, const struct progress *progress)
{
    struct mallinfo2 heap = mallinfo2();
    double cap_mb = soak->raw_mb, seconds = (double)progress->phase_elapsed_ns / 1e9;
    double records_mb = seconds * soak->rate_tps * (double)sizeof(struct record) / 1048576;
    printf("%7.0f %9.2f %9.2f %9.2f %9.2f %8d %8lld\n", seconds, resident_mb(), (double)heap.uordblks / 1048576,
           (double)heap.hblkhd / 1048576, records_mb < cap_mb ? records_mb : cap_mb, progress->busy,
           (long long)soak->failed);
    fflush(stdout);
}

static void lose_one(struct soak *soak)
{
    db_exec(soak->db, "soak",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '" APP "' LIMIT 1", NULL);
}

static void on_update(void *user, const struct progress *progress)
{
    struct soak *soak = user;
    if (progress->fresh)
        soak->failed += progress->failed;
    if (progress->phase != PHASE_MEASURE || progress->phase_elapsed_ns < soak->due_ns)
        return;
    soak->due_ns += soak->every_s * NS_PER_S;
    print_row(soak, progress);
    lose_one(soak);
}

static bool fill(struct soak *soak, struct err *err)
{
    struct cluster_options options = {.max_connections = soak->connections + 5};
    return cluster_open(&options, &soak->cluster, err) && db_open(cluster_target(soak->cluster), &soak->db, err) &&
           db_exec(soak->db, "soak",
                   "CREATE TABLE kv (id int PRIMARY KEY, v int NOT NULL);"
                   "INSERT INTO kv SELECT i, 0 FROM generate_series(1, 10000) i",
                   err);
}

static bool run(struct soak *soak, struct err *err)
{
    struct progress_sink sink = {soak, on_update};
    struct variant variant = soak->workload->variants[0];
    variant.pool.max_lifetime_ns = 60 * NS_PER_S;
    soak->workload->measure.raw_bytes = (int64_t)soak->raw_mb << 20;
    struct drive_spec spec = {
        .target = cluster_target(soak->cluster),
        .schema = "public",
        .app = APP,
        .workload = soak->workload,
        .variant = &variant,
        .protocol = PROTOCOL_PREPARED,
        .connections = soak->connections,
        .rate_tps = soak->rate_tps,
        .duration_ns = soak->seconds * NS_PER_S,
        .seed = 1,
        .progress = &sink,
    };
    printf("%7s %9s %9s %9s %9s %8s %8s\n", "s", "RSS MB", "heap MB", "mmap MB", "records", "alive", "failed");
    return driver_run(&spec, &soak->result, err);
}

static void print_sum(const struct soak *soak)
{
    const struct trial_result *r = &soak->result;
    struct transaction_result sum = {0};
    size_t pairs = 0;
    for (size_t t = 0; t < r->n_transactions; t++) {
        sum.ok += r->transactions[t].ok;
        sum.failed += r->transactions[t].failed;
        sum.timed_out += r->transactions[t].timed_out;
        sum.censored += r->transactions[t].censored;
    }
    for (size_t i = 0; i < r->n_intervals; i++)
        for (size_t t = 0; t < r->n_transactions; t++)
            pairs += r->intervals[i].transactions[t].response_part.n;
    printf("scheduled %lld = ok %lld + failed %lld + timed out %lld + censored %lld\n", (long long)r->scheduled,
           (long long)sum.ok, (long long)sum.failed, (long long)sum.timed_out, (long long)sum.censored);
    printf("records %zu (%s), reconnects %lld, recycled %lld, lag p99 %.1f µs, complete %d\n", r->records.n,
           r->records.complete ? "complete" : "up to the cap", (long long)r->reconnects,
           (long long)r->pool_counts.recycled, (double)r->harness_lag.p99 / 1e3, r->complete);
    printf("timeline: %zu seconds, %.2f MB\n", r->n_intervals,
           (double)(r->n_intervals *
                        (sizeof(struct interval_result) + r->n_transactions * sizeof(struct interval_transaction)) +
                    pairs * sizeof(struct hist_pair)) /
               1048576);
    printf("RSS at the end, all in one place: %.2f MB\n", resident_mb());
}

static bool read_options(struct soak *soak, int argc, char **argv)
{
    for (int c; (c = getopt(argc, argv, "T:R:c:m:i:")) != -1;) {
        if (c == 'T')
            soak->seconds = atoi(optarg);
        else if (c == 'R')
            soak->rate_tps = atof(optarg);
        else if (c == 'c')
            soak->connections = atoi(optarg);
        else if (c == 'm')
            soak->raw_mb = atoi(optarg);
        else if (c == 'i')
            soak->every_s = atoi(optarg);
        else
            return false;
    }
    return soak->seconds > 0 && soak->rate_tps > 0 && soak->connections > 0 && soak->raw_mb >= 0 && soak->every_s > 0;
}

static bool load(struct soak *soak)
{
    struct problems problems = {0};
    struct str text = {0};
    bool ok = workload_load(TEST_PERF_DIR "/soak.yaml", NULL, 0, &soak->workload, &problems);
    if (!ok) {
        problems_print(&problems, false, &text);
        fprintf(stderr, "%s", str_text(&text));
    }
    problems_deinit(&problems);
    str_deinit(&text);
    return ok;
}

int main(int argc, char **argv)
{
    struct soak soak = {.seconds = 3600, .rate_tps = 500, .connections = 20, .raw_mb = 16, .every_s = 60};
    struct err err = {0};
    if (!read_options(&soak, argc, argv)) {
        fprintf(stderr, "usage: %s [-T seconds] [-R rate] [-c connections] [-m MB of raw records] [-i seconds]\n",
                argv[0]);
        return 1;
    }
    trial_result_init(&soak.result);
    stop_install();
    bool ok = load(&soak) && fill(&soak, &err) && run(&soak, &err);
    if (ok)
        print_sum(&soak);
    else
        fprintf(stderr, "%s %s\n", err.where, err.text);
    trial_result_deinit(&soak.result);
    db_close(soak.db);
    cluster_close(soak.cluster);
    workload_free(soak.workload);
    return ok ? 0 : 1;
}

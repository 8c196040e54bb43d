/* Peak memory of the driver with 256 connections and ten transactions of two statements each, over a window long enough
 * to touch the histograms. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "pg/cluster.h"
#include "run/driver.h"
#include "workloads/workload.h"

enum {
    CONNECTIONS = 256,
    TRANSACTIONS = 10,
    SECONDS = 5
};

static struct workload *load(void)
{
    char path[] = "/tmp/pgdyno-memory-XXXXXX.yaml";
    struct problems problems = {0};
    struct workload *workload = NULL;
    int fd = mkstemps(path, 5);
    if (fd < 0)
        return NULL;
    dprintf(fd, "workload: memory\ntransactions:\n");
    for (int i = 0; i < TRANSACTIONS; i++)
        dprintf(
            fd,
            "  t%d:\n    weight: 1\n    let: { a: \"random(1, 1000)\" }\n    steps:\n"
            "      - sql: SELECT generate_series(1, :a)\n      - sql: SELECT count(*) FROM pg_class WHERE oid > :a\n",
            i);
    close(fd);
    if (!workload_load(path, NULL, 0, &workload, &problems)) {
        struct str text = {0};
        problems_print(&problems, false, &text);
        fprintf(stderr, "%s", str_text(&text));
        str_deinit(&text);
    }
    unlink(path);
    return workload;
}

static int drive(const struct cluster *cluster)
{
    struct workload *workload = load();
    struct trial_result result;
    struct err err = {0};
    if (!workload)
        return 1;
    struct drive_spec spec = {
        .target = cluster_target(cluster),
        .schema = "public",
        .app = "pgdyno perf",
        .workload = workload,
        .variant = workload->variants,
        .protocol = PROTOCOL_PREPARED,
        .connections = CONNECTIONS,
        .duration_ns = SECONDS * NS_PER_S,
        .seed = 1,
    };
    trial_result_init(&result);
    if (driver_run(&spec, &result, &err))
        return 0;
    fprintf(stderr, "%s\n", err.text);
    return 1;
}

int main(void)
{
    struct cluster_options options = {.max_connections = CONNECTIONS + 10};
    struct cluster *cluster;
    struct rusage usage = {0};
    struct err err = {0};
    int status = 1;
    if (!cluster_open(&options, &cluster, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    pid_t pid = fork();
    if (pid == 0)
        _exit(drive(cluster));
    wait4(pid, &status, 0, &usage);
    cluster_close(cluster);
    printf("%d connections, %d transactions: peak %.1f MB\n", CONNECTIONS, TRANSACTIONS,
           (double)usage.ru_maxrss / 1024);
    return status == 0 ? 0 : 1;
}

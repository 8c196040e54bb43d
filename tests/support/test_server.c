/* A private server for shell tests: prints how to reach it, then waits for its standard input to end, or a signal. */
#include <stdio.h>
#include <unistd.h>

#include "base/stop.h"
#include "pg/cluster.h"

static void wait_for_end(void)
{
    char byte;
    while (!stop_requested() && read(STDIN_FILENO, &byte, 1) > 0)
        continue;
}

int main(void)
{
    struct err err = {0};
    struct cluster *cluster;
    struct cluster_options options = {.fast_unsafe = true};
    stop_install();
    if (!cluster_open(&options, &cluster, &err)) {
        fprintf(stderr, "%s: %s\n", err.where, err.text);
        return 1;
    }
    const struct target *target = cluster_target(cluster);
    printf("export PGHOST=%s PGPORT=%s PGUSER=%s PGDATABASE=postgres\nready=yes\n", target->host, target->port,
           target->user);
    fflush(stdout);
    wait_for_end();
    cluster_close(cluster);
    return 0;
}

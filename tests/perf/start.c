/* From the command to the first transaction: `pgdyno run` on a server that stands in for somebody's, already seeded
 * with 1,000,000 rows. The server's own log says when the first transaction of the driver reached it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/proc.h"
#include "pg/cluster.h"

enum {
    RUNS = 9,
    PATH_BYTES = 512,
    LINE_BYTES = 4096
};

/* Epoch milliseconds before each line, and every statement: what the log needs to tell. */
static const struct setting settings[] = {{"log_statement", "all"}, {"log_line_prefix", "%n "}};

static char folder[] = "/tmp/pgdyno-start-XXXXXX";

static bool pgdyno(const struct cluster *cluster, const char *command, const char *output, struct err *err)
{
    const struct target *target = cluster_target(cluster);
    const char *argv[] = {PGDYNO,       command,      TEST_PERF_DIR "/start.yaml",
                          "-h",         target->host, "-U",
                          target->user, "-d",         "postgres",
                          "--quiet",    NULL,         NULL,
                          NULL,         NULL};
    if (output) {
        argv[10] = "--plots=none";
        argv[11] = "--output";
        argv[12] = output;
    }
    return proc_run(argv, NULL, (uid_t)-1, (gid_t)-1, 0, NULL, err);
}

/* When the log's first transaction after `offset` came, in epoch seconds; 0 if there is none. */
static double first_transaction(const char *log, long *offset)
{
    char line[LINE_BYTES];
    double at = 0;
    FILE *file = fopen(log, "r");
    if (!file)
        return 0;
    fseek(file, *offset, SEEK_SET);
    while (fgets(line, sizeof line, file))
        if (at == 0 && strstr(line, "execute lookup_1"))
            at = strtod(line, NULL);
    *offset = ftell(file);
    fclose(file);
    return at;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool measure(const struct cluster *cluster, struct err *err)
{
    char log[PATH_BYTES], output[PATH_BYTES];
    double ms[RUNS];
    long offset = 0;
    snprintf(log, sizeof log, "%s/server.log", cluster_folder(cluster));
    if (!pgdyno(cluster, "seed", NULL, err))
        return false;
    first_transaction(log, &offset);
    for (int i = 0; i < RUNS; i++) {
        snprintf(output, sizeof output, "%s/%d", folder, i);
        double began = (double)clock_wall_ns() / 1e9;
        if (!pgdyno(cluster, "run", output, err))
            return false;
        double first = first_transaction(log, &offset);
        if (first == 0)
            return err_set(err, ERR_SYSTEM, log, "shows no transaction of the driver");
        ms[i] = (first - began) * 1e3;
    }
    qsort(ms, RUNS, sizeof *ms, by_value);
    printf("start to first transaction, seeded server: median %.0f ms (%.0f to %.0f, %d runs); to reach: 150 ms\n",
           ms[RUNS / 2], ms[0], ms[RUNS - 1], RUNS);
    return true;
}

int main(void)
{
    struct cluster_options options = {.settings = settings, .n_settings = 2, .max_connections = 20};
    struct cluster *cluster;
    struct err err = {0};
    bool ok = mkdtemp(folder) != NULL && cluster_open(&options, &cluster, &err);
    if (ok) {
        ok = measure(cluster, &err);
        cluster_close(cluster);
    }
    proc_remove_tree(folder, &(struct err){0});
    if (!ok)
        fprintf(stderr, "%s %s\n", err.where, err.text);
    return ok ? 0 : 1;
}

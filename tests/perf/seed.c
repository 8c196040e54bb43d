/* seed [PAIRS [CONNECTIONS [SCALE]]]: rows of pgbench_accounts a second, ours beside `pgbench -i -I dtg`, on a private
 * server of its own. Pairs are interleaved, and who goes first alternates. Both drop, create and fill the table; ours
 * without pgbench's three small ones. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accounts.h"
#include "base/clock.h"
#include "base/proc.h"
#include "base/str.h"
#include "generators/load.h"
#include "pg/cluster.h"
#include "pg/query.h"

enum {
    MOST_PAIRS = 101
};

struct bench {
    struct cluster *cluster;
    struct db *db;
    int connections;
    int scale;
};

static double rows(const struct bench *bench)
{
    return 100000.0 * bench->scale;
}

/* Its own figure, "done in 1.23 s (…)", which leaves out the start of the process. */
static bool run_pgbench(const struct bench *bench, double *rows_per_sec, struct err *err)
{
    const struct target *target = cluster_target(bench->cluster);
    struct str output = {0}, pgbench = {0};
    char scale[16];
    snprintf(scale, sizeof scale, "%d", bench->scale);
    str_printf(&pgbench, "%s/pgbench", cluster_bindir(bench->cluster));
    const char *argv[] = {str_text(&pgbench),
                          "-i",
                          "-q",
                          "-I",
                          "dtg",
                          "-s",
                          scale,
                          "-h",
                          target->host,
                          "-p",
                          target->port ? target->port : "5432",
                          "-U",
                          target->user,
                          target->dbname,
                          NULL};
    double seconds;
    bool ok = proc_run(argv, NULL, (uid_t)-1, (gid_t)-1, 0, &output, err);
    const char *done = ok ? strstr(str_text(&output), "\ndone in ") : NULL;
    ok = ok && ((done && sscanf(done, "\ndone in %lf s", &seconds) == 1) ||
                err_set(err, ERR_SYSTEM, "pgbench", "unexpected output: %s", str_text(&output)));
    if (ok)
        *rows_per_sec = rows(bench) / seconds;
    str_deinit(&output);
    str_deinit(&pgbench);
    return ok;
}

static bool run_ours(const struct bench *bench, double *rows_per_sec, struct err *err)
{
    struct table_spec table;
    struct load_result result;
    struct load_options options = {.connections = bench->connections, .schema = "public"};
    accounts_table(&table, bench->scale, false);
    int64_t started_ns = clock_now_ns();
    if (!db_exec(bench->db, "create",
                 "DROP TABLE IF EXISTS pgbench_accounts, pgbench_branches, pgbench_history, pgbench_tellers;"
                 "CREATE TABLE pgbench_accounts (aid int not null, bid int, abalance int, filler char(84))"
                 " WITH (fillfactor = 100)",
                 err) ||
        !load_tables(cluster_target(bench->cluster), &table, 1, &options, &result, err))
        return false;
    *rows_per_sec = rows(bench) / ((double)(clock_now_ns() - started_ns) / (double)NS_PER_S);
    return true;
}

static bool run_pair(const struct bench *bench, int number, double *theirs, double *ours, struct err *err)
{
    bool we_first = number % 2 == 1;
    if (!db_exec(bench->db, "checkpoint", "CHECKPOINT", err))
        return false;
    if (we_first ? !run_ours(bench, ours, err) : !run_pgbench(bench, theirs, err))
        return false;
    if (!db_exec(bench->db, "checkpoint", "CHECKPOINT", err))
        return false;
    return we_first ? run_pgbench(bench, theirs, err) : run_ours(bench, ours, err);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, ascending);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static bool run_pairs(const struct bench *bench, int pairs, struct err *err)
{
    double theirs[MOST_PAIRS], ours[MOST_PAIRS], ratios[MOST_PAIRS];
    for (int i = 0; i < pairs; i++) {
        if (!run_pair(bench, i, &theirs[i], &ours[i], err))
            return false;
        ratios[i] = ours[i] / theirs[i];
        printf("pair %d: pgbench %.0f rows/s, pgdyno %.0f rows/s, ratio %.3f\n", i + 1, theirs[i], ours[i], ratios[i]);
        fflush(stdout);
    }
    double ratio = median(ratios, pairs);
    printf("median of %d pairs, %d connections, scale %d: pgbench %.0f rows/s, pgdyno %.0f rows/s, ratio %.3f (%.3f … "
           "%.3f)\n",
           pairs, bench->connections, bench->scale, median(theirs, pairs), median(ours, pairs), ratio, ratios[0],
           ratios[pairs - 1]);
    return true;
}

static int argument(int argc, char **argv, int index, int fallback, int most)
{
    int value = argc > index ? atoi(argv[index]) : fallback;
    if (value >= 1 && value <= most)
        return value;
    fprintf(stderr, "usage: %s [PAIRS [CONNECTIONS [SCALE]]]\n", argv[0]);
    exit(1);
}

int main(int argc, char **argv)
{
    int pairs = argument(argc, argv, 1, 7, MOST_PAIRS);
    struct bench bench = {.connections = argument(argc, argv, 2, 2, 64), .scale = argument(argc, argv, 3, 10, 1000)};
    struct cluster_options options = {.max_connections = bench.connections + 4};
    struct err err = {0};
    bool ok = cluster_open(&options, &bench.cluster, &err) && db_open(cluster_target(bench.cluster), &bench.db, &err) &&
              run_pairs(&bench, pairs, &err);
    if (!ok)
        fprintf(stderr, "%s: %s\n", err.where, err.text);
    db_close(bench.db);
    cluster_close(bench.cluster);
    return ok ? 0 : 1;
}

/* fill [SCALE [WORKLOAD_FILE …]]: the driver's CPU while it fills the tables of a workload over two connections, as a
 * share of one core, on a private server of its own. Without files: the catalog's `tasks`. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/proc.h"
#include "generators/load.h"
#include "pg/cluster.h"
#include "pg/query.h"
#include "workloads/workload.h"

static struct workload *load(const char *path, const char *scale)
{
    struct override overrides[] = {{"params.scale", scale, "SCALE"}};
    struct workload *workload = NULL;
    struct problems problems = {0};
    struct str shown = {0};
    if (workload_load(path, overrides, 1, &workload, &problems) || workload_load(path, NULL, 0, &workload, &problems))
        return workload;
    problems_print(&problems, false, &shown);
    fprintf(stderr, "%s", str_text(&shown));
    exit(1);
}

static bool fill(struct cluster *cluster, struct db *db, const struct workload *workload, struct err *err)
{
    struct load_result result;
    struct load_options options = {.connections = 2, .schema = workload->name};
    if (!db_execf(db, "schema", err, "DROP SCHEMA IF EXISTS %s CASCADE; CREATE SCHEMA %s; SET search_path = %s, public",
                  workload->name, workload->name, workload->name) ||
        !db_exec(db, "schema", workload->schema_sql, err))
        return false;
    int64_t started_ns = proc_cpu_ns();
    if (!load_tables(cluster_target(cluster), workload->tables, workload->n_tables, &options, &result, err))
        return false;
    double cpu_ns = (double)(proc_cpu_ns() - started_ns), elapsed_ns = (double)result.elapsed_ns;
    printf("%-20s %9.0f rows %7.1f MB in %6.2f s: %6.0f ns CPU a row, %5.1f %% of a core\n", workload->name,
           (double)result.rows, (double)result.bytes / 1e6, elapsed_ns / NS_PER_S, cpu_ns / (double)result.rows,
           100 * cpu_ns / elapsed_ns);
    fflush(stdout);
    return db_execf(db, "drop", err, "DROP SCHEMA %s CASCADE; CHECKPOINT", workload->name);
}

int main(int argc, char **argv)
{
    const char *scale = argc > 1 ? argv[1] : "10", *tasks[] = {PGDYNO_TASKS};
    const char *const *files = argc > 2 ? (const char *const *)argv + 2 : tasks;
    int n_files = argc > 2 ? argc - 2 : 1;
    struct cluster *cluster = NULL;
    struct cluster_options options = {.max_connections = 10};
    struct db *db = NULL;
    struct err err = {0};
    bool ok = cluster_open(&options, &cluster, &err) && db_open(cluster_target(cluster), &db, &err);
    for (int i = 0; ok && i < n_files; i++) {
        struct workload *workload = load(files[i], scale);
        ok = workload->n_tables == 0 || fill(cluster, db, workload, &err);
        workload_free(workload);
    }
    if (!ok)
        fprintf(stderr, "%s: %s\n", err.where, err.text);
    db_close(db);
    cluster_close(cluster);
    return ok ? 0 : 1;
}

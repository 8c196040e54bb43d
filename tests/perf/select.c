/* A prepared primary-key SELECT on 1,000,000 rows: pgdyno's driver beside `pgbench -S -M prepared`. Same server,
 * threads and length; runs alternate, and each is a process of its own, so that the CPU of both is measured in the same
 * way (wait4).
 *
 *     perf_select [-T seconds] [-n pairs] [-j threads] [-c 1,4,16,64,256] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/proc.h"
#include "pg/cluster.h"
#include "process.h"
#include "run/driver.h"
#include "workloads/workload.h"

enum {
    MAX_PAIRS = 50,
    MAX_COUNTS = 16,
    ROWS_SCALE = 10,
    MAX_CONNECTIONS = 300
};

struct bench {
    struct cluster *cluster;
    struct workload *workload;
    int seconds, pairs, threads;
    int counts[MAX_COUNTS];
    int n_counts;
};

/* One run of either program. */
struct sample {
    double tps;
    double cpu_us; /* user + system, a transaction */
    double peak_mb;
};

static int die(const char *what, const struct err *err)
{
    fprintf(stderr, "%s: %s %s\n", what, err->where, err->text);
    return 1;
}

/* Wait for a child that wrote "transactions tps" or pgbench's report; false if it failed. */
static bool reap(pid_t pid, FILE *output, bool (*parse)(FILE *, double *, double *), struct sample *out)
{
    double transactions = 0;
    struct rusage usage;
    int status;
    bool parsed = parse(output, &transactions, &out->tps);
    fclose(output);
    if (wait4(pid, &status, 0, &usage) != pid || status != 0 || !parsed || transactions <= 0)
        return false;
    out->cpu_us = process_cpu_us(&usage) / transactions;
    out->peak_mb = (double)usage.ru_maxrss / 1024;
    return true;
}

static bool parse_ours(FILE *in, double *transactions, double *tps)
{
    return fscanf(in, "%lf %lf", transactions, tps) == 2;
}

static int drive(const struct bench *bench, int connections, int out_fd)
{
    struct err err = {0};
    struct trial_result result;
    struct drive_spec spec = {
        .target = cluster_target(bench->cluster),
        .schema = "public",
        .app = "pgdyno perf",
        .workload = bench->workload,
        .variant = bench->workload->variants,
        .protocol = PROTOCOL_PREPARED,
        .connections = connections,
        .threads = bench->threads,
        .duration_ns = bench->seconds * NS_PER_S,
        .seed = 1,
    };
    trial_result_init(&result);
    if (!driver_run(&spec, &result, &err))
        return die("driver", &err);
    if (result.transactions[0].failed > 0)
        fprintf(stderr, "failed: %s\n", result.first_error);
    dprintf(out_fd, "%lld %.3f\n", (long long)result.total_commits,
            (double)result.transactions[0].ok / ((double)result.duration_ns / 1e9));
    return 0;
}

static bool run_ours(const struct bench *bench, int connections, struct sample *out)
{
    int fds[2];
    if (pipe(fds) != 0)
        return false;
    pid_t pid = fork();
    if (pid == 0)
        _exit(drive(bench, connections, fds[1]));
    close(fds[1]);
    return pid > 0 && reap(pid, fdopen(fds[0], "r"), parse_ours, out);
}

static void exec_pgbench(const struct bench *bench, int connections)
{
    const struct target *target = cluster_target(bench->cluster);
    char c[16], j[16], t[16], path[4096];
    snprintf(c, sizeof c, "%d", connections);
    snprintf(j, sizeof j, "%d", bench->threads < connections ? bench->threads : connections);
    snprintf(t, sizeof t, "%d", bench->seconds);
    snprintf(path, sizeof path, "%s/pgbench", cluster_bindir(bench->cluster));
    execl(path, path, "-h", target->host, "-p", target->port, "-U", target->user, "-n", "-S", "-M", "prepared", "-c", c,
          "-j", j, "-T", t, target->dbname, (char *)NULL);
    _exit(127);
}

static bool run_pgbench(const struct bench *bench, int connections, struct sample *out)
{
    int fds[2];
    if (pipe(fds) != 0)
        return false;
    pid_t pid = fork();
    if (pid == 0) {
        dup2(fds[1], STDOUT_FILENO);
        close(fds[0]);
        close(fds[1]);
        exec_pgbench(bench, connections);
    }
    close(fds[1]);
    return pid > 0 && reap(pid, fdopen(fds[0], "r"), process_read_pgbench, out);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const double *values, int n)
{
    double sorted[MAX_PAIRS];
    memcpy(sorted, values, (size_t)n * sizeof *values);
    qsort(sorted, (size_t)n, sizeof *sorted, compare);
    return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

static bool measure(const struct bench *bench, int connections)
{
    double tps[2][MAX_PAIRS], cpu[2][MAX_PAIRS], tps_ratio[MAX_PAIRS], cpu_ratio[MAX_PAIRS], peak = 0;
    for (int i = 0; i < bench->pairs; i++) {
        struct sample ours = {0}, theirs = {0};
        bool ours_first = i % 2 == 0;
        if ((ours_first && !run_ours(bench, connections, &ours)) || !run_pgbench(bench, connections, &theirs) ||
            (!ours_first && !run_ours(bench, connections, &ours)))
            return false;
        tps[0][i] = ours.tps, tps[1][i] = theirs.tps, tps_ratio[i] = ours.tps / theirs.tps;
        cpu[0][i] = ours.cpu_us, cpu[1][i] = theirs.cpu_us, cpu_ratio[i] = ours.cpu_us / theirs.cpu_us;
        peak = ours.peak_mb > peak ? ours.peak_mb : peak;
    }
    printf("%11d %10.0f %10.0f %7.3f %9.2f %9.2f %7.3f %8.1f\n", connections, median(tps[0], bench->pairs),
           median(tps[1], bench->pairs), median(tps_ratio, bench->pairs), median(cpu[0], bench->pairs),
           median(cpu[1], bench->pairs), median(cpu_ratio, bench->pairs), peak);
    fflush(stdout);
    return true;
}

static bool fill(const struct bench *bench, struct err *err)
{
    char path[4096], scale[16];
    snprintf(path, sizeof path, "%s/pgbench", cluster_bindir(bench->cluster));
    snprintf(scale, sizeof scale, "%d", ROWS_SCALE);
    const struct target *target = cluster_target(bench->cluster);
    const char *argv[] = {path, "-h", target->host, "-p",  target->port,   "-U", target->user,
                          "-i", "-q", "-s",         scale, target->dbname, NULL};
    return proc_run(argv, NULL, (uid_t)-1, (gid_t)-1, 0, NULL, err);
}

static void read_counts(struct bench *bench, char *list)
{
    bench->n_counts = 0;
    for (char *rest = NULL, *word = strtok_r(list, ",", &rest); word && bench->n_counts < MAX_COUNTS;
         word = strtok_r(NULL, ",", &rest))
        bench->counts[bench->n_counts++] = atoi(word);
}

static bool read_options(struct bench *bench, int argc, char **argv)
{
    for (int c; (c = getopt(argc, argv, "T:n:j:c:")) != -1;) {
        if (c == 'T')
            bench->seconds = atoi(optarg);
        else if (c == 'n')
            bench->pairs = atoi(optarg);
        else if (c == 'j')
            bench->threads = atoi(optarg);
        else if (c == 'c')
            read_counts(bench, optarg);
        else
            return false;
    }
    return bench->seconds > 0 && bench->pairs > 0 && bench->pairs <= MAX_PAIRS && bench->threads > 0;
}

int main(int argc, char **argv)
{
    struct bench bench = {.seconds = 4, .pairs = 5, .threads = 2, .counts = {1, 4, 16, 64, 256}, .n_counts = 5};
    struct cluster_options options = {.max_connections = MAX_CONNECTIONS};
    struct problems problems = {0};
    struct err err = {0};
    if (!read_options(&bench, argc, argv)) {
        fprintf(stderr, "usage: %s [-T seconds] [-n pairs] [-j threads] [-c 1,4,16,64,256]\n", argv[0]);
        return 1;
    }
    if (!workload_load(TEST_PERF_DIR "/select.yaml", NULL, 0, &bench.workload, &problems)) {
        struct str text = {0};
        problems_print(&problems, false, &text);
        fprintf(stderr, "%s", str_text(&text));
        return 1;
    }
    if (!cluster_open(&options, &bench.cluster, &err) || !fill(&bench, &err))
        return die("server", &err);
    printf("%11s %10s %10s %7s %9s %9s %7s %8s\n", "connections", "tps", "pgbench", "ratio", "µs CPU/tx", "pgbench",
           "ratio", "peak MB");
    bool ok = true;
    for (int i = 0; ok && i < bench.n_counts; i++)
        ok = measure(&bench, bench.counts[i]);
    cluster_close(bench.cluster);
    workload_free(bench.workload);
    return ok ? 0 : 1;
}

/* The driver where there is much of something: connections, clients, transactions a second. Each run is a process of
 * its own, so that CPU and peak memory are wait4's; runs beside pgbench alternate with it.
 *
 *     perf_scale [-T seconds] [-n pairs] [-s path of stubpg] [set-up …]      closed crowd thinking idle stub */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
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
    MAX_PAIRS = 21,
    ROWS_SCALE = 10,
    THREADS = 2
};

struct set_up {
    const char *name, *what;
    int connections, clients;
    double rate_tps;
    int64_t think_ns;
    bool beside; /* pgbench */
    bool stub;
};

static const struct set_up set_ups[] = {
    {"closed", "1000 connections, closed loop", 1000, 1000, 0, 0, true, false},
    {"crowd", "10000 clients on 100 connections", 100, 10000, 0, 0, false, false},
    {"thinking", "the same, thinking 2 s", 100, 10000, 0, 2 * NS_PER_S, false, false},
    {"idle", "1000 connections, 5000/s", 1000, 0, 5000, 0, true, false},
    {"stub", "stub, 16 connections, 50000/s", 16, 0, 50000, 0, false, true},
};

struct bench {
    struct cluster *cluster;
    struct target stub;
    struct workload *workload;
    const char *stub_path;
    pid_t stub_pid;
    char stub_folder[32];
    int seconds, pairs;
};

struct sample {
    double tps, cpu_us, lag_p99_us, wait_p99_ms, lost, peak_mb;
};

static int die(const char *what, const struct err *err)
{
    fprintf(stderr, "%s: %s %s\n", what, err->where, err->text);
    return 1;
}

/* --- Runs --------------------------------------------------------------------------------------------------------- */

static int drive(const struct bench *bench, const struct set_up *set_up, int out_fd)
{
    struct err err = {0};
    struct trial_result r;
    bench->workload->load.think_ns = set_up->think_ns;
    struct drive_spec spec = {
        .target = set_up->stub ? &bench->stub : cluster_target(bench->cluster),
        .schema = "public",
        .app = "pgdyno perf",
        .workload = bench->workload,
        .variant = bench->workload->variants,
        .protocol = PROTOCOL_PREPARED,
        .connections = set_up->connections,
        .clients = set_up->clients,
        .rate_tps = set_up->rate_tps,
        .arrivals = set_up->stub ? ARRIVALS_CONSTANT : ARRIVALS_POISSON,
        .threads = THREADS,
        .duration_ns = bench->seconds * NS_PER_S,
        .seed = 1,
    };
    trial_result_init(&r);
    if (!driver_run(&spec, &r, &err))
        return die(set_up->name, &err);
    const struct transaction_result *t = &r.transactions[0];
    if (t->failed > 0)
        fprintf(stderr, "failed: %s\n", r.first_error);
    dprintf(out_fd, "%lld %.3f %.1f %.3f %lld\n", (long long)t->ok, (double)t->ok / ((double)r.duration_ns / 1e9),
            (double)r.harness_lag.p99 / 1e3, (double)hist_percentile(t->pool_wait, 0.99) / 1e6,
            (long long)(r.scheduled - t->ok));
    return 0;
}

static bool parse_ours(FILE *in, double *transactions, struct sample *out)
{
    return fscanf(in, "%lf %lf %lf %lf %lf", transactions, &out->tps, &out->lag_p99_us, &out->wait_p99_ms,
                  &out->lost) == 5;
}

static bool parse_pgbench(FILE *in, double *transactions, struct sample *out)
{
    return process_read_pgbench(in, transactions, &out->tps);
}

static int become_pgbench(const struct bench *bench, const struct set_up *set_up, int out_fd)
{
    const struct target *target = cluster_target(bench->cluster);
    char path[4096], c[16], j[16], t[16], rate[32];
    snprintf(path, sizeof path, "%s/pgbench", cluster_bindir(bench->cluster));
    snprintf(c, sizeof c, "%d", set_up->connections);
    snprintf(j, sizeof j, "%d", THREADS);
    snprintf(t, sizeof t, "%d", bench->seconds);
    snprintf(rate, sizeof rate, "%.0f", set_up->rate_tps);
    const char *argv[] = {path, "-h",       target->host, "-p", target->port, "-U", target->user, "-n", "-S",
                          "-M", "prepared", "-c",         c,    "-j",         j,    "-T",         t,    target->dbname,
                          NULL, NULL,       NULL};
    if (set_up->rate_tps > 0)
        argv[18] = "-R", argv[19] = rate;
    dup2(out_fd, STDOUT_FILENO);
    execv(path, (char *const *)(uintptr_t)argv);
    return 127;
}

static bool run(const struct bench *bench, const struct set_up *set_up, bool ours, struct sample *out)
{
    int fds[2], status = 1;
    double transactions = 0;
    struct rusage usage;
    *out = (struct sample){0};
    if (pipe(fds) != 0)
        return false;
    pid_t pid = fork();
    if (pid == 0)
        _exit(ours ? drive(bench, set_up, fds[1]) : become_pgbench(bench, set_up, fds[1]));
    close(fds[1]);
    FILE *in = fdopen(fds[0], "r");
    bool parsed = (ours ? parse_ours : parse_pgbench)(in, &transactions, out);
    fclose(in);
    if (wait4(pid, &status, 0, &usage) != pid || status != 0 || !parsed || transactions <= 0) {
        fprintf(stderr, "%s of \"%s\" failed with status %d\n", ours ? "our run" : "pgbench's run", set_up->what,
                status);
        return false;
    }
    out->cpu_us = process_cpu_us(&usage) / transactions;
    out->peak_mb = (double)usage.ru_maxrss / 1024;
    return true;
}

/* --- Rows --------------------------------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of one figure of `n` samples. */
static double median(const struct sample *samples, int n, size_t offset)
{
    double values[MAX_PAIRS];
    for (int i = 0; i < n; i++)
        memcpy(&values[i], (const char *)&samples[i] + offset, sizeof values[i]);
    qsort(values, (size_t)n, sizeof *values, compare);
    return values[n / 2];
}
#define MEDIAN(samples, n, figure) median(samples, n, offsetof(struct sample, figure))

static bool measure(const struct bench *bench, const struct set_up *set_up)
{
    struct sample ours[MAX_PAIRS], theirs[MAX_PAIRS], ratios[MAX_PAIRS];
    int n = bench->pairs;
    for (int i = 0; i < n; i++) {
        bool ours_first = i % 2 == 0;
        if ((ours_first && !run(bench, set_up, true, &ours[i])) ||
            (set_up->beside && !run(bench, set_up, false, &theirs[i])) ||
            (!ours_first && !run(bench, set_up, true, &ours[i])))
            return false;
        if (set_up->beside)
            ratios[i] =
                (struct sample){.tps = ours[i].tps / theirs[i].tps, .cpu_us = ours[i].cpu_us / theirs[i].cpu_us};
    }
    printf("%-33s %9.0f %9.2f %8.1f %9.1f %6.0f %8.1f", set_up->what, MEDIAN(ours, n, tps), MEDIAN(ours, n, cpu_us),
           MEDIAN(ours, n, lag_p99_us), MEDIAN(ours, n, wait_p99_ms), MEDIAN(ours, n, lost), MEDIAN(ours, n, peak_mb));
    if (set_up->beside)
        printf(" │ %9.0f %9.2f %8.1f │ %6.3f %6.3f", MEDIAN(theirs, n, tps), MEDIAN(theirs, n, cpu_us),
               MEDIAN(theirs, n, peak_mb), MEDIAN(ratios, n, tps), MEDIAN(ratios, n, cpu_us));
    printf("\n");
    fflush(stdout);
    return true;
}

/* --- Servers ------------------------------------------------------------------------------------------------------ */

static bool open_cluster(struct bench *bench, struct err *err)
{
    char path[4096], scale[16];
    struct cluster_options options = {.max_connections = 1100};
    if (bench->cluster)
        return true;
    if (!cluster_open(&options, &bench->cluster, err))
        return false;
    snprintf(path, sizeof path, "%s/pgbench", cluster_bindir(bench->cluster));
    snprintf(scale, sizeof scale, "%d", ROWS_SCALE);
    const struct target *target = cluster_target(bench->cluster);
    const char *argv[] = {path, "-h", target->host, "-p",  target->port,   "-U", target->user,
                          "-i", "-q", "-s",         scale, target->dbname, NULL};
    return proc_run(argv, NULL, (uid_t)-1, (gid_t)-1, 0, NULL, err);
}

static bool open_stub(struct bench *bench, struct err *err)
{
    char host[64], line[256];
    int out[2];
    snprintf(bench->stub_folder, sizeof bench->stub_folder, "/tmp/pgdyno-scale-XXXXXX");
    if (!mkdtemp(bench->stub_folder) || pipe(out) != 0)
        return err_system(err, bench->stub_folder, "cannot start the stub");
    snprintf(host, sizeof host, "--host=%s", bench->stub_folder);
    bench->stub_pid = fork();
    if (bench->stub_pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        dup2(out[1], STDOUT_FILENO);
        execl(bench->stub_path, bench->stub_path, host, (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    bool ready = read(out[0], line, sizeof line) > 0;
    bench->stub = (struct target){.host = bench->stub_folder, .user = "postgres", .dbname = "postgres"};
    return ready || err_set(err, ERR_SYSTEM, bench->stub_path, "the stub did not start");
}

static void close_servers(struct bench *bench)
{
    if (bench->stub_pid > 0) {
        kill(bench->stub_pid, SIGTERM);
        waitpid(bench->stub_pid, NULL, 0);
        proc_remove_tree(bench->stub_folder, NULL);
    }
    cluster_close(bench->cluster);
}

static bool is_wanted(const struct set_up *set_up, int argc, char **argv)
{
    for (int i = optind; i < argc; i++)
        if (strcmp(argv[i], set_up->name) == 0)
            return true;
    return optind == argc;
}

static bool read_options(struct bench *bench, int argc, char **argv)
{
    for (int c; (c = getopt(argc, argv, "T:n:s:")) != -1;) {
        if (c == 'T')
            bench->seconds = atoi(optarg);
        else if (c == 'n')
            bench->pairs = atoi(optarg);
        else if (c == 's')
            bench->stub_path = optarg;
        else
            return false;
    }
    return bench->seconds > 0 && bench->pairs > 0 && bench->pairs <= MAX_PAIRS;
}

int main(int argc, char **argv)
{
    struct bench bench = {.seconds = 8, .pairs = 5, .stub_path = STUBPG_PATH};
    struct problems problems = {0};
    struct err err = {0};
    if (!read_options(&bench, argc, argv)) {
        fprintf(stderr, "usage: %s [-T seconds] [-n pairs] [-s stubpg] [set-up …]\n", argv[0]);
        return 1;
    }
    if (!workload_load(TEST_PERF_DIR "/select.yaml", NULL, 0, &bench.workload, &problems)) {
        fprintf(stderr, "select.yaml cannot be read\n");
        return 1;
    }
    printf("%-33s %9s %9s %8s %9s %6s %8s │ %9s %9s %8s │ ratio: tps, CPU\n", "", "tps", "µs CPU/tx", "lag p99",
           "wait p99", "lost", "peak MB", "pgbench", "µs CPU/tx", "peak MB");
    bool ok = true;
    for (size_t i = 0; ok && i < sizeof set_ups / sizeof *set_ups; i++) {
        const struct set_up *set_up = &set_ups[i];
        if (is_wanted(set_up, argc, argv))
            ok = (set_up->stub ? open_stub(&bench, &err) : open_cluster(&bench, &err)) && measure(&bench, set_up);
    }
    if (err.kind != ERR_NONE)
        die("server", &err);
    close_servers(&bench);
    workload_free(bench.workload);
    return ok ? 0 : 1;
}

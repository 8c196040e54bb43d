#include "pgbench.h"

#include <dirent.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/proc.h"

struct folder {
    char path[64], script[80], prefix[80];
};

static bool write_script(struct folder *folder, const char *sql)
{
    snprintf(folder->path, sizeof folder->path, "/tmp/pgdyno-pgbench-XXXXXX");
    if (!mkdtemp(folder->path))
        return false;
    snprintf(folder->script, sizeof folder->script, "%s/script", folder->path);
    snprintf(folder->prefix, sizeof folder->prefix, "%s/log", folder->path);
    FILE *file = fopen(folder->script, "w");
    if (!file)
        return false;
    fprintf(file, "%s;\n", sql);
    return fclose(file) == 0;
}

static bool execute(struct truth *truth, const struct pgbench_case *c, const struct folder *folder, struct err *err)
{
    const struct target *target = truth_postgres(truth);
    char program[512], clients[16], threads[16], seconds[16], prefix[100], rate[32];
    snprintf(program, sizeof program, "%s/pgbench", cluster_bindir(truth->cluster));
    if (access(program, X_OK) != 0 && !proc_find("pgbench", program, sizeof program))
        return err_set(err, ERR_SYSTEM, "pgbench", "is not installed");
    snprintf(clients, sizeof clients, "-c%d", c->clients);
    snprintf(threads, sizeof threads, "-j%d", c->threads);
    snprintf(seconds, sizeof seconds, "-T%d", (int)(c->duration_ns / NS_PER_S));
    snprintf(prefix, sizeof prefix, "--log-prefix=%s", folder->prefix);
    snprintf(rate, sizeof rate, "-R%g", c->rate_tps);
    const char *const argv[] = {program,
                                "-n",
                                "-h",
                                target->host,
                                "-p",
                                target->port,
                                "-U",
                                target->user,
                                clients,
                                threads,
                                seconds,
                                "-f",
                                folder->script,
                                "--log",
                                prefix,
                                "-Mprepared",
                                c->rate_tps > 0 ? rate : "postgres",
                                c->rate_tps > 0 ? "postgres" : NULL,
                                NULL};
    return proc_run(argv, folder->path, (uid_t)-1, (gid_t)-1, 2 * c->duration_ns + 60 * NS_PER_S, NULL, err);
}

static int by_response(const void *a, const void *b)
{
    double x = ((const struct pgbench_entry *)a)->response_ms, y = ((const struct pgbench_entry *)b)->response_ms;
    return (x > y) - (x < y);
}

/* client_id transaction_no time script_no time_epoch time_us schedule_lag */
static void read_file(const char *path, struct pgbench_log *out, size_t *capacity)
{
    char line[256];
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        long long time_us, epoch_s, epoch_us, lag_us = 0;
        if (sscanf(line, "%*d %*d %lld %*d %lld %lld %lld", &time_us, &epoch_s, &epoch_us, &lag_us) < 3)
            continue;
        if (out->n == *capacity) {
            *capacity = 2 * *capacity + 1000;
            void *list = realloc(out->list, *capacity * sizeof *out->list);
            if (!list)
                break;
            out->list = list;
        }
        out->list[out->n++] = (struct pgbench_entry){.response_ms = (double)time_us / 1e3,
                                                     .lag_ms = (double)lag_us / 1e3,
                                                     .end_s = (double)epoch_s + (double)epoch_us / 1e6};
    }
    if (file)
        fclose(file);
}

static void read_logs(const struct folder *folder, struct pgbench_log *out)
{
    size_t capacity = 0;
    double first_s = INFINITY;
    DIR *dir = opendir(folder->path);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        char path[400];
        snprintf(path, sizeof path, "%s/%s", folder->path, entry->d_name);
        if (strncmp(entry->d_name, "log.", 4) == 0)
            read_file(path, out, &capacity);
    }
    if (dir)
        closedir(dir);
    for (size_t i = 0; i < out->n; i++)
        first_s = fmin(first_s, out->list[i].end_s);
    for (size_t i = 0; i < out->n; i++)
        out->list[i].end_s -= first_s;
    if (out->n > 0)
        qsort(out->list, out->n, sizeof *out->list, by_response);
}

struct aside {
    void (*run)(void *user);
    void *user;
};

static void *run_aside(void *arg)
{
    struct aside *aside = arg;
    aside->run(aside->user);
    return NULL;
}

void pgbench_run(struct truth *truth, const struct pgbench_case *c, void (*meanwhile)(void *user), void *user,
                 struct pgbench_log *out)
{
    struct err err = {0};
    struct folder folder = {0};
    struct aside aside = {meanwhile, user};
    pthread_t thread;
    *out = (struct pgbench_log){0};
    bool made = write_script(&folder, c->sql);
    bool beside = made && meanwhile && pthread_create(&thread, NULL, run_aside, &aside) == 0;
    if (!made || !execute(truth, c, &folder, &err))
        truth_skip(truth, "pgbench beside it", made ? err.text : "no folder for its log");
    else
        read_logs(&folder, out);
    if (beside)
        pthread_join(thread, NULL);
    if (folder.path[0])
        proc_remove_tree(folder.path, &err);
}

void pgbench_log_deinit(struct pgbench_log *log)
{
    free(log->list);
    *log = (struct pgbench_log){0};
}

double pgbench_percentile_ms(const struct pgbench_log *log, double q)
{
    size_t rank = (size_t)ceil(q * (double)log->n);
    return log->n > 0 ? log->list[rank > 0 ? rank - 1 : 0].response_ms : NAN;
}

double pgbench_mean_lag_ms(const struct pgbench_log *log)
{
    double sum = 0;
    for (size_t i = 0; i < log->n; i++)
        sum += log->list[i].lag_ms;
    return log->n > 0 ? sum / (double)log->n : NAN;
}

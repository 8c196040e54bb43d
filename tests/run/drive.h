/* One trial of a workload given as text, for tests of the driver. */
#ifndef PGDYNO_TESTS_RUN_DRIVE_H
#define PGDYNO_TESTS_RUN_DRIVE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/stop.h"
#include "base/str.h"
#include "run/driver.h"
#include "support/server.h"
#include "workloads/workload.h"

#define SQLSTATE_OF(text) sqlstate_parse(text)

/* `body` is everything but the parts that are the same in every test. */
static inline struct workload *load_text(const char *body)
{
    char path[] = "/tmp/pgdyno-driver-XXXXXX.yaml";
    int fd = mkstemps(path, 5);
    assert_true(fd >= 0);
    dprintf(fd, "workload: driver_test\nretry: { max_tries: 100, backoff: 1ms..4ms }\n%s", body);
    close(fd);
    struct problems problems = {0};
    struct workload *workload = NULL;
    bool ok = workload_load(path, NULL, 0, &workload, &problems);
    unlink(path);
    if (!ok) {
        struct str text = {0};
        problems_print(&problems, false, &text);
        fail_msg("%s", str_text(&text));
    }
    problems_deinit(&problems);
    return workload;
}

/* What a test varies; zeros are the defaults. */
struct drive_case {
    const char *text;
    const struct target *target;
    int connections, threads;
    int64_t warmup_ns, duration_ns, drain_ns;
    int64_t raw_bytes; /* 0: 64 MB */
    enum isolation isolation;
    enum protocol protocol;
    const char *app;
    int block;
    int clients;
    double rate_tps;
    enum arrivals arrivals;
    int64_t think_ns;
    struct pool_habits pool;
    void (*update)(void *user, const struct progress *progress);
    void *user;
};

static inline bool drive_case(const struct drive_case *c, struct trial_result *out, struct err *err)
{
    struct workload *workload = load_text(c->text);
    struct progress_sink sink = {c->user, c->update};
    struct variant variant = workload->variants[0];
    variant.pool = c->pool;
    workload->load.think_ns = c->think_ns;
    workload->measure.raw_bytes = c->raw_bytes ? c->raw_bytes : 64 << 20;
    struct drive_spec spec = {
        .target = c->target ? c->target : cluster_target(test_cluster()),
        .schema = "public",
        .app = c->app ? c->app : "driver test",
        .workload = workload,
        .variant = &variant,
        .isolation = c->isolation,
        .protocol = c->protocol,
        .connections = c->connections ? c->connections : 2,
        .clients = c->clients,
        .rate_tps = c->rate_tps,
        .arrivals = c->arrivals,
        .threads = c->threads ? c->threads : 2,
        .warmup_ns = c->warmup_ns,
        .duration_ns = c->duration_ns ? c->duration_ns : 300 * NS_PER_MS,
        .drain_ns = c->drain_ns,
        .seed = 7,
        .block = c->block,
        .progress = &sink,
    };
    trial_result_init(out);
    bool ok = driver_run(&spec, out, err);
    workload_free(workload);
    return ok;
}

static inline void drive(const struct drive_case *c, struct trial_result *out)
{
    struct err err = {0};
    if (!drive_case(c, out, &err))
        fail_msg("%s: %s", err.where, err.text);
}

static inline int64_t errors_of(const struct trial_result *result, sqlstate code)
{
    for (size_t i = 0; i < result->n_errors; i++)
        if (result->errors[i].code == code)
            return result->errors[i].count;
    return 0;
}

#endif

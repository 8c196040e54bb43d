/* One trial of a workload given as text, judged with the very code that judges a user's. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../bench/run/session.h"
#include "run/balance.h"
#include "truth.h"

static struct workload *load(const char *text, struct err *err)
{
    char path[] = "/tmp/pgdyno-truth-XXXXXX.yaml";
    struct problems problems = {0};
    struct workload *workload = NULL;
    int fd = mkstemps(path, 5);
    if (fd < 0) {
        err_set(err, ERR_SYSTEM, path, "cannot be created");
        return NULL;
    }
    dprintf(fd, "workload: truth\nretry: { max_tries: 100, backoff: 1ms..4ms }\n%s", text);
    close(fd);
    if (!workload_load(path, NULL, 0, &workload, &problems)) {
        struct str said = {0};
        problems_print(&problems, false, &said);
        err_set(err, ERR_INPUT, NULL, "%s", str_text(&said));
        str_deinit(&said);
    }
    unlink(path);
    problems_deinit(&problems);
    return workload;
}

const struct target *truth_postgres(const struct truth *truth)
{
    return cluster_target(truth->cluster);
}

static struct drive_spec spec_of(const struct trial_case *c, const struct workload *workload,
                                 const struct progress_sink *sink)
{
    return (struct drive_spec){
        .target = c->target,
        .schema = "public",
        .app = TRUTH_APP,
        .workload = workload,
        .variant = &workload->variants[0],
        .isolation = c->isolation,
        .protocol = c->protocol,
        .connections = c->connections,
        .clients = c->clients,
        .rate_tps = c->rate_tps,
        .arrivals = c->arrivals,
        .threads = c->threads,
        .warmup_ns = c->warmup_ns,
        .duration_ns = c->duration_ns,
        .seed = 7,
        .block = c->block,
        .progress = sink,
    };
}

static void judge(const struct trial_case *c, const struct workload *workload, struct trial_result *out)
{
    bool has_first = false;
    struct state_print print = {0};
    struct session session = {
        .workload = workload, .target = *c->target, .first_prints = &print, .has_first_print = &has_first};
    judge_trial(&session, &print, true, out);
}

bool truth_drive(struct truth *truth, const struct trial_case *c, struct trial_result *out)
{
    struct err err = {0};
    struct progress_sink sink = {c->user, c->update};
    struct workload *workload = load(c->text, &err);
    trial_result_init(out);
    if (!workload) {
        truth_broken(truth, "workload", &err);
        return false;
    }
    workload->load.think_ns = c->think_ns;
    workload->load.clients = c->clients;
    workload->load.arrivals = c->arrivals;
    workload->measure.duration_ns = c->duration_ns;
    workload->measure.raw_bytes = 256 << 20;
    if (c->max_tries > 0)
        workload->retry.max_tries = c->max_tries;
    struct drive_spec spec = spec_of(c, workload, &sink);
    bool ok = driver_run(&spec, out, &err);
    if (ok) {
        judge(c, workload, out);
    } else {
        truth_broken(truth, "trial", &err);
        trial_result_deinit(out);
    }
    workload_free(workload);
    return ok;
}

/* --- SQL to PostgreSQL -------------------------------------------------------------------------------------------- */

bool truth_exec(struct truth *truth, const char *sql)
{
    struct err err = {0};
    if (db_exec(truth->db, "truth", sql, &err))
        return true;
    truth_broken(truth, "SQL", &err);
    return false;
}

int64_t truth_int(struct truth *truth, const char *sql)
{
    struct err err = {0};
    int64_t value = -1;
    if (!db_int(truth->db, sql, &value, &err))
        truth_broken(truth, "SQL", &err);
    return value;
}

/* --- What holds of every trial ------------------------------------------------------------------------------------ */

int64_t truth_ended(const struct trial_result *trial)
{
    int64_t n = 0;
    for (size_t t = 0; t < trial->n_transactions; t++) {
        const struct transaction_result *result = &trial->transactions[t];
        n += result->ok + result->failed + result->timed_out + result->censored;
    }
    return n;
}

double truth_mean_ms(const struct hist *hist)
{
    return hist_mean(hist) / 1e6;
}

double truth_percentile_ms(const struct hist *hist, double q)
{
    return (double)hist_percentile(hist, q) / 1e6;
}

void truth_check_accounts(struct truth *truth, const char *setup, const struct trial_result *trial)
{
    int64_t ended = truth_ended(trial);
    truth_check(truth, EXACT,
                trial->scheduled == ended && (int64_t)trial->records.n == ended && trial->records.complete &&
                    trial->little.made && trial->little.error <= 0.001,
                setup,
                TEXT("%" PRId64 " scheduled, %" PRId64 " ended, %zu records; Little off by %.5f %%", trial->scheduled,
                     ended, trial->records.n, 100 * trial->little.error),
                "scheduled = ended = records; Little ≤ 0.1 %");
}

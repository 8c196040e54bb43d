/* One trial:
 *
 *     restore if dirty → variant → plans (once) → CHECKPOINT → counters │ driver │ counters → checks → judge → sink  */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "run/driver.h"
#include "session.h"

enum {
    MAX_INDEXES = 256,
    CHECKPOINT_POLLS = 50
};
#define CHECKPOINT_POLL_NS (4 * NS_PER_MS)

/* What the server knew at one moment. */
struct observation {
    struct serverstat stat;
    struct state_print print;
    struct index_use *indexes; /* MAX_INDEXES */
    size_t n_indexes;
};

/* Whose tables and indexes the server's counters are of; NULL: those of the first schema in the search path. */
static const char *counted_schema(const struct session *session)
{
    return session->workload->existing ? NULL : session->workload->name;
}

static bool observe(struct session *session, struct observation *out, struct err *err)
{
    if (!serverstat_read(session->db, counted_schema(session), session->app, &out->stat, err) ||
        !restore_print(session, &out->print, err) ||
        !serverstat_indexes(session->db, counted_schema(session), out->indexes, MAX_INDEXES, &out->n_indexes, err))
        return false;
    if (out->n_indexes > MAX_INDEXES)
        out->n_indexes = MAX_INDEXES;
    return true;
}

static bool observation_init(struct observation *observation, struct err *err)
{
    *observation = (struct observation){.indexes = calloc(MAX_INDEXES, sizeof *observation->indexes)};
    return observation->indexes || err_memory(err);
}

static void observation_deinit(struct observation *observation)
{
    free(observation->indexes);
}

/* --- Before ------------------------------------------------------------------------------------------------------- */

/* What CREATE INDEX or `apply` wrote is not in the shared buffers yet, and a variant shall not pay for being new.
 * Without pg_prewarm it is at least in the operating system's cache, like the tables. */
static bool warm_caches(struct session *session, struct err *err)
{
    return !session->prewarm[0] || settle_prewarm(session, err);
}

static bool switch_variant(struct session *session, int variant, const struct run_sink *sink, struct err *err)
{
    if ((session->current.variant != variant || session->current.partial) &&
        (!variant_leave(session, err) || !variant_enter(session, variant, err) || !warm_caches(session, err)))
        return false;
    if (session->planned[variant])
        return true;
    session->planned[variant] = true;
    return sample_plans(session, sink, err);
}

/* The checkpointer counts a checkpoint a little after CHECKPOINT returned; our own must not look like one that fell
 * into the trial. */
static bool checkpoint_counted(struct session *session, struct err *err)
{
    struct serverstat before, now;
    struct timespec pause = {.tv_nsec = CHECKPOINT_POLL_NS};
    if (!session->can_checkpoint)
        return settle_checkpoint(session, err);
    if (!serverstat_read(session->db, counted_schema(session), session->app, &before, err) ||
        !settle_checkpoint(session, err))
        return false;
    for (int i = 0; i < CHECKPOINT_POLLS && before.has[STAT_CHECKPOINTS]; i++) {
        if (!serverstat_read(session->db, counted_schema(session), session->app, &now, err))
            return false;
        if (now.value[STAT_CHECKPOINTS] > before.value[STAT_CHECKPOINTS])
            break;
        nanosleep(&pause, NULL);
    }
    return true;
}

static bool make_ready(struct session *session, const struct cell *cell, const struct run_sink *sink, struct err *err)
{
    if (session->dirty && (!variant_leave(session, err) || !restore_run(session, err)))
        return false;
    if (!switch_variant(session, cell->variant, sink, err) ||
        (session->workload->existing && !settle_existing(session, err)))
        return false;
    session_progress(session, PHASE_RESTORE, "checkpoint", 0, 0);
    return checkpoint_counted(session, err);
}

/* --- The window --------------------------------------------------------------------------------------------------- */

static const struct rate *rate_of(const struct session *session, const struct cell *cell)
{
    return &session->workload->sweep.rates[cell->rate];
}

/* The closed-loop throughput of the cell's variant, pool and isolation; 0: not known yet. */
static double *closed_tps(struct session *session, const struct cell *cell)
{
    const struct sweep *sweep = &session->workload->sweep;
    size_t point = ((size_t)cell->variant * sweep->n_pools + (size_t)cell->pool) * sweep->n_isolations;
    return &session->closed_tps[point + (size_t)cell->isolation];
}

static double rate_tps(struct session *session, const struct cell *cell)
{
    const struct rate *rate = rate_of(session, cell);
    switch (rate->kind) {
    case RATE_TPS:
        return rate->value;
    case RATE_SHARE:
        return rate->value * *closed_tps(session, cell);
    default:
        return 0;
    }
}

static void label_of(const struct session *session, const struct cell *cell, const char *rate, char *buf)
{
    const struct workload *workload = session->workload;
    snprintf(buf, SESSION_LABEL_BYTES, "%.64s · pool %d · %s%s%s", workload->variants[cell->variant].name,
             workload->sweep.pools[cell->pool], isolation_short(workload->sweep.isolations[cell->isolation]),
             *rate ? " · " : "", rate);
}

static bool drive_at(struct session *session, const struct cell *cell, double tps, const char *label,
                     struct trial_result *trial, struct err *err)
{
    const struct workload *workload = session->workload;
    struct drive_spec spec = {
        .target = &session->target,
        .schema = counted_schema(session),
        .app = session->app,
        .workload = workload,
        .variant = &workload->variants[cell->variant],
        .isolation = workload->sweep.isolations[cell->isolation],
        .protocol = workload->measure.protocol,
        .connections = workload->sweep.pools[cell->pool],
        .clients = workload->load.clients,
        .rate_tps = tps,
        .arrivals = workload->load.arrivals,
        .threads = workload->measure.threads,
        .warmup_ns = workload->measure.warmup_ns,
        .duration_ns = workload->measure.duration_ns,
        .seed = workload->measure.seed,
        .block = cell->block,
        .progress = session->options.progress,
        .progress_base = {.label = label, .trial = session->trials_done + 1, .n_trials = session->n_trials},
    };
    session_progress(session, PHASE_WARMUP, label, 0, 0);
    return driver_run(&spec, trial, err);
}

static double throughput(const struct trial_result *trial)
{
    int64_t ok = 0;
    for (size_t t = 0; t < trial->n_transactions; t++)
        ok += trial->transactions[t].ok;
    return trial->duration_ns > 0 ? (double)ok * (double)NS_PER_S / (double)trial->duration_ns : 0;
}

static bool drive(struct session *session, const struct cell *cell, struct trial_result *trial, struct err *err)
{
    char label[SESSION_LABEL_BYTES], name[RATE_NAME_BYTES];
    const struct rate *rate = rate_of(session, cell);
    label_of(session, cell, rate->kind == RATE_CLOSED ? "" : rate_name(rate, name), label);
    if (!drive_at(session, cell, rate_tps(session, cell), label, trial, err))
        return false;
    if (rate->kind == RATE_CLOSED && trial->complete && *closed_tps(session, cell) == 0)
        *closed_tps(session, cell) = throughput(trial);
    return true;
}

static void begin_result(struct session *session, const struct cell *cell, struct trial_result *trial)
{
    trial_result_init(trial);
    trial->variant = cell->variant;
    trial->pool = cell->pool;
    trial->isolation = cell->isolation;
    trial->rate = cell->rate;
    trial->block = cell->block;
    trial->order = session->trials_done;
    trial->clients = trial->connections = session->workload->sweep.pools[cell->pool];
}

/* --- After -------------------------------------------------------------------------------------------------------- */

static int64_t scans_of(const struct observation *observation, const char *name)
{
    for (size_t i = 0; i < observation->n_indexes; i++)
        if (strcmp(observation->indexes[i].name, name) == 0)
            return observation->indexes[i].scans;
    return 0;
}

static void note_indexes(const struct session *session, const struct observation *before,
                         const struct observation *after, struct trial_result *trial)
{
    trial->n_indexes = session->current.n_indexes;
    for (size_t i = 0; i < trial->n_indexes; i++) {
        struct index_result *index = &trial->indexes[i];
        *index = session->current.indexes[i];
        int64_t scans = scans_of(after, index->name) - scans_of(before, index->name);
        index->scans = scans > 0 ? scans : 0; /* a crash resets the counters */
    }
}

static bool note_checks(struct session *session, struct trial_result *trial, struct err *err)
{
    const char *broken;
    char why[128];
    if (!checks_run(session, &broken, why, sizeof why, err))
        return false;
    if (broken) {
        snprintf(trial->broken_check, sizeof trial->broken_check, "%s", broken);
        trial_result_warn(trial, "check %.60s does not hold after this trial: %.80s", broken, why);
    }
    return true;
}

static bool look_after(struct session *session, const struct observation *before, struct observation *after, bool lost,
                       struct trial_result *trial, struct err *err)
{
    bool before_stop = db_set_uninterruptible(session->db, true); /* a stopped trial's counters are worth having */
    bool seen = observe(session, after, err);
    db_set_uninterruptible(session->db, before_stop);
    if (!seen)
        return false;
    if (lost) /* the counters may have begun anew */
        trial_result_warn(trial, "the server restarted, or dropped the set-up connection, during the trial");
    else
        serverstat_diff(&before->stat, &after->stat, &trial->server);
    note_indexes(session, before, after, trial);
    session->dirty = session->writes || lost || after->print.writes != before->print.writes;
    return note_checks(session, trial, err);
}

static bool hand_over(struct session *session, const struct observation *before, bool examined,
                      struct trial_result *trial, const struct run_sink *sink, struct err *err)
{
    judge_trial(session, &before->print, examined, trial);
    if (!session->has_first_print[trial->variant])
        session->first_prints[trial->variant] = before->print;
    session->has_first_print[trial->variant] = true;
    session->trials_done++;
    return !sink->trial || sink->trial(sink->user, trial, err);
}

static bool examine(struct session *session, const struct observation *before, struct observation *after, bool *lost,
                    struct trial_result *trial, struct err *err)
{
    if (!session_ensure(session, lost, err))
        return false;
    if (look_after(session, before, after, *lost, trial, err))
        return true;
    /* A crashing server may still answer a moment before it ends this connection too. */
    bool later = false;
    if (err->kind != ERR_SERVER || *lost || !session_ensure(session, &later, err) || !later)
        return false;
    *lost = true;
    return look_after(session, before, after, true, trial, err);
}

/* What was measured reaches the sink even if nothing more can be learnt from the server; `err` keeps why. */
static bool finish(struct session *session, const struct observation *before, struct observation *after,
                   struct trial_result *trial, const struct run_sink *sink, struct err *err)
{
    struct err sink_err = {0};
    bool lost = false;
    bool ok = examine(session, before, after, &lost, trial, err);
    if (!ok)
        session->dirty = true;
    if (hand_over(session, before, ok, trial, sink, &sink_err))
        return ok;
    return ok ? err_set(err, sink_err.kind, sink_err.where, "%s", sink_err.text) : false;
}

/* --- All of it ---------------------------------------------------------------------------------------------------- */

enum outcome {
    TRIAL_DONE,
    TRIAL_AGAIN,
    TRIAL_FAILED
};

/* The driver measured nothing. If the server was away just then, the trial is worth another try. */
static enum outcome after_no_window(struct session *session, struct err *err)
{
    struct err later = {0};
    bool lost = false;
    session->dirty = session->dirty || session->writes;
    if (err->kind != ERR_SERVER || !session->db) /* no connection: its database could not be replaced */
        return TRIAL_FAILED;
    if (!session_ensure(session, &lost, &later)) {
        *err = later;
        return TRIAL_FAILED;
    }
    return lost ? TRIAL_AGAIN : TRIAL_FAILED;
}

static enum outcome no_throughput(const struct session *session, const struct trial_result *trial, struct err *err)
{
    if (trial->complete)
        err_set(err, ERR_INPUT, session->workload->path,
                "no transaction succeeded in a closed loop: a rate in %% has nothing to refer to");
    else
        err_set(err, ERR_STOPPED, NULL, "stopped before anything was measured");
    return TRIAL_FAILED;
}

/* A rate that is a share of the closed-loop throughput needs to know it: a trial whose figures are not kept. */
static enum outcome find_share(struct session *session, const struct cell *cell, const struct run_sink *sink,
                               struct err *err)
{
    char label[SESSION_LABEL_BYTES];
    struct trial_result trial;
    double *known = closed_tps(session, cell);
    enum outcome outcome = TRIAL_DONE;
    if (rate_of(session, cell)->kind != RATE_SHARE || *known > 0)
        return TRIAL_DONE;
    begin_result(session, cell, &trial);
    label_of(session, cell, "finding its throughput", label);
    bool driven = make_ready(session, cell, sink, err) && drive_at(session, cell, 0, label, &trial, err);
    session->dirty = session->dirty || session->writes;
    if (!driven) {
        outcome = after_no_window(session, err);
    } else {
        *known = throughput(&trial);
        if (*known <= 0)
            outcome = no_throughput(session, &trial, err);
    }
    trial_result_deinit(&trial);
    return outcome;
}

static enum outcome attempt(struct session *session, const struct cell *cell, const struct run_sink *sink,
                            struct err *err)
{
    struct observation before = {0}, after = {0};
    struct trial_result trial;
    enum outcome outcome = find_share(session, cell, sink, err);
    if (outcome != TRIAL_DONE)
        return outcome;
    outcome = TRIAL_FAILED;
    begin_result(session, cell, &trial);
    if (!observation_init(&before, err) || !observation_init(&after, err))
        goto out;
    if (!make_ready(session, cell, sink, err) || !observe(session, &before, err)) {
        outcome = after_no_window(session, err);
        goto out;
    }
    if (!drive(session, cell, &trial, err))
        outcome = after_no_window(session, err);
    else if (finish(session, &before, &after, &trial, sink, err))
        outcome = TRIAL_DONE;
out:
    observation_deinit(&before);
    observation_deinit(&after);
    trial_result_deinit(&trial);
    return outcome;
}

bool trial_run(struct session *session, const struct cell *cell, const struct run_sink *sink, struct err *err)
{
    enum outcome outcome = attempt(session, cell, sink, err);
    if (outcome == TRIAL_AGAIN) {
        log_warning(session->options.log, "the server was away; this trial begins again");
        outcome = attempt(session, cell, sink, err);
    }
    return outcome == TRIAL_DONE;
}

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/stop.h"
#include "cli/folder.h"
#include "cli/job.h"
#include "cli/plan_load.h"
#include "cli/report_step.h"
#include "reports/store.h"

#define PARENT "pgdyno-results"

enum {
    ID_BYTES = 128,
    FOLDER_BYTES = 4096
};

struct place {
    char id[ID_BYTES];
    char folder[FOLDER_BYTES];
    bool ours; /* under PARENT */
};

/* The store, and what the person is told of each trial. */
struct tee {
    struct run_sink store;
    struct job *job;
    const struct place *place;
    int n_trials; /* of the whole run */
    int measured;
};

static bool tee_begin(void *user, const struct run_header *header, struct err *err)
{
    struct tee *tee = user;
    return tee->store.begin(tee->store.user, header, err);
}

static bool tee_plan(void *user, const struct plan_result *plan, struct err *err)
{
    struct tee *tee = user;
    return tee->store.plan(tee->store.user, plan, err);
}

static void link_latest(struct job *job, const struct place *place)
{
    struct err err = {0};
    if (place->ours && !folder_link_latest(PARENT, place->id, &err))
        log_warning(&job->log, "%s: %s", err.where, err.text);
}

static bool tee_trial(void *user, const struct trial_result *trial, struct err *err)
{
    struct tee *tee = user;
    if (!tee->store.trial(tee->store.user, trial, err))
        return false;
    if (++tee->measured == 1)
        link_latest(tee->job, tee->place);
    view_trial(&tee->job->view, tee->job->workload, trial, tee->n_trials);
    return true;
}

static bool find_place(const struct job *job, struct place *place, struct err *err)
{
    folder_run_id(job->workload->name, clock_wall_ns(), place->id, sizeof place->id);
    place->ours = !job->options->output;
    if (place->ours)
        return folder_claim(PARENT, place->id, sizeof place->id, place->folder, sizeof place->folder, err);
    if (!*job->options->output || strlen(job->options->output) >= sizeof place->folder)
        return err_set(err, ERR_USAGE, NULL, "--output must be the name of a folder");
    strcpy(place->folder, job->options->output);
    return true;
}

/* --- The main job, step by step ----------------------------------------------------------------------------------- */

static bool sweep(struct job *job, struct store *store, const struct place *place, int *measured, struct err *err)
{
    struct run_plan plan;
    struct tee tee = {.store = store_sink(store), .job = job, .place = place};
    struct run_sink sink = {&tee, tee_begin, tee_plan, tee_trial};
    if (!run_plan(job->workload, &plan, err))
        return false;
    tee.n_trials = plan.n_trials;
    bool ok = session_sweep(job->session, &sink, err);
    *measured = tee.measured;
    return ok;
}

/* The server goes before the report is written: nobody waits for a server while gnuplot draws. */
static int conclude(struct job *job, struct store *store, const struct place *place, bool swept, const struct err *why)
{
    struct err err = {0};
    bool all_valid = false, stopped = stop_requested();
    int status = swept ? EXIT_OK : job_failed(job, why, EXIT_TROUBLE);
    const char *ending = swept ? "finished" : stopped ? "stopped" : "failed";
    session_close(job->session);
    job->session = NULL;
    if (!store_finish(store, ending, swept ? "" : why->text, &err)) {
        error_print(&err);
        status = status == EXIT_OK ? EXIT_TROUBLE : status;
    }
    if (!report_step(job->options, &job->log, place->folder, &all_valid, &err)) {
        error_print(&err);
        return status == EXIT_OK ? EXIT_TROUBLE : status;
    }
    return status == EXIT_OK && !all_valid ? EXIT_INVALID : status;
}

static int nothing_measured(struct job *job, const struct err *err, int otherwise)
{
    int status = job_failed(job, err, otherwise);
    if (status >= EXIT_SIGNALLED)
        fputs("stopped before anything was measured\n", stderr);
    return status;
}

static int run_into(struct job *job, struct store *store, struct place *place, const char *command_line, int *measured)
{
    struct err err = {0};
    if (!job_connect(job, place->id, command_line, &err))
        return nothing_measured(job, &err, EXIT_USAGE);
    if (!session_rehearse(job->session, &err) || !session_seed(job->session, &err))
        return nothing_measured(job, &err, EXIT_TROUBLE);
    bool swept = sweep(job, store, place, measured, &err);
    view_clear(&job->view);
    if (!swept && *measured == 0)
        return nothing_measured(job, &err, EXIT_TROUBLE);
    return conclude(job, store, place, swept, &err);
}

static void tell_notes(struct job *job)
{
    struct str notes = {0};
    plan_notes(job->workload, &notes);
    char *rest = notes.data;
    for (char *line; rest && (line = strsep(&rest, "\n")) != NULL;)
        if (*line)
            log_notice(&job->log, "note: %s", line);
    str_deinit(&notes);
}

static int run(struct job *job, const char *command_line)
{
    struct place place = {0};
    struct store *store = NULL;
    struct err err = {0};
    int measured = 0;
    if (!find_place(job, &place, &err) || !store_create(place.folder, &store, &err))
        return job_failed(job, &err, EXIT_USAGE);
    if (job->options->raw)
        store_keep_raw(store);
    tell_notes(job);
    int status = run_into(job, store, &place, command_line, &measured);
    store_close(store);
    if (measured == 0)
        folder_discard(place.folder);
    if (place.ours)
        rmdir(PARENT); /* unless there is anything in it */
    return status;
}

static int dry_run(struct job *job)
{
    struct str text = {0};
    struct err err = {0};
    bool ok = print_plan(job->workload, job_on_given_server(job), &text, &err);
    if (ok)
        fputs(str_text(&text), stdout);
    str_deinit(&text);
    return ok ? finish_output(EXIT_OK) : job_failed(job, &err, EXIT_USAGE);
}

static bool raw_possible(const struct job *job)
{
    struct err err = {0};
    if (!job->options->raw || job->workload->measure.raw_bytes > 0)
        return true;
    err_set(&err, ERR_USAGE, NULL, "--raw has nothing to keep: there is no memory for raw records (--raw-memory)");
    error_print(&err);
    return false;
}

int cmd_run(const struct options *options, const char *command_line)
{
    struct job job;
    int status = EXIT_USAGE;
    if (job_open(&job, options) && raw_possible(&job))
        status = options->dry_run ? dry_run(&job) : run(&job, command_line);
    job_close(&job);
    return finish_output(status);
}

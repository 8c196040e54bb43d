#include <stdio.h>

#include "cli/job.h"
#include "cli/plan_table.h"

static bool print_run(struct job *job, struct err *err)
{
    struct str text = {0};
    bool ok = print_plan(job->workload, job_on_given_server(job), &text, err);
    if (ok)
        fputs(str_text(&text), stdout);
    str_deinit(&text);
    fflush(stdout);
    return ok;
}

/* Plans of empty tables would mislead, so they are made where filling the tables disturbs nobody. */
static bool print_plans(struct job *job, struct err *err)
{
    struct str text = {0};
    struct plan_table *table = plan_table_new(job->workload);
    struct run_sink sink = plan_table_sink(table);
    bool ok = table ? session_seed(job->session, err) && session_plans(job->session, &sink, err) : err_memory(err);
    if (ok) {
        view_clear(&job->view);
        plan_table_print(table, &text);
        fputs(str_text(&text), stdout);
    }
    str_deinit(&text);
    plan_table_free(table);
    return ok;
}

static int check(struct job *job)
{
    struct err err = {0};
    if (!print_run(job, &err))
        return job_failed(job, &err, EXIT_USAGE);
    if (!job_connect(job, NULL, NULL, &err) || !session_rehearse(job->session, &err))
        return job_failed(job, &err, EXIT_USAGE);
    view_clear(&job->view);
    printf("\nThe server accepts the schema, the constraints, every variant and every statement.\n");
    if (job_on_given_server(job)) {
        printf("Plans are not shown: they need the rows, and check leaves nothing on your server.\n");
        return finish_output(EXIT_OK);
    }
    fflush(stdout);
    return print_plans(job, &err) ? finish_output(EXIT_OK) : job_failed(job, &err, EXIT_USAGE);
}

int cmd_check(const struct options *options, const char *command_line)
{
    (void)command_line;
    struct job job;
    int status = job_open(&job, options) ? check(&job) : EXIT_USAGE;
    job_close(&job);
    return status;
}

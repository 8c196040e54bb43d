#include <stdio.h>

#include "cli/job.h"

static int clean(struct job *job)
{
    struct err err = {0};
    bool found = false;
    if (!job_on_given_server(job)) {
        err_set(&err, ERR_USAGE, NULL,
                "clean drops what seed made on a server of yours; name it with -h, -d or PG* variables\n"
                "private servers leave nothing behind");
        return error_print(&err);
    }
    if (!job_connect(job, NULL, NULL, &err))
        return job_failed(job, &err, EXIT_USAGE);
    if (!session_clean(job->session, &found, &err))
        return job_failed(job, &err, EXIT_TROUBLE);
    view_clear(&job->view);
    if (!job->options->quiet)
        printf(found ? "dropped schema %s\n" : "there is no schema %s of pgdyno's here\n", job->workload->name);
    return finish_output(EXIT_OK);
}

int cmd_clean(const struct options *options, const char *command_line)
{
    (void)command_line;
    struct job job;
    int status = job_open(&job, options) ? clean(&job) : EXIT_USAGE;
    job_close(&job);
    return status;
}

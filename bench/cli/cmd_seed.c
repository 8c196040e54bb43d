#include <stdio.h>

#include "cli/job.h"

static int seed(struct job *job)
{
    struct err err = {0};
    if (!job_on_given_server(job) && !job->options->keep) {
        err_set(&err, ERR_USAGE, NULL,
                "seed fills a server of yours; name it with -h, -d or PG* variables\n"
                "a private server would be gone at once; with --keep its folder stays");
        return error_print(&err);
    }
    if (!job_connect(job, NULL, NULL, &err))
        return job_failed(job, &err, EXIT_USAGE);
    if (!session_rehearse(job->session, &err) || !session_seed(job->session, &err))
        return job_failed(job, &err, EXIT_TROUBLE);
    view_clear(&job->view);
    if (!job->options->quiet)
        printf("schema %s is ready\n", job->workload->name);
    return finish_output(EXIT_OK);
}

int cmd_seed(const struct options *options, const char *command_line)
{
    (void)command_line;
    struct job job;
    int status = job_open(&job, options) ? seed(&job) : EXIT_USAGE;
    job_close(&job);
    return status;
}

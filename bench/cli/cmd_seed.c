#include <stdio.h>
#include <stdlib.h>

#include "cli/column_table.h"
#include "cli/job.h"

static bool print_columns(struct job *job, struct err *err)
{
    struct column_facts *facts;
    size_t count;
    struct str text = {0};
    if (!session_column_facts(job->session, &facts, &count, err))
        return false;
    column_table_print(facts, count, wants_colour(job->options, stdout), &text);
    fputs(str_text(&text), stdout);
    str_deinit(&text);
    free(facts);
    return true;
}

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
    if (job->options->quiet)
        return EXIT_OK;
    printf("schema %s is ready\n", job->workload->name);
    if (!print_columns(job, &err))
        return job_failed(job, &err, EXIT_TROUBLE);
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

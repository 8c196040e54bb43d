#include "cli/job.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/stop.h"
#include "base/units.h"
#include "cli/existing.h"

enum {
    COLUMNS_MOST = 10000
};

/* --- The terminal ------------------------------------------------------------------------------------------------- */

/* COLUMNS as psql takes it: wins over what the terminal says, and is all there is for a pipe or file. */
static int columns_wanted(void)
{
    int64_t columns;
    const char *text = getenv("COLUMNS");
    return text && units_parse_int(text, &columns) && columns > 0 && columns <= COLUMNS_MOST ? (int)columns : 0;
}

int terminal_columns(FILE *out)
{
    struct winsize size;
    if (columns_wanted() > 0)
        return columns_wanted();
    if (!isatty(fileno(out)))
        return 0;
    return ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

bool wants_colour(const struct options *options, FILE *out)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    return !options->no_color && !(no_color && *no_color) && isatty(fileno(out)) && term && *term &&
           strcmp(term, "dumb") != 0;
}

int finish_output(int status)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    fprintf(stderr, "pgdyno: error: the output could not be written: %s\n", errno ? strerror(errno) : "write error");
    return status == EXIT_OK ? EXIT_TROUBLE : status;
}

int error_print(const struct err *err)
{
    fprintf(stderr, "pgdyno: error: %s%s%s\n", err->where, err->where[0] ? ": " : "", err->text);
    return EXIT_USAGE;
}

/* --- The job ------------------------------------------------------------------------------------------------------ */

static bool show(const struct job *job, bool ok, struct problems *problems)
{
    struct str text = {0};
    if (!ok) {
        problems_print(problems, wants_colour(job->options, stderr), &text);
        fputs(problems->failed && problems->count == 0 ? "pgdyno: error: out of memory\n" : str_text(&text), stderr);
    }
    problems_deinit(problems);
    str_deinit(&text);
    return ok;
}

static bool load_file(struct job *job, const char *name)
{
    char path[4096];
    struct err err = {0};
    struct problems problems = {0};
    if (!workload_find(name, path, sizeof path, &err)) {
        error_print(&err);
        return false;
    }
    bool ok = workload_load(path, job->options->overrides, job->options->n_overrides, &job->workload, &problems);
    return show(job, ok, &problems);
}

static bool load_scripts(struct job *job)
{
    struct err err = {0};
    struct override *overrides;
    size_t count;
    struct problems problems = {0};
    if (!existing_overrides(job->options, &job->log, &overrides, &count, &err)) {
        error_print(&err);
        return false;
    }
    bool ok = workload_load_scripts(overrides, count, &job->workload, &problems);
    return show(job, ok, &problems);
}

/* Scripts without a workload: a given server has tables, and a private one gets pgbench's. */
static bool load(struct job *job)
{
    if (job->options->n_operands > 0)
        return load_file(job, job->options->operands[0]);
    return job_on_given_server(job) ? load_scripts(job) : load_file(job, "pgbench");
}

bool job_open(struct job *job, const struct options *options)
{
    *job = (struct job){.options = options};
    view_init(&job->view, stderr, options->quiet, options->progress_s);
    job->log = view_log(&job->view);
    job->progress = view_sink(&job->view);
    if (!stop_install()) {
        fputs("pgdyno: error: signals cannot be handled: too many open files?\n", stderr);
        return false;
    }
    return load(job);
}

void job_close(struct job *job)
{
    view_clear(&job->view);
    session_close(job->session);
    workload_free(job->workload);
    *job = (struct job){0};
}

bool job_on_given_server(const struct job *job)
{
    return target_is_given(&job->options->target);
}

bool job_connect(struct job *job, const char *run_id, const char *command_line, struct err *err)
{
    struct run_options options = {
        .workload = job->workload,
        .target = job_on_given_server(job) ? &job->options->target : NULL,
        .keep = job->options->keep,
        .run_id = run_id,
        .command_line = command_line,
        .load_connections = job->options->jobs,
        .log = &job->log,
        .progress = &job->progress,
    };
    return session_open(&options, &job->session, err);
}

int job_failed(struct job *job, const struct err *err, int otherwise)
{
    view_clear(&job->view);
    if (err->kind == ERR_STOPPED || stop_requested())
        return EXIT_SIGNALLED + (stop_requested() ? stop_signal() : 0);
    error_print(err);
    return err->kind == ERR_USAGE || err->kind == ERR_INPUT ? EXIT_USAGE : otherwise;
}

#include <stdio.h>
#include <unistd.h>

#include "base/stop.h"
#include "cli/job.h"
#include "cli/report_step.h"

/* What cannot be read is the user's mistake, what cannot be written is trouble. */
static bool is_result(const char *folder)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/run.json", folder);
    return access(path, R_OK) == 0;
}

int cmd_report(const struct options *options, const char *command_line)
{
    (void)command_line;
    struct view view;
    struct err err = {0};
    bool all_valid;
    if (!stop_install())
        return EXIT_TROUBLE;
    view_init(&view, stderr, options->quiet, 0);
    struct log log = view_log(&view);
    if (!report_step(options, &log, options->operands[0], &all_valid, &err)) {
        error_print(&err);
        if (stop_requested())
            return EXIT_SIGNALLED + stop_signal();
        return err.kind == ERR_INPUT || !is_result(options->operands[0]) ? EXIT_USAGE : EXIT_TROUBLE;
    }
    return finish_output(EXIT_OK);
}

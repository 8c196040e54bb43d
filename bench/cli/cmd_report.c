#include <stdio.h>
#include <string.h>

#include "base/stop.h"
#include "cli/job.h"
#include "cli/report_step.h"

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
        return stop_requested() ? EXIT_SIGNALLED + stop_signal() : err.kind == ERR_INPUT ? EXIT_USAGE : EXIT_TROUBLE;
    }
    return finish_output(EXIT_OK);
}

#include <stdio.h>

#include "cli/job.h"

int cmd_compare(const struct options *options, const char *command_line)
{
    (void)options, (void)command_line;
    fputs("pgdyno: error: compare is not supported yet: it comes with verdicts\n"
          "the variants of one run are compared by `pgdyno run`, see its report.md and compare.csv\n",
          stderr);
    return EXIT_USAGE;
}

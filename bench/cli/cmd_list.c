#include <stdio.h>
#include <string.h>

#include "cli/job.h"

int cmd_list(const struct options *options, const char *command_line)
{
    (void)options, (void)command_line;
    struct catalog_entry *entries;
    size_t count, widest = 0;
    struct err err = {0};
    if (!catalog_list(&entries, &count, &err))
        return error_print(&err);
    for (size_t i = 0; i < count; i++)
        widest = strlen(entries[i].name) > widest ? strlen(entries[i].name) : widest;
    for (size_t i = 0; i < count; i++)
        printf("%-*s  %.*s\n", (int)widest, entries[i].name, question_length(entries[i].about), entries[i].about);
    catalog_free(entries, count);
    return finish_output(EXIT_OK);
}

/* Passwords in connection strings on the command line: out of the process list, and out of every file. */
#ifndef PGDYNO_CLI_REDACT_H
#define PGDYNO_CLI_REDACT_H

#include <stdbool.h>

#include "base/str.h"

/* Overwrite each password in `text`, which may hold a URI (postgresql://user:password@…) or keywords
 * (password = '…'), with up to three asterisks, in place; what follows moves up. Anything else stays as it is. True if
 * there was one. */
bool redact_conninfo(char *text);

/* The same for every argument, as /proc shows them. True if any had a password. */
bool redact_argv(int argc, char **argv);

/* The command as one would type it in a shell; arguments were redacted before. */
void redact_command_line(int argc, char *const *argv, struct str *out);

#endif

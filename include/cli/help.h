/* What --help says and what the man page says: both from the rows of commands and options. */
#ifndef PGDYNO_CLI_HELP_H
#define PGDYNO_CLI_HELP_H

#include "base/str.h"
#include "cli/command.h"

/* Commands end with a row without a name. */
void help_program(const struct command *commands, struct str *out);
void help_command(const struct command *command, struct str *out);
/* pgdyno(1) in mdoc. */
void help_man(const struct command *commands, struct str *out);

#endif

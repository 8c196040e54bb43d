/* What --help says and what the man page says: both from the rows of commands and options. */
#ifndef PGDYNO_CLI_HELP_H
#define PGDYNO_CLI_HELP_H

#include "base/str.h"
#include "cli/command.h"

/* `text` in lines of at most `width` characters: the first begins at column `at`, the others at `indent`. */
void help_fill(struct str *out, size_t at, size_t indent, size_t width, const char *text);
/* `left`, then blanks up to `column`; on a line of its own when it is too long for that. */
void help_left(struct str *out, const char *left, size_t column);

/* Commands end with a row without a name. */
void help_program(const struct command *commands, struct str *out);
void help_command(const struct command *command, struct str *out);
/* `topic` is a command or one of help_topics.c's; NULL: help_program(). False when there is no such topic. */
bool help_topic(const struct command *commands, const char *topic, struct str *out, struct err *err);
/* A line for each topic that is no command. */
void help_topics(struct str *out);
/* pgdyno(1) in mdoc. */
void help_man(const struct command *commands, struct str *out);

#endif

/* The mistakes of one file, shown, not named: place, line, caret, and what was meant. */
#ifndef PGDYNO_WORKLOADS_PROBLEMS_H
#define PGDYNO_WORKLOADS_PROBLEMS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct problem {
    int line;   /* from 1; 0: the file as a whole, or the command line */
    int column; /* from 1, in characters */
    int width;  /* characters underlined, at least 1 */
    char *text; /* one sentence, with the remedy */
};

/* All-zero is an empty list. */
struct problems {
    char *path;   /* own copy: the list outlives the workload that failed to load; may be NULL */
    char *source; /* own copy of the file's text, to show lines; may be NULL */
    struct problem *list;
    size_t count;
    bool failed; /* memory ran out: some are missing */
};

/* Which file the places are in. `source` (its text) may be NULL. */
void problems_set_file(struct problems *problems, const char *path, const char *source);
/* Line 0 for what has no place: the file as a whole, or the command line. */
void problems_add(struct problems *problems, int line, int column, int width, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
/* Sorted by place, as text; a line is shortened around the caret when it is long:
 *     tasks.yaml:12:7: unknown key `colums` (did you mean `columns`?)
 *        12 |       colums:
 *           |       ^~~~~~ */
void problems_print(struct problems *problems, bool colour, struct str *out);
void problems_deinit(struct problems *problems);

#endif

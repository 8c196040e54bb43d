/* The mistakes of a file and of those that it names, shown, not named: place, line, caret, and what was meant. */
#ifndef PGDYNO_WORKLOADS_PROBLEMS_H
#define PGDYNO_WORKLOADS_PROBLEMS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct problem {
    size_t file; /* among `files`; 0: the workload's own */
    int line;    /* from 1; 0: the file as a whole, or the command line */
    int column;  /* from 1, in characters */
    int width;   /* characters underlined, at least 1 */
    char *text;  /* one sentence, with the remedy */
};

/* Own copies: the list outlives the workload that failed to load. */
struct problem_file {
    char *path;   /* may be NULL */
    char *source; /* its text, to show lines; may be NULL */
};

enum {
    PROBLEMS_MAX = 200 /* kept; of a file with more, something else is wrong */
};

/* All-zero is an empty list. */
struct problems {
    struct problem_file *files;
    size_t n_files;
    struct problem *list;
    size_t count;
    size_t more; /* mistakes beyond PROBLEMS_MAX, only counted */
    bool failed; /* memory ran out: some are missing */
};

/* All so far, kept or only counted: what happened since an earlier count went well if this is still the same. */
static inline size_t problems_told(const struct problems *problems)
{
    return problems->count + problems->more;
}

/* The workload's own file, before any other. `source` (its text) may be NULL. */
void problems_set_file(struct problems *problems, const char *path, const char *source);
/* Another that it names, a script; the same one if it is known already. For problems_add_in(); 0 without memory. */
size_t problems_file(struct problems *problems, const char *path, const char *source);
/* True when the list is full; then one more mistake is counted, and its place need not be looked for. */
bool problems_full(struct problems *problems);
/* Line 0 for what has no place: the file as a whole, or the command line. */
void problems_add(struct problems *problems, int line, int column, int width, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
/* The same of another file. */
void problems_add_in(struct problems *problems, size_t file, int line, int column, int width, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
/* Sorted by place, each once, as text; a line is shortened around the caret when it is long:
 *     tasks.yaml:12:7: unknown key `colums` (did you mean `columns`?)
 *        12 |       colums:
 *           |       ^~~~~~ */
void problems_print(struct problems *problems, bool colour, struct str *out);
void problems_deinit(struct problems *problems);

#endif

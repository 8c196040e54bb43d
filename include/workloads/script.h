/* A pgbench script as a list of commands, each with its place: how the text is cut follows psql's lexer, as pgbench's
 * does. Needs no file, no server and no workload; what the commands mean for a transaction is bind_script.c's. */
#ifndef PGDYNO_WORKLOADS_SCRIPT_H
#define PGDYNO_WORKLOADS_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "workloads/spec.h"

enum script_kind {
    SCRIPT_SQL,
    SCRIPT_SET,  /* `name` becomes the expression `text` */
    SCRIPT_IF,   /* the condition `text` */
    SCRIPT_ELIF, /* the condition `text` */
    SCRIPT_ELSE,
    SCRIPT_ENDIF,
    SCRIPT_SLEEP, /* the expression `text`, a whole number or a variable, × unit_ns */
    SCRIPT_STARTPIPELINE,
    SCRIPT_SYNCPIPELINE,
    SCRIPT_ENDPIPELINE
};

struct script_command {
    enum script_kind kind;
    size_t offset;    /* in the script: of the statement, or of the backslash */
    size_t len;       /* a statement's text; of a backslash command its name with the backslash */
    const char *text; /* statement or expression; every byte of it stands at text_offset + its own offset: `\;` became
                       * ` ;` and a continued line goes on with spaces */
    size_t text_offset;
    const char *name; /* of SET */
    size_t name_offset;
    bool combined;          /* of SQL: several queries in one, `\;` */
    size_t combined_offset; /* of the first `\;` */
    enum keep keep;         /* of SQL: KEEP_NOTHING, KEEP_GSET, KEEP_ASET */
    const char *prefix;     /* "" for none */
    size_t keep_offset;     /* of `\gset`, `\aset` */
    int64_t unit_ns;
};

struct script {
    const char *path; /* as it was given; of a built-in script its name; borrowed */
    const char *text; /* borrowed */
    struct script_command *commands;
    size_t n_commands;
};

/* Told of each mistake: `len` bytes from `offset` of the script's text. */
typedef void script_problem_fn(void *user, size_t offset, size_t len, const char *text);

/* All mistakes are told, as far as the script alone can tell; what is wrong is left out of *out, where every \if has
 * its \endif. Path and text are borrowed, all else is in the arena. False, *out not to be used, when there is no
 * memory. */
bool script_parse(struct arena *arena, const char *path, const char *text, script_problem_fn *problem, void *user,
                  struct script *out);

/* One of pgbench's own scripts. */
struct script_builtin {
    const char *name; /* "tpcb-like" */
    const char *about;
    const char *text;
};
/* Ends with a row of zeros. */
extern const struct script_builtin script_builtins[];
/* The one whose name begins with `name`; NULL when there is none, or more than one. */
const struct script_builtin *script_builtin_find(const char *name);

/* The length of the variable's name that begins at `text`, 0: none does. Letters, digits, underscores and everything
 * beyond ASCII, but no digit first. */
size_t script_name_len(const char *text);

#endif

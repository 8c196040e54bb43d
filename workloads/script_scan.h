/* What script.c and script_commands.c share while one script is cut. */
#ifndef WORKLOADS_SCRIPT_SCAN_H
#define WORKLOADS_SCRIPT_SCAN_H

#include <ctype.h>

#include "workloads/script.h"

enum {
    NESTING_MAX = 100,
    NONE = -1
};

/* Inside a pipeline? After branches that differ nobody knows. */
enum pipeline {
    PIPELINE_OFF,
    PIPELINE_ON,
    PIPELINE_EITHER
};

/* An \if whose \endif has not come yet. */
struct open_if {
    size_t offset;
    bool has_else, has_ends;
    enum pipeline start; /* where each branch begins */
    enum pipeline ends;  /* of the branches so far */
};

struct scanner {
    struct arena *arena;
    const char *text;
    size_t at;
    script_problem_fn *problem;
    void *user;
    struct script *script;
    size_t cap;
    bool failed; /* no memory */
    /* the statement under way */
    long from; /* NONE: none has begun */
    bool content;
    long combined;
    int parens;
    int begins;
    int n_words;
    char words[4]; /* first letters: c(reate) o(r) r(eplace) f(unction) or p(rocedure); 0: another word */
    /* of the script */
    struct open_if open[NESTING_MAX];
    int n_open;
    int n_too_deep;
    enum pipeline pipeline;
    size_t pipeline_offset; /* of the \startpipeline */
};

static inline bool is_space(char c)
{
    return isspace((unsigned char)c) != 0;
}

/* script.c: tell of `len` bytes from `offset` of the script. */
void scan_problem(struct scanner *scanner, size_t offset, size_t len, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Append; NULL when there is no memory. */
struct script_command *scan_add(struct scanner *scanner, struct script_command command);
/* A piece of the script; NULL when there is no memory. */
char *scan_copy(struct scanner *scanner, size_t offset, size_t len);

/* script_commands.c: the backslash command at scanner->at, and the rest of its line. */
void scan_command(struct scanner *scanner);
/* The innermost \if ends. */
void scan_close_if(struct scanner *scanner);

#endif

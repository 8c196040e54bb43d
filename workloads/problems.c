#include "workloads/problems.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pg/sqlerror.h"

enum {
    SHOWN_CHARS = 110, /* of a source line */
    LEAD_CHARS = 60    /* shown before the caret when a line is cut */
};

static size_t add_file(struct problems *problems, const char *path, const char *source)
{
    struct problem_file *files = reallocarray(problems->files, problems->n_files + 1, sizeof *files);
    struct problem_file file = {path ? strdup(path) : NULL, source ? strdup(source) : NULL};
    problems->files = files ? files : problems->files;
    if (!files || (path && !file.path) || (source && !file.source)) {
        problems->failed = true;
        free(file.path);
        free(file.source);
        return 0;
    }
    files[problems->n_files] = file;
    return problems->n_files++;
}

void problems_set_file(struct problems *problems, const char *path, const char *source)
{
    if (problems->n_files == 0)
        add_file(problems, path, source);
}

size_t problems_file(struct problems *problems, const char *path, const char *source)
{
    for (size_t i = 1; i < problems->n_files; i++)
        if (strcmp(problems->files[i].path, path) == 0 && strcmp(problems->files[i].source, source) == 0)
            return i;
    if (problems->n_files == 0)
        add_file(problems, NULL, NULL);
    return add_file(problems, path, source);
}

bool problems_full(struct problems *problems)
{
    problems->more += problems->count >= PROBLEMS_MAX;
    return problems->count >= PROBLEMS_MAX;
}

static void add(struct problems *problems, struct problem problem)
{
    if (problems_full(problems)) {
        free(problem.text);
        return;
    }
    struct problem *list = reallocarray(problems->list, problems->count + 1, sizeof *list);
    if (!list || !problem.text) {
        problems->failed = true;
        free(problem.text);
        problems->list = list ? list : problems->list;
        return;
    }
    problems->list = list;
    list[problems->count++] = problem;
}

static void add_formatted(struct problems *problems, size_t file, int line, int column, int width, const char *fmt,
                          va_list args)
{
    struct str text = {0};
    str_vprintf(&text, fmt, args);
    add(problems, (struct problem){file, line, column, width < 1 ? 1 : width, str_steal(&text)});
}

void problems_add(struct problems *problems, int line, int column, int width, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    add_formatted(problems, 0, line, column, width, fmt, args);
    va_end(args);
}

void problems_add_in(struct problems *problems, size_t file, int line, int column, int width, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    add_formatted(problems, file, line, column, width, fmt, args);
    va_end(args);
}

void problems_deinit(struct problems *problems)
{
    for (size_t i = 0; i < problems->count; i++)
        free(problems->list[i].text);
    free(problems->list);
    for (size_t i = 0; i < problems->n_files; i++) {
        free(problems->files[i].path);
        free(problems->files[i].source);
    }
    free(problems->files);
    *problems = (struct problems){0};
}

static int by_place(const void *a, const void *b)
{
    const struct problem *x = a, *y = b;
    if (x->file != y->file)
        return x->file < y->file ? -1 : 1;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    if (x->column != y->column)
        return x->column < y->column ? -1 : 1;
    return strcmp(x->text, y->text);
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

/* The end of the first `chars` characters of text[0, len). */
static size_t skip_chars(const char *text, size_t len, size_t chars)
{
    size_t at = 0;
    for (; chars > 0 && at < len; chars--) {
        at++;
        while (at < len && is_continuation(text[at]))
            at++;
    }
    return at;
}

static size_t count_chars(const char *text, size_t len)
{
    size_t chars = 0;
    for (size_t i = 0; i < len; i++)
        chars += !is_continuation(text[i]);
    return chars;
}

static const char *find_line(const char *source, int line, size_t *len)
{
    for (; line > 1; line--) {
        source = strchr(source, '\n');
        if (!source)
            return NULL;
        source++;
    }
    *len = strcspn(source, "\r\n");
    return source;
}

static void print_line(const char *text, size_t len, const struct problem *problem, bool colour, struct str *out)
{
    size_t first = 0, column = (size_t)problem->column - 1;
    if (count_chars(text, len) > SHOWN_CHARS && column > LEAD_CHARS)
        first = column - LEAD_CHARS;
    size_t skipped = skip_chars(text, len, first);
    text += skipped;
    len -= skipped;
    size_t shown = skip_chars(text, len, SHOWN_CHARS), at = skip_chars(text, len, column - first);

    str_printf(out, "%6d | %s", problem->line, first ? "…" : "");
    for (size_t i = 0; i < shown; i++)
        str_append_char(out, text[i] == '\t' ? ' ' : text[i]);
    str_printf(out, "%s\n       | %*s%s^", shown < len ? "…" : "", sqlerror_columns(text, at) + (first > 0), "",
               colour ? "\033[1;31m" : "");
    for (int left =
             sqlerror_columns(text + at, skip_chars(text + at, at < shown ? shown - at : 0, (size_t)problem->width));
         left > 1; left--)
        str_append_char(out, '~');
    str_append(out, colour ? "\033[0m\n" : "\n");
}

static void print_one(const struct problems *problems, const struct problem *problem, bool colour, struct str *out)
{
    if (problem->line == 0) {
        str_printf(out, "%s\n", problem->text);
        return;
    }
    const struct problem_file *file = problem->file < problems->n_files ? &problems->files[problem->file] : NULL;
    str_printf(out, "%s%s:%d:%d:%s %s\n", colour ? "\033[1m" : "", file && file->path ? file->path : "workload",
               problem->line, problem->column, colour ? "\033[0m" : "", problem->text);
    size_t len = 0;
    const char *text = file && file->source ? find_line(file->source, problem->line, &len) : NULL;
    if (text && len > 0 && (size_t)problem->column <= count_chars(text, len) + 1)
        print_line(text, len, problem, colour, out);
}

void problems_print(struct problems *problems, bool colour, struct str *out)
{
    if (problems->count > 1)
        qsort(problems->list, problems->count, sizeof *problems->list, by_place);
    for (size_t i = 0; i < problems->count; i++)
        if (i == 0 || by_place(&problems->list[i - 1], &problems->list[i]) != 0)
            print_one(problems, &problems->list[i], colour, out);
    if (problems->more)
        str_printf(out, "and %zu more\n", problems->more);
    if (problems->failed)
        str_append(out, "out of memory: some mistakes are not shown\n");
}

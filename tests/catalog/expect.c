#include "expect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The lines' forms. A letter a word: v(ariant) t(ransaction) s(tatement) l(evel) w(ord, into text). */
static const struct form {
    const char *word;
    enum promise_kind kind;
    const char *rest;
    const char *usage;
} forms[] = {
    {"same", PROMISE_SAME, "ts", "same TRANSACTION STATEMENT"},
    {"fails", PROMISE_FAILS, "vtw", "fails VARIANT TRANSACTION SQLSTATE|timeout"},
    {"breaks", PROMISE_BREAKS, "vlw", "breaks VARIANT LEVEL CHECK"},
    {"meets", PROMISE_MEETS, "vtw", "meets VARIANT TRANSACTION COUNTER"},
    {"never", PROMISE_NEVER, "vtw", "never VARIANT TRANSACTION COUNTER"},
};
static const char plan_usage[] = "VARIANT TRANSACTION STATEMENT [generic] has|lacks TEXT";

struct reader {
    const char *path;
    int line;
    struct expect *out;
    struct err *err;
};

static bool wrong(const struct reader *reader, const char *what, const char *word)
{
    char where[256];
    snprintf(where, sizeof where, "%.230s:%d", reader->path, reader->line);
    return err_set(reader->err, ERR_INPUT, where, "%s%s%s", what, word ? ": " : "", word ? word : "");
}

static char *next_word(char **rest)
{
    *rest += strspn(*rest, " \t");
    if (**rest == '\0')
        return NULL;
    char *word = *rest;
    *rest += strcspn(*rest, " \t");
    if (**rest)
        *(*rest)++ = '\0';
    return word;
}

static bool take_word(struct reader *reader, char **rest, char *into, size_t size, const char *usage)
{
    const char *word = next_word(rest);
    if (!word)
        return wrong(reader, "a word is missing; the line's form is", usage);
    if (strlen(word) >= size)
        return wrong(reader, "too long", word);
    strcpy(into, word);
    return true;
}

static bool take_statement(struct reader *reader, char **rest, int *into, const char *usage)
{
    const char *word = next_word(rest);
    *into = word ? atoi(word) : 0;
    return *into > 0 || wrong(reader, "no number of a statement; the line's form is", usage);
}

static struct promise *add(struct reader *reader, enum promise_kind kind)
{
    struct expect *out = reader->out;
    struct promise *grown = reallocarray(out->promises, out->n_promises + 1, sizeof *grown);
    if (!grown) {
        err_memory(reader->err);
        return NULL;
    }
    out->promises = grown;
    struct promise *promise = &grown[out->n_promises++];
    *promise = (struct promise){.kind = kind, .line = reader->line};
    return promise;
}

static bool read_form(struct reader *reader, const struct form *form, char *rest)
{
    struct promise *promise = add(reader, form->kind);
    if (!promise)
        return false;
    for (const char *part = form->rest; *part; part++) {
        bool read = *part == 's'   ? take_statement(reader, &rest, &promise->statement, form->usage)
                    : *part == 'v' ? take_word(reader, &rest, promise->variant, sizeof promise->variant, form->usage)
                    : *part == 'l' ? take_word(reader, &rest, promise->level, sizeof promise->level, form->usage)
                    : *part == 't'
                        ? take_word(reader, &rest, promise->transaction, sizeof promise->transaction, form->usage)
                        : take_word(reader, &rest, promise->text, sizeof promise->text, form->usage);
        if (!read)
            return false;
    }
    return !next_word(&rest) || wrong(reader, "too many words; the line's form is", form->usage);
}

static bool read_plan(struct reader *reader, const char *variant, char *rest)
{
    struct promise *promise = add(reader, PROMISE_HAS);
    if (!promise)
        return false;
    snprintf(promise->variant, sizeof promise->variant, "%s", variant);
    if (!take_word(reader, &rest, promise->transaction, sizeof promise->transaction, plan_usage) ||
        !take_statement(reader, &rest, &promise->statement, plan_usage))
        return false;
    const char *word = next_word(&rest);
    promise->generic = word && strcmp(word, "generic") == 0;
    if (promise->generic)
        word = next_word(&rest);
    if (!word || (strcmp(word, "has") != 0 && strcmp(word, "lacks") != 0))
        return wrong(reader, "neither has nor lacks; the line's form is", plan_usage);
    promise->kind = word[0] == 'h' ? PROMISE_HAS : PROMISE_LACKS;
    rest += strspn(rest, " \t");
    if (*rest == '\0' || strlen(rest) >= sizeof promise->text)
        return wrong(reader, "no text of a plan, or a very long one; the line's form is", plan_usage);
    strcpy(promise->text, rest);
    return true;
}

static bool read_options(struct reader *reader, char *rest)
{
    for (const char *word; (word = next_word(&rest)) != NULL;) {
        if (reader->out->n_options == EXPECT_OPTIONS || strlen(word) >= EXPECT_WORD_BYTES)
            return wrong(reader, "too many options, or too long", word);
        strcpy(reader->out->options[reader->out->n_options++], word);
    }
    return true;
}

static bool read_line(struct reader *reader, char *line)
{
    line[strcspn(line, "\n")] = '\0';
    for (size_t n = strlen(line); n > 0 && strchr(" \t", line[n - 1]);)
        line[--n] = '\0';
    char *rest = line;
    const char *word = line[strspn(line, " \t")] == '#' ? NULL : next_word(&rest);
    if (!word)
        return true;
    if (strcmp(word, "scale") == 0)
        return take_word(reader, &rest, reader->out->scale, sizeof reader->out->scale, "scale NUMBER");
    if (strcmp(word, "measure") == 0)
        return take_word(reader, &rest, reader->out->duration, sizeof reader->out->duration, "measure TIME");
    if (strcmp(word, "options") == 0)
        return read_options(reader, rest);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (strcmp(word, forms[i].word) == 0)
            return read_form(reader, &forms[i], rest);
    return read_plan(reader, word, rest);
}

bool expect_read(const char *path, struct expect *out, struct err *err)
{
    struct reader reader = {.path = path, .out = out, .err = err};
    char *line = NULL;
    size_t size = 0;
    bool ok = true;
    *out = (struct expect){.scale = "0.2", .duration = "0.3s"};
    FILE *file = fopen(path, "r");
    if (!file)
        return err_system(err, path,
                          "every workload of the catalog says here what it promises (tests/catalog/README.md)");
    while (ok && getline(&line, &size, file) > 0) {
        reader.line++;
        ok = read_line(&reader, line);
    }
    free(line);
    fclose(file);
    bool plans = false;
    for (size_t i = 0; i < out->n_promises; i++)
        plans = plans || out->promises[i].kind <= PROMISE_SAME;
    return ok && (plans || wrong(&reader, "nothing is said of any plan", NULL));
}

void expect_deinit(struct expect *expect)
{
    free(expect->promises);
    *expect = (struct expect){0};
}

bool expect_fails(const struct expect *expect, const char *variant, const char *transaction, const char *how)
{
    for (size_t i = 0; i < expect->n_promises; i++) {
        const struct promise *promise = &expect->promises[i];
        if (promise->kind == PROMISE_FAILS && expect_covers(promise->variant, variant) &&
            strcmp(promise->transaction, transaction) == 0 && (!how || strcmp(promise->text, how) == 0))
            return true;
    }
    return false;
}

bool expect_breaks(const struct expect *expect, const char *variant, const char *level, const char *check)
{
    for (size_t i = 0; i < expect->n_promises; i++) {
        const struct promise *promise = &expect->promises[i];
        if (promise->kind == PROMISE_BREAKS && expect_covers(promise->variant, variant) &&
            strcmp(promise->level, level) == 0 && strcmp(promise->text, check) == 0)
            return true;
    }
    return false;
}

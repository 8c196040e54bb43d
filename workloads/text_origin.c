/* Mistakes and places of texts that do not all stand in the workload's file. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "builder.h"

struct script_place {
    int line;
    int column; /* in characters */
};

/* A script of many statements asks for many places: lines are skipped, not read. */
static struct script_place place_in(const char *text, size_t offset)
{
    const char *at = text + strnlen(text, offset), *newline;
    struct script_place place = {1, 1};
    for (; (newline = memchr(text, '\n', (size_t)(at - text))) != NULL; text = newline + 1)
        place.line++;
    for (; text < at; text++)
        place.column += ((unsigned char)*text & 0xC0) != 0x80;
    return place;
}

/* How many characters of the place's line are underlined. */
static int width_of(const char *text, size_t len)
{
    int width = 0;
    for (size_t i = 0; i < len && text[i] && text[i] != '\n' && text[i] != '\r'; i++)
        width += ((unsigned char)text[i] & 0xC0) != 0x80;
    return width;
}

void text_problem(const struct text_origin *origin, size_t offset, size_t len, const char *fmt, ...)
{
    struct problems *problems = origin->loader->problems;
    if (problems_full(problems))
        return;
    struct str text = {0};
    va_list args;
    va_start(args, fmt);
    str_vprintf(&text, fmt, args);
    va_end(args);
    offset += origin->offset;
    if (origin->node) {
        doc_problem_in(&origin->loader->doc, origin->node, offset, len, "%s", str_text(&text));
    } else {
        struct script_place place = place_in(origin->text, offset);
        problems_add_in(problems, problems_file(problems, origin->path, origin->text), place.line, place.column,
                        width_of(origin->text + offset, len), "%s", str_text(&text));
    }
    problems->failed = problems->failed || text.failed;
    str_deinit(&text);
}

const char *text_where(const struct text_origin *origin, size_t offset)
{
    struct loader *loader = origin->loader;
    if (origin->node)
        return loader_where(loader, origin->node);
    const char *slash = strrchr(origin->path, '/');
    const char *where = arena_printf(loader->arena, "%s:%d", slash ? slash + 1 : origin->path,
                                     place_in(origin->text, origin->offset + offset).line);
    loader->problems->failed = loader->problems->failed || !where;
    return where;
}

/* --- expressions ----------------------------------------------------------------------------------------------------
 */

static void expression_problem(void *user, size_t offset, size_t len, const char *text)
{
    text_problem(user, offset, len, "%s", text);
}

static bool expression_rows(void *user, size_t table, int64_t *out)
{
    struct loader *loader = ((const struct text_origin *)user)->loader;
    return loader_rows(loader, &loader->relations[table], out);
}

/* status: 'open' looks like a text, but only YAML sees the quotes. */
static bool lost_quotes(const yaml_node_t *node)
{
    static const char *const words[] = {"row", "null", "true", "false"};
    if (node->data.scalar.style != YAML_SINGLE_QUOTED_SCALAR_STYLE || !expr_is_name(doc_text(node)))
        return false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i], doc_text(node)) == 0)
            return false;
    return true;
}

const struct program *text_compile(const struct text_origin *origin, const char *text, struct expr_scope scope)
{
    struct loader *loader = origin->loader;
    struct text_origin copy = *origin;
    if (origin->node && lost_quotes(origin->node)) {
        doc_problem(&loader->doc, origin->node, "YAML takes these quotes away; for the text '%s' write \"'%s'\"", text,
                    text);
        return NULL;
    }
    scope.params = loader->params;
    scope.n_params = loader->n_params;
    scope.tables = loader->specs;
    scope.n_tables = loader->n_relations;
    scope.default_seed = loader->workload->measure.seed;
    scope.rows = expression_rows;
    scope.problem = expression_problem;
    scope.user = &copy;
    const struct program *program = expr_compile(loader->arena, text, &scope);
    /* Without a reason it is for want of memory; the reason may be older (rows of a table whose `rows` is wrong). */
    if (!program && loader->problems->count == 0)
        loader->problems->failed = true;
    return program;
}

const struct program *loader_compile(struct loader *loader, const yaml_node_t *node, struct expr_scope scope)
{
    return text_compile(&(struct text_origin){.loader = loader, .node = node}, doc_text(node), scope);
}

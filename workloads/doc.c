#include "doc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct place {
    int line;
    int column;
    int width;
};

const yaml_node_t *doc_root(struct doc *doc)
{
    return yaml_document_get_root_node(&doc->yaml);
}

const char *doc_text(const yaml_node_t *scalar)
{
    return (const char *)scalar->data.scalar.value;
}

bool doc_is_empty(const yaml_node_t *node)
{
    if (!doc_is_scalar(node) || node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
        return false;
    const char *text = doc_text(node);
    return *text == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0;
}

size_t doc_count(const yaml_node_t *node)
{
    if (doc_is_map(node))
        return (size_t)(node->data.mapping.pairs.top - node->data.mapping.pairs.start);
    if (doc_is_list(node))
        return (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
    return 0;
}

const yaml_node_t *doc_key(struct doc *doc, const yaml_node_t *map, size_t i)
{
    return yaml_document_get_node(&doc->yaml, map->data.mapping.pairs.start[i].key);
}

const yaml_node_t *doc_value(struct doc *doc, const yaml_node_t *map, size_t i)
{
    return yaml_document_get_node(&doc->yaml, map->data.mapping.pairs.start[i].value);
}

const yaml_node_t *doc_item(struct doc *doc, const yaml_node_t *list, size_t i)
{
    return yaml_document_get_node(&doc->yaml, list->data.sequence.items.start[i]);
}

const yaml_node_t *doc_get(struct doc *doc, const yaml_node_t *map, const char *key)
{
    for (size_t i = 0; i < doc_count(map); i++)
        if (strcmp(doc_text(doc_key(doc, map, i)), key) == 0)
            return doc_value(doc, map, i);
    return NULL;
}

/* --- Places ---------------------------------------------------------------------------------------------------------
 */

static int count_chars(const char *text, const char *end)
{
    int chars = 0;
    for (; text < end; text++)
        chars += ((unsigned char)*text & 0xC0) != 0x80;
    return chars;
}

/* libyaml counts lines and characters from 0; we need bytes of the text. */
static const char *mark_bytes(const struct doc *doc, const yaml_mark_t *mark)
{
    if (mark->line >= doc->n_lines)
        return doc->text + strlen(doc->text);
    const char *at = doc->lines[mark->line];
    for (size_t chars = mark->column; chars > 0 && *at; chars--) {
        at++;
        while (((unsigned char)*at & 0xC0) == 0x80)
            at++;
    }
    return at;
}

static struct place place_of(const struct doc *doc, const char *from, const char *to)
{
    size_t line = 0;
    while (line + 1 < doc->n_lines && doc->lines[line + 1] <= from)
        line++;
    const char *end = from + strcspn(from, "\r\n");
    return (struct place){(int)line + 1, count_chars(doc->lines[line], from) + 1,
                          count_chars(from, to < end ? to : end)};
}

static bool is_block(const yaml_node_t *node)
{
    return doc_is_scalar(node) && (node->data.scalar.style == YAML_LITERAL_SCALAR_STYLE ||
                                   node->data.scalar.style == YAML_FOLDED_SCALAR_STYLE);
}

static struct place node_place(const struct doc *doc, const yaml_node_t *node)
{
    const char *from = mark_bytes(doc, &node->start_mark);
    const char *to = doc_is_scalar(node) ? mark_bytes(doc, &node->end_mark) : from + 1;
    if (is_block(node))
        to = from + 1;
    return place_of(doc, from, to);
}

static const char *find_bytes(const char *from, const char *end, const char *what, size_t len)
{
    return from < end ? memmem(from, (size_t)(end - from), what, len) : NULL;
}

/* A scalar's text is not its source: quotes, escapes, folding and indentation differ. But its words are the same, in
 * the same order, so the n-th occurrence of a word in the one is the n-th in the other. */
static struct place inner_place(const struct doc *doc, const yaml_node_t *scalar, size_t offset, size_t len)
{
    const char *text = doc_text(scalar);
    bool after = len == 0; /* the place behind the last word */
    if (after) {
        while (offset > 0 && strchr(" \t\r\n", text[offset - 1]))
            offset--;
        len = offset > 0;
        offset -= len;
    }
    const char *from = mark_bytes(doc, &scalar->start_mark), *end = mark_bytes(doc, &scalar->end_mark);
    if (is_block(scalar))
        from += strcspn(from, "\n");
    else if (scalar->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
        from++;
    const char *found = len ? find_bytes(from, end, text + offset, len) : NULL;
    for (const char *before = text; found; found = find_bytes(found + 1, end, text + offset, len)) {
        before = find_bytes(before, text + offset + len - 1, text + offset, len);
        if (!before)
            return after ? place_of(doc, found + len, found + len) : place_of(doc, found, found + len);
        before++;
    }
    return node_place(doc, scalar);
}

int doc_line(const yaml_node_t *node)
{
    return (int)node->start_mark.line + 1 + is_block(node);
}

static void report(struct doc *doc, struct place place, const char *fmt, va_list args)
{
    struct str text = {0};
    str_vprintf(&text, fmt, args);
    problems_add(doc->problems, place.line, place.column, place.width, "%s", str_text(&text));
    doc->problems->failed = doc->problems->failed || text.failed;
    str_deinit(&text);
}

void doc_problem(struct doc *doc, const yaml_node_t *node, const char *fmt, ...)
{
    if (problems_full(doc->problems))
        return;
    va_list args;
    va_start(args, fmt);
    report(doc, node_place(doc, node), fmt, args);
    va_end(args);
}

void doc_problem_in(struct doc *doc, const yaml_node_t *scalar, size_t offset, size_t len, const char *fmt, ...)
{
    if (problems_full(doc->problems))
        return;
    va_list args;
    va_start(args, fmt);
    report(doc, inner_place(doc, scalar, offset, len), fmt, args);
    va_end(args);
}

/* --- Reading --------------------------------------------------------------------------------------------------------
 */

static bool find_lines(struct doc *doc, struct arena *arena)
{
    size_t count = 1;
    for (const char *c = doc->text; *c; c++)
        count += *c == '\n';
    doc->lines = ARENA_ARRAY(arena, const char *, count);
    if (!doc->lines)
        return false;
    doc->lines[doc->n_lines++] = doc->text;
    for (const char *c = doc->text; *c; c++)
        if (*c == '\n')
            doc->lines[doc->n_lines++] = c + 1;
    return true;
}

/* What is probably meant where libyaml stumbles. */
static const char *hint_at(const yaml_parser_t *parser, const char *at)
{
    if (strstr(parser->problem, "cannot start any token"))
        return *at == '\t' ? " (is it a tab?)" : " (put the value in double quotes)";
    if (strstr(parser->problem, "did not find expected node content") && *at == ':')
        return " (inside { } or [ ], put a value that begins with a colon in double quotes)";
    return "";
}

static bool not_yaml(struct doc *doc, const yaml_parser_t *parser)
{
    if (parser->error == YAML_MEMORY_ERROR)
        return !(doc->problems->failed = true);
    bool reader = parser->error == YAML_READER_ERROR;
    const char *at =
        reader ? doc->text + strnlen(doc->text, parser->problem_offset) : mark_bytes(doc, &parser->problem_mark);
    struct place place = place_of(doc, at, at);
    problems_add(doc->problems, place.line, place.column, 1, "not YAML: %s%s%s%s", parser->problem,
                 parser->context ? ", " : "", parser->context ? parser->context : "", hint_at(parser, at));
    return false;
}

static int by_text(const void *a, const void *b)
{
    const yaml_node_t *x = *(yaml_node_t *const *)a, *y = *(yaml_node_t *const *)b;
    int order = strcmp(doc_text(x), doc_text(y));
    return order ? order : x->start_mark.index < y->start_mark.index ? -1 : x->start_mark.index > y->start_mark.index;
}

/* Doubled ones; sorted, because a map can have thousands. */
static void check_keys(struct doc *doc, const yaml_node_t *map, struct arena *arena)
{
    size_t count = doc_count(map), first = 0;
    const yaml_node_t **keys = ARENA_ARRAY(arena, const yaml_node_t *, count + 1);
    doc->problems->failed = doc->problems->failed || !keys;
    for (size_t i = 0; keys && i < count; i++)
        keys[i] = doc_key(doc, map, i);
    if (keys && count > 1)
        qsort(keys, count, sizeof(keys[0]), by_text);
    for (size_t i = 1; keys && i < count; i++) {
        if (strcmp(doc_text(keys[first]), doc_text(keys[i])) == 0)
            doc_problem(doc, keys[i], "`%s` stands here for the second time; the first is in line %d",
                        doc_text(keys[i]), doc_line(keys[first]));
        else
            first = i;
    }
}

/* In { a: random(1, 5) } the comma ends the value, and what follows makes no sense: better said here than guessed at.
 */
static bool check_flow(struct doc *doc, const yaml_node_t *map)
{
    for (size_t i = 0; i < doc_count(map); i++) {
        const yaml_node_t *value = doc_value(doc, map, i);
        if (!doc_is_scalar(value) || value->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
            continue;
        int open = 0;
        for (const char *c = doc_text(value); *c; c++)
            open += (*c == '(') - (*c == ')');
        if (open <= 0 || i + 1 == doc_count(map))
            continue;
        doc_problem(doc, value, "inside { } a comma ends the value; put the whole expression in double quotes");
        return false;
    }
    return true;
}

/* What can be written in YAML but not in a workload file. False if the document cannot even be walked. */
static bool check_nodes(struct doc *doc, struct arena *arena)
{
    size_t count = (size_t)(doc->yaml.nodes.top - doc->yaml.nodes.start);
    unsigned char *uses = ARENA_ARRAY(arena, unsigned char, count + 1);
    bool good = uses != NULL;
    doc->problems->failed = doc->problems->failed || !uses;
    for (yaml_node_t *node = doc->yaml.nodes.start; good && node < doc->yaml.nodes.top; node++) {
        for (size_t i = 0; i < doc_count(node); i++) {
            int child = doc_is_map(node) ? node->data.mapping.pairs.start[i].value : node->data.sequence.items.start[i];
            if (uses[child] < 2 && ++uses[child] == 2) {
                doc_problem(doc, yaml_document_get_node(&doc->yaml, child),
                            "this is used again through an alias (`*name`), which workload files do not have; "
                            "write it out");
                return false;
            }
            const yaml_node_t *key = doc_is_map(node) ? doc_key(doc, node, i) : NULL;
            if (key && !doc_is_scalar(key)) {
                doc_problem(doc, key, "a key must be a plain name");
                return false;
            }
        }
        if (doc_is_scalar(node) && strlen(doc_text(node)) != node->data.scalar.length) {
            doc_problem(doc, node, "a text cannot contain a zero byte");
            good = false;
        }
    }
    bool readable = good;
    for (yaml_node_t *node = doc->yaml.nodes.start; good && node < doc->yaml.nodes.top; node++) {
        if (!doc_is_map(node))
            continue;
        check_keys(doc, node, arena);
        if (node->data.mapping.style == YAML_FLOW_MAPPING_STYLE)
            readable = check_flow(doc, node) && readable;
    }
    return readable;
}

static bool is_last(struct doc *doc, yaml_parser_t *parser)
{
    yaml_document_t next;
    if (!yaml_parser_load(parser, &next))
        return not_yaml(doc, parser);
    const yaml_node_t *root = yaml_document_get_root_node(&next);
    if (root)
        doc_problem(doc, root, "a second document begins here; a workload file has one");
    bool last = !root;
    yaml_document_delete(&next);
    return last;
}

bool doc_open(struct doc *doc, const char *text, struct arena *arena, struct problems *problems)
{
    *doc = (struct doc){.text = text, .problems = problems};
    yaml_parser_t parser;
    if (!find_lines(doc, arena) || !yaml_parser_initialize(&parser)) {
        problems->failed = true;
        return false;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, strlen(text));
    doc->open = yaml_parser_load(&parser, &doc->yaml);
    bool good = doc->open ? doc_root(doc) != NULL : not_yaml(doc, &parser);
    if (doc->open && !good)
        problems_add(problems, 1, 1, 1, "the file is empty; a workload begins with `workload: name`");
    good = good && is_last(doc, &parser) && check_nodes(doc, arena);
    yaml_parser_delete(&parser);
    return good;
}

void doc_close(struct doc *doc)
{
    if (doc->open)
        yaml_document_delete(&doc->yaml);
    doc->open = false;
}

/* A thin layer over libyaml's document API: nodes with their place, and mistakes shown there. (Its name is not yaml.c
 * because libyaml's functions begin with that word.) */
#ifndef WORKLOADS_DOC_H
#define WORKLOADS_DOC_H

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

#include "base/arena.h"
#include "workloads/problems.h"

struct doc {
    yaml_document_t yaml;
    bool open;
    const char *text; /* borrowed */
    const char **lines;
    size_t n_lines;
    struct problems *problems; /* borrowed */
};

/* Read the one document of `text` (valid as long as `doc`). False after reporting: not YAML, empty, several documents,
 * doubled keys that are not scalars. Doubled keys, aliases and merge keys are reported, but the rest can be read. */
bool doc_open(struct doc *doc, const char *text, struct arena *arena, struct problems *problems);
void doc_close(struct doc *doc);

const yaml_node_t *doc_root(struct doc *doc);
static inline bool doc_is_map(const yaml_node_t *node)
{
    return node->type == YAML_MAPPING_NODE;
}
static inline bool doc_is_list(const yaml_node_t *node)
{
    return node->type == YAML_SEQUENCE_NODE;
}
static inline bool doc_is_scalar(const yaml_node_t *node)
{
    return node->type == YAML_SCALAR_NODE;
}
bool doc_is_empty(const yaml_node_t *node); /* `key:` with nothing after it, null or ~ */

const char *doc_text(const yaml_node_t *scalar);
size_t doc_count(const yaml_node_t *node); /* entries of a map, items of a list; 0 for a scalar */
const yaml_node_t *doc_key(struct doc *doc, const yaml_node_t *map, size_t i);
const yaml_node_t *doc_value(struct doc *doc, const yaml_node_t *map, size_t i);
const yaml_node_t *doc_item(struct doc *doc, const yaml_node_t *list, size_t i);
/* The value of `key`, NULL if it is not there. */
const yaml_node_t *doc_get(struct doc *doc, const yaml_node_t *map, const char *key);

/* The line on which `node`'s content begins: of a block scalar the line after its `|`. */
int doc_line(const yaml_node_t *node);
/* Report at `node`. */
void doc_problem(struct doc *doc, const yaml_node_t *node, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Report at `len` bytes from `offset` of a scalar's text. */
void doc_problem_in(struct doc *doc, const yaml_node_t *scalar, size_t offset, size_t len, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

#endif

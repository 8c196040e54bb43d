/* A binary min-heap of (time, item): the timers of one worker's loop. */
#ifndef PGDYNO_BASE_HEAP_H
#define PGDYNO_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_entry {
    int64_t key;
    void *item;
};

struct heap {
    struct heap_entry *entries;
    size_t len;
    size_t cap;
};

/* Room for `cap` entries, so that pushing never allocates. False when there is no memory. */
bool heap_init(struct heap *heap, size_t cap);
void heap_deinit(struct heap *heap);
/* The caller never exceeds the capacity it asked for (asserted). */
void heap_push(struct heap *heap, int64_t key, void *item);
/* The entry with the smallest key; NULL when empty. Borrowed until the next push or pop. */
const struct heap_entry *heap_peek(const struct heap *heap);
void *heap_pop(struct heap *heap); /* NULL when empty */

#endif

#include "base/heap.h"

#include <assert.h>
#include <stdlib.h>

bool heap_init(struct heap *heap, size_t cap)
{
    *heap = (struct heap){.entries = calloc(cap ? cap : 1, sizeof(struct heap_entry)), .cap = cap};
    return heap->entries != NULL;
}

void heap_deinit(struct heap *heap)
{
    free(heap->entries);
    *heap = (struct heap){0};
}

void heap_push(struct heap *heap, int64_t key, void *item)
{
    assert(heap->len < heap->cap);
    size_t hole = heap->len++;
    while (hole > 0) {
        size_t parent = (hole - 1) / 2;
        if (heap->entries[parent].key <= key)
            break;
        heap->entries[hole] = heap->entries[parent];
        hole = parent;
    }
    heap->entries[hole] = (struct heap_entry){key, item};
}

const struct heap_entry *heap_peek(const struct heap *heap)
{
    return heap->len ? heap->entries : NULL;
}

static size_t smaller_child(const struct heap *heap, size_t hole)
{
    size_t left = 2 * hole + 1, right = left + 1;
    return right < heap->len && heap->entries[right].key < heap->entries[left].key ? right : left;
}

void *heap_pop(struct heap *heap)
{
    if (heap->len == 0)
        return NULL;
    void *item = heap->entries[0].item;
    struct heap_entry last = heap->entries[--heap->len];
    size_t hole = 0;
    for (;;) {
        size_t child = smaller_child(heap, hole);
        if (child >= heap->len || heap->entries[child].key >= last.key)
            break;
        heap->entries[hole] = heap->entries[child];
        hole = child;
    }
    if (heap->len > 0)
        heap->entries[hole] = last;
    return item;
}

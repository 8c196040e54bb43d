/* Memory that two threads must not share a cache line of: what one writes at every transaction would else be taken from
 * the other's core each time. */
#ifndef PGDYNO_RUN_CACHELINE_H
#define PGDYNO_RUN_CACHELINE_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    CACHELINE_BYTES = 64
};

/* Zeroed, of whole cache lines; free() it. NULL when there is no memory. */
static inline void *cacheline_array(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count ? count : 1, size, &bytes) || bytes > SIZE_MAX / 2)
        return NULL;
    bytes = (bytes + CACHELINE_BYTES - 1) / CACHELINE_BYTES * CACHELINE_BYTES;
    void *memory = aligned_alloc(CACHELINE_BYTES, bytes);
    return memory ? memset(memory, 0, bytes) : NULL;
}

#endif

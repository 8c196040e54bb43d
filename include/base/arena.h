/* Memory that lives and dies together, e.g. everything of one parsed workload. */
#ifndef PGDYNO_BASE_ARENA_H
#define PGDYNO_BASE_ARENA_H

#include <stddef.h>

struct arena;

/* NULL when there is no memory. */
struct arena *arena_new(void);
/* Frees all that was allocated from it; NULL is fine. */
void arena_free(struct arena *arena);

/* Zeroed memory, aligned for any type; NULL when there is no memory. Never freed singly. */
void *arena_alloc(struct arena *arena, size_t size);
/* `count` × `size`, checked for overflow. */
void *arena_array(struct arena *arena, size_t count, size_t size);
char *arena_strdup(struct arena *arena, const char *s);
char *arena_strndup(struct arena *arena, const char *s, size_t len);
char *arena_printf(struct arena *arena, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define ARENA_NEW(arena, type)          ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_array((arena), (count), sizeof(type)))

#endif

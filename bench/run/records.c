#include <stdlib.h>
#include <string.h>

#include "run/record.h"

/* A thread records in the order of ends, which is nearly that of starts: each record is a few places from its own. */
#define MOVES_EACH 16

static int by_intended(const void *a, const void *b)
{
    const struct record *x = a, *y = b;
    return (x->intended_ns > y->intended_ns) - (x->intended_ns < y->intended_ns);
}

/* Insertion, as long as it is cheap. */
static bool sort_nearly_sorted(struct record *list, size_t n)
{
    size_t moves_left = MOVES_EACH * n;
    for (size_t i = 1; i < n; i++) {
        if (list[i - 1].intended_ns <= list[i].intended_ns)
            continue;
        struct record record = list[i];
        size_t k = i;
        for (; k > 0 && list[k - 1].intended_ns > record.intended_ns && moves_left > 0; k--, moves_left--)
            list[k] = list[k - 1];
        list[k] = record;
        if (moves_left == 0)
            return false;
    }
    return true;
}

void records_sort(struct record *list, size_t n)
{
    if (!sort_nearly_sorted(list, n))
        qsort(list, n, sizeof *list, by_intended);
}

bool records_merge(struct record *const *lists, const size_t *lengths, size_t n_lists, struct records *out)
{
    size_t total = 0, *next = calloc(n_lists + 1, sizeof *next);
    for (size_t i = 0; i < n_lists; i++)
        total += lengths[i];
    out->n = 0;
    out->list = next ? malloc((total + 1) * sizeof *out->list) : NULL;
    while (out->list && out->n < total) {
        size_t first = n_lists;
        for (size_t i = 0; i < n_lists; i++)
            if (next[i] < lengths[i] &&
                (first == n_lists || lists[i][next[i]].intended_ns < lists[first][next[first]].intended_ns))
                first = i;
        out->list[out->n++] = lists[first][next[first]++];
    }
    free(next);
    return out->list != NULL;
}

int64_t records_unsent(const struct records *records, int64_t at_ns)
{
    int64_t n = 0;
    for (size_t i = 0; i < records->n; i++)
        n += records->list[i].intended_ns + records->list[i].pool_wait_ns >= at_ns;
    return n;
}

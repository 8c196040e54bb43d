#include <stdlib.h>

#include "base/heap.h"
#include "unit.h"

enum {
    MANY = 1000
};

static void comes_out_in_order(void **state)
{
    (void)state;
    struct heap heap;
    int64_t keys[MANY];
    uint32_t random = 1;
    assert_true(heap_init(&heap, MANY));
    for (size_t i = 0; i < MANY; i++) {
        random = random * 1664525 + 1013904223;
        keys[i] = (int64_t)(random >> 16) % 500 - 250; /* with ties and negatives */
        heap_push(&heap, keys[i], &keys[i]);
    }
    int64_t last = INT64_MIN;
    for (size_t i = 0; i < MANY; i++) {
        int64_t key = heap_peek(&heap)->key;
        const int64_t *item = heap_pop(&heap);
        assert_int_equal(*item, key);
        assert_true(key >= last);
        last = key;
    }
    assert_null(heap_pop(&heap));
    heap_deinit(&heap);
}

static void pushes_and_pops_may_alternate(void **state)
{
    (void)state;
    struct heap heap;
    int a, b, c;
    assert_true(heap_init(&heap, 2));
    heap_push(&heap, 20, &b);
    heap_push(&heap, 10, &a);
    assert_ptr_equal(heap_pop(&heap), &a);
    heap_push(&heap, 30, &c);
    assert_ptr_equal(heap_pop(&heap), &b);
    assert_ptr_equal(heap_pop(&heap), &c);
    heap_deinit(&heap);
}

static void an_empty_one_has_nothing(void **state)
{
    (void)state;
    struct heap heap;
    assert_true(heap_init(&heap, 0));
    assert_null(heap_peek(&heap));
    assert_null(heap_pop(&heap));
    heap_deinit(&heap);
    heap_deinit(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_out_in_order),
        cmocka_unit_test(pushes_and_pops_may_alternate),
        cmocka_unit_test(an_empty_one_has_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

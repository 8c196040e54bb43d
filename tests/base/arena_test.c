#include <stdalign.h>
#include <stdbool.h>
#include <string.h>

#include "base/arena.h"
#include "unit.h"

static void memory_is_zeroed_and_aligned(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 15, 16, 17, 4095, 4097, 100000};
    static const char zeroes[100000];
    struct arena *arena = arena_new();
    for (size_t round = 0; round < 50; round++) {
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            char *memory = arena_alloc(arena, sizes[i]);
            assert_non_null(memory);
            assert_int_equal((uintptr_t)memory % alignof(max_align_t), 0);
            assert_memory_equal(memory, zeroes, sizes[i]);
            memset(memory, 0xAA, sizes[i]);
        }
    }
    arena_free(arena);
    arena_free(NULL);
}

static void a_large_piece_does_not_waste_the_chunk_in_use(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    char *first = arena_alloc(arena, 16);
    assert_non_null(arena_alloc(arena, 1000000));
    assert_ptr_equal(arena_alloc(arena, 16), first + 16);
    arena_free(arena);
}

static void strings_are_copies(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    char source[] = "priority";
    char *whole = arena_strdup(arena, source), *part = arena_strndup(arena, source, 4);
    source[0] = 'X';
    assert_string_equal(whole, "priority");
    assert_string_equal(part, "prio");
    assert_string_equal(arena_strndup(arena, "ab", 100), "ab");
    assert_string_equal(arena_printf(arena, "%s:%d", "tasks.yaml", 12), "tasks.yaml:12");
    assert_string_equal(arena_printf(arena, "%s", ""), "");
    arena_free(arena);
}

static void sizes_that_overflow_are_refused(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    assert_null(ARENA_ARRAY(arena, uint64_t, SIZE_MAX / 4));
    assert_null(arena_alloc(arena, SIZE_MAX));
    assert_non_null(ARENA_ARRAY(arena, uint64_t, 3));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_aligned),
        cmocka_unit_test(a_large_piece_does_not_waste_the_chunk_in_use),
        cmocka_unit_test(strings_are_copies),
        cmocka_unit_test(sizes_that_overflow_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

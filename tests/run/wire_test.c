/* Making room among a transaction's texts, by itself. */
#include <stdio.h>
#include <string.h>

#include "generators/rng.h"
#include "run/wire.h"
#include "unit.h"

enum {
    SIZE = 4096,
    SLOTS = 12,
    ROUNDS = 20000
};

static struct value text_in(struct scratch *scratch, const char *text)
{
    size_t len = strlen(text);
    char *copy = scratch_take(scratch, len);
    assert_non_null(copy);
    memcpy(copy, text, len);
    return (struct value){.type = VALUE_TEXT, .text = {.data = copy, .len = len}};
}

static void check_text(const struct value *value, const char *expected)
{
    assert_int_equal(value->type, VALUE_TEXT);
    assert_int_equal(value->text.len, strlen(expected));
    assert_memory_equal(value->text.data, expected, value->text.len);
}

static struct value part_of(const struct value *value, size_t from, size_t len)
{
    return (struct value){.type = VALUE_TEXT, .text = {.data = value->text.data + from, .len = len}};
}

static void test_texts_move_together(void **state)
{
    (void)state;
    static const char literal[] = "a literal";
    struct scratch scratch;
    struct value slots[8] = {{.type = VALUE_NULL}};
    assert_true(scratch_init(&scratch, SIZE));
    slots[0] = text_in(&scratch, "before the mark");
    const char *let = slots[0].text.data;
    size_t mark = scratch.used;
    text_in(&scratch, "nobody's");
    slots[1] = text_in(&scratch, "second");
    text_in(&scratch, "nobody's either");
    slots[2] = text_in(&scratch, "first and last");
    slots[3] = part_of(&slots[2], 6, 8); /* "and last" */
    slots[4] = part_of(&slots[2], 0, 5); /* "first" */
    slots[5] = slots[1];
    slots[6] = (struct value){.type = VALUE_TEXT, .text = {.data = literal, .len = strlen(literal)}};
    slots[7] = (struct value){.type = VALUE_INT, .integer = 7};
    wire_reclaim(&scratch, mark, slots, 8);
    assert_int_equal(scratch.used, mark + strlen("second") + strlen("first and last"));
    assert_ptr_equal(slots[0].text.data, let);
    check_text(&slots[0], "before the mark");
    check_text(&slots[1], "second");
    check_text(&slots[2], "first and last");
    check_text(&slots[3], "and last");
    check_text(&slots[4], "first");
    check_text(&slots[5], "second");
    check_text(&slots[6], literal);
    assert_int_equal(slots[7].integer, 7);
    for (int i = 1; i < 8; i++)
        slots[i].type = VALUE_NULL;
    wire_reclaim(&scratch, mark, slots, 8);
    assert_int_equal(scratch.used, mark);
    scratch_deinit(&scratch);
}

/* A part of what another holds may end beyond it: what overlaps stays as it lies. */
static void test_overlaps_that_reach_on(void **state)
{
    (void)state;
    struct scratch scratch;
    struct value slots[3];
    assert_true(scratch_init(&scratch, SIZE));
    text_in(&scratch, "gone");
    struct value all = text_in(&scratch, "abcdefghij");
    slots[0] = part_of(&all, 6, 4);
    slots[1] = part_of(&all, 1, 4);
    slots[2] = part_of(&all, 3, 5);
    wire_reclaim(&scratch, 0, slots, 3);
    assert_int_equal(scratch.used, 9);
    check_text(&slots[0], "ghij");
    check_text(&slots[1], "bcde");
    check_text(&slots[2], "defgh");
    scratch_deinit(&scratch);
}

/* As a long loop does it: variables become new texts and parts of each other, again and again. */
static void test_many_rounds(void **state)
{
    (void)state;
    struct scratch scratch;
    struct value slots[SLOTS] = {{.type = VALUE_NULL}};
    char expected[SLOTS][64] = {""};
    struct rng rng = rng_at(7, 0, 0, 0);
    int reclaimed = 0;
    assert_true(scratch_init(&scratch, SIZE));
    for (int round = 0; round < ROUNDS; round++) {
        size_t at = rng_next(&rng) % SLOTS, from = rng_next(&rng) % SLOTS;
        if (scratch.used + 64 > SIZE) {
            wire_reclaim(&scratch, 0, slots, SLOTS);
            assert_true(scratch.used <= SLOTS * 64);
            reclaimed++;
        }
        if (round % 3 == 0 && slots[from].type == VALUE_TEXT && slots[from].text.len > 4) {
            char copy[64];
            snprintf(copy, sizeof copy, "%.*s", (int)slots[from].text.len - 4, expected[from] + 2);
            slots[at] = part_of(&slots[from], 2, slots[from].text.len - 4);
            memcpy(expected[at], copy, sizeof copy);
        } else {
            snprintf(expected[at], sizeof expected[at], "text %d of slot %zu, %.*s", round, at, round % 20,
                     "with a tail of some length");
            slots[at] = text_in(&scratch, expected[at]);
        }
        for (int i = 0; i < SLOTS; i++)
            if (slots[i].type == VALUE_TEXT)
                check_text(&slots[i], expected[i]);
    }
    assert_true(reclaimed > 50);
    scratch_deinit(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts_move_together),
        cmocka_unit_test(test_overlaps_that_reach_on),
        cmocka_unit_test(test_many_rounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

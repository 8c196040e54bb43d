#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "generators/text.h"
#include "unit.h"

static struct scratch scratch;

static int set_up(void **state)
{
    (void)state;
    return scratch_init(&scratch, 4096) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_deinit(&scratch);
    return 0;
}

static int count_words(const struct value *text)
{
    int words = text->text.len > 0;
    for (size_t i = 0; i < text->text.len; i++) {
        char c = text->text.data[i];
        assert_true(islower((unsigned char)c) || (c == ' ' && i > 0 && text->text.data[i - 1] != ' '));
        words += c == ' ';
    }
    return words;
}

static void words_are_words(void **state)
{
    (void)state;
    struct rng rng = {.key = 1};
    int seen[9] = {0};
    for (int i = 0; i < 6000; i++) {
        struct value out;
        scratch.used = 0;
        assert_int_equal(text_words(&rng, 3, 8, &scratch, &out), MAKE_OK);
        assert_int_equal(scratch.used, out.text.len);
        int words = count_words(&out);
        assert_in_range(words, 3, 8);
        seen[words]++;
    }
    for (int i = 3; i <= 8; i++)
        assert_in_range(seen[i], 850, 1150);
}

/* All 512 come up, none much more often than another: 100 times each on average. */
static void every_word_is_as_likely(void **state)
{
    (void)state;
    static struct {
        char word[16];
        int count;
    } seen[600];
    int n = 0;
    struct rng rng = {.key = 2};
    for (int i = 0; i < 51200; i++) {
        struct value out;
        char word[16];
        scratch.used = 0;
        assert_int_equal(text_words(&rng, 1, 1, &scratch, &out), MAKE_OK);
        snprintf(word, sizeof word, "%.*s", (int)out.text.len, out.text.data);
        int k = 0;
        while (k < n && strcmp(seen[k].word, word) != 0)
            k++;
        if (k == n)
            memcpy(seen[n++].word, word, sizeof word);
        seen[k].count++;
    }
    assert_int_equal(n, 512);
    for (int k = 0; k < n; k++)
        assert_in_range(seen[k].count, 50, 150);
}

typedef enum make_status fixed_fn(struct rng *rng, int64_t n, struct scratch *scratch, struct value *out);

static void check_alphabet(fixed_fn *make, const char *alphabet)
{
    size_t size = strlen(alphabet);
    int seen[256] = {0};
    struct rng rng = {.key = 3};
    for (int i = 0; i < 2000; i++) {
        struct value out;
        scratch.used = 0;
        assert_int_equal(make(&rng, 13, &scratch, &out), MAKE_OK);
        assert_int_equal(out.text.len, 13);
        for (size_t k = 0; k < 13; k++) {
            assert_non_null(memchr(alphabet, out.text.data[k], size));
            seen[(unsigned char)out.text.data[k]]++;
        }
    }
    double expected = 2000.0 * 13 / (double)size, chi = 0;
    for (size_t k = 0; k < size; k++)
        chi += (seen[(unsigned char)alphabet[k]] - expected) * (seen[(unsigned char)alphabet[k]] - expected) / expected;
    assert_true(chi < 60); /* 25 degrees of freedom at most: 1 in 10,000 */
}

static enum make_status letters(struct rng *rng, int64_t n, struct scratch *into, struct value *out)
{
    return text_letters(rng, n, n, into, out);
}

static void characters_are_even(void **state)
{
    (void)state;
    check_alphabet(text_digits, "0123456789");
    check_alphabet(text_hex, "0123456789abcdef");
    check_alphabet(letters, "abcdefghijklmnopqrstuvwxyz");
}

static void uuids_have_version_and_variant(void **state)
{
    (void)state;
    struct rng rng = {.key = 4};
    char first[36];
    for (int i = 0; i < 100; i++) {
        struct value out;
        scratch.used = 0;
        assert_int_equal(text_uuid(&rng, &scratch, &out), MAKE_OK);
        assert_int_equal(out.text.len, 36);
        for (size_t k = 0; k < 36; k++) {
            char c = out.text.data[k];
            bool dash = k == 8 || k == 13 || k == 18 || k == 23;
            assert_true(dash ? c == '-' : isdigit((unsigned char)c) || (c >= 'a' && c <= 'f'));
        }
        assert_int_equal(out.text.data[14], '4');
        assert_non_null(memchr("89ab", out.text.data[19], 4));
        assert_true(i == 0 || memcmp(first, out.text.data, 36) != 0);
        memcpy(first, out.text.data, 36);
    }
}

static void bad_lengths_are_refused(void **state)
{
    (void)state;
    struct rng rng = {.key = 5};
    struct value out;
    scratch.used = 0;
    assert_int_equal(text_words(&rng, 2, 1, &scratch, &out), MAKE_BAD_ARGUMENT);
    assert_int_equal(text_words(&rng, -1, 1, &scratch, &out), MAKE_BAD_ARGUMENT);
    assert_int_equal(text_letters(&rng, 2, 1, &scratch, &out), MAKE_BAD_ARGUMENT);
    assert_int_equal(text_digits(&rng, -1, &scratch, &out), MAKE_BAD_ARGUMENT);
    assert_int_equal(text_words(&rng, 0, 0, &scratch, &out), MAKE_OK);
    assert_int_equal(out.text.len, 0);
}

static void a_full_scratch_is_left_as_it_was(void **state)
{
    (void)state;
    struct rng rng = {.key = 6};
    struct value out;
    scratch.used = 4090;
    assert_int_equal(text_words(&rng, 10, 10, &scratch, &out), MAKE_FULL);
    assert_int_equal(text_letters(&rng, 10, 10, &scratch, &out), MAKE_FULL);
    assert_int_equal(text_digits(&rng, INT64_MAX, &scratch, &out), MAKE_FULL);
    assert_int_equal(text_uuid(&rng, &scratch, &out), MAKE_FULL);
    assert_int_equal(scratch.used, 4090);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_words),         cmocka_unit_test(every_word_is_as_likely),
        cmocka_unit_test(characters_are_even),     cmocka_unit_test(uuids_have_version_and_variant),
        cmocka_unit_test(bad_lengths_are_refused), cmocka_unit_test(a_full_scratch_is_left_as_it_was),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

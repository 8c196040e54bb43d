#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "reports/hgrm.h"
#include "reports/hlog.h"
#include "unit.h"

/* Made by an independent implementation (hdr-histogram-js 3, 1 to 3.6e12, 3 digits): 1 + 1000·i for i < 1000, 200 times
 * 5,000,000, 123,456,789 and 0. */
static const char foreign[] =
    "HISTFAAAAJh4nJNpmSzMwMB+iYGBgZGBgYGZAQIYGRiY3Qx2LGCA8ZmYzvKD0GQOpqfsTAtZmD4yQ9FyJqbvjFjQSkamaqZKPDibyZrJmskWTJJH"
    "6zJJM8kyySKR9OfzM/EycTPxQiGChV10uMqzM7GCITOURoXEi47qH/r6mZkY0CCGAC5ItEJamDlq+ajlI8Hy4yoTmFd7MQEADAQ+2w==";

static struct hist *foreign_values(void)
{
    struct hist *hist = hist_new();
    assert_non_null(hist);
    for (int i = 0; i < 1000; i++)
        hist_record(hist, 1000 * i + 1);
    for (int i = 0; i < 200; i++)
        hist_record(hist, 5000000);
    hist_record(hist, 123456789);
    hist_record(hist, 0);
    return hist;
}

static void assert_same_counts(const struct hist *a, const struct hist *b)
{
    assert_int_equal(a->total, b->total);
    assert_memory_equal(a->counts, b->counts, sizeof a->counts);
}

static void round_trip(const struct hist *hist)
{
    struct str text = {0};
    struct err err = {0};
    struct hist *back = hist_new();
    assert_true(hlog_encode(hist, &text));
    if (!hlog_decode(str_text(&text), text.len, back, &err))
        fail_msg("%s", err.text);
    assert_same_counts(hist, back);
    str_deinit(&text);
    hist_free(back);
}

static void test_reads_others(void **state)
{
    (void)state;
    struct hist *known = foreign_values(), *read = hist_new();
    assert_true(hlog_decode(foreign, strlen(foreign), read, NULL));
    assert_same_counts(known, read);
    assert_int_equal(hist_percentile(read, 0.5), hist_percentile(known, 0.5));
    hist_free(known);
    hist_free(read);
}

/* The plain bytes behind base64 and zlib, whose own output differs from one compressor to the next. */
static size_t unpack(const char *base64, unsigned char *plain, size_t size)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned char packed[4096];
    size_t used = 0;
    unsigned bits = 0, n_bits = 0;
    for (const char *c = base64; *c && *c != '='; c++) {
        bits = bits << 6 | (unsigned)(strchr(letters, *c) - letters);
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            packed[used++] = (unsigned char)(bits >> n_bits);
        }
    }
    uLongf len = size;
    assert_int_equal(uncompress(plain, &len, packed + 8, used - 8), Z_OK);
    return len;
}

static void test_writes_as_others(void **state)
{
    (void)state;
    unsigned char theirs[8192], ours[8192];
    struct str text = {0};
    struct hist *hist = foreign_values();
    assert_true(hlog_encode(hist, &text));
    size_t their_len = unpack(foreign, theirs, sizeof theirs), our_len = unpack(str_text(&text), ours, sizeof ours);
    /* cookie; digits, lowest and highest value. That implementation fills index offset and ratio with 1 and an integer,
     * which readers ignore; ours are the reference implementation's. */
    assert_memory_equal(ours, theirs, 4);
    assert_memory_equal(ours + 12, theirs + 12, 20);
    assert_memory_equal(ours + 32, "\x3f\xf0\0\0\0\0\0\0", 8);
    assert_true(our_len <= their_len);
    assert_memory_equal(ours + 40, theirs + 40, our_len - 40);
    for (size_t i = our_len; i < their_len; i++)
        assert_int_equal(theirs[i], 0);
    str_deinit(&text);
    hist_free(hist);
}

static void test_round_trips(void **state)
{
    (void)state;
    struct hist *hist = hist_new();
    round_trip(hist);
    hist_record(hist, 0);
    round_trip(hist);
    hist_record(hist, HIST_MAX_NS + 5);
    round_trip(hist);
    for (int64_t v = 1; v < HIST_MAX_NS; v = v * 3 / 2 + 1)
        for (int64_t k = 0; k < v % 700; k++)
            hist_record(hist, v);
    round_trip(hist);
    /* a counter that fills all nine bytes */
    hist->counts[hist_index(5000)] += INT64_C(1) << 61;
    hist->total += INT64_C(1) << 61;
    round_trip(hist);
    hist_free(hist);
}

static void test_refuses_damage(void **state)
{
    (void)state;
    struct hist *hist = hist_new();
    struct err err = {0};
    char damaged[sizeof foreign];
    assert_false(hlog_decode("", 0, hist, &err));
    assert_false(hlog_decode("HISTFAAA", 8, hist, &err));
    assert_false(hlog_decode("no base64!", 10, hist, &err));
    for (size_t len = 0; len + 4 < strlen(foreign); len += 7)
        assert_false(hlog_decode(foreign, len, hist, &err));
    for (size_t i = 0; i < strlen(foreign); i++) { /* any one letter: refused, or read as something, but no crash */
        memcpy(damaged, foreign, sizeof damaged);
        damaged[i] = damaged[i] == 'A' ? 'q' : 'A';
        struct hist *scrap = hist_new();
        hlog_decode(damaged, strlen(damaged), scrap, &err);
        hist_free(scrap);
    }
    assert_string_not_equal(err.text, "");
    hist_free(hist);
}

static void test_lines(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    struct hist *hist = foreign_values(), *read = hist_new();
    hlog_header(file, INT64_C(1795256100123000000));
    assert_true(hlog_line(file, "dashboard.response", 1795256100.123, 8, hist));
    fclose(file);
    assert_non_null(
        strstr(text, "#[Histogram log format version 1.3]\n#[StartTime: 1795256100.123 (seconds since epoch), "));
    char *line = strstr(text, "Tag=");
    assert_non_null(line);
    const char *start = "Tag=dashboard.response,1795256100.123,8,123.4568,HISTFAAA";
    assert_memory_equal(line, start, strlen(start));
    struct hlog_entry entry;
    assert_true(hlog_parse(line, &entry));
    assert_string_equal(entry.tag, "dashboard.response");
    assert_true(entry.length_s == 8);
    assert_true(hlog_decode(entry.base64, strlen(entry.base64), read, NULL));
    assert_same_counts(hist, read);
    char comment[] = "#[x]", legend[] = "\"StartTimestamp\",\"I\"", torn[] = "Tag=a,1.0,2";
    assert_false(hlog_parse(comment, &entry));
    assert_false(hlog_parse(legend, &entry));
    assert_false(hlog_parse(torn, &entry));
    free(text);
    hist_free(hist);
    hist_free(read);
}

static void test_percentile_text(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    struct hist *hist = hist_new();
    for (int i = 1; i <= 100; i++)
        hist_record(hist, i * 10);
    hgrm_write(file, hist);
    fclose(file);
    const char *wanted_start = "       Value     Percentile TotalCount 1/(1-Percentile)\n\n"
                               "    0.000010 0.000000000000          1           1.00\n"
                               "    0.000100 0.100000000000         10           1.11\n";
    assert_memory_equal(text, wanted_start, strlen(wanted_start));
    assert_non_null(strstr(text, "    0.000500 0.500000000000         50           2.00\n"));
    assert_non_null(strstr(text, "    0.000750 0.750000000000         75           4.00\n"));
    assert_non_null(strstr(
        text, "    0.001000 1.000000000000        100            inf\n#[Mean    =     0.000505, StdDeviation   "));
    free(text);
    hist_free(hist);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_others), cmocka_unit_test(test_writes_as_others),
        cmocka_unit_test(test_round_trips),  cmocka_unit_test(test_refuses_damage),
        cmocka_unit_test(test_lines),        cmocka_unit_test(test_percentile_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

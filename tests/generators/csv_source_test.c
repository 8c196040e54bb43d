#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "generators/csv_source.h"
#include "unit.h"

#define FILE_OF(name) TEST_DATA_DIR "/csv/" name

static void assert_cell(const struct csv_source *source, int64_t row, size_t column, const char *expected)
{
    const struct value *cell = &source->cells[(size_t)(row - 1) * source->n_columns + column];
    assert_int_equal(cell->type, VALUE_TEXT);
    assert_int_equal(cell->text.len, strlen(expected));
    assert_memory_equal(cell->text.data, expected, strlen(expected));
}

static void a_file_is_read(void **state)
{
    (void)state;
    struct csv_source *source;
    assert_true(csv_source_open(FILE_OF("good.csv"), &source, NULL));
    assert_int_equal(source->n_columns, 2);
    assert_string_equal(source->columns[0], "first_name");
    assert_string_equal(source->columns[1], "city");
    assert_int_equal(source->rows, 4);
    assert_cell(source, 1, 0, "Anna");
    assert_cell(source, 1, 1, "Berlin, Mitte");
    assert_cell(source, 2, 1, "say \"hi\"");
    assert_cell(source, 3, 0, "");
    assert_cell(source, 3, 1, "two\nlines");
    assert_cell(source, 4, 0, "  spaced ");
    assert_cell(source, 4, 1, "Z\xc3\xbcrich");
    csv_source_close(source);
}

static void a_mark_and_carriage_returns_are_no_data(void **state)
{
    (void)state;
    struct csv_source *source;
    assert_true(csv_source_open(FILE_OF("bom_crlf.csv"), &source, NULL));
    assert_string_equal(source->columns[0], "name");
    assert_int_equal(source->rows, 2);
    assert_cell(source, 1, 1, "1");
    assert_cell(source, 2, 0, "Bo");
    assert_cell(source, 2, 1, "2");
    csv_source_close(source);
}

static void mistakes_are_shown_with_their_line(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        const char *where; /* how it ends */
        const char *text;  /* what it holds */
    } rows[] = {
        {FILE_OF("missing.csv"), "missing.csv", "No such file"},
        {FILE_OF(""), "/csv/", "directory"},
        {FILE_OF("empty.csv"), "empty.csv", "is empty"},
        {FILE_OF("only_bom.csv"), "only_bom.csv", "is empty"},
        {FILE_OF("no_rows.csv"), "no_rows.csv", "no rows"},
        {FILE_OF("unnamed_column.csv"), "unnamed_column.csv:1", "column 2 of the header has no name"},
        {FILE_OF("doubled_column.csv"), "doubled_column.csv:1", "\"name\" twice (columns 1 and 3)"},
        {FILE_OF("ragged.csv"), "ragged.csv:4", "3 fields, but the header has 2"},
        {FILE_OF("short_line.csv"), "short_line.csv:5", "1 fields, but the header has 2"},
        {FILE_OF("unfinished_quote.csv"), "unfinished_quote.csv:3", "ends inside quotes"},
        {FILE_OF("stray_quote.csv"), "stray_quote.csv:3", "inside an unquoted field"},
        {FILE_OF("text_after_quote.csv"), "text_after_quote.csv:2", "after a closing quote"},
        {FILE_OF("nul.csv"), "nul.csv", "NUL byte at offset 8"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct csv_source *source = NULL;
        struct err err = {0};
        assert_false(csv_source_open(rows[i].path, &source, &err));
        assert_null(source);
        size_t where_len = strlen(err.where), len = strlen(rows[i].where);
        if (where_len < len || strcmp(err.where + where_len - len, rows[i].where) != 0)
            fail_msg("%s: at \"%s\"", rows[i].path, err.where);
        if (!strstr(err.text, rows[i].text))
            fail_msg("%s: \"%s\"", rows[i].path, err.text);
    }
}

/* As of a file without line breaks: comparing a million names with each other would take hours. */
static void a_header_without_end_is_refused(void **state)
{
    (void)state;
    char path[] = "/tmp/pgdyno_csv_XXXXXX";
    struct csv_source *source = NULL;
    struct err err = {0};
    int fd = mkstemp(path);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    assert_non_null(file);
    for (int i = 0; i < 1000000; i++)
        fprintf(file, "%s%d", i > 0 ? "," : "", i);
    assert_int_equal(fclose(file), 0);
    bool opened = csv_source_open(path, &source, &err);
    unlink(path);
    assert_false(opened);
    assert_non_null(strstr(err.text, "more than 10000 columns"));
}

static void the_hash_is_of_the_bytes(void **state)
{
    (void)state;
    struct csv_source *one, *again, *other;
    assert_true(csv_source_open(FILE_OF("good.csv"), &one, NULL));
    assert_true(csv_source_open(FILE_OF("good.csv"), &again, NULL));
    assert_true(csv_source_open(FILE_OF("bom_crlf.csv"), &other, NULL));
    assert_true(one->hash == again->hash && one->hash != other->hash);
    csv_source_close(one);
    csv_source_close(again);
    csv_source_close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_read),
        cmocka_unit_test(a_mark_and_carriage_returns_are_no_data),
        cmocka_unit_test(mistakes_are_shown_with_their_line),
        cmocka_unit_test(a_header_without_end_is_refused),
        cmocka_unit_test(the_hash_is_of_the_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "generators/csv_source.h"

#include <csv.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

enum {
    COLUMNS_MAX = 10000 /* a file without line breaks is no table, and its "header" would take hours to check */
};

/* libcsv copies each field before it hands it out, so the fields are kept in the place of the file's own bytes: they
 * never need more room than what was read up to then. The parser is fed line by line, so that a record's line is known.
 */
struct reading {
    struct csv_source *source;
    struct err *err;
    int64_t line;        /* of the piece being fed, from 1 */
    int64_t record_line; /* where the record being read began; 0 between records */
    size_t fields;       /* of that record so far */
    size_t cells;        /* kept altogether */
    size_t cells_cap;
    size_t columns_cap;
    char *free_bytes; /* where the next field is kept */
    bool failed;
};

static void fail(struct reading *reading, int64_t line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static void fail(struct reading *reading, int64_t line, const char *fmt, ...)
{
    if (reading->failed)
        return;
    reading->failed = true;
    struct str text = {0}, where = {0};
    va_list args;
    va_start(args, fmt);
    str_vprintf(&text, fmt, args);
    va_end(args);
    str_printf(&where, "%s:%" PRId64, reading->source->path, line);
    err_set(reading->err, ERR_INPUT, str_text(&where), "%s", str_text(&text));
    str_deinit(&text);
    str_deinit(&where);
}

static void fail_memory(struct reading *reading)
{
    reading->failed = true;
    err_memory(reading->err);
}

/* --- Fields and records, as libcsv hands them out ----------------------------------------------------------------- */

/* One more element; the array as it was, and false, when there is no memory. */
static bool grow(void **array, size_t *cap, size_t used, size_t size)
{
    if (used < *cap)
        return true;
    size_t wanted = *cap ? *cap * 2 : 64;
    void *bigger = wanted > SIZE_MAX / 2 / size ? NULL : realloc(*array, wanted * size);
    if (!bigger)
        return false;
    *array = bigger;
    *cap = wanted;
    return true;
}

static bool in_header(const struct reading *reading)
{
    return reading->source->rows < 0;
}

static void keep_name(struct reading *reading, const char *data, size_t len)
{
    struct csv_source *source = reading->source;
    if (source->n_columns == COLUMNS_MAX) {
        fail(reading, reading->record_line, "the header has more than %d columns; are there line breaks?", COLUMNS_MAX);
        return;
    }
    void *columns = source->columns;
    bool room = grow(&columns, &reading->columns_cap, source->n_columns, sizeof(char *));
    source->columns = columns;
    char *name = room ? strndup(data, len) : NULL;
    if (!name) {
        fail_memory(reading);
        return;
    }
    for (size_t i = 0; i < source->n_columns; i++) {
        if (strcmp(source->columns[i], name) == 0)
            fail(reading, reading->record_line,
                 "the header names column \"%s\" twice (columns %zu and %zu); rename one", name, i + 1,
                 source->n_columns + 1);
    }
    source->columns[source->n_columns++] = name;
    if (len == 0)
        fail(reading, reading->record_line,
             "column %zu of the header has no name; the first line must name every column", source->n_columns);
}

static void keep_cell(struct reading *reading, const char *data, size_t len)
{
    struct csv_source *source = reading->source;
    void *cells = source->cells;
    bool room = grow(&cells, &reading->cells_cap, reading->cells, sizeof(struct value));
    source->cells = cells;
    if (!room) {
        fail_memory(reading);
        return;
    }
    memcpy(reading->free_bytes, data, len);
    source->cells[reading->cells++] = (struct value){.type = VALUE_TEXT, .text = {reading->free_bytes, len}};
    reading->free_bytes += len;
}

static void on_field(void *data, size_t len, void *user)
{
    struct reading *reading = user;
    if (reading->failed)
        return;
    reading->fields++;
    if (in_header(reading))
        keep_name(reading, data ? data : "", len);
    else if (reading->fields <= reading->source->n_columns)
        keep_cell(reading, data ? data : "", len);
}

static void on_record(int terminator, void *user)
{
    (void)terminator;
    struct reading *reading = user;
    struct csv_source *source = reading->source;
    if (!in_header(reading) && reading->fields != source->n_columns)
        fail(reading, reading->record_line,
             "%zu fields, but the header has %zu columns; quote fields that hold a comma, a quote or a line break",
             reading->fields, source->n_columns);
    source->rows++;
    reading->fields = 0;
    reading->record_line = 0;
}

/* --- The file ----------------------------------------------------------------------------------------------------- */

static bool read_bytes(FILE *file, const char *path, char **out, size_t *len, struct err *err)
{
    struct str bytes = {0};
    size_t got;
    do {
        if (!str_reserve(&bytes, 1 << 16)) {
            str_deinit(&bytes);
            return err_memory(err);
        }
        got = fread(bytes.data + bytes.len, 1, bytes.cap - bytes.len - 1, file);
        bytes.len += got;
        bytes.data[bytes.len] = '\0';
    } while (got > 0);
    if (ferror(file)) {
        err_system(err, path, "cannot read the CSV file");
        str_deinit(&bytes);
        return false;
    }
    *len = bytes.len;
    *out = str_steal(&bytes);
    return true;
}

static bool read_file(struct csv_source *source, size_t *len, struct err *err)
{
    FILE *file = fopen(source->path, "rbe");
    if (!file)
        return err_set(err, ERR_INPUT, source->path, "cannot open the CSV file: %s", strerror(errno));
    bool ok = read_bytes(file, source->path, &source->bytes, len, err);
    fclose(file);
    return ok;
}

/* Past the end of this line: after its newline, or after a carriage return that stands alone. */
static char *line_end(char *p)
{
    p += strcspn(p, "\r\n");
    if (*p == '\r' && p[1] != '\n')
        return p + 1;
    p += strspn(p, "\r");
    return *p == '\n' ? p + 1 : p;
}

static bool blank(const char *p, const char *end)
{
    return p + strspn(p, "\r\n") >= end;
}

static const char *parse_mistake(struct csv_parser *parser)
{
    return csv_error(parser) != CSV_EPARSE ? csv_strerror(csv_error(parser))
           : parser->quoted
               ? "text after a closing quote; a quote inside a quoted field is written twice (\"\")"
               : "a quote inside an unquoted field; quote the whole field and write its quotes twice (\"\")";
}

static void feed_lines(struct reading *reading, struct csv_parser *parser, char *p, char *end)
{
    while (p < end && !reading->failed) {
        char *next = line_end(p);
        reading->line++;
        if (reading->record_line == 0 && !blank(p, next))
            reading->record_line = reading->line;
        size_t len = (size_t)(next - p);
        if (csv_parse(parser, p, len, on_field, on_record, reading) != len)
            fail(reading, reading->line, "%s", parse_mistake(parser));
        p = next;
    }
}

static int no_space(unsigned char c)
{
    (void)c;
    return 0;
}

static void parse(struct reading *reading, char *p, char *end)
{
    struct csv_parser parser;
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) != 0) {
        fail_memory(reading);
        return;
    }
    csv_set_space_func(&parser, no_space); /* blanks belong to the field, as in RFC 4180 and COPY */
    feed_lines(reading, &parser, p, end);
    if (!reading->failed && csv_fini(&parser, on_field, on_record, reading) != 0)
        fail(reading, reading->record_line, "the file ends inside quotes that begin in the record of this line");
    csv_free(&parser);
}

static bool read_records(struct csv_source *source, size_t len, struct err *err)
{
    struct reading reading = {.source = source, .err = err, .free_bytes = source->bytes};
    char *start = source->bytes, *end = start + len;
    if (len >= 3 && memcmp(start, "\xef\xbb\xbf", 3) == 0)
        start += 3;
    char *nul = memchr(start, '\0', (size_t)(end - start));
    if (nul)
        return err_set(err, ERR_INPUT, source->path, "not a text file in UTF-8: it holds a NUL byte at offset %td",
                       nul - source->bytes);
    source->rows = -1; /* until the header was read */
    parse(&reading, start, end);
    if (reading.failed)
        return false;
    if (source->rows < 0)
        return err_set(err, ERR_INPUT, source->path, "the CSV file is empty; its first line must name the columns");
    if (source->rows == 0)
        return err_set(err, ERR_INPUT, source->path, "the CSV file has a header but no rows");
    return true;
}

bool csv_source_open(const char *path, struct csv_source **out, struct err *err)
{
    struct csv_source *source = calloc(1, sizeof(*source));
    if (!source)
        return err_memory(err);
    size_t len = 0;
    source->path = strdup(path);
    if (!source->path) {
        err_memory(err);
        goto failed;
    }
    if (!read_file(source, &len, err))
        goto failed;
    source->hash = str_hash(source->bytes, len);
    if (!read_records(source, len, err))
        goto failed;
    *out = source;
    return true;
failed:
    csv_source_close(source);
    return false;
}

void csv_source_close(struct csv_source *source)
{
    if (!source)
        return;
    for (size_t i = 0; i < source->n_columns; i++)
        free(source->columns[i]);
    free(source->columns);
    free(source->cells);
    free(source->bytes);
    free(source->path);
    free(source);
}

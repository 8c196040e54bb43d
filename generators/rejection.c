#include "generators/rejection.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "generators/copy.h"

enum {
    SHOWN_BYTES = 120
};

bool sent_rows_add(struct sent_rows *sent, int64_t first, int64_t last)
{
    if (sent->count > 0 && sent->ranges[sent->count - 1].last + 1 == first) {
        sent->ranges[sent->count - 1].last = last;
        return true;
    }
    if (sent->count == sent->cap) {
        size_t cap = sent->cap ? sent->cap * 2 : 64;
        struct sent_range *ranges = realloc(sent->ranges, cap * sizeof(*ranges));
        if (!ranges)
            return false;
        sent->ranges = ranges;
        sent->cap = cap;
    }
    sent->ranges[sent->count++] = (struct sent_range){first, last};
    return true;
}

int64_t sent_rows_find(const struct sent_rows *sent, int64_t line)
{
    for (size_t i = 0; line > 0 && i < sent->count; i++) {
        int64_t rows = sent->ranges[i].last - sent->ranges[i].first + 1;
        if (line <= rows)
            return sent->ranges[i].first + line - 1;
        line -= rows;
    }
    return 0;
}

void sent_rows_deinit(struct sent_rows *sent)
{
    free(sent->ranges);
    *sent = (struct sent_rows){0};
}

/* `text` is what follows the word for "column": "name: …" (or "name" alone). */
static size_t find_column(const char *text, const struct table_spec *table)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        const char *name = table->columns[i].name;
        size_t len = strlen(name);
        if (strncmp(text, name, len) == 0 && (text[len] == ':' || text[len] == '\0' || text[len] == '\n'))
            return i;
    }
    return table->n_columns;
}

/* The server may speak any language, but the order is the same in all: COPY, table, line, column. */
struct copy_place rejection_place(const char *context, const struct table_spec *table)
{
    struct copy_place place = {.line = 0, .column = table->n_columns};
    const char *copy = context ? strstr(context, "COPY ") : NULL;
    const char *name = copy ? strstr(copy, table->name) : NULL;
    if (!name)
        return place;
    const char *digits = name + strlen(table->name);
    digits += strcspn(digits, "0123456789:\n");
    char *rest;
    place.line = strtoll(digits, &rest, 10); /* 0 when there is no digit */
    if (rest == digits || strncmp(rest, ", ", 2) != 0)
        return place;
    const char *word = rest + 2;
    size_t word_len = strcspn(word, " :\n");
    if (word[word_len] == ' ')
        place.column = find_column(word + word_len + 1, table);
    return place;
}

static const char *server_words(const struct rejection *rejection, int field)
{
    const char *words = PQresultErrorField(rejection->result, field);
    return words ? words : "";
}

static size_t rejected_column(const struct rejection *rejection, struct copy_place place)
{
    size_t column = place.column;
    if (column == rejection->table->n_columns && *server_words(rejection, PG_DIAG_COLUMN_NAME))
        column = find_column(server_words(rejection, PG_DIAG_COLUMN_NAME), rejection->table);
    return column;
}

/* Cut between characters of UTF-8. */
static void append_shown(struct str *out, const char *data, size_t len)
{
    size_t shown = len;
    if (len > SHOWN_BYTES) {
        shown = SHOWN_BYTES;
        while (shown > 0 && ((unsigned char)data[shown] & 0xc0) == 0x80)
            shown--;
    }
    str_append_n(out, data, shown);
    if (shown < len)
        str_append(out, "…");
}

static void append_value(struct str *out, const struct value *value)
{
    char buf[VALUE_TEXT_MAX];
    const char *data;
    if (value->type == VALUE_NULL) {
        str_append(out, "NULL");
        return;
    }
    size_t len = value_text(value, buf, &data);
    str_append_char(out, '"');
    append_shown(out, data, len);
    str_printf(out, "\" (%s)", value_type_name(value->type));
}

/* One column's value, or where the server named none, the whole row. */
static void append_row(struct str *out, const struct rejection *rejection, int64_t row, size_t column)
{
    const struct value *cells;
    size_t bad_column, n_columns = rejection->table->n_columns;
    if (!rejection->maker || row_maker_row(rejection->maker, row, &cells, &bad_column) != MAKE_OK)
        return;
    if (column < n_columns) {
        append_value(out, &cells[column]);
        return;
    }
    struct str line = {0};
    if (copy_row(&line, cells, n_columns))
        append_shown(out, line.data, line.len - 1);
    str_deinit(&line);
}

static void append_words(struct str *out, const struct rejection *rejection)
{
    static const struct {
        int field;
        const char *before;
    } words[] = {
        {PG_DIAG_SEVERITY, "\n"},           {PG_DIAG_MESSAGE_PRIMARY, ": "},
        {PG_DIAG_SQLSTATE, " (SQLSTATE "},  {PG_DIAG_MESSAGE_DETAIL, "\ndetail: "},
        {PG_DIAG_MESSAGE_HINT, "\nhint: "},
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        const char *text = server_words(rejection, words[i].field);
        if (*text)
            str_printf(out, "%s%s%s", words[i].before, text, words[i].field == PG_DIAG_SQLSTATE ? ")" : "");
    }
}

/* A full disk or an ended backend also has a row in its context, the one that happened to be at hand. */
static bool is_about_row(const struct rejection *rejection)
{
    static const char *const others[] = {"08", "25", "40", "53", "55", "57", "58", "F0", "XX"}; /* SQLSTATE classes */
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
        if (strncmp(server_words(rejection, PG_DIAG_SQLSTATE), others[i], 2) == 0)
            return false;
    }
    return true;
}

bool rejection_set(const struct rejection *rejection, struct err *err)
{
    const struct table_spec *table = rejection->table;
    struct copy_place place = {.column = table->n_columns};
    if (rejection->result && is_about_row(rejection))
        place = rejection_place(PQresultErrorField(rejection->result, PG_DIAG_CONTEXT), table);
    int64_t row = sent_rows_find(rejection->sent, place.line);
    struct str where = {0}, text = {0};
    str_printf(&where, "loading %s", table->name);
    if (row == 0) {
        db_set_error(rejection->db, rejection->result, str_text(&where), NULL, err);
        goto done;
    }
    size_t column = rejected_column(rejection, place);
    str_clear(&where);
    str_printf(&where, column < table->n_columns ? "%s.%s, row %" PRId64 : "%s%s, row %" PRId64, table->name,
               column < table->n_columns ? table->columns[column].name : "", row);
    str_printf(&text, "the server rejected row %" PRId64 " of table %s", row, table->name);
    if (column < table->n_columns)
        str_printf(&text, ", column %s", table->columns[column].name);
    str_append(&text, ": ");
    append_row(&text, rejection, row, column);
    append_words(&text, rejection);
    err_set(err, ERR_SERVER, str_text(&where), "%s", str_text(&text));
done:
    str_deinit(&where);
    str_deinit(&text);
    return false;
}

#include "run/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"

/* From pg_type.dat; these never change. */
enum {
    OID_BOOL = 16,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23,
    OID_OID = 26,
    OID_FLOAT4 = 700,
    OID_FLOAT8 = 701,
    OID_DATE = 1082,
    OID_TIMESTAMP = 1114,
    OID_TIMESTAMPTZ = 1184,
    OID_NUMERIC = 1700
};

#define US_PER_DAY INT64_C(86400000000)
enum {
    DOUBLE_DIGITS = 15 /* any decimal of so many digits survives a double */
};

/* pgbench writes doubles with so many digits, and scripts may count on it: 4.0 becomes 4. */
static size_t put_as_pgbench(double value, char *buf)
{
    int len = snprintf(buf, VALUE_TEXT_MAX, "%.*g", DOUBLE_DIGITS, value);
    char *comma = strchr(buf, ',');
    if (comma)
        *comma = '.';
    return (size_t)len;
}

static size_t text_of(const struct statement *statement, const struct value *value, char *buf, const char **data)
{
    *data = buf;
    return statement->verbatim && value->type == VALUE_DOUBLE ? put_as_pgbench(value->real, buf)
                                                              : value_text(value, buf, data);
}

enum make_status wire_params(const struct statement *statement, const struct value *slots, struct scratch *scratch,
                             const char **params)
{
    for (int i = 0; i < statement->n_params; i++) {
        const struct value *value = &slots[statement->params[i]];
        if (value->type == VALUE_NULL) {
            params[i] = NULL;
            continue;
        }
        char buf[VALUE_TEXT_MAX];
        const char *data;
        size_t len = text_of(statement, value, buf, &data);
        char *copy = scratch_take(scratch, len + 1);
        if (!copy)
            return MAKE_FULL;
        memcpy(copy, data, len);
        copy[len] = '\0';
        params[i] = copy;
    }
    return MAKE_OK;
}

/* --- Simple protocol ---------------------------------------------------------------------------------------------- */

static bool put(struct scratch *scratch, const char *data, size_t len)
{
    char *to = scratch_take(scratch, len);
    if (!to)
        return false;
    memcpy(to, data, len);
    return true;
}

static bool put_quoted(struct scratch *scratch, const char *data, size_t len)
{
    if (!put(scratch, "'", 1))
        return false;
    for (const char *end = data + len; data < end;) {
        const char *quote = memchr(data, '\'', (size_t)(end - data));
        const char *stop = quote ? quote + 1 : end;
        if (!put(scratch, data, (size_t)(stop - data)) || (quote && !put(scratch, "'", 1)))
            return false;
        data = stop;
    }
    return put(scratch, "'", 1);
}

static bool put_value(struct scratch *scratch, const struct statement *statement, int param, const struct value *value)
{
    if (value->type == VALUE_NULL) {
        const char *text = statement->unset && statement->unset[param] ? statement->unset[param] : "NULL";
        return put(scratch, text, strlen(text));
    }
    char buf[VALUE_TEXT_MAX];
    const char *data;
    size_t len = text_of(statement, value, buf, &data);
    return statement->verbatim ? put(scratch, data, len) : put_quoted(scratch, data, len);
}

const char *wire_text(const struct statement *statement, const struct value *slots, struct scratch *scratch)
{
    if (statement->n_params == 0)
        return statement->sql;
    const char *sql = scratch->data + scratch->used; /* scratch_take hands out neighbouring bytes */
    for (int i = 0; i <= statement->n_params; i++) {
        if (!put(scratch, statement->parts[i], strlen(statement->parts[i])))
            return NULL;
        if (i < statement->n_params && !put_value(scratch, statement, i, &slots[statement->params[i]]))
            return NULL;
    }
    return put(scratch, "", 1) ? sql : NULL;
}

/* --- into --------------------------------------------------------------------------------------------------------- */

static bool read_integer(const char *text, struct value *out)
{
    out->type = VALUE_INT;
    return units_parse_int(text, &out->integer);
}

static bool read_double(const char *text, struct value *out)
{
    out->type = VALUE_DOUBLE;
    return units_parse_double(text, &out->real);
}

/* sum(bigint) is numeric: an integer when it is whole, a double when that loses nothing, else text. */
static bool read_numeric(const char *text, struct value *out)
{
    return read_integer(text, out) || (strlen(text) <= DOUBLE_DIGITS && read_double(text, out));
}

static bool read_bool(const char *text, struct value *out)
{
    *out = (struct value){.type = VALUE_BOOL, .boolean = text[0] == 't'};
    return true;
}

static bool read_timestamp(const char *text, struct value *out)
{
    out->type = VALUE_TIMESTAMP;
    return value_parse_timestamp(text, strlen(text), &out->integer);
}

static bool read_date(const char *text, struct value *out)
{
    if (!read_timestamp(text, out))
        return false;
    *out = (struct value){.type = VALUE_DATE, .integer = out->integer / US_PER_DAY};
    return true;
}

/* What is not here, or is written in a way that we do not know (another DateStyle), stays text: as a parameter it goes
 * back as it came. */
static const struct reader {
    Oid type;
    bool (*read)(const char *text, struct value *out);
} readers[] = {
    {OID_INT4, read_integer},        {OID_INT8, read_integer},  {OID_BOOL, read_bool},
    {OID_NUMERIC, read_numeric},     {OID_FLOAT8, read_double}, {OID_INT2, read_integer},
    {OID_OID, read_integer},         {OID_FLOAT4, read_double}, {OID_TIMESTAMPTZ, read_timestamp},
    {OID_TIMESTAMP, read_timestamp}, {OID_DATE, read_date},
};

static bool read_known(Oid type, const char *text, struct value *out)
{
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++)
        if (readers[i].type == type)
            return readers[i].read(text, out);
    return false;
}

static bool copy_text(const char *text, size_t len, struct scratch *scratch, struct value *out)
{
    char *copy = scratch_take(scratch, len);
    if (!copy)
        return false;
    memcpy(copy, text, len);
    *out = (struct value){.type = VALUE_TEXT, .text = {.data = copy, .len = len}};
    return true;
}

static bool read_column(const PGresult *rows, int row, int column, struct scratch *scratch, struct value *out)
{
    *out = (struct value){.type = VALUE_NULL};
    if (PQgetisnull(rows, row, column))
        return true;
    const char *text = PQgetvalue(rows, row, column);
    return read_known(PQftype(rows, column), text, out) ||
           copy_text(text, (size_t)PQgetlength(rows, row, column), scratch, out);
}

bool wire_row(const PGresult *rows, int row, const int *into, int n_into, struct scratch *scratch, struct value *slots)
{
    int n = PQnfields(rows) < n_into ? PQnfields(rows) : n_into;
    for (int i = 0; i < n; i++)
        if (!read_column(rows, row, i, scratch, &slots[into[i]]))
            return false;
    return true;
}

static int find_variable(const struct transaction *transaction, const char *prefix, const char *column)
{
    size_t len = strlen(prefix);
    for (int i = 0; i < transaction->n_variables; i++)
        if (strncmp(transaction->variables[i], prefix, len) == 0 &&
            strcmp(transaction->variables[i] + len, column) == 0)
            return i;
    return -1;
}

bool wire_named_row(const PGresult *rows, int row, const char *prefix, const struct transaction *transaction,
                    struct scratch *scratch, struct value *slots)
{
    for (int i = 0; i < PQnfields(rows); i++) {
        int slot = find_variable(transaction, prefix ? prefix : "", PQfname(rows, i));
        if (slot >= 0 && !copy_text(PQgetvalue(rows, row, i), (size_t)PQgetlength(rows, row, i), scratch, &slots[slot]))
            return false;
    }
    return true;
}

/* --- Room --------------------------------------------------------------------------------------------------------- */

static bool is_between(const struct value *value, const char *from, const char *end)
{
    return value->type == VALUE_TEXT && value->text.len > 0 && value->text.data >= from && value->text.data < end;
}

/* The first texts from *from on, as far as they overlap: a variable's may be part of another's. False: there are none.
 */
static bool next_block(const struct value *slots, int n_slots, const char *end, const char **from, const char **to)
{
    const char *first = end;
    for (int i = 0; i < n_slots; i++)
        if (is_between(&slots[i], *from, first))
            first = slots[i].text.data;
    *from = first;
    *to = first + 1;
    for (int i = 0; first < end && i < n_slots; i++) {
        if (!is_between(&slots[i], first, *to) || slots[i].text.data + slots[i].text.len <= *to)
            continue;
        *to = slots[i].text.data + slots[i].text.len;
        i = -1; /* it may reach others now */
    }
    return first < end;
}

static void move_texts(struct value *slots, int n_slots, const char *from, const char *to, ptrdiff_t by)
{
    for (int i = 0; i < n_slots; i++)
        if (is_between(&slots[i], from, to))
            slots[i].text.data += by;
}

void wire_reclaim(struct scratch *scratch, size_t mark, struct value *slots, int n_slots)
{
    char *free = scratch->data + mark;
    const char *from = free, *end = scratch->data + scratch->used, *to;
    while (next_block(slots, n_slots, end, &from, &to)) {
        size_t len = (size_t)(to - from);
        memmove(free, from, len);
        move_texts(slots, n_slots, from, to, free - from);
        free += len;
        from = to;
    }
    scratch->used = (size_t)(free - scratch->data);
}

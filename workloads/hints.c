/* What people write who know SQL, C or YAML, and what to write here instead. */
#include "hints.h"

#include <string.h>
#include <strings.h>

struct hint {
    const char *wrong;
    const char *remedy;
};

static const struct hint functions[] = {
    {"ceil", "int(x + 0.5) comes near"},
    {"ceiling", "int(x + 0.5) comes near"},
    {"coalesce", "write CASE WHEN x IS NULL THEN y ELSE x END"},
    {"concat", "write a || b"},
    {"current_date", "date(lo, hi) draws a day; today's is for the SQL to say"},
    {"current_timestamp", "timestamp(lo, hi) draws a moment; the present one is for the SQL to say"},
    {"floor", "int(x - 0.5) comes near"},
    {"gen_random_uuid", "write uuid()"},
    {"generate_series", "a table's `rows` says how many, `row` is the number of each"},
    {"if", "write CASE WHEN condition THEN x ELSE y END"},
    {"iif", "write CASE WHEN condition THEN x ELSE y END"},
    {"log", "ln(x) is the natural one; ln(x) / ln(10) that of 10"},
    {"max", "write greatest(a, b)"},
    {"md5", "hash(x) is an integer, hex(32) random text"},
    {"min", "write least(a, b)"},
    {"now", "timestamp(lo, hi) draws a moment; the present one is for the SQL to say"},
    {"nullif", "write CASE WHEN x <> y THEN x END"},
    {"rand", "write random(lo, hi)"},
    {"randint", "write random(lo, hi)"},
    {"round", "int(x) rounds, numeric(x, digits) keeps digits"},
    {"row_number", "write row"},
    {"to_char", "write format('%05d', x)"},
    {"trunc", "x / 1 of integers; int(x - 0.5) comes near"},
};

static const struct hint words[] = {
    {"between", "write lo <= x AND x <= hi"}, {"div", "/ between integers leaves no fraction"},
    {"ilike", "patterns are for the SQL"},    {"in", "write x = 1 OR x = 2"},
    {"like", "patterns are for the SQL"},     {"xor", "write a # b for bits, a <> b for conditions"},
};

/* Longer ones first. */
static const struct hint signs[] = {
    {"==", "equality is a single `=`"},
    {"=>", "write `>=`"},
    {"=<", "write `<=`"},
    {"&&", "write AND"},
    {"::", "there are no casts; write int(x) or double(x)"},
    {"!", "write NOT, or `<>` for different"},
    {"^", "write pow(x, y), or `#` for bits"},
    {";", "one expression stands here, without an end"},
    {"$", "a variable is written `:name`"},
    {"{", "grouping is by parentheses"},
    {"?", "write CASE WHEN condition THEN x ELSE y END"},
};

static const char *find(const struct hint *rows, size_t count, const char *text, size_t len)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(rows[i].wrong) == len && strncasecmp(rows[i].wrong, text, len) == 0)
            return rows[i].remedy;
    return NULL;
}

const char *hint_function(const char *text, size_t len)
{
    return find(functions, sizeof functions / sizeof functions[0], text, len);
}

const char *hint_word(const char *text, size_t len)
{
    return find(words, sizeof words / sizeof words[0], text, len);
}

const char *hint_sign(const char *text, size_t *len)
{
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        *len = strlen(signs[i].wrong);
        if (strncmp(signs[i].wrong, text, *len) == 0)
            return signs[i].remedy;
    }
    return NULL;
}

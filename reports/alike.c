#include "alike.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool in_number(char c)
{
    return isdigit((unsigned char)c) || c == '.' || c == ',';
}

/* Past a number that stands by itself ("1,001", "3.5"; not the digits of "p99" or "step2"), or where it is. A
 * comma or a full stop behind it is the sentence's. */
static const char *past_number(const char *text, const char *at)
{
    bool begins = at == text || !(isalnum((unsigned char)at[-1]) || at[-1] == '_');
    if (!begins || !isdigit((unsigned char)*at))
        return at;
    while (in_number(*at))
        at++;
    while (!isdigit((unsigned char)at[-1]))
        at--;
    return at;
}

/* The s of "2 checkpoints" beside "1 checkpoint". */
static bool plural(const char *at)
{
    return *at == 's' && !isalnum((unsigned char)at[1]);
}

bool alike(const char *left, const char *right)
{
    const char *a = left, *b = right;
    while (*a || *b) {
        const char *a_end = past_number(left, a), *b_end = past_number(right, b);
        if (a_end > a && b_end > b) {
            a = a_end;
            b = b_end;
        } else if (*a == *b) {
            a++;
            b++;
        } else if (plural(a)) {
            a++;
        } else if (plural(b)) {
            b++;
        } else {
            return false;
        }
    }
    return true;
}

/* --- One for all -------------------------------------------------------------------------------------------------- */

/* `number` stands by itself: what is before it is not read. */
static double value_of(const char *number)
{
    char digits[64];
    size_t len = 0;
    for (const char *end = past_number(number, number); number < end && len + 1 < sizeof digits; number++)
        if (*number != ',')
            digits[len++] = *number;
    digits[len] = '\0';
    return strtod(digits, NULL);
}

static void append_number(const char *number, struct str *out)
{
    str_append_n(out, number, (size_t)(past_number(number, number) - number));
}

static size_t letters_without_numbers(const char *text)
{
    size_t n = 0;
    for (const char *at = text, *end; *at; at = end > at ? end : at + 1) {
        end = past_number(text, at);
        n += end == at;
    }
    return n;
}

void alike_add(struct alike_span *span, const char *text)
{
    bool first = !span->text;
    size_t n = 0;
    if (first || letters_without_numbers(text) > letters_without_numbers(span->text))
        span->text = text;
    for (const char *at = text, *end; *at && n < ALIKE_NUMBERS; at = end > at ? end : at + 1) {
        end = past_number(text, at);
        if (end == at)
            continue;
        struct alike_range *range = &span->ranges[n++];
        if (first || value_of(at) < value_of(range->least))
            range->least = at;
        if (first || value_of(at) > value_of(range->most))
            range->most = at;
    }
}

void alike_append(const struct alike_span *span, struct str *out)
{
    size_t n = 0;
    for (const char *at = span->text, *end; at && *at; at = end) {
        end = past_number(span->text, at);
        if (end == at) {
            str_append_char(out, *at);
            end++;
        } else if (n < ALIKE_NUMBERS) {
            const struct alike_range *range = &span->ranges[n++];
            append_number(range->least, out);
            if (value_of(range->least) < value_of(range->most)) {
                str_append(out, "–");
                append_number(range->most, out);
            }
        } else {
            str_append_n(out, at, (size_t)(end - at));
        }
    }
}

#include "lexer.h"

#include <ctype.h>
#include <float.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/units.h"
#include "hints.h"

static const char *const keywords[] = {"and",  "or",    "not",  "is",   "isnull", "notnull", "null",
                                       "true", "false", "case", "when", "then",   "else",    "end"};
static const char *const operators[] = {"||", "<>", "!=", "<=", ">=", "<<", ">>", "+", "-", "*", "/", "%", "=",
                                        "<",  ">",  "&",  "|",  "#",  "~",  "(",  ")", "[", "]", ",", "."};

bool lexer_name_start(char c)
{
    return isalpha((unsigned char)c) || c == '_';
}

bool lexer_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static struct token bad(struct token token, size_t len, const char *problem)
{
    token.kind = TOKEN_BAD;
    token.len = len;
    token.problem = problem;
    return token;
}

static size_t name_len(const char *text)
{
    size_t len = 0;
    while (lexer_name_char(text[len]))
        len++;
    return len;
}

/* Of a variable: as in psql, every letter beyond ASCII counts too. */
static size_t variable_len(const char *text)
{
    size_t len = 0;
    while (lexer_name_char(text[len]) || (unsigned char)text[len] >= 0x80)
        len++;
    return isdigit((unsigned char)*text) ? 0 : len;
}

static size_t exponent_len(const char *text)
{
    if (*text != 'e' && *text != 'E')
        return 0;
    size_t sign = text[1] == '+' || text[1] == '-';
    size_t digits = strspn(text + 1 + sign, "0123456789");
    return digits ? 1 + sign + digits : 0;
}

static struct token read_double(struct token token, const char *start)
{
    char digits[400];
    if (token.len >= sizeof digits)
        return bad(token, token.len, "a number with too many digits");
    memcpy(digits, start, token.len);
    digits[token.len] = '\0';
    token.kind = TOKEN_DOUBLE;
    if (!units_parse_double(digits, &token.real))
        return bad(token, token.len, "a number out of range; the largest is 1.7976931348623157e308");
    bool zero = strcspn(digits, "123456789eE") == strcspn(digits, "eE");
    if (!zero && token.real < DBL_MIN)
        return bad(token, token.len, "a number too near to 0; the smallest is 2.2250738585072014e-308");
    return token;
}

static struct token read_int(struct token token, const char *start)
{
    static const char range[] = "an integer out of range; the largest is 9223372036854775807";
    token.kind = TOKEN_INT;
    for (size_t i = 0; i < token.len; i++) {
        if (__builtin_mul_overflow(token.integer, (uint64_t)10, &token.integer) ||
            __builtin_add_overflow(token.integer, (uint64_t)(start[i] - '0'), &token.integer))
            return bad(token, token.len, range);
    }
    bool least = token.integer == (uint64_t)INT64_MAX + 1 && *start != '0';
    if (token.integer > (uint64_t)INT64_MAX && !least)
        return bad(token, token.len, range);
    return token;
}

static struct token read_number(struct token token, const char *start)
{
    size_t whole = strspn(start, "0123456789");
    size_t point = start[whole] == '.';
    size_t fraction = point ? strspn(start + whole + 1, "0123456789") : 0;
    size_t exponent = exponent_len(start + whole + point + fraction);
    token.len = whole + point + fraction + exponent;
    return point || exponent ? read_double(token, start) : read_int(token, start);
}

static struct token read_text(struct token token, const char *start)
{
    size_t len = 1;
    for (; start[len]; len++) {
        if (start[len] != '\'')
            continue;
        if (start[len + 1] != '\'') {
            token.kind = TOKEN_TEXT;
            token.len = len + 1;
            return token;
        }
        len++;
    }
    return bad(token, len, "a text without its closing quote");
}

static struct token read_name(struct token token, const char *start)
{
    token.kind = TOKEN_NAME;
    token.len = name_len(start);
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++)
        if (strlen(keywords[i]) == token.len && strncasecmp(keywords[i], start, token.len) == 0)
            token.kind = TOKEN_KEYWORD;
    return token;
}

static struct token unknown_sign(struct token token, const char *start)
{
    size_t len = 1;
    while (((unsigned char)start[len] & 0xC0) == 0x80)
        len++;
    if (*start == '"')
        return bad(token, len, "a double quote; texts stand in single quotes");
    if (*start == ':' && lexer_name_char(start[1]))
        return bad(token, 1 + name_len(start + 1), "a variable whose name does not begin with a letter or underscore");
    if (*start == ':')
        return bad(token, len, "a colon without a name; a variable is written `:name`");
    return bad(token, len, NULL);
}

static struct token read_operator(struct token token, const char *start)
{
    size_t len;
    const char *remedy = hint_sign(start, &len);
    token.kind = TOKEN_OPERATOR;
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        token.len = strlen(operators[i]);
        if (strncmp(operators[i], start, token.len) == 0 && (!remedy || len <= token.len))
            return token;
    }
    token.remedy = remedy;
    return remedy ? bad(token, len, NULL) : unknown_sign(token, start);
}

struct token lexer_next(const char *text, size_t offset)
{
    while (isspace((unsigned char)text[offset]))
        offset++;
    const char *start = text + offset;
    struct token token = {.offset = offset};
    if (*start == '\0')
        return token;
    if (isdigit((unsigned char)*start) || (*start == '.' && isdigit((unsigned char)start[1])))
        return read_number(token, start);
    if (*start == '\'')
        return read_text(token, start);
    if (lexer_name_start(*start))
        return read_name(token, start);
    if (*start == ':' && variable_len(start + 1) > 0) {
        token.kind = TOKEN_VARIABLE;
        token.len = 1 + variable_len(start + 1);
        return token;
    }
    return read_operator(token, start);
}

bool token_is(const char *text, const struct token *token, const char *word)
{
    return (token->kind == TOKEN_OPERATOR || token->kind == TOKEN_KEYWORD) && strlen(word) == token->len &&
           strncasecmp(text + token->offset, word, token->len) == 0;
}

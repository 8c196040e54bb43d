/* Every function of the language: help, messages and the nearest name come from these rows. */
#include "functions.h"

enum {
    PURE = FUNCTION_PURE,
    RANDOM = FUNCTION_RANDOM,
    LAZY = FUNCTION_LAZY,
    SEEDED = FUNCTION_SEEDED
};

#define ARITHMETIC "arithmetic"
#define HASHES     "hashing and shuffling"
#define INTEGERS   "random integers"
#define CHOICES    "choices"
#define TEXTS      "text"
#define TIME       "time"
#define TABLES     "tables"
#define OTHERS     "others"

/* One column a line would hide what belongs together. */
/* clang-format off */
const struct function function_rows[] = {
    {"abs", 1, 1, function_abs, NULL, PURE,
     ARITHMETIC, "abs(x)", "absolute value, of x's type", "abs(-17)", "17"},
    {"double", 1, 1, function_double, NULL, PURE,
     ARITHMETIC, "double(x)", "as a double", "double(5432)", "5432"},
    {"exp", 1, 1, function_exp, NULL, PURE,
     ARITHMETIC, "exp(x)", "e to the power of x, a double", "exp(0)", "1"},
    {"greatest", 1, -1, function_greatest, NULL, PURE,
     ARITHMETIC, "greatest(a, b, …)", "the largest; a double when one of them is; NULL when one of them is",
     "greatest(5, 4, 3, 2)", "5"},
    {"int", 1, 1, function_int, NULL, PURE,
     ARITHMETIC, "int(x)", "rounded to an integer, halves to the even one, of numeric() away from 0", "int(5.4 + 3.8)", "9"},
    {"least", 1, -1, function_least, NULL, PURE,
     ARITHMETIC, "least(a, b, …)", "the smallest; a double when one of them is; NULL when one of them is",
     "least(5, 4, 3, 2.1)", "2.1"},
    {"ln", 1, 1, function_ln, NULL, PURE,
     ARITHMETIC, "ln(x)", "natural logarithm, a double", "ln(1)", "0"},
    {"mod", 2, 2, op_modulo, NULL, PURE,
     ARITHMETIC, "mod(a, b)", "what a / b leaves, with the sign of a; both rounded to integers", "mod(54, 32)", "22"},
    {"pi", 0, 0, function_pi, NULL, PURE,
     ARITHMETIC, "pi()", "the circle's number, a double", "pi()", "3.141592653589793"},
    {"pow", 2, 2, function_pow, NULL, PURE,
     ARITHMETIC, "pow(x, y)", "x to the power of y, a double", "pow(2.0, 10)", "1024"},
    {"power", 2, 2, function_pow, NULL, PURE,
     ARITHMETIC, "power(x, y)", "another name of pow", "power(2, 0.5) < 1.5", "true"},
    {"sqrt", 1, 1, function_sqrt, NULL, PURE,
     ARITHMETIC, "sqrt(x)", "square root, a double", "sqrt(2.25)", "1.5"},

    {"hash", 1, 2, function_hash_murmur2, NULL, PURE | SEEDED,
     HASHES, "hash(x [, seed])", "another name of hash_murmur2", "hash(10, 5432)", "-5817877081768721676"},
    {"hash_fnv1a", 1, 2, function_hash_fnv1a, NULL, PURE | SEEDED,
     HASHES, "hash_fnv1a(x [, seed])", "FNV-1a of the integer x; without a seed, that of :default_seed",
     "hash_fnv1a(10, 5432)", "-7793829335365542153"},
    {"hash_murmur2", 1, 2, function_hash_murmur2, NULL, PURE | SEEDED,
     HASHES, "hash_murmur2(x [, seed])", "MurmurHash2 of the integer x; without a seed, that of :default_seed",
     "hash_murmur2(10, 5432)", "-5817877081768721676"},
    {"permute", 2, 3, function_permute, compile_permute, PURE | SEEDED,
     HASHES, "permute(i, size [, seed])", "the place of i, from 0, in a shuffled 0 … size - 1; without a seed, that of :default_seed",
     "permute(0, 4, 42) < 4", "true"},

    {"random", 2, 2, function_random, compile_random, RANDOM,
     INTEGERS, "random(lo, hi)", "an integer from lo to hi, each equally likely", "random(1, 100000 * :scale)", NULL},
    {"random_exponential", 3, 3, function_exponential, compile_exponential, RANDOM,
     INTEGERS, "random_exponential(lo, hi, p)", "lo is the likeliest; the density falls by e^-p down to hi; p > 0",
     "random_exponential(1, 10, 3.0)", NULL},
    {"random_gaussian", 3, 3, function_gaussian, compile_gaussian, RANDOM,
     INTEGERS, "random_gaussian(lo, hi, p)", "a bell from lo to hi, cut at p standard deviations; p >= 2",
     "random_gaussian(1, 10, 2.5)", NULL},
    {"random_zipfian", 3, 3, function_zipfian, compile_zipfian, RANDOM,
     INTEGERS, "random_zipfian(lo, hi, s)", "the k-th from lo is drawn in proportion to k^-s; 0 < s <= 1000",
     "random_zipfian(1, 100000, 1.1)", NULL},

    {"maybe", 2, 2, function_maybe, compile_maybe, RANDOM | LAZY,
     CHOICES, "maybe(p, x)", "x with probability p, from 0 to 1, else NULL", "maybe(0.95, random(1, 10))", NULL},
    {"pick", 1, -1, function_pick, NULL, RANDOM | LAZY,
     CHOICES, "pick(a, b, …)", "one of them, each equally likely", "pick('red', 'green', 'blue')", NULL},
    {"weighted", 2, -1, function_weighted, compile_weighted, RANDOM | LAZY,
     CHOICES, "weighted(a, 3, b, 1, …)", "one of them, as likely as the constant weight after it",
     "weighted('open', 2, 'closed', 7)", NULL},

    {"digits", 1, 1, function_digits, NULL, RANDOM,
     TEXTS, "digits(n)", "n random digits", "digits(4)", NULL},
    {"format", 1, NODE_ARGS_MAX, function_format, compile_format, PURE,
     TEXTS, "format('%s-%05d', a, …)", "the text with the others put in: %s %d %.2f %%, with a width, - and 0",
     "format('user%05d', 42)", "user00042"},
    {"hex", 1, 1, function_hex, NULL, RANDOM,
     TEXTS, "hex(n)", "n random hexadecimal digits", "hex(16)", NULL},
    {"json", 0, NODE_ARGS_MAX, function_json, compile_json, PURE,
     TEXTS, "json(k, v, …)", "a JSON object; json() and list() inside it are objects and arrays, not text",
     "json('id', 1, 'tags', list(2, 'a'))", "{\"id\": 1, \"tags\": [\"a\", \"a\"]}"},
    {"letters", 2, 2, function_letters, NULL, RANDOM,
     TEXTS, "letters(lo, hi)", "lo to hi random lower-case letters", "letters(3, 8)", NULL},
    {"list", 2, 2, function_list, compile_list, PURE,
     TEXTS, "list(n, x)", "a PostgreSQL array of n values of x, evaluated anew for each; lists inside it are dimensions",
     "list(2, 'a b')", "{\"a b\",\"a b\"}"},
    {"numeric", 2, 2, function_numeric, compile_numeric, PURE,
     ARITHMETIC, "numeric(x, digits)", "fixed point with so many digits after the point, at most 18 altogether; "
     "+ - * with integers and among themselves are exact", "numeric(0.1, 2) + numeric(2, 1)", "2.10"},
    {"uuid", 0, 0, function_uuid, NULL, RANDOM,
     TEXTS, "uuid()", "a random UUID, version 4", "uuid()", NULL},
    {"uuid7", 1, 1, function_uuid7, NULL, RANDOM,
     TEXTS, "uuid7(t)", "a UUID, version 7, that sorts by the time t: its milliseconds, the rest random",
     "uuid7('2024-01-31')", NULL},
    {"words", 2, 2, function_words, NULL, RANDOM,
     TEXTS, "words(lo, hi)", "lo to hi English words", "words(2, 4)", NULL},

    {"date", 2, 2, function_date, compile_date, RANDOM,
     TIME, "date(lo, hi)", "a day from lo to hi", "date('2024-01-01', '2024-12-31')", NULL},
    {"timestamp", 2, 2, function_timestamp, compile_timestamp, RANDOM,
     TIME, "timestamp(lo, hi)", "a moment from lo to hi", "timestamp('2024-01-01', '2025-01-01')", NULL},

    {"rows", 1, 1, NULL, NULL, 0, /* names.c */
     TABLES, "rows(t)", "how many rows the table or source t has", "random(1, rows(users))", NULL},

    {"debug", 1, 1, function_debug, NULL, PURE,
     OTHERS, "debug(x)", "x itself; pgbench prints it, which would disturb what is measured", "debug(1 + 2)", "3"},
    {0},
};
/* clang-format on */

static bool describe(const struct function *function, int binds, struct expr_help *out)
{
    *out = (struct expr_help){.name = function->name,
                              .group = function->group,
                              .usage = function->usage,
                              .meaning = function->meaning,
                              .example = function->example,
                              .gives = function->gives,
                              .binds = binds};
    return function->name != NULL;
}

bool expr_function_help(size_t i, struct expr_help *out)
{
    return describe(&function_rows[i], 0, out);
}

bool expr_operator_help(size_t i, struct expr_help *out)
{
    return describe(&operator_rows[i].call, (int)operator_rows[i].level, out);
}

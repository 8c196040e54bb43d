/* Every function of the language: help, messages and the nearest name come from these rows. */
#include "functions.h"

enum {
    PURE = FUNCTION_PURE,
    RANDOM = FUNCTION_RANDOM,
    LAZY = FUNCTION_LAZY
};

const struct function function_rows[] = {
    {"abs", 1, 1, function_abs, NULL, PURE, "abs(x): absolute value"},
    {"double", 1, 1, function_double, NULL, PURE, "double(x): as a floating point number"},
    {"exp", 1, 1, function_exp, NULL, PURE, "exp(x): e to the power of x"},
    {"greatest", 1, -1, function_greatest, NULL, PURE, "greatest(a, b, …)"},
    {"hash", 1, 2, function_hash_murmur2, compile_default_seed, PURE, "hash(x [, seed]): hash_murmur2"},
    {"hash_fnv1a", 1, 2, function_hash_fnv1a, compile_default_seed, PURE, "hash_fnv1a(x [, seed])"},
    {"hash_murmur2", 1, 2, function_hash_murmur2, compile_default_seed, PURE, "hash_murmur2(x [, seed])"},
    {"int", 1, 1, function_int, NULL, PURE, "int(x): rounded to an integer"},
    {"least", 1, -1, function_least, NULL, PURE, "least(a, b, …)"},
    {"ln", 1, 1, function_ln, NULL, PURE, "ln(x): natural logarithm"},
    {"permute", 2, 3, function_permute, compile_default_seed, PURE,
     "permute(i, size [, seed]): i's place, from 0, in a shuffled 0 … size - 1"},
    {"mod", 2, 2, op_modulo, NULL, PURE, "mod(a, b): remainder"},
    {"pi", 0, 0, function_pi, NULL, PURE, "pi()"},
    {"pow", 2, 2, function_pow, NULL, PURE, "pow(x, y): x to the power of y"},
    {"power", 2, 2, function_pow, NULL, PURE, "power(x, y): pow"},
    {"sqrt", 1, 1, function_sqrt, NULL, PURE, "sqrt(x)"},

    {"random", 2, 2, function_random, compile_random, RANDOM, "random(lo, hi): an integer, each equally likely"},
    {"random_exponential", 3, 3, function_exponential, compile_exponential, RANDOM,
     "random_exponential(lo, hi, p): lo is the likeliest, by e^-p down to hi"},
    {"random_gaussian", 3, 3, function_gaussian, compile_gaussian, RANDOM,
     "random_gaussian(lo, hi, p): a bell, cut at p standard deviations"},
    {"random_zipfian", 3, 3, function_zipfian, compile_zipfian, RANDOM,
     "random_zipfian(lo, hi, s): the k-th has a probability proportional to k^-s"},

    {"date", 2, 2, function_date, compile_date, RANDOM, "date(lo, hi): a day between the two"},
    {"digits", 1, 1, function_digits, NULL, RANDOM, "digits(n): text of n random digits"},
    {"format", 1, NODE_ARGS_MAX, function_format, compile_format, PURE, "format('%s-%05d', a, b)"},
    {"hex", 1, 1, function_hex, NULL, RANDOM, "hex(n): text of n random hexadecimal digits"},
    {"letters", 2, 2, function_letters, NULL, RANDOM, "letters(lo, hi): text of lo to hi random letters"},
    {"maybe", 2, 2, function_maybe, NULL, RANDOM | LAZY, "maybe(p, x): x with probability p, else NULL"},
    {"pick", 1, -1, function_pick, NULL, RANDOM | LAZY, "pick(a, b, …): one of them, each equally likely"},
    {"timestamp", 2, 2, function_timestamp, compile_timestamp, RANDOM, "timestamp(lo, hi): a moment between the two"},
    {"uuid", 0, 0, function_uuid, NULL, RANDOM, "uuid(): random, version 4"},
    {"weighted", 2, -1, function_weighted, compile_weighted, RANDOM | LAZY,
     "weighted(a, 3, b, 1): one of them, by weight"},
    {"words", 2, 2, function_words, NULL, RANDOM, "words(lo, hi): text of lo to hi English words"},

    {"debug", 1, 1, NULL, NULL, 0, "debug(x): print x"},
    {"json", 0, -1, NULL, NULL, 0, "json(k, v, …): a JSON object"},
    {"list", 2, 2, NULL, NULL, 0, "list(n, x): a PostgreSQL array of n values of x"},
    {"numeric", 2, 2, NULL, NULL, 0, "numeric(x, digits): fixed point, exact"},
    {"uuid7", 1, 1, NULL, NULL, 0, "uuid7(t): time-ordered"},
    {NULL, 0, 0, NULL, NULL, 0, NULL},
};

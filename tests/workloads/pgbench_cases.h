/* Expressions that pgbench and we must agree on; pgbench_test.c makes many more from operands. */
#ifndef TESTS_WORKLOADS_PGBENCH_CASES_H
#define TESTS_WORKLOADS_PGBENCH_CASES_H

#include <stddef.h>

#include "generators/value.h"

/* clang-format off */
static const char *const written[] = {
    /* precedence */
    "1 + 2 * 3", "10 - 3 - 2", "2 - -3", "- - 3", "-7 / 2", "2 * -3 + 1", "~1 + 2", "~1 * 2 | 4", "- ~ 1 + 2", "~ - 1",
    "~~5", "1 | 2 + 4", "6 & 3 | 8", "6 | 3 & 8", "5 # 3 # 1", "1 << 4 >> 2", "1 << 2 + 1", "+ + 5", "- + 5", "2 * ~ 3 + 4",
    "7 % 4 * 2", "7 * 4 % 5", "100 / 10 / 5", "100 / 10 * 5", "1 = 1 IS TRUE",
    "NOT 1 > 2 AND 1 < 2", "NOT FALSE OR TRUE", "NOT NOT TRUE", "NOT NULL IS NULL", "TRUE OR FALSE AND FALSE",
    "(TRUE OR FALSE) AND FALSE", "NULL IS NULL IS NULL", "NULL IS NOT NULL IS FALSE", "1 < 2 IS TRUE", "2 * 3 IS NOT NULL",
    "1 + 2 < 4 AND 2 | 4 = 6", "1=1and 2=2", "CASE WHEN 1=1then 2else 3end", "5- -5", "3-+2", "1<-1", "not true or true",
    "1 + NOT TRUE IS NULL", "TRUE AND NOT NULL", "1 <> 2 IS NOT FALSE",
    /* literals */
    "0", "00012", "9223372036854775807", "-9223372036854775808", "-9223372036854775807 - 1", "- 9223372036854775808",
    "1.", ".5", "1e3", "1E3", "1e+3", "1.5e-3", "1e308", "1e15", "1e16", "123456789012345678", "1234567890123456.75",
    "0.1 + 0.2", "1.0 / 3", "1e-300", "0.0", "-0.0", "0e5", "1e0005",
    "1.00000000000000000000000000000000000000000000000000000000000000000000000000001", "TRUE", "false", "Null", "nUlL",
    /* NULL, AND, OR, IS */
    "NULL AND FALSE", "NULL AND TRUE", "FALSE AND NULL", "TRUE AND NULL", "TRUE OR NULL", "FALSE OR NULL", "NULL OR TRUE",
    "NULL OR FALSE", "NULL AND 1", "NULL OR 1", "FALSE AND 1", "TRUE OR 1", "FALSE AND 1 / 0 = 1", "TRUE OR 1 / 0 = 1",
    "NULL AND 1 / 0 = 1", "NOT NULL", "NULL = NULL", "NULL <> NULL", "NULL ISNULL", "1 ISNULL", "NULL NOTNULL", "1 NOTNULL",
    "NULL IS NOT NULL", "TRUE IS NOT FALSE", "TRUE IS TRUE", "FALSE IS TRUE", "NULL IS TRUE", "NULL IS NOT TRUE",
    "NULL IS FALSE", "1 IS NULL", "1 IS TRUE", "0 IS FALSE", "1.5 IS NOT FALSE", "TRUE IS NULL", "-NULL", "~NULL", "+NULL",
    /* CASE */
    "CASE WHEN 0 THEN 1 WHEN 2.5 THEN 3 ELSE 4 END", "CASE WHEN NULL THEN 1 END", "CASE WHEN 0.0 THEN 1 END",
    "CASE WHEN TRUE THEN 1 ELSE 1 / 0 END", "CASE WHEN FALSE THEN 1 / 0 ELSE 5 END", "CASE WHEN -1 THEN TRUE ELSE 1 END",
    "CASE WHEN FALSE THEN 1 WHEN FALSE THEN 2 END", "CASE WHEN 1 > 2 THEN 1 ELSE CASE WHEN 2 > 1 THEN 5 IS NULL END END",
    "CASE WHEN sqrt(-1) THEN 1 ELSE 2 END", "case when true then null else 1 end", "CASE WHEN FALSE THEN random(2, 1) ELSE 7 END",
    "CASE WHEN FALSE THEN random_zipfian(1, 2, 0.0) ELSE 7 END", "CASE WHEN TRUE THEN 1 ELSE int(1e30) END",
    "CASE WHEN 1 THEN 2 END + 3", ":größe_2 * 2", ":größe_2+1",
    /* functions beyond the tables below */
    "greatest(1, 2.5, 2)", "greatest(3, 2.5)", "greatest(5, 4, 3, 2)", "least(5, 4, 3, 2.1)", "least(4, 2, 3)", "least(1)",
    "least(NULL, 1)", "greatest(1, NULL, TRUE)", "greatest(9223372036854775807, 1.0)", "least(9223372036854775807, 1e300)",
    "greatest(sqrt(-1), 1.0) = 1", "greatest(1.0, sqrt(-1)) = 1", "least(sqrt(-1), 1.0) = 1", "least(1.0, sqrt(-1)) = 1",
    "greatest(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)", "greatest(-1, -2)", "least(-1, -2.5)",
    "pi()", "PI()", "exp(1)", "exp(1000)", "exp(-1000)", "ln(0)", "ln(2.718281828459045)", "sqrt(2.0)", "sqrt(-1)",
    "-sqrt(-1)", "ln(-1)", "1 / 0.0", "-1 / 0.0", "0.0 / 0.0", "1e308 * 10", "-1e308 * 10", "1 / 0.0 - 1 / 0.0",
    "sqrt(-1) = sqrt(-1)", "sqrt(-1) <> sqrt(-1)", "sqrt(-1) < 1", "sqrt(-1) >= 1", "0.0 = -0.0", "1 / 0.0 > 1e300",
    "pow(2.0, 10)", "POWER(2, 0.5)", "pow(0, 0)", "pow(-8, 3)", "pow(-8, 1.0 / 3)", "pow(2, -1)", "pow(10, 400)", "pow(0, -1)",
    "pow(NULL, TRUE)", "int(5.4 + 3.8)", "int(2.5)", "int(3.5)", "int(-2.5)", "int(0.49999999999999994)", "int(9.2e18)",
    "int(-9223372036854775808.0)", "int(9223372036854774784.0)", "double(9007199254740993)", "double(5432)", "abs(-0.0)",
    "abs(-3.25)", "mod(7.6, 3)", "mod(-7, 3)", "mod(7, -3)", "mod(-9223372036854775808, -1)", "-9223372036854775808 % -1",
    "7.5 % 2", "8.5 % 3", "6.5 & 4", "1.5 << 2.5", "1 << 63", "1 << 64", "1 << 65", "1 << -1", "-16 >> 2", "-1 >> 70", "5 # -1",
    "9223372036854775807 = 9223372036854775807.0", "9007199254740993 = 9007199254740992.0", "1 = 1.0", "2 > 1.5",
    "debug(5) + 1", "debug(NULL)", "hash(10, 5432)", "hash(10)", "hash_fnv1a(7) = hash_fnv1a(7, :default_seed)",
    "hash(7) = hash_murmur2(7, :default_seed)", "permute(3, 10) = permute(3, 10, :default_seed)",
    "hash_fnv1a(NULL)", "hash(NULL, TRUE)", "hash(1, NULL)", "hash(3.6, 1)", "hash(4, 1.4)", "permute(NULL, 0)",
    "permute(0, 1, 3)", "permute(5, 1, 3)", "permute(5, 2, 3)", "permute(7, 3, 3)", "permute(-5, 1000, 3)",
    "permute(123456789, 9223372036854775807, 11)", "permute(2, 64, 1)", "permute(1000000, 1000003, 42)",
    /* random functions whose outcome is certain */
    "random(7, 7)", "random(6.5, 6.4)", "random(-9223372036854775808, -9223372036854775808)", "random_gaussian(7, 7, 2)",
    "random_exponential(7, 7, 0.1)", "random_zipfian(7, 7, 1.001)", "random_zipfian(7, 7, 1000)", "random(NULL, 1)",
    "random(1, NULL)", "random(TRUE, NULL)", "random_gaussian(2, 1, NULL)", "random_zipfian(1, 10, NULL)",
    "random_exponential(NULL, TRUE, 0)",
    /* errors when evaluated */
    "1 / 0", "1 % 0", "mod(1, 0)", "0 / 0", "1 / int(0.2)", "9223372036854775807 + 1", "-9223372036854775807 - 2",
    "9223372036854775807 * 2", "-9223372036854775808 / -1", "-(-9223372036854775808)", "-9223372036854775808 * -1",
    "int(1e30)", "int(9.3e18)", "int(9223372036854775808.0)", "int(sqrt(-1))", "int(1 / 0.0)", "1e300 % 2", "1 << 1e300",
    "~TRUE", "-TRUE", "NOT 1", "NOT 1.5", "1 AND TRUE", "TRUE AND 1", "0.5 OR TRUE", "FALSE OR 0", "1 + TRUE", "TRUE < 1",
    "CASE WHEN TRUE THEN 1 / 0 END", "greatest(1, TRUE)", "least(TRUE)", "sqrt(TRUE)", "pow(TRUE, 2)", "pow(2, TRUE)",
    "hash(TRUE, 1)", "hash(1, FALSE)", "hash(1e30, 1)", "permute(0, 0)", "permute(0, -5, 1)", "permute(TRUE, 5)",
    "permute(1, 1e19)", "random(2, 1)", "random(2.4, 1.6)", "random(TRUE, 2)", "random(1, 1e19)",
    "random(-9223372036854775808, 9223372036854775807)", "random(0, 9223372036854775807)", "random(-5, 9223372036854775807)",
    "random_gaussian(1, 10, 1.9999)", "random_gaussian(2, 1, 5)", "random_gaussian(1, 10, TRUE)", "random_gaussian(0, 9223372036854775807, 3)",
    "random_exponential(1, 10, 0.0)", "random_exponential(1, 10, -1)", "random_exponential(2, 1, 1)",
    "random_exponential(-1, 9223372036854775807, 1)", "random_zipfian(1, 10, 1000.1)", "random_zipfian(1, 10, -1)",
    "random_zipfian(1, 10, 0)", "random_zipfian(2, 1, 1.5)", "random_zipfian(0, 9223372036854775807, 1.5)",
    "random_zipfian(TRUE, 1, 1.5)", "random_zipfian(1, 10, TRUE)", ":undefined + 1", ":1x",
};

/* No expressions: pgbench does not start, and we do not compile. */
static const char *const refused[] = {
    "", "1 +", "(1", "1)", "()", "1 2", "1 IS 2", "1 IS NOT", "IS NULL", "1 < 2 < 3", 
    "NOT", "AND TRUE", "TRUE AND", "CASE END", "CASE WHEN 1 END", "CASE WHEN 1 THEN END", "CASE WHEN 1 THEN 2",
    "CASE 1 WHEN 2 THEN 3 END", "CASE ELSE 1 END", "WHEN 1 THEN 2", "abs 1", 
    "abs(,)", "abs(1,)", "nothing(1)", "nothing", "9223372036854775808", "-(9223372036854775808)",
    "1 - 9223372036854775808", "-09223372036854775808", "99999999999999999999", "1e309", "1e-400", "1e", "0x10",
    "1.5.5", "1_000", ":", "1 ! 2", "1 == 1", "a && b", "1 @ 2", 
    "1;", "\"a\"", "`ls`", "1 <> <> 2", "TRUE FALSE", "ISNULL", "1 ISNULL 2", 
    "NOT IS NULL", "pi(1)", "abs()", "double()", "exp(1, 2)", "greatest()", "least()", "hash()", 
    "hash_fnv1a()", "hash_murmur2(1, 2, 3)", "int()", "ln()", "mod(1)", "permute(1)", "pow(1)",
    "power(1, 2, 3)", "random(1)", "random_gaussian(1, 2)", "random_exponential(1, 2)", "random_zipfian(1, 2)",
    "sqrt()", "debug()", 
};

/* Where we mean to differ. */
static const struct meant {
    const char *text;
    const char *theirs; /* NULL: what pgbench does is not defined */
    const char *ours;
    const char *why;
} meant[] = {
    {"TRUE = TRUE", "error", "boolean true", "booleans compare, FALSE before TRUE; pgbench refuses to"},
    {"TRUE < FALSE", "error", "boolean false", "the same"},
    {"TRUE <> FALSE", "error", "boolean true", "the same"},
    {"1 IS NULL = FALSE IS NULL", "error", "boolean false", "the same"},
    {"abs(-9223372036854775808)", "int -9223372036854775808", "error", "an overflow is an error everywhere else"},
    {"abs(TRUE)", NULL, "error", "pgbench reads the boolean's memory as a double"},
    {"random_zipfian(3, 3, 1.0)", "error", "int 3", "exponents above 0, not from 1.001 on"},
    {"random_zipfian(3, 3, 0.5)", "error", "int 3", "the same"},
    {"random_gaussian(1, 10, sqrt(-1))", NULL, "error", "pgbench turns NaN into an integer, which C does not define"},
    {"random_gaussian(1, 10, 1 / 0.0)", NULL, "error", "the same, of infinity over infinity"},
    {"random_exponential(1, 10, sqrt(-1))", NULL, "error", "the same"},
    {"random_zipfian(1, 10, sqrt(-1))", NULL, "error", "pgbench may never end"},
    {"greatest(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17)", "error", "int 17", "64 arguments, not 16"},
};
/* What we take and pgbench does not even start with. */
static const struct meant extensions[] = {
    {"'it''s'", NULL, "text it's", "text"},
    {"1 || 2", NULL, "text 12", "joined as text"},
    {"'b' > 'a'", NULL, "boolean true", "texts compare"},
    {"format('%03d', 7)", NULL, "text 007", "functions for generating data"},
};
/* pgbench's grammar takes an empty first argument for none. */
#define EMPTY_ARGUMENT "abs(,1)"

/* One each of what an operand can be; `value` is the same for the slot of a variable. The awkward ones, with which most is
 * an error, meet the typical ones alone. */
static const struct operand {
    const char *text;
    struct value value;
    enum { COMMON, TYPICAL, AWKWARD } kind;
} operands[] = {
    {"0", {.type = VALUE_INT, .integer = 0}},
    {"1", {.type = VALUE_INT, .integer = 1}, TYPICAL},
    {"-3", {.type = VALUE_INT, .integer = -3}},
    {"62", {.type = VALUE_INT, .integer = 62}},
    {"9223372036854775807", {.type = VALUE_INT, .integer = INT64_MAX}},
    {"-9223372036854775808", {.type = VALUE_INT, .integer = INT64_MIN}},
    {"2.5", {.type = VALUE_DOUBLE, .real = 2.5}, TYPICAL},
    {"-0.25", {.type = VALUE_DOUBLE, .real = -0.25}},
    {"1e10", {.type = VALUE_DOUBLE, .real = 1e10}},
    {"NULL", {.type = VALUE_NULL}, TYPICAL},
    {"TRUE", {.type = VALUE_BOOL, .boolean = true}, AWKWARD},
    {"1e300", {.type = VALUE_DOUBLE, .real = 1e300}, AWKWARD},
};

static const char *const binary[] = {"+", "-", "*", "/", "%", "=", "<>", "!=", "<", "<=", ">", ">=", "&", "|", "#", "<<", ">>",
                                     "AND", "OR"};
/* %1$s and %2$s are operands. */
static const char *const of_one[] = {
    "- (%1$s)", "+ (%1$s)", "~ (%1$s)", "NOT (%1$s)", "(%1$s) IS NULL", "(%1$s) IS NOT NULL", "(%1$s) IS TRUE",
    "(%1$s) IS NOT FALSE", "(%1$s) ISNULL", "(%1$s) NOTNULL", "CASE WHEN %1$s THEN 1 ELSE 2 END", "abs(%1$s)", "double(%1$s)",
    "exp(%1$s)", "int(%1$s)", "ln(%1$s)", "sqrt(%1$s)", "greatest(%1$s)", "least(%1$s)", "hash_fnv1a(%1$s, 77)",
    "hash_murmur2(%1$s, 77)", "permute(%1$s, 1000, 77)", "permute(77, %1$s, 5)", "debug(%1$s)", "random(%1$s, %1$s)",
    "random_gaussian(5, 5, %1$s)", "random_exponential(5, 5, %1$s)", "random_zipfian(%1$s, %1$s, 1.5)",
};
static const char *const of_two[] = {
    "greatest(%1$s, %2$s)", "least(%1$s, %2$s)", "mod(%1$s, %2$s)", "pow(%1$s, %2$s)", "power(%2$s, %1$s)", "hash(%1$s, %2$s)",
    "hash_fnv1a(%1$s, %2$s)", "permute(%1$s, 1 + abs(%2$s / 2), 3)", "permute(%1$s, 10, %2$s)",
};

/* What -D, \gset and \setshell may give a variable. */
static const char *const texts_of_variables[] = {
    "5", "-5", "+5", " 5", "5 ", " 5 ", "0005", "0x10", "0x1p4", "1e3", "1E3", ".5", "5.", "-.5", "inf", "-inf", "Infinity",
    "nan", "t", "T", "tr", "tru", "true", "TRUE", "truex", "y", "ye", "yes", "Yess", "on", "ON", "o", "onn", "off", "of", "f", "F",
    "fal", "false", "n", "no", "nope", "nul", "null", "NULL", "Nulls", "9223372036854775807", "-9223372036854775808",
    "9223372036854775808", "-9223372036854775809", "1e400", "1e-400", "--5", "abc", "1_000", "1,5", " ", "+", "-", "1 2", "1d",
    "1e", "0b1", "'5'", "1.5.5", "0.1",
    "1.00000000000000000000000000000000000000000000000000000000000000000000000000000000000000001",
};
static const char *const of_variable[] = {":%s", ":%s + 1", ":%s AND TRUE", "CASE WHEN :%s THEN 1 ELSE 2 END", ":%s IS NULL",
                                          ":%s IS TRUE"};
/* clang-format on */

#endif

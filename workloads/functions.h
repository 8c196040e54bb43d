/* What function_table.c lists: `function_x` evaluates, `compile_x` prepares. */
#ifndef WORKLOADS_FUNCTIONS_H
#define WORKLOADS_FUNCTIONS_H

#include "program.h"

/* functions.c */
node_fn function_abs, function_greatest, function_least, function_int, function_double, function_sqrt, function_ln,
    function_exp, function_pi, function_pow, function_hash_fnv1a, function_hash_murmur2, function_permute,
    function_debug;
compile_fn compile_permute;

/* functions_random.c */
node_fn function_random, function_gaussian, function_exponential, function_zipfian;
compile_fn compile_random, compile_gaussian, compile_exponential, compile_zipfian;

/* operators.c */
node_fn op_modulo;

/* permute.c: the place of `value` modulo `count` in a shuffled 0 … count - 1; count is more than 0. */
int64_t permute(int64_t value, int64_t count, uint64_t seed);

/* functions_data.c */
node_fn function_pick, function_weighted, function_maybe, function_words, function_letters, function_digits,
    function_hex, function_uuid, function_timestamp, function_date;
compile_fn compile_weighted, compile_maybe, compile_timestamp, compile_date;

/* functions_document.c */
node_fn function_json, function_list, function_numeric, function_uuid7;
compile_fn compile_json, compile_list, compile_numeric;

/* format.c */
node_fn function_format;
compile_fn compile_format;

#endif

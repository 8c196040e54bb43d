/* What a fuzz target is made of: libFuzzer's entry, or replay.c's, calls fuzz_input() with one input after the other.
 * Whatever a target finds out to be untrue ends the program through fuzz_require(). */
#ifndef TESTS_FUZZ_TARGET_H
#define TESTS_FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "workloads/workload.h"

/* The name that libFuzzer wants; each target defines it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* files.c: until fuzz_forget(), the program under test finds `data` when it opens `path`, which is in FUZZ_FOLDER;
 * beside it the files of tests/data/good and of the catalog, and nothing else of the machine. Data is borrowed. */
#define FUZZ_FOLDER "fuzz"
void fuzz_serve(const char *path, const void *data, size_t size);
void fuzz_forget(void);

/* load.c: load it, print what is wrong, or make some rows of each table and the values of each transaction. */
void fuzz_workload(const char *path, const struct override *overrides, size_t n_overrides);

/* A promise of a header; broken, the input is a finding. */
#define fuzz_require(truth)                                                                                            \
    do {                                                                                                               \
        if (!(truth)) {                                                                                                \
            fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, #truth);                                \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

#endif

/* The stub for these tests: support/stub.h, plus its log cut to a trial's window. A stub that does not do what it is
 * told ends the program, which needs no row in the table. */
#ifndef PGDYNO_TESTS_TRUTH_STUB_LOG_H
#define PGDYNO_TESTS_TRUTH_STUB_LOG_H

#include "run/result.h"
#include "support/stub.h"

/* Back to a service of no time and an empty log, then the settings, "service constant 10ms" … */
#define STUB_SCRIPT(stub, ...) stub_script(stub, (const char *const[]){__VA_ARGS__, NULL})
void stub_script(struct stub *stub, const char *const *settings);

struct stub_window {
    struct stub_record *list; /* in the order of receipt; free() it */
    size_t n;
};
/* What the stub received from the window's opening on. With a rate that is the window's transactions and nothing else,
 * since nothing is under way when such a window opens. */
struct stub_window stub_window(struct stub *stub, const struct trial_result *trial);

#endif

/* cmocka, after the four headers that it wants included before it: a formatter that sorts includes breaks that order. */
#ifndef PGDYNO_TESTS_UNIT_H
#define PGDYNO_TESTS_UNIT_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#endif

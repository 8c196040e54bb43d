/* What to write instead of something that is not of the language; NULL where nobody knows. */
#ifndef WORKLOADS_HINTS_H
#define WORKLOADS_HINTS_H

#include <stddef.h>

const char *hint_function(const char *text, size_t len); /* of the name of a function */
const char *hint_word(const char *text, size_t len);     /* of a word between two values */
const char *hint_sign(const char *text, size_t *len);    /* of the signs that `text` begins with; *len: how many */

#endif

/* Random text. Each takes its bytes from the scratch (MAKE_FULL when there is no room, nothing taken) and sets *out to
 * a VALUE_TEXT that points there. Lengths below 0 and lo > hi are MAKE_BAD_ARGUMENT. */
#ifndef PGDYNO_GENERATORS_TEXT_H
#define PGDYNO_GENERATORS_TEXT_H

#include <stdint.h>

#include "generators/rng.h"
#include "generators/table.h"
#include "generators/value.h"

/* lo … hi common English words with single spaces between them, each word equally likely. */
enum make_status text_words(struct rng *rng, int64_t lo, int64_t hi, struct scratch *scratch, struct value *out);
/* lo … hi letters of a-z. */
enum make_status text_letters(struct rng *rng, int64_t lo, int64_t hi, struct scratch *scratch, struct value *out);
/* Exactly n of 0-9; the first may be 0. */
enum make_status text_digits(struct rng *rng, int64_t n, struct scratch *scratch, struct value *out);
/* Exactly n of 0-9a-f. */
enum make_status text_hex(struct rng *rng, int64_t n, struct scratch *scratch, struct value *out);
/* A random (version 4) UUID in its usual 36 characters, RFC 9562. */
enum make_status text_uuid(struct rng *rng, struct scratch *scratch, struct value *out);
/* One of version 7: milliseconds since 1970 first, the rest random, so that later ones sort behind earlier ones, but
 * for those of one millisecond. `us` counts from 2000-01-01; MAKE_UUID_RANGE before 1970 and after 10889. */
enum make_status text_uuid7(struct rng *rng, int64_t us, struct scratch *scratch, struct value *out);

#endif

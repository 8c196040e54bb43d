/* Text to quantity and back, with the units people write: 250ms, 5m, 80%, 3.2 ms, 704 kB. */
#ifndef PGDYNO_BASE_UNITS_H
#define PGDYNO_BASE_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "250ms", "8s", "5m", "1h", "100us", "1.5s"; units ns us µs ms s m min h d; a bare number counts in `default_unit_ns`.
 * "never" is -1 if `allow_never`. False, *out_ns untouched, for anything else, negative numbers and overflow. */
bool units_parse_duration(const char *text, int64_t default_unit_ns, bool allow_never, int64_t *out_ns);
/* "64MB", "512 kB", "1.5GB": B, kB, MB, GB, TB in any case, powers of 1024 as in postgresql.conf; a bare number is bytes.
 * False, *out untouched, for anything else and overflow. */
bool units_parse_bytes(const char *text, int64_t *out);
/* Decimal digits with an optional sign: "100", "-3"; not "1e6", "12_000" or " 7". False on junk or overflow, *out
 * untouched. */
bool units_parse_int(const char *text, int64_t *out);
/* Decimal, exponent allowed: "0.8", "1e6". C locale whatever the environment; finite only. False as above. */
bool units_parse_double(const char *text, double *out);

/* All formatters write at most `size` bytes including NUL, C-locale decimal point, and return `buf`. What is not finite
 * becomes "n/a". */
/* Three significant digits with a fitting unit: "870 ns", "41.8 µs", "2.30 ms", "1.25 s". */
char *units_format_ns(char *buf, size_t size, double ns);
/* "512 B", "704 kB", "1.25 GB" (powers of 1000, unlike pg_size_pretty). */
char *units_format_bytes(char *buf, size_t size, double bytes);
/* Thousands separators, `decimals` digits: "31,988", "3,204.5". */
char *units_format_count(char *buf, size_t size, double value, int decimals);
/* "4 min 21 s", "2 h 03 min", "8.4 s". */
char *units_format_elapsed(char *buf, size_t size, int64_t ns);
/* For CSV cells, without unit: whole numbers in full; else the shortest %g that reads back to 6 significant digits and
 * to 3 decimals (an epoch keeps its milliseconds), with an exponent only below 1. Not finite: "", an empty cell. */
char *units_format_number(char *buf, size_t size, double value);

#endif

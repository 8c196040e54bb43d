/* Whether a server setting, as a person writes it, is the value that the server has. */
#ifndef PGDYNO_RUN_SETTING_MATCH_H
#define PGDYNO_RUN_SETTING_MATCH_H

#include <stdbool.h>

/* `wanted` as in postgresql.conf ("512MB", "on", "5min"); the rest from pg_settings: setting ("65536"), unit ("8kB",
 * "ms", NULL or "" for none) and vartype ("integer", "real", "bool", "enum", "string"). A number without unit counts in
 * `unit`; numbers are compared as the server rounds them, to whole units for integers. */
bool setting_match(const char *wanted, const char *setting, const char *unit, const char *vartype);

#endif

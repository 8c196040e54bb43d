/* What store.c writes into run.json. */
#ifndef PGDYNO_REPORTS_STORE_HEAD_H
#define PGDYNO_REPORTS_STORE_HEAD_H

#include <jansson.h>

#include "run/result.h"

/* A new object; NULL without memory, or if a text is not UTF-8. No secrets of the command line are in it. */
json_t *store_head_value(const struct run_header *header);
/* A new string, or null. */
json_t *store_text_value(const char *text);

#endif

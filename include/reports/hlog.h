/* HdrHistogram's log format V2 (http://hdrhistogram.org): what any HdrHistogram reader can merge and plot. Values are
 * ns; the max column is in ms, as its tools expect. */
#ifndef PGDYNO_REPORTS_HLOG_H
#define PGDYNO_REPORTS_HLOG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/str.h"
#include "run/hist.h"

/* Metric of the lines that hold one second's responses: a tag of its own, so that merging one tag's lines counts
 * nothing twice. */
#define HLOG_SECOND "response.1s"

/* Base64 of the zlib-compressed V2 encoding, appended to `out`. False without memory. */
bool hlog_encode(const struct hist *hist, struct str *out);
/* The inverse: counts are added to `into`. Minimum, maximum, sum and squares follow from the counters' middles, since
 * the format keeps counts only. False, with the reason, if the text is not such a histogram of 3 digits from 1 ns;
 * `into` may then hold some of it. */
bool hlog_decode(const char *base64, size_t len, struct hist *into, struct err *err);

/* The file's first lines. */
void hlog_header(FILE *file, int64_t started_wall_ns);
/* One line. The stream's error flag tells whether it went well; false only without memory. */
bool hlog_line(FILE *file, const char *tag, double start_s, double length_s, const struct hist *hist);

/* One line taken apart; pointers into `line`, which is modified. */
struct hlog_entry {
    const char *tag; /* "" if none */
    double start_s, length_s;
    const char *base64;
};
/* False for comments, the legend, and lines that are no entry. */
bool hlog_parse(char *line, struct hlog_entry *out);

#endif

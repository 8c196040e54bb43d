/* One derived file: opened, written, and checked once at the end. */
#ifndef PGDYNO_REPORTS_OUTPUT_H
#define PGDYNO_REPORTS_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"

struct output {
    FILE *file;
    char path[4096];
};

/* folder/name, replacing what was there. The error names the path. */
bool output_open(struct output *out, const char *folder, const char *name, struct err *err);
/* False if anything since output_open could not be written: a full disk shows here. */
bool output_close(struct output *out, struct err *err);

/* Quoted only where CSV needs it: our numbers and plain names are easier to read without. */
void output_csv_field(FILE *file, const char *text);

#endif

/* Reading a result folder, file by file: what the parts of facts.c share. */
#ifndef PGDYNO_REPORTS_FACTS_READER_H
#define PGDYNO_REPORTS_FACTS_READER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "reports/facts.h"

enum {
    READER_PATH_BYTES = 4096,
    READER_NOTICES = 32
};

/* Reads what it can; a text that finds no memory shows at the end, in `failed`. */
struct reader {
    struct facts *facts;
    bool failed;
};

/* Copies that live as long as the facts; "" without memory. */
const char *reader_keep(struct reader *reader, const char *text);
const char *reader_keep_member(struct reader *reader, const json_t *object, const char *key);
/* Zeroed, room for at least one; NULL without memory. */
void *reader_keep_array(struct reader *reader, size_t n, size_t size);
/* A sentence for the reader of the report (dropped when there are too many). */
void reader_note(struct facts *facts, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* By its full name; ISOLATION_COUNT if there is none. */
enum isolation reader_find_isolation(const char *name);

/* Is it the folder of a run at all? If not, the error says what it is instead. */
bool facts_check_folder(const char *folder, struct err *err);
/* run.json, then trials.jsonl, plans/ and histograms/, each building on those before it. False: the folder is no
 * result, or a file cannot be read; what is only missing is a note. */
bool facts_load_head(struct reader *reader, struct err *err);
bool facts_load_trials(struct reader *reader, struct err *err);
void facts_load_plans(struct reader *reader);
void facts_load_hists(struct reader *reader);
/* Then raw/, where it was kept: the trials' figures are computed from it again, and a note says where that differs from
 * trials.jsonl; so are the values of cells all of whose trials were kept. */
void facts_load_raw(struct reader *reader);

#endif

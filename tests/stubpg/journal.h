/* The log: records in memory that is reserved beforehand, written to a file only when asked. */
#ifndef PGDYNO_TESTS_STUBPG_JOURNAL_H
#define PGDYNO_TESTS_STUBPG_JOURNAL_H

#include <stddef.h>

#include "base/err.h"
#include "record.h"

struct journal {
    struct stub_record *records;
    size_t n, cap;
    uint64_t n_dropped;
    uint32_t epoch; /* changes when the log is cleared: older handles lead nowhere */
};

/* A place in the journal, by value: what it named may have been cleared meanwhile. */
struct journal_slot {
    uint32_t epoch;
    uint32_t index;
};

/* Address space for `cap` records; memory is used as they come. */
bool journal_init(struct journal *journal, size_t cap, struct err *err);
void journal_deinit(struct journal *journal);
void journal_clear(struct journal *journal);
/* A place for one more record; if there is none, the slot leads nowhere and the record counts as dropped. */
struct journal_slot journal_add(struct journal *journal);
/* NULL if the slot leads nowhere. */
struct stub_record *journal_at(struct journal *journal, struct journal_slot slot);
/* Write all: as CSV with a header line if the path ends in .csv, else header and records as they are in memory. */
bool journal_write(const struct journal *journal, const char *path, struct err *err);

#endif

/* The server's own counters, as differences over a trial. Rows of a const table say where each comes from and from
 * which version on; a counter that this server lacks is absent, not 0. */
#ifndef PGDYNO_PG_SERVERSTAT_H
#define PGDYNO_PG_SERVERSTAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "pg/query.h"

/* Order is that of the table in serverstat.c, and of the columns in every report. */
enum serverstat_id {
    /* pg_stat_database */
    STAT_XACT_COMMIT,
    STAT_XACT_ROLLBACK,
    STAT_BLKS_READ,
    STAT_BLKS_HIT,
    STAT_TUP_RETURNED,
    STAT_TUP_FETCHED,
    STAT_TUP_INSERTED,
    STAT_TUP_UPDATED,
    STAT_TUP_DELETED,
    STAT_DEADLOCKS,
    STAT_TEMP_BYTES,
    /* pg_stat_user_tables, summed over the schema */
    STAT_SEQ_SCAN,
    STAT_SEQ_TUP_READ,
    STAT_IDX_SCAN,
    STAT_N_TUP_UPD,
    STAT_N_TUP_HOT_UPD,
    STAT_N_DEAD_TUP, /* a level: the value at the end of the trial */
    STAT_AUTOVACUUM_COUNT,
    STAT_AUTOANALYZE_COUNT,
    /* pg_stat_wal */
    STAT_WAL_RECORDS,
    STAT_WAL_FPI,
    STAT_WAL_BYTES,
    /* pg_stat_bgwriter, pg_stat_checkpointer from 17 on */
    STAT_CHECKPOINTS,
    STAT_COUNT
};

/* A row of the table: the name used in files, and in words. */
struct serverstat_row {
    const char *name;  /* "wal_bytes" */
    const char *label; /* "WAL bytes" */
    bool level;        /* a state, not a counter: the difference is the later value */
};
extern const struct serverstat_row serverstat_rows[STAT_COUNT];

struct serverstat {
    bool has[STAT_COUNT];
    int64_t value[STAT_COUNT];
};

/* How often one index was used: pg_stat_user_indexes.idx_scan. */
struct index_use {
    char name[64];
    char table[64];
    int64_t scans;
    int64_t size_bytes;
};

/* Wait (at most 2 s) until the backends whose application_name is `app` have gone and so flushed what they counted,
 * then read. `schema` limits the table counters; NULL is the current one. */
bool serverstat_read(struct db *db, const char *schema, const char *app, struct serverstat *out, struct err *err);
/* later − earlier for counters, later for levels; a counter reset in between (earlier > later) is absent. */
void serverstat_diff(const struct serverstat *earlier, const struct serverstat *later, struct serverstat *out);
/* All indexes of the schema (NULL: the current one), at most `max`; the number found in *count. */
bool serverstat_indexes(struct db *db, const char *schema, struct index_use *out, size_t max, size_t *count,
                        struct err *err);

#endif

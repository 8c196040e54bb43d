/* What a run would do, without a server. */
#include <inttypes.h>

#include "generators/table.h"
#include "session.h"

enum {
    SAMPLE_ROWS = 1000,
    NULL_BYTES = 2 /* \N */
};

static int64_t row_bytes(const struct value *cells, size_t count)
{
    char buf[VALUE_TEXT_MAX];
    const char *data;
    int64_t bytes = (int64_t)count; /* a tab or the newline after each */
    for (size_t i = 0; i < count; i++)
        bytes += cells[i].type == VALUE_NULL ? NULL_BYTES : (int64_t)value_text(&cells[i], buf, &data);
    return bytes;
}

static bool bad_row(const struct workload *workload, const struct table_spec *table, int64_t row, size_t column,
                    enum make_status status, struct err *err)
{
    return err_set(err, ERR_INPUT, workload->path, "table %s, row %" PRId64 ", column %s: %s", table->name, row,
                   column < table->n_columns ? table->columns[column].name : "?", make_status_text(status));
}

/* Rows spread evenly over the table, since later rows may have longer numbers. */
static bool table_bytes(const struct workload *workload, const struct table_spec *table, int64_t *bytes,
                        struct err *err)
{
    struct row_maker *maker = NULL;
    int64_t sampled = table->rows < SAMPLE_ROWS ? table->rows : SAMPLE_ROWS, sum = 0;
    *bytes = 0;
    if (sampled == 0)
        return true;
    if (!row_maker_new(table, &maker, err))
        return false;
    bool ok = true;
    for (int64_t i = 0; ok && i < sampled; i++) {
        const struct value *cells;
        size_t bad = 0;
        int64_t row = 1 + (int64_t)((double)i / (double)sampled * (double)table->rows);
        enum make_status status = row_maker_row(maker, row, &cells, &bad);
        ok = status == MAKE_OK || bad_row(workload, table, row, bad, status, err);
        sum += ok ? row_bytes(cells, table->n_columns) : 0;
    }
    row_maker_free(maker);
    *bytes = (int64_t)((double)sum / (double)sampled * (double)table->rows);
    return ok;
}

/* Once for each variant, pool and isolation level, and not where a closed trial came first. */
static int calibrations(const struct workload *workload)
{
    const struct sweep *sweep = &workload->sweep;
    for (size_t i = 0; i < sweep->n_rates; i++)
        if (sweep->rates[i].kind == RATE_SHARE)
            return (int)(workload->n_variants * sweep->n_pools * sweep->n_isolations);
    return 0;
}

bool run_plan(const struct workload *workload, struct run_plan *out, struct err *err)
{
    const struct measure *measure = &workload->measure;
    *out = (struct run_plan){.n_trials = measure->blocks * order_cells_per_block(workload),
                             .n_calibrations = calibrations(workload),
                             .max_connections = session_connections_needed(workload, 0)};
    out->measuring_ns = (out->n_trials + out->n_calibrations) * (measure->warmup_ns + measure->duration_ns);
    for (size_t i = 0; i < workload->n_tables; i++) {
        int64_t bytes;
        if (workload->tables[i].source)
            continue;
        if (!table_bytes(workload, &workload->tables[i], &bytes, err))
            return false;
        out->rows += workload->tables[i].rows;
        out->seed_bytes += bytes;
    }
    return true;
}

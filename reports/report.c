#include "reports/report.h"

#include <string.h>

#include "output.h"
#include "reports/compare.h"
#include "reports/csv.h"
#include "reports/facts.h"
#include "reports/hgrm.h"
#include "reports/markdown.h"
#include "reports/plot.h"
#include "reports/text.h"

static bool write_hgrm(const struct facts *facts, const char *cell, int transaction, const struct hist *hist,
                       struct err *err)
{
    char name[FACTS_NAME_BYTES], file[FACTS_NAME_BYTES * 2 + 32];
    facts_file_name(name, sizeof name, facts->transactions[transaction].name, transaction);
    snprintf(file, sizeof file, "histograms/%s.%s.hgrm", cell, name);
    struct output out;
    if (!output_open(&out, facts->folder, file, err))
        return false;
    hgrm_write(out.file, hist);
    return output_close(&out, err);
}

static bool write_cell_hgrm(const struct facts *facts, int variant, struct point point, struct err *err)
{
    char cell[FACTS_NAME_BYTES];
    facts_name_cell(facts, variant, point, cell, sizeof cell);
    const struct fact_hists *hists = facts->hists[facts_cell(facts, variant, point)];
    bool ok = true;
    for (size_t t = 0; t < facts->n_transactions; t++)
        if (hists[t].response)
            ok = write_hgrm(facts, cell, (int)t, hists[t].response, ok ? err : NULL) && ok;
    return ok;
}

static bool write_hgrms(const struct facts *facts, struct err *err)
{
    bool ok = true;
    for (size_t v = 0; v < facts->n_variants; v++)
        for (size_t p = 0; p < facts_n_points(facts); p++)
            ok = write_cell_hgrm(facts, (int)v, facts_point(facts, p), ok ? err : NULL) && ok;
    return ok;
}

/* All are attempted: a small file may fit where a large one did not. *page tells of report.md alone. */
static bool write_files(const struct facts *facts, const struct comparisons *comparisons,
                        const struct report_options *options, bool *page, struct err *err)
{
    struct plots plots = {0};
    bool ok = csv_write_all(facts, comparisons, err);
    ok = write_hgrms(facts, ok ? err : NULL) && ok;
    if (options->plots)
        plot_write_all(facts, comparisons, options, &plots);
    *page = markdown_write(facts, comparisons, options, &plots, ok ? err : NULL);
    ok = ok && *page;
    return ok || err_append(err, "the trials are safe: `pgdyno report %s` writes all files again", facts->folder);
}

/* The table comes first: it needs nothing but memory, and no failed file may hide it. */
static bool write_report(const struct facts *facts, const struct report_options *options, struct str *table,
                         bool *all_valid, struct err *err)
{
    struct comparisons comparisons;
    struct str validity = {0};
    bool page = false;
    if (!compare_run(facts, &comparisons, err))
        return false;
    *all_valid = text_validity(facts, &validity);
    bool told = text_write(facts, &comparisons, options, table) || err_memory(err);
    bool ok = write_files(facts, &comparisons, options, &page, told ? err : NULL) && told;
    if (page)
        str_printf(table, "Report: %s/report.md\n", facts->folder);
    str_deinit(&validity);
    compare_deinit(&comparisons);
    return ok;
}

bool report_write(const char *folder, const struct report_options *options, struct str *table, bool *all_valid,
                  struct err *err)
{
    struct facts *facts;
    *all_valid = false;
    if (!facts_read(folder, &facts, err))
        return false;
    bool ok = write_report(facts, options, table, all_valid, err);
    facts_free(facts);
    return ok;
}

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

static bool write_cell_hgrm(const struct facts *facts, int variant, int pool, int isolation, struct err *err)
{
    char cell[FACTS_NAME_BYTES];
    facts_cell_name(cell, sizeof cell, facts->variants[variant].name, variant, facts->pools[pool],
                    facts->isolations[isolation]);
    const struct fact_hists *hists = facts->hists[facts_cell(facts, variant, pool, isolation)];
    for (size_t t = 0; t < facts->n_transactions; t++)
        if (hists[t].response && !write_hgrm(facts, cell, (int)t, hists[t].response, err))
            return false;
    return true;
}

static bool write_hgrms(const struct facts *facts, struct err *err)
{
    for (size_t v = 0; v < facts->n_variants; v++)
        for (size_t p = 0; p < facts->n_pools; p++)
            for (size_t i = 0; i < facts->n_isolations; i++)
                if (!write_cell_hgrm(facts, (int)v, (int)p, (int)i, err))
                    return false;
    return true;
}

static bool write_report(const struct facts *facts, const struct report_options *options, struct str *table,
                         bool *all_valid, struct err *err)
{
    struct comparisons comparisons;
    struct plots plots = {0};
    struct str validity = {0};
    if (!compare_run(facts, &comparisons, err))
        return false;
    bool ok = csv_write_all(facts, &comparisons, err) && write_hgrms(facts, err);
    if (ok && options->plots)
        plot_write_all(facts, &comparisons, options, &plots);
    ok = ok && markdown_write(facts, &comparisons, options, &plots, err);
    if (ok && !text_write(facts, &comparisons, options, table))
        ok = err_memory(err);
    if (ok) {
        *all_valid = text_validity(facts, &validity);
        str_printf(table, "Report: %s/report.md\n", facts->folder);
    }
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

/* histograms/: those of all whole trials of a cell, merged. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "facts_reader.h"
#include "reports/hlog.h"

static struct hist **find_hist(const struct facts *facts, size_t cell, const char *tag)
{
    for (size_t t = 0; t < facts->n_transactions; t++) {
        const char *name = facts->transactions[t].name;
        size_t len = strlen(name);
        struct fact_hists *hists = &facts->hists[cell][t];
        bool same = strlen(tag) > len && tag[len] == '.';
        for (size_t i = 0; same && i < len; i++)
            same = tag[i] == name[i] || (tag[i] == '_' && (name[i] == ',' || (unsigned char)name[i] <= ' '));
        if (!same)
            continue;
        const char *metric = tag + len + 1;
        if (strcmp(metric, "response") == 0)
            return &hists->response;
        if (strcmp(metric, "service") == 0)
            return &hists->service;
        if (strcmp(metric, "pool_wait") == 0)
            return &hists->pool_wait;
        int number = atoi(metric);
        bool whole = number >= 1 && strchr(metric, '.') && strcmp(strchr(metric, '.'), ".service") == 0;
        int variant = (int)(cell / facts_n_points(facts));
        if (whole && number <= facts_transaction(facts, variant, (int)t)->n_statements)
            return &hists->statements[number - 1];
    }
    return NULL;
}

/* The summary that this line's trial carries: exact where the log's counters round. */
static const struct dist_summary *find_summary(const struct facts *facts, const struct fact_trial *trial,
                                               const struct fact_hists *hists, struct hist *const *hist)
{
    for (size_t t = 0; t < facts->n_transactions; t++) {
        if (hist == &hists[t].response)
            return &trial->transactions[t].response;
        if (hist == &hists[t].service)
            return &trial->transactions[t].service;
        if (hist == &hists[t].pool_wait)
            return &trial->transactions[t].pool_wait;
        for (int s = 0; s < facts_transaction(facts, trial->plain.variant, (int)t)->n_statements; s++)
            if (hist == &hists[t].statements[s])
                return &trial->transactions[t].statements[s];
    }
    return NULL;
}

/* Only where both agree on the counters: hist_merge and hist_clear go by minimum and maximum. */
static void make_exact(struct hist *part, const struct dist_summary *exact)
{
    if (!exact || exact->count != part->total || part->total == 0 || exact->min < 0 || exact->max > HIST_MAX_NS ||
        hist_index(exact->min) != hist_index(part->min) || hist_index(exact->max) != hist_index(part->max))
        return;
    double n = (double)exact->count;
    part->min = exact->min;
    part->max = exact->max;
    part->sum = exact->mean * n;
    part->sum_squares = (exact->stddev * exact->stddev + exact->mean * exact->mean) * n;
}

static void add_entry(struct reader *reader, size_t cell, const struct fact_trial *trial,
                      const struct hlog_entry *entry, struct hist *scratch)
{
    struct facts *facts = reader->facts;
    struct hist **into = find_hist(facts, cell, entry->tag);
    struct err err = {0};
    if (!into)
        return;
    hist_clear(scratch);
    if (!hlog_decode(entry->base64, strlen(entry->base64), scratch, &err)) {
        reader_note(facts, "histogram %.64s of trial %d is left out: %.80s", entry->tag, trial->plain.order + 1,
                    err.text);
        return;
    }
    make_exact(scratch, find_summary(facts, trial, facts->hists[cell], into));
    if (!*into)
        *into = hist_new();
    if (*into)
        hist_merge(*into, scratch);
    reader->failed |= !*into;
}

static const struct fact_trial *find_trial(const struct facts *facts, int order)
{
    for (size_t i = 0; i < facts->n_trials; i++)
        if (facts->trials[i].plain.order == order)
            return &facts->trials[i];
    return NULL;
}

/* Lines after a "#[Trial: n" belong to it; those of a trial that has no line in trials.jsonl, or is not whole, do not
 * count. */
static void read_hlog(struct reader *reader, size_t cell, FILE *file, struct hist *scratch, size_t *seen)
{
    const struct fact_trial *trial = NULL;
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;
    while ((len = getline(&line, &cap, file)) > 0) {
        int order;
        struct hlog_entry entry;
        if (sscanf(line, "#[Trial: %d,", &order) == 1) {
            trial = find_trial(reader->facts, order);
            *seen += trial != NULL;
        } else if (trial && facts_whole(trial) && hlog_parse(line, &entry)) {
            add_entry(reader, cell, trial, &entry, scratch);
        }
    }
    free(line);
}

static void load_cell(struct reader *reader, int variant, struct point point, struct hist *scratch)
{
    struct facts *facts = reader->facts;
    size_t expected = 0, seen = 0;
    for (size_t i = 0; i < facts->n_trials; i++)
        expected += facts->trials[i].plain.variant == variant && facts_at(&facts->trials[i].plain, point);
    char name[FACTS_NAME_BYTES], path[READER_PATH_BYTES];
    facts_name_cell(facts, variant, point, name, sizeof name);
    snprintf(path, sizeof path, "%s/histograms/%s.hlog", facts->folder, name);
    FILE *file = expected > 0 ? fopen(path, "re") : NULL;
    if (file) {
        read_hlog(reader, facts_cell(facts, variant, point), file, scratch, &seen);
        fclose(file);
    }
    if (seen < expected)
        reader_note(facts, "histograms/%s.hlog lacks %zu of %zu trials: its percentiles come from the others", name,
                    expected - seen, expected);
}

static void make_hists(struct reader *reader)
{
    struct facts *facts = reader->facts;
    facts->hists = reader_keep_array(reader, facts_n_cells(facts), sizeof *facts->hists);
    for (size_t c = 0; facts->hists && c < facts_n_cells(facts); c++) {
        facts->hists[c] = reader_keep_array(reader, facts->n_transactions, sizeof **facts->hists);
        int variant = (int)(c / facts_n_points(facts));
        for (size_t t = 0; facts->hists[c] && t < facts->n_transactions; t++)
            facts->hists[c][t].statements = reader_keep_array(
                reader, (size_t)facts_transaction(facts, variant, (int)t)->n_statements, sizeof(struct hist *));
    }
}

void facts_load_hists(struct reader *reader)
{
    struct facts *facts = reader->facts;
    struct hist *scratch = hist_new();
    reader->failed |= !scratch;
    make_hists(reader);
    for (size_t v = 0; !reader->failed && v < facts->n_variants; v++)
        for (size_t p = 0; p < facts_n_points(facts); p++)
            load_cell(reader, (int)v, facts_point(facts, p), scratch);
    hist_free(scratch);
}

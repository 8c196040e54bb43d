#include "reports/facts.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/units.h"
#include "facts_reader.h"

/* --- Names -------------------------------------------------------------------------------------------------------- */

void facts_file_name(char *buf, size_t size, const char *name, int index)
{
    char clean[FACTS_NAME_BYTES / 2];
    bool changed = strlen(name) >= sizeof clean;
    size_t len = 0;
    for (; name[len] && len + 1 < sizeof clean; len++) {
        bool fine = isalnum((unsigned char)name[len]) || name[len] == '_' || name[len] == '-';
        clean[len] = fine ? name[len] : '_';
        changed |= !fine;
    }
    clean[len] = '\0';
    snprintf(buf, size, changed ? "%s~%d" : "%s", clean, index);
}

void facts_rate_suffix(const struct rate *rate, char *buf, size_t size)
{
    char number[32];
    bool share = rate->kind == RATE_SHARE;
    units_format_number(number, sizeof number, share ? 100 * rate->value : rate->value);
    if (rate->kind == RATE_CLOSED)
        snprintf(buf, size, "%s", "");
    else
        snprintf(buf, size, share ? ".%spct" : ".%ss", number);
}

void facts_cell_name(char *buf, size_t size, const char *variant, int variant_index, int pool, enum isolation isolation,
                     const struct rate *rate)
{
    char name[FACTS_NAME_BYTES], suffix[40];
    facts_file_name(name, sizeof name, variant, variant_index);
    facts_rate_suffix(rate, suffix, sizeof suffix);
    snprintf(buf, size, "%s.pool%d.%s%s", name, pool, isolation_short(isolation), suffix);
}

void facts_name_cell(const struct facts *facts, int variant, struct point point, char *buf, size_t size)
{
    facts_cell_name(buf, size, facts->variants[variant].name, variant, facts->pools[point.pool],
                    facts->isolations[point.isolation], &facts->rates[point.rate]);
}

/* --- The sweep ---------------------------------------------------------------------------------------------------- */

size_t facts_n_points(const struct facts *facts)
{
    return facts->n_pools * facts->n_isolations * facts->n_rates;
}

struct point facts_point(const struct facts *facts, size_t number)
{
    return (struct point){.isolation = (int)(number / facts->n_rates / facts->n_pools),
                          .pool = (int)(number / facts->n_rates % facts->n_pools),
                          .rate = (int)(number % facts->n_rates)};
}

bool facts_at(const struct trial_result *trial, struct point point)
{
    return (point.pool < 0 || trial->pool == point.pool) &&
           (point.isolation < 0 || trial->isolation == point.isolation) &&
           (point.rate < 0 || trial->rate == point.rate);
}

size_t facts_n_cells(const struct facts *facts)
{
    return facts->n_variants * facts_n_points(facts);
}

size_t facts_cell(const struct facts *facts, int variant, struct point point)
{
    size_t place = (size_t)point.isolation * facts->n_pools + (size_t)point.pool;
    return (size_t)variant * facts_n_points(facts) + place * facts->n_rates + (size_t)point.rate;
}

bool facts_open(const struct facts *facts, struct point point)
{
    return facts->rates[point.rate].kind != RATE_CLOSED;
}

double facts_rate_tps(const struct facts *facts, int variant, struct point point)
{
    double sum = 0;
    int n = 0;
    for (size_t i = 0; i < facts->n_trials; i++) {
        const struct trial_result *plain = &facts->trials[i].plain;
        if (plain->variant != variant || !facts_at(plain, point) || plain->rate_tps <= 0)
            continue;
        sum += plain->rate_tps;
        n++;
    }
    if (facts->rates[point.rate].kind == RATE_TPS)
        return facts->rates[point.rate].value;
    return n > 0 ? sum / n : NAN;
}

void facts_ended(const struct fact_trial *trial, int transaction, int64_t *ok, int64_t *failed)
{
    const struct transaction_result *counts = &trial->transactions[transaction].counts;
    *ok = counts->ok;
    *failed = counts->failed;
    if (trial->plain.rate_tps <= 0 || trial->n_intervals == 0)
        return;
    *ok = *failed = 0;
    for (size_t i = 0; i < trial->n_intervals; i++) {
        *ok += trial->intervals[i].transactions[transaction].ok;
        *failed += trial->intervals[i].transactions[transaction].failed;
    }
}

double facts_goodput(const struct fact_trial *trial, int transaction)
{
    int64_t ok, failed;
    facts_ended(trial, transaction, &ok, &failed);
    return trial->plain.duration_ns > 0 ? (double)ok * 1e9 / (double)trial->plain.duration_ns : NAN;
}

bool facts_queues(const struct facts *facts)
{
    for (size_t i = 0; i < facts->n_trials; i++) {
        const struct trial_result *plain = &facts->trials[i].plain;
        if (plain->rate_tps > 0 || plain->clients > plain->connections)
            return true;
    }
    return false;
}

size_t facts_n_planned(const struct facts *facts)
{
    return facts_n_cells(facts) * (size_t)(facts->measure.blocks > 0 ? facts->measure.blocks : 0);
}

int64_t facts_elapsed_ns(const struct facts *facts)
{
    int64_t end = facts->ended_wall_ns;
    for (size_t i = 0; i < facts->n_trials && facts->ended_wall_ns == 0; i++) {
        int64_t trial_end = facts->trials[i].plain.started_wall_ns + facts->trials[i].plain.duration_ns;
        end = trial_end > end ? trial_end : end;
    }
    return end > facts->started_wall_ns ? end - facts->started_wall_ns : 0;
}

/* --- What the readers share --------------------------------------------------------------------------------------- */

const char *reader_keep(struct reader *reader, const char *text)
{
    const char *copy = arena_strdup(reader->facts->arena, text);
    reader->failed |= !copy;
    return copy ? copy : "";
}

const char *reader_keep_member(struct reader *reader, const json_t *object, const char *key)
{
    return reader_keep(reader, json_get_string(object, key, ""));
}

void *reader_keep_array(struct reader *reader, size_t n, size_t size)
{
    void *array = arena_array(reader->facts->arena, n ? n : 1, size);
    reader->failed |= !array;
    return array;
}

enum isolation reader_find_isolation(const char *name)
{
    for (int i = 0; i < ISOLATION_COUNT; i++)
        if (strcmp(name, isolation_name((enum isolation)i)) == 0)
            return (enum isolation)i;
    return ISOLATION_COUNT;
}

void reader_note(struct facts *facts, const char *fmt, ...)
{
    if (facts->n_notices == READER_NOTICES)
        return;
    va_list args;
    va_start(args, fmt);
    vsnprintf(facts->notices[facts->n_notices++], sizeof facts->notices[0], fmt, args);
    va_end(args);
}

bool facts_rewritten(const struct facts *facts, int variant, int transaction)
{
    const struct fact_transaction *of = facts_transaction(facts, variant, transaction);
    const struct fact_transaction *before = facts_transaction(facts, 0, transaction);
    bool same = of->n_statements == before->n_statements;
    for (int s = 0; same && s < of->n_statements; s++)
        same = strcmp(of->statements[s].text, before->statements[s].text) == 0;
    return !same;
}

/* --- The whole ---------------------------------------------------------------------------------------------------- */

static void free_hists(struct facts *facts)
{
    size_t in_variant = facts_n_points(facts);
    for (size_t c = 0; facts->hists && c < facts_n_cells(facts); c++) {
        for (size_t t = 0; facts->hists[c] && t < facts->n_transactions; t++) {
            struct fact_hists *hists = &facts->hists[c][t];
            hist_free(hists->response);
            hist_free(hists->service);
            hist_free(hists->pool_wait);
            free(hists->exact_response.list);
            free(hists->exact_service.list);
            free(hists->exact_pool_wait.list);
            int n = facts_transaction(facts, (int)(c / in_variant), (int)t)->n_statements;
            for (int s = 0; hists->statements && s < n; s++)
                hist_free(hists->statements[s]);
        }
    }
}

void facts_free(struct facts *facts)
{
    if (!facts)
        return;
    free_hists(facts);
    arena_free(facts->arena);
}

static int by_order(const void *a, const void *b)
{
    const struct fact_trial *left = a, *right = b;
    return (left->plain.order > right->plain.order) - (left->plain.order < right->plain.order);
}

bool facts_read(const char *folder, struct facts **out, struct err *err)
{
    *out = NULL;
    struct arena *arena = arena_new();
    struct facts *facts = arena ? ARENA_NEW(arena, struct facts) : NULL;
    if (!facts) {
        arena_free(arena);
        return err_memory(err);
    }
    struct reader reader = {.facts = facts};
    facts->arena = arena;
    facts->folder = reader_keep(&reader, folder);
    facts->notices = reader_keep_array(&reader, READER_NOTICES, sizeof *facts->notices);
    bool ok = reader.failed ||
              (facts_check_folder(folder, err) && facts_load_head(&reader, err) && facts_load_trials(&reader, err));
    if (ok && !reader.failed) {
        if (facts->n_trials > 1)
            qsort(facts->trials, facts->n_trials, sizeof *facts->trials, by_order);
        facts_load_plans(&reader);
        facts_load_hists(&reader);
        if (!reader.failed)
            facts_load_raw(&reader);
    }
    if (ok && !reader.failed) {
        *out = facts;
        return true;
    }
    facts_free(facts);
    return ok ? err_memory(err) : false;
}

#include "run/column_stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "session.h"

/* Standard deviations that are still chance, with a hundred figures to look at. */
#define SIGMAS      4.5
#define SMALLEST    100  /* of a share to compare: rows of the sample that it stands for */
#define ORDER_LEAST 0.9  /* of loading over several connections, whose pieces interleave */
#define ROWS_SPARE  0.01 /* reltuples, and rounding to four bytes */

static void set_trait(struct column_facts *facts, enum column_trait trait, double declared, double seen, bool differs)
{
    facts->traits[trait] = (struct trait){true, declared, seen, differs};
}

/* Drawn rows of which a share `p` has something: how far their share may be off. */
static double share_sd(double p, double sample)
{
    return sqrt(p * (1 - p) / fmax(sample, 1));
}

static void compare_nulls(const struct claims *claims, const struct column_stats *stats, double sample,
                          struct column_facts *facts)
{
    double off = fabs(stats->nulls - claims->nulls);
    bool differs = off > SIGMAS * share_sd(claims->nulls, sample) + 1e-6;
    if (claims->knows_nulls && (claims->nulls > 0 || differs))
        set_trait(facts, TRAIT_NULLS, claims->nulls, stats->nulls, differs);
}

/* The largest of several counts that are alike is above their mean. */
static void compare_common(const struct claims *claims, const struct column_stats *stats, double sample,
                           struct column_facts *facts)
{
    double declared = claims->top * (1 - claims->nulls), sd = share_sd(declared, sample);
    double above = stats->common - declared;
    bool differs = above > (SIGMAS + sqrt(2 * log(claims_peers(claims)))) * sd || -above > SIGMAS * sd;
    if (claims->top > 0 && declared * sample >= SMALLEST && (stats->common > 0 || declared > 0.02))
        set_trait(facts, TRAIT_COMMON, declared, stats->common, differs);
}

static void compare_distinct(const struct claims *claims, const struct column_stats *stats, double sample,
                             struct column_facts *facts)
{
    double live = 1 - claims->nulls, sd, sample_sd;
    double declared = claims_distinct(claims, stats->rows * live, &sd);
    double in_sample = claims_distinct(claims, sample * live, &sample_sd);
    double seen = stats->distinct < 0 ? -stats->distinct * stats->rows : stats->distinct;
    double spare = 0.5 + (stats->distinct < 0 ? ROWS_SPARE * declared : 0);
    if (claims->spread == CLAIM_UNIQUE)
        spare += SIGMAS * share_sd(claims->nulls, sample) * stats->rows;
    else
        spare += SIGMAS * fmax(sd, sample_sd) + declared - in_sample;
    if (claims->spread != CLAIM_UNKNOWN && claims->spread != CLAIM_ZIPF && stats->distinct != 0)
        set_trait(facts, TRAIT_DISTINCT, declared, seen, fabs(seen - declared) > spare);
}

static void compare_order(const struct claims *claims, const struct column_stats *stats, struct column_facts *facts)
{
    double declared = claims->step > 0 ? 1 : -1;
    if (claims->step != 0 && !isnan(stats->order))
        set_trait(facts, TRAIT_ORDER, declared, stats->order, stats->order * declared < ORDER_LEAST);
}

void column_compare(const struct claims *claims, const struct column_stats *stats, struct column_facts *facts)
{
    double sample = fmin(stats->rows, stats->sample);
    memset(facts->traits, 0, sizeof facts->traits);
    if (stats->rows < 1)
        return;
    compare_nulls(claims, stats, sample, facts);
    compare_common(claims, stats, sample, facts);
    compare_distinct(claims, stats, sample, facts);
    compare_order(claims, stats, facts);
}

/* --- Asking ------------------------------------------------------------------------------------------------------- */

#define STATS_SQL                                                                                                      \
    "SELECT s.attname, c.reltuples, 300 * current_setting('default_statistics_target')::int, s.null_frac, "            \
    "s.n_distinct, coalesce(s.most_common_freqs[1], 0), coalesce(s.correlation, 'NaN') "                               \
    "FROM pg_stats s JOIN pg_class c ON c.relname = s.tablename AND c.relnamespace = current_schema()::regnamespace "  \
    "WHERE s.schemaname = current_schema() AND s.tablename = $1 AND s.inherited = (c.relkind = 'p')"

static double number(const PGresult *rows, int row, int column)
{
    return strtod(PQgetvalue(rows, row, column), NULL); /* "NaN" too */
}

static bool find_stats(const PGresult *rows, const char *column, struct column_stats *out)
{
    for (int i = 0; i < PQntuples(rows); i++) {
        if (strcmp(PQgetvalue(rows, i, 0), column) != 0)
            continue;
        *out = (struct column_stats){.rows = number(rows, i, 1),
                                     .sample = number(rows, i, 2),
                                     .nulls = number(rows, i, 3),
                                     .distinct = number(rows, i, 4),
                                     .common = number(rows, i, 5),
                                     .order = number(rows, i, 6)};
        return true;
    }
    return false;
}

static bool any_trait(const struct column_facts *facts)
{
    for (int i = 0; i < TRAIT_COUNT; i++)
        if (facts->traits[i].listed)
            return true;
    return false;
}

static bool table_facts(struct session *session, const struct table_spec *table, struct column_facts *facts,
                        size_t *count, struct err *err)
{
    const char *params[] = {table->name};
    PGresult *rows = db_rows(session->db, "column statistics", STATS_SQL, 1, params, err);
    if (!rows)
        return false;
    for (size_t i = 0; i < table->n_columns; i++) {
        struct column_stats stats;
        struct claims claims;
        facts[*count] = (struct column_facts){.table = table, .column = i};
        claims_of_column(table, i, &claims);
        if (!find_stats(rows, table->columns[i].name, &stats))
            continue;
        column_compare(&claims, &stats, &facts[*count]);
        *count += any_trait(&facts[*count]);
    }
    PQclear(rows);
    return true;
}

bool session_column_facts(struct session *session, struct column_facts **out, size_t *count, struct err *err)
{
    const struct workload *workload = session->workload;
    size_t columns = 1;
    *count = 0;
    for (size_t i = 0; i < workload->n_tables; i++)
        columns += workload->tables[i].n_columns;
    struct column_facts *facts = calloc(columns, sizeof *facts);
    bool ok = facts || err_memory(err);
    for (size_t i = 0; ok && i < workload->n_tables; i++)
        if (!workload->tables[i].source)
            ok = table_facts(session, &workload->tables[i], facts, count, err);
    if (!ok) {
        free(facts);
        facts = NULL;
    }
    *out = facts;
    return ok;
}

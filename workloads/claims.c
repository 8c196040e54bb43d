/* Claims are worked out from the leaves up: each function of the language that keeps or makes a spread has a row, which
 * may decline. Of all others, at best the share of NULL is known. */
#include "workloads/claims.h"

#include <math.h>
#include <string.h>

#include "program.h"

enum {
    NESTING_MAX = 12, /* columns that are other columns, and expressions in expressions */
    ZIPF_EXACT = 1000 /* terms added up one by one */
};

struct asker {
    const struct table_spec *table;
    int nesting;
};

static const struct claims nothing = {0};

static void claim_node(const struct asker *asker, const struct node *node, struct claims *out);

static void claim_arg(const struct asker *asker, const struct node *node, int i, struct claims *out)
{
    claim_node(asker, node->args[i], out);
}

/* --- Spreads ------------------------------------------------------------------------------------------------------ */

static void set_even(struct claims *out, double values)
{
    *out = (struct claims){.knows_nulls = true, .spread = CLAIM_EVEN, .values = values, .top = 1 / values};
}

static void set_unique(struct claims *out, double step)
{
    *out = (struct claims){.knows_nulls = true, .spread = CLAIM_UNIQUE, .step = step};
}

static bool constant_number(const struct node *node, double *out)
{
    struct value value = node->value;
    return node_is_constant(node) && value.type != VALUE_NULL && value_double(&value, out) == MAKE_OK;
}

static bool is_null(const struct node *node)
{
    return node_is_constant(node) && node->value.type == VALUE_NULL;
}

/* --- One of several: pick, weighted, constants ---------------------------------------------------------------------
 */

static bool same_value(const struct value *a, const struct value *b)
{
    char buffers[2][VALUE_TEXT_MAX];
    const char *texts[2];
    size_t len = value_text(a, buffers[0], &texts[0]);
    return len == value_text(b, buffers[1], &texts[1]) && memcmp(texts[0], texts[1], len) == 0;
}

/* Doubled values count as one. `nodes` are constants, and not NULL where a share is above 0. */
static void add_shares(const struct node *const *nodes, const double *shares, int n, struct claims *out)
{
    int kept[CLAIM_SHARES_MAX];
    for (int i = 0; i < n; i++) {
        int k = 0;
        if (shares[i] <= 0)
            continue;
        while (k < out->n_shares && !same_value(&nodes[kept[k]]->value, &nodes[i]->value))
            k++;
        if (k == out->n_shares)
            kept[out->n_shares++] = i;
        out->shares[k] += shares[i];
    }
    for (int k = 0; k < out->n_shares; k++)
        out->top = out->shares[k] > out->top ? out->shares[k] : out->top;
}

/* One of `n` nodes, node i with probability shares[i]; the shares are changed. */
static void claim_one_of(const struct asker *asker, const struct node *const *nodes, double *shares, int n,
                         struct claims *out)
{
    struct claims one;
    double nulls = 0;
    int n_live = 0, live = 0;
    bool constants = true;
    for (int i = 0; i < n; i++) {
        claim_node(asker, nodes[i], &one);
        if (!one.knows_nulls) {
            *out = nothing;
            return;
        }
        nulls += shares[i] * one.nulls;
        if (is_null(nodes[i]))
            shares[i] = 0;
        if (shares[i] <= 0)
            continue;
        constants = constants && node_is_constant(nodes[i]);
        live = i;
        n_live++;
    }
    *out = (struct claims){.knows_nulls = true, .nulls = nulls};
    if (n_live == 0)
        return;
    if (constants) {
        for (int i = 0; i < n; i++)
            shares[i] /= 1 - nulls;
        out->spread = CLAIM_FEW;
        add_shares(nodes, shares, n, out);
    } else if (n_live == 1) {
        claim_node(asker, nodes[live], out);
        out->nulls = nulls;
    }
}

static void claim_constant(const struct node *node, struct claims *out)
{
    *out = (struct claims){.knows_nulls = true};
    out->nulls = is_null(node);
    if (is_null(node))
        return;
    out->spread = CLAIM_FEW;
    out->n_shares = 1;
    out->shares[0] = out->top = 1;
}

static bool claim_pick(const struct asker *asker, const struct node *node, struct claims *out)
{
    double shares[NODE_ARGS_MAX];
    for (int i = 0; i < node->n_args; i++)
        shares[i] = 1.0 / node->n_args;
    claim_one_of(asker, node->args, shares, node->n_args, out);
    return true;
}

static bool claim_weighted(const struct asker *asker, const struct node *node, struct claims *out)
{
    const struct node *values[NODE_ARGS_MAX];
    double shares[NODE_ARGS_MAX], sum = 0;
    int n = node->n_args / 2;
    for (int i = 0; i < n; i++) {
        values[i] = node->args[2 * i];
        shares[i] = 0;
        constant_number(node->args[2 * i + 1], &shares[i]); /* compiled: it is one */
        sum += shares[i];
    }
    for (int i = 0; i < n; i++)
        shares[i] /= sum;
    claim_one_of(asker, values, shares, n, out);
    return true;
}

static bool claim_maybe(const struct asker *asker, const struct node *node, struct claims *out)
{
    double p;
    if (!constant_number(node->args[0], &p))
        return false;
    p = fmin(fmax(p, 0), 1);
    claim_arg(asker, node, 1, out);
    out->nulls = 1 - p * (1 - out->nulls);
    if (p < 1 && out->spread == CLAIM_FEW && out->nulls >= 1)
        out->spread = CLAIM_UNKNOWN;
    return true;
}

/* --- Random functions --------------------------------------------------------------------------------------------- */

/* Of constant bounds. */
static bool bounds(const struct node *node, double *lo, double *values)
{
    double hi;
    if (!constant_number(node->args[0], lo) || !constant_number(node->args[1], &hi) || hi < *lo)
        return false;
    *values = rint(hi) - rint(*lo) + 1;
    return true;
}

static bool claim_random(const struct asker *asker, const struct node *node, struct claims *out)
{
    double lo, values;
    (void)asker;
    if (!bounds(node, &lo, &values))
        return false;
    set_even(out, values);
    return true;
}

/* Sum of k^-s for k from 1 to n: the first terms, then the integral with the Euler-Maclaurin correction. */
static double harmonic(double n, double s)
{
    double sum = 0, k = 1;
    for (; k <= n && k <= ZIPF_EXACT; k++)
        sum += pow(k, -s);
    if (k > n)
        return sum;
    double integral = fabs(s - 1) < 1e-9 ? log(n / k) : (pow(n, 1 - s) - pow(k, 1 - s)) / (1 - s);
    return sum + integral + (pow(k, -s) + pow(n, -s)) / 2 + s * (pow(k, -s - 1) - pow(n, -s - 1)) / 12;
}

static bool claim_zipfian(const struct asker *asker, const struct node *node, struct claims *out)
{
    double lo, values, s;
    (void)asker;
    if (!bounds(node, &lo, &values) || !constant_number(node->args[2], &s))
        return false;
    *out = (struct claims){.knows_nulls = true, .spread = CLAIM_ZIPF, .top = 1 / harmonic(values, s)};
    return true;
}

static bool moments(const struct node *node, int64_t *lo, int64_t *hi)
{
    return node_is_constant(node->args[0]) && node_is_constant(node->args[1]) &&
           value_moment(&node->args[0]->value, lo) == MAKE_OK && value_moment(&node->args[1]->value, hi) == MAKE_OK &&
           *lo <= *hi;
}

static bool claim_timestamp(const struct asker *asker, const struct node *node, struct claims *out)
{
    int64_t lo, hi;
    (void)asker;
    if (!moments(node, &lo, &hi))
        return false;
    set_even(out, (double)hi - (double)lo + 1);
    return true;
}

static bool claim_date(const struct asker *asker, const struct node *node, struct claims *out)
{
    const double us_per_day = 86400e6;
    int64_t lo, hi;
    (void)asker;
    if (!moments(node, &lo, &hi))
        return false;
    set_even(out, floor((double)hi / us_per_day) - floor((double)lo / us_per_day) + 1);
    return true;
}

static bool claim_uuid(const struct asker *asker, const struct node *node, struct claims *out)
{
    (void)asker, (void)node;
    set_unique(out, 0);
    return true;
}

static bool claim_characters(const struct asker *asker, const struct node *node, struct claims *out)
{
    double n;
    (void)asker;
    if (!constant_number(node->args[0], &n) || n < 0 || n > 200)
        return false;
    set_even(out, pow(strcmp(node->function->name, "hex") == 0 ? 16 : 10, n));
    return true;
}

/* --- What keeps a spread ------------------------------------------------------------------------------------------ */

/* The only argument that is not constant; -1 if there is another one, or a NULL. */
static int only_variable(const struct node *node)
{
    int found = -1;
    for (int i = 0; i < node->n_args; i++) {
        if (is_null(node->args[i]) || (found >= 0 && !node_is_constant(node->args[i])))
            return -1;
        if (!node_is_constant(node->args[i]))
            found = i;
    }
    return found;
}

static bool claim_same(const struct asker *asker, const struct node *node, struct claims *out)
{
    int variable = only_variable(node);
    if (variable < 0)
        return false;
    claim_arg(asker, node, variable, out);
    out->step = 0;
    return true;
}

/* Adding a month may make two days one; anything else shifts all alike. */
static bool claim_shifted(const struct asker *asker, const struct node *node, struct claims *out)
{
    int variable = only_variable(node);
    if (variable < 0)
        return false;
    const struct value *by = &node->args[1 - variable]->value;
    claim_arg(asker, node, variable, out);
    if (by->type == VALUE_INTERVAL && by->interval.months != 0)
        *out = (struct claims){.knows_nulls = out->knows_nulls, .nulls = out->nulls};
    if (variable == 1 && strcmp(node->function->name, "-") == 0)
        out->step = -out->step;
    return true;
}

static bool claim_product(const struct asker *asker, const struct node *node, struct claims *out)
{
    double factor;
    int variable = only_variable(node);
    if (variable < 0 || !constant_number(node->args[1 - variable], &factor) || factor == 0)
        return false;
    claim_arg(asker, node, variable, out);
    out->step *= factor;
    return true;
}

/* Integers are cut: rows stay in order, but no longer differ. */
static bool claim_quotient(const struct asker *asker, const struct node *node, struct claims *out)
{
    double divisor;
    if (only_variable(node) != 0 || !constant_number(node->args[1], &divisor) || divisor == 0)
        return false;
    bool exact = node->args[1]->value.type == VALUE_DOUBLE;
    claim_arg(asker, node, 0, out);
    double step = out->step / divisor;
    if (!exact)
        *out = (struct claims){.knows_nulls = out->knows_nulls, .nulls = out->nulls};
    out->step = step;
    return true;
}

static bool counts_rows(const struct claims *claims)
{
    return claims->spread == CLAIM_UNIQUE && fabs(claims->step) == 1;
}

static bool claim_remainder(const struct asker *asker, const struct node *node, struct claims *out)
{
    double divisor;
    if (only_variable(node) != 0 || !constant_number(node->args[1], &divisor))
        return false;
    claim_arg(asker, node, 0, out);
    double values = fabs(rint(divisor));
    if (counts_rows(out) && values >= (double)asker->table->rows)
        out->step = 0;
    else if (counts_rows(out) && values >= 1)
        set_even(out, values);
    else
        *out = (struct claims){.knows_nulls = out->knows_nulls, .nulls = out->nulls};
    return true;
}

/* A shuffle of at least as many places as there are rows. */
static bool claim_permute(const struct asker *asker, const struct node *node, struct claims *out)
{
    double size;
    struct claims shuffled;
    if (!constant_number(node->args[1], &size) || (node->n_args > 2 && !node_is_constant(node->args[2])))
        return false;
    claim_arg(asker, node, 0, &shuffled);
    if (!counts_rows(&shuffled) || size < (double)asker->table->rows)
        return false;
    set_unique(out, 0);
    return true;
}

/* %f rounds. */
static bool claim_format(const struct asker *asker, const struct node *node, struct claims *out)
{
    const struct value *text = &node->args[0]->value;
    return text->type == VALUE_TEXT && !memchr(text->text.data, 'f', text->text.len) && claim_same(asker, node, out);
}

static const struct {
    const char *name;
    bool (*claim)(const struct asker *asker, const struct node *node, struct claims *out);
} rows[] = {
    {"maybe", claim_maybe},       {"pick", claim_pick},
    {"weighted", claim_weighted}, {"random", claim_random},
    {"date", claim_date},         {"random_zipfian", claim_zipfian},
    {"uuid", claim_uuid},         {"timestamp", claim_timestamp},
    {"uuid7", claim_uuid},        {"hex", claim_characters},
    {"permute", claim_permute},   {"digits", claim_characters},
    {"format", claim_format},     {"||", claim_same},
    {"+", claim_shifted},         {"-", claim_shifted},
    {"*", claim_product},         {"/", claim_quotient},
    {"%", claim_remainder},       {"mod", claim_remainder},
};

/* --- Nodes -------------------------------------------------------------------------------------------------------- */

/* Functions that are NULL exactly when an argument is: of one such argument the share is known, of several only when
 * it is 0. */
static void claim_nulls(const struct asker *asker, const struct node *node, struct claims *out)
{
    static const char *const never_null[] = {"is", "json", "list", "debug", NULL};
    int n_null = 0;
    double nulls = 0;
    *out = nothing;
    for (size_t i = 0; never_null[i]; i++)
        if (strcmp(node->function->name, never_null[i]) == 0)
            return;
    if (node->function->flags & FUNCTION_LAZY)
        return;
    for (int i = 0; i < node->n_args; i++) {
        struct claims arg;
        claim_arg(asker, node, i, &arg);
        if (!arg.knows_nulls)
            return;
        n_null += arg.nulls > 0;
        nulls = fmax(nulls, arg.nulls);
    }
    out->knows_nulls = n_null <= 1;
    out->nulls = out->knows_nulls ? nulls : 0;
}

static void claim_call(const struct asker *asker, const struct node *node, struct claims *out)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].name, node->function->name) == 0 && rows[i].claim(asker, node, out))
            return;
    claim_nulls(asker, node, out);
}

static void claim_column(const struct asker *asker, const struct table_spec *table, size_t column, struct claims *out)
{
    struct asker inner = {table, asker->nesting + 1};
    const struct column_spec *spec = &table->columns[column];
    *out = nothing;
    if (table->source || spec->make != program_column || !spec->program)
        return;
    claim_node(&inner, ((const struct program *)spec->program)->root, out);
}

/* A column that is unique looks as its row numbers do. */
static void claim_cell(const struct asker *asker, const struct node *node, struct claims *out)
{
    struct claims row, cell;
    claim_arg(asker, node, 0, &row);
    claim_column(asker, node->table, (size_t)node->index, &cell);
    *out = nothing;
    if (node->table->source) {
        *out = (struct claims){.knows_nulls = row.knows_nulls, .nulls = row.nulls};
    } else if (cell.spread == CLAIM_UNIQUE && cell.knows_nulls && cell.nulls <= 0) {
        *out = row;
        out->step = 0;
    }
}

static void claim_node(const struct asker *asker, const struct node *node, struct claims *out)
{
    struct asker inner = {asker->table, asker->nesting + 1};
    *out = nothing;
    if (inner.nesting > NESTING_MAX)
        return;
    if (node_is_constant(node))
        claim_constant(node, out);
    else if (node->eval == eval_row)
        set_unique(out, 1);
    else if (node->eval == eval_column)
        claim_column(&inner, asker->table, (size_t)node->index, out);
    else if (node->eval == eval_cell)
        claim_cell(&inner, node, out);
    else if (node->function)
        claim_call(&inner, node, out);
}

void claims_of_column(const struct table_spec *table, size_t column, struct claims *out)
{
    claim_column(&(struct asker){table, 0}, table, column, out);
}

/* --- Counting ----------------------------------------------------------------------------------------------------- */

double claims_distinct(const struct claims *claims, double draws, double *sd)
{
    double variance = 0, sum = 0;
    if (claims->spread == CLAIM_UNIQUE) {
        sum = draws;
    } else if (claims->spread == CLAIM_EVEN) {
        double log_missed = claims->values > 1 ? draws * log1p(-1 / claims->values) : -INFINITY;
        sum = claims->values * -expm1(log_missed);
        variance = -claims->values * exp(log_missed) * expm1(log_missed);
    } else if (claims->spread == CLAIM_FEW) {
        for (int i = 0; i < claims->n_shares; i++) {
            double missed = pow(1 - claims->shares[i], draws);
            sum += 1 - missed;
            variance += missed * (1 - missed);
        }
    }
    *sd = sqrt(variance); /* that one is missed makes others likelier: an upper bound */
    return sum;
}

double claims_peers(const struct claims *claims)
{
    double peers = claims->spread == CLAIM_EVEN ? claims->values : claims->spread == CLAIM_FEW ? 0 : 1;
    for (int i = 0; claims->spread == CLAIM_FEW && i < claims->n_shares; i++)
        peers += claims->shares[i] > claims->top * 0.99;
    return peers;
}

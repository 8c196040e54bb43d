/* What only the whole can tell: required keys, weights, circles among columns, and whether rows can be made at all. */
#include <stdlib.h>
#include <string.h>

#include "bind_script.h"
#include "schema.h"

enum {
    SCRATCH_BYTES = 256 * 1024
};

/* --- circles --------------------------------------------------------------------------------------------------------
 */

enum mark {
    MARK_NEW,
    MARK_OPEN, /* on the path from the start to here */
    MARK_DONE
};

struct visited {
    enum mark mark;
    int links; /* of the longest chain that begins here; 0 of a source, and after a report */
};

struct walk {
    struct loader *loader;
    struct visited **visited; /* a relation, a column */
    struct cell_ref *path;
    size_t n_path;
};

static size_t relation_of(const struct loader *loader, const struct table_spec *table)
{
    size_t i = 0;
    while (loader->specs[i] != table)
        i++;
    return i;
}

/* "tasks.a → tasks.b → tasks.a", from where the circle closes. */
static void report_circle(struct walk *walk, const struct table_spec *table, size_t column)
{
    struct loader *loader = walk->loader;
    size_t from = walk->n_path;
    while (walk->path[from - 1].table != table || walk->path[from - 1].column != column)
        from--;
    struct str chain = {0};
    for (size_t i = from - 1; i < walk->n_path; i++)
        str_printf(&chain, "%s.%s → ", walk->path[i].table->name,
                   walk->path[i].table->columns[walk->path[i].column].name);
    str_printf(&chain, "%s.%s", table->name, table->columns[column].name);
    const struct relation *relation = &loader->relations[relation_of(loader, table)];
    doc_problem(&loader->doc, doc_value(&loader->doc, relation->columns_node, column),
                "the column depends on itself: %s", str_text(&chain));
    str_deinit(&chain);
}

/* Making a cell follows its chain: that bounds the stack. */
static int too_long(struct walk *walk, const struct table_spec *table, size_t column)
{
    struct loader *loader = walk->loader;
    const struct relation *relation = &loader->relations[relation_of(loader, table)];
    doc_problem(&loader->doc, doc_value(&loader->doc, relation->columns_node, column),
                "more than %d columns need each other one after the other", LINKS_MAX);
    return 0;
}

/* How long the chain from here is. */
static int visit(struct walk *walk, const struct table_spec *table, size_t column)
{
    struct visited *visited = &walk->visited[relation_of(walk->loader, table)][column];
    if (visited->mark == MARK_OPEN)
        report_circle(walk, table, column);
    if (visited->mark != MARK_NEW || table->source)
        return visited->links;
    if (walk->n_path == LINKS_MAX)
        return too_long(walk, table, column);
    visited->mark = MARK_OPEN;
    walk->path[walk->n_path++] = (struct cell_ref){.table = table, .column = column};
    const struct program *program = table->columns[column].program;
    int longest = 0;
    for (const struct cell_ref *cell = program ? program_cells(program) : NULL; cell; cell = cell->next) {
        int links = visit(walk, cell->table, cell->column);
        longest = links > longest ? links : longest;
    }
    walk->n_path--;
    visited->mark = MARK_DONE;
    visited->links = longest < LINKS_MAX ? longest + 1 : too_long(walk, table, column);
    return visited->links;
}

static void check_circles(struct loader *loader)
{
    struct walk walk = {.loader = loader, .visited = LOADER_ARRAY(loader, struct visited *, loader->n_relations)};
    size_t columns = 0;
    for (size_t i = 0; walk.visited && i < loader->n_relations; i++) {
        walk.visited[i] = LOADER_ARRAY(loader, struct visited, loader->specs[i]->n_columns);
        columns += loader->specs[i]->n_columns;
        if (!walk.visited[i])
            return;
    }
    walk.path = LOADER_ARRAY(loader, struct cell_ref, columns + 1);
    for (size_t i = 0; walk.path && walk.visited && i < loader->n_relations; i++)
        for (size_t k = 0; k < loader->specs[i]->n_columns; k++)
            visit(&walk, loader->specs[i], k);
}

/* --- a first and a last row -----------------------------------------------------------------------------------------
 */

static void try_row(struct loader *loader, const struct relation *relation, struct row_maker *maker, int64_t row)
{
    const struct value *cells;
    size_t column = 0;
    enum make_status status = row_maker_row(maker, row, &cells, &column);
    if (status != MAKE_OK)
        doc_problem(&loader->doc, doc_value(&loader->doc, relation->columns_node, column),
                    "row %lld of `%s` cannot be made: %s", (long long)row, relation->spec->name,
                    make_status_text(status));
}

static void try_tables(struct loader *loader)
{
    for (size_t i = 0; i < loader->n_relations; i++) {
        const struct relation *relation = &loader->relations[i];
        struct row_maker *maker;
        if (relation->spec->source || relation->spec->rows == 0)
            continue;
        if (!row_maker_new(relation->spec, &maker, NULL)) {
            loader->problems->failed = true;
            return;
        }
        size_t before = problems_told(loader->problems);
        try_row(loader, relation, maker, 1);
        if (problems_told(loader->problems) == before && relation->spec->rows > 1)
            try_row(loader, relation, maker, relation->spec->rows);
        row_maker_free(maker);
    }
}

/* After a report a variable may be missing, or have no value. */
static bool all_bound(struct loader *loader, const struct transaction *transaction, const yaml_node_t *let)
{
    for (size_t i = 0; i < doc_count(let); i++) {
        const struct let *each = i < (size_t)transaction->n_lets ? &transaction->lets[i] : NULL;
        if (!each || !each->value ||
            strcmp(transaction->variables[each->slot], doc_text(doc_key(&loader->doc, let, i))) != 0)
            return false;
    }
    return true;
}

/* Each `let` once: what fails now would fail in the middle of a trial. */
static void try_lets(struct loader *loader, const struct transaction *transaction, const yaml_node_t *let,
                     struct scratch *scratch)
{
    struct value *slots = LOADER_ARRAY(loader, struct value, (size_t)transaction->n_variables + 1);
    struct rng rng = rng_at(loader->workload->measure.seed, 0, 0, 0);
    struct eval_scope scope = {.rng = &rng, .slots = slots, .scratch = scratch};
    scratch->used = 0;
    for (size_t i = 0; slots && all_bound(loader, transaction, let) && i < doc_count(let); i++) {
        const struct let *each = &transaction->lets[i];
        enum make_status status = eval(each->value, &scope, &slots[each->slot]);
        if (status == MAKE_OK)
            continue;
        doc_problem(&loader->doc, doc_value(&loader->doc, let, i), "the variable `%s` cannot be made: %s",
                    transaction->variables[each->slot], make_status_text(status));
        return;
    }
}

static const yaml_node_t *get(struct loader *loader, const yaml_node_t *map, const char *key)
{
    return map && doc_is_map(map) ? doc_get(&loader->doc, map, key) : NULL;
}

/* Variables that a variant's rewrites have instead. */
static void try_rewrites(struct loader *loader, const struct variant *variant, struct scratch *scratch)
{
    const yaml_node_t *map = get(loader, get(loader, doc_root(&loader->doc), "variants"), variant->name);
    map = get(loader, map, "transactions");
    for (size_t i = 0; map && i < loader->workload->n_transactions; i++) {
        const yaml_node_t *let = get(loader, get(loader, map, variant->transactions[i].name), "let");
        if (let && doc_is_map(let))
            try_lets(loader, &variant->transactions[i], let, scratch);
    }
}

static void try_transactions(struct loader *loader, const yaml_node_t *transactions)
{
    struct scratch scratch;
    if (!scratch_init(&scratch, SCRATCH_BYTES)) {
        loader->problems->failed = true;
        return;
    }
    for (size_t i = 0; i < loader->workload->n_transactions; i++) {
        const yaml_node_t *let = get(loader, doc_value(&loader->doc, transactions, i), "let");
        if (let && doc_is_map(let))
            try_lets(loader, &loader->workload->transactions[i], let, &scratch);
    }
    for (size_t i = 0; i < loader->workload->n_variants; i++)
        if (loader->workload->variants[i].rewrites)
            try_rewrites(loader, &loader->workload->variants[i], &scratch);
    scratch_deinit(&scratch);
}

/* --------------------------------------------------------------------------------------------------------------------
 */

static void require(struct loader *loader, const yaml_node_t *root, const char *key, const char *why)
{
    if (!doc_get(&loader->doc, root, key))
        problems_add(loader->problems, 1, 1, 1, "the workload needs `%s`: %s", key, why);
}

static void no_weight(struct loader *loader, const yaml_node_t *transactions)
{
    static const char text[] = "every transaction has weight 0; at least one must have more";
    if (transactions)
        doc_problem(&loader->doc, transactions, text);
    else
        problems_add(loader->problems, 0, 0, 0, "%s", text);
}

/* A rewriting variant without weight was told where it rewrites. */
static bool weightless(const struct workload *workload)
{
    for (size_t i = 0; i < workload->n_variants; i++)
        if (!workload->variants[i].rewrites && workload->variants[i].total_weight == 0)
            return workload->n_transactions > 0;
    return false;
}

/* Scripts of the command line replace all transactions; what would be compared then is not what the file says. */
static void refuse_rewrites(struct loader *loader)
{
    const struct workload *workload = loader->workload;
    for (size_t i = 0; i < workload->n_variants; i++)
        if (workload->variants[i].rewrites)
            problems_add(loader->problems, 0, 0, 0,
                         "the variant `%s` rewrites transactions that -f and -b replace; choose others with --variant",
                         workload->variants[i].name);
}

void check_workload(struct loader *loader)
{
    struct workload *workload = loader->workload;
    const yaml_node_t *root = doc_root(&loader->doc);
    const yaml_node_t *transactions = doc_get(&loader->doc, root, "transactions");
    require(loader, root, "workload", "its name");
    require(loader, root, "transactions", "what is measured");
    if (scripts_given(loader) > 0) {
        transactions = NULL; /* which says nothing of those */
        refuse_rewrites(loader);
    }
    if (transactions && doc_is_map(transactions) && doc_count(transactions) == 0)
        doc_problem(&loader->doc, transactions, "a workload needs at least one transaction");
    else if (weightless(workload) && (transactions || loader->problems->count == 0))
        no_weight(loader, transactions);
    check_load(loader);
    size_t before = problems_told(loader->problems);
    check_circles(loader);
    if (!loader->data_sound || problems_told(loader->problems) > before || loader->problems->failed)
        return;
    try_tables(loader);
    if (problems_told(loader->problems) == before && transactions && doc_is_map(transactions))
        try_transactions(loader, transactions);
}

/* One expression, compiled as a transaction's, as a column's and as a constant, and evaluated. Promises: a place lies
 * within the text, the same draws give the same value, and a constant is what evaluating gives. */
#include <string.h>

#include "target.h"
#include "workloads/expr.h"

enum {
    SCRATCH_BYTES = 65536,
    ROWS = 1000,
    N_VARIABLES = 9
};

static const char *const variables[N_VARIABLES] = {"i", "d", "t", "n", "b", "when", "day", "span", "fixed"};
static const struct value slots[N_VARIABLES] = {
    {.type = VALUE_INT, .integer = 7},       {.type = VALUE_DOUBLE, .real = 2.5},
    {.type = VALUE_TEXT, .text = {"12", 2}}, {.type = VALUE_NULL},
    {.type = VALUE_BOOL, .boolean = true},   {.type = VALUE_TIMESTAMP, .integer = 123456789},
    {.type = VALUE_DATE, .integer = 8765},   {.type = VALUE_INTERVAL, .interval = {1, 2, 3000000}},
    {.type = VALUE_NUMERIC, .numeric = {12345, 2}}};
static const struct expr_param params[] = {{"scale", {.type = VALUE_INT, .integer = 10}},
                                           {"i", {.type = VALUE_INT, .integer = -1}}};

/* A table t whose columns an expression can ask for: t.id[n], :word. */
struct world {
    struct arena *arena;
    struct table_spec table;
    const struct table_spec *tables[1];
    struct column_spec columns[3];
};

struct telling {
    const char *text;
    int problems;
};

static void on_problem(void *user, size_t offset, size_t len, const char *text)
{
    struct telling *telling = user;
    fuzz_require(offset <= strlen(telling->text) && len <= strlen(telling->text) - offset);
    fuzz_require(*text);
    telling->problems++;
}

static bool on_rows(void *user, size_t table, int64_t *out)
{
    (void)user, (void)table;
    *out = ROWS;
    return true;
}

static void make_world(struct world *world)
{
    static const char *const texts[][2] = {
        {"id", "row"}, {"word", "'w' || row % 7"}, {"at", "timestamp '2024-01-01' + row"}};
    world->arena = arena_new();
    fuzz_require(world->arena != NULL);
    world->table = (struct table_spec){.name = "t", .key = 5, .seed = 42, .rows = ROWS, .columns = world->columns};
    world->tables[0] = &world->table;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct telling telling = {texts[i][1], 0};
        struct expr_scope scope = {.row = &world->table, .rows = on_rows, .problem = on_problem, .user = &telling};
        const struct program *program = expr_compile(world->arena, texts[i][1], &scope);
        if (program) /* no timestamps yet: a column less */
            world->columns[world->table.n_columns++] = (struct column_spec){texts[i][0], program_column, program};
    }
}

static void same(const struct value *a, const struct value *b)
{
    char buf[2][VALUE_TEXT_MAX];
    const char *data[2] = {buf[0], buf[1]};
    fuzz_require(a->type == b->type);
    if (a->type == VALUE_NULL)
        return;
    size_t len = value_text(a, buf[0], &data[0]);
    fuzz_require(len == value_text(b, buf[1], &data[1]));
    fuzz_require(len == 0 || memcmp(data[0], data[1], len) == 0);
}

static enum make_status run(const struct program *program, struct row_scope *row, struct scratch *scratch,
                            struct value *out)
{
    struct rng rng = rng_at(1, 2, 3, 4);
    struct eval_scope scope = {.rng = &rng, .slots = row ? NULL : slots, .row = row, .scratch = scratch};
    if (row) {
        row->rng = rng;
        scope.rng = &row->rng;
    }
    return eval(program, &scope, out);
}

static void evaluate(struct world *world, const struct program *program, bool in_row)
{
    static char bytes[2][SCRATCH_BYTES];
    struct value first, second, constant;
    enum make_status status[2];
    for (int i = 0; i < 2; i++) {
        struct scratch scratch = {.data = bytes[i], .size = SCRATCH_BYTES};
        struct row_scope row = {.table = &world->table, .row = 3, .scratch = &scratch};
        status[i] = run(program, in_row ? &row : NULL, &scratch, i == 0 ? &first : &second);
        fuzz_require(*make_status_text(status[i]));
    }
    fuzz_require(status[0] == status[1]);
    if (status[0] == MAKE_OK)
        same(&first, &second);
    if (status[0] == MAKE_OK && program_constant(program, &constant))
        same(&first, &constant);
    for (const struct cell_ref *cell = program_cells(program); cell; cell = cell->next)
        fuzz_require(cell->column < cell->table->n_columns);
}

static void compile(struct world *world, const char *text, struct expr_scope scope)
{
    struct arena *arena = arena_new();
    fuzz_require(arena != NULL);
    struct telling telling = {text, 0};
    scope.params = params;
    scope.n_params = sizeof params / sizeof params[0];
    scope.tables = world->tables;
    scope.n_tables = 1;
    scope.default_seed = 42;
    scope.rows = on_rows;
    scope.problem = on_problem;
    scope.user = &telling;
    const struct program *program = expr_compile(arena, text, &scope);
    fuzz_require((program != NULL) == (telling.problems == 0));
    if (program)
        evaluate(world, program, scope.row != NULL);
    arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world world;
    if (!world.arena)
        make_world(&world);
    char *text = strndup((const char *)data, size);
    fuzz_require(text != NULL);
    compile(&world, text, (struct expr_scope){.variables = variables, .n_variables = N_VARIABLES});
    compile(&world, text, (struct expr_scope){.row = &world.table});
    compile(&world, text, (struct expr_scope){.constant = true});
    free(text);
    return 0;
}

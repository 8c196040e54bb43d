/* What a loaded workload holds: full.yaml has every key once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "unit.h"
#include "workloads/eval.h"
#include "workloads/expr.h"
#include "workloads/workload.h"

static struct workload *load(const char *path, const struct override *overrides, size_t n_overrides)
{
    struct workload *workload = NULL;
    struct problems problems = {0};
    struct str shown = {0};
    if (!workload_load(path, overrides, n_overrides, &workload, &problems)) {
        problems_print(&problems, false, &shown);
        fail_msg("%s", str_text(&shown));
    }
    problems_deinit(&problems);
    return workload;
}

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[80];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void remove_folder(const char *folder, const char *const *names)
{
    char path[80];
    for (; *names; names++) {
        snprintf(path, sizeof path, "%s/%s", folder, *names);
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(rmdir(folder), 0);
}

static const char full[] = TEST_DATA_DIR "/good/full.yaml";

static void settings_are_bound(void **state)
{
    (void)state;
    struct workload *workload = load(full, NULL, 0);
    assert_string_equal(workload->name, "full");
    assert_non_null(strstr(workload->schema_sql, "CREATE TABLE things"));
    assert_int_equal(workload->sweep.n_pools, 1);
    assert_int_equal(workload->sweep.pools[0], 4);
    assert_int_equal(workload->sweep.n_isolations, 2);
    assert_int_equal(workload->sweep.isolations[1], ISOLATION_SERIALIZABLE);
    assert_int_equal(workload->measure.warmup_ns, 250 * NS_PER_MS);
    assert_int_equal(workload->measure.duration_ns, 1500 * NS_PER_MS);
    assert_int_equal(workload->measure.blocks, 3);
    assert_int_equal(workload->measure.seed, 7);
    assert_int_equal(workload->measure.protocol, PROTOCOL_EXTENDED);
    assert_int_equal(workload->measure.threads, 2);
    assert_int_equal(workload->retry.max_tries, 5);
    assert_int_equal(workload->retry.backoff_min_ns, 2 * NS_PER_MS);
    assert_int_equal(workload->retry.backoff_max_ns, 50 * NS_PER_MS);
    assert_string_equal(workload->session[1].name, "search_path");
    assert_string_equal(workload->server[0].value, "64MB");
    assert_string_equal(workload->checks[0].sql, "SELECT count(*) = 100 FROM things WHERE kind <> 'it''s'");
    workload_free(workload);
}

static void load_and_pool_are_bound(void **state)
{
    (void)state;
    struct workload *workload = load(full, NULL, 0);
    const struct rate *rates = workload->sweep.rates;
    char name[RATE_NAME_BYTES];
    assert_int_equal(workload->sweep.n_rates, 4);
    assert_int_equal(rates[0].kind, RATE_CLOSED);
    assert_int_equal(rates[1].kind, RATE_TPS);
    assert_float_equal(rates[1].value, 500, 1e-9);
    assert_int_equal(rates[2].kind, RATE_SHARE);
    assert_float_equal(rates[2].value, 0.8, 1e-12);
    assert_string_equal(rate_name(&rates[2], name), "80%");
    assert_string_equal(rate_name(&rates[3], name), "12.5/s");
    assert_int_equal(workload->load.clients, 64);
    assert_int_equal(workload->load.think_ns, 5 * NS_PER_MS);
    assert_int_equal(workload->load.arrivals, ARRIVALS_POISSON);
    assert_int_equal(workload->measure.raw_bytes, 128 << 20);
    const struct pool_habits wanted = {2 * NS_PER_S, 3, 1800 * NS_PER_S, 60 * NS_PER_S, false, false};
    assert_int_equal(workload->pool.acquire_timeout_ns, wanted.acquire_timeout_ns);
    assert_int_equal(workload->pool.max_overflow, wanted.max_overflow);
    assert_int_equal(workload->pool.max_lifetime_ns, wanted.max_lifetime_ns);
    assert_int_equal(workload->pool.idle_timeout_ns, wanted.idle_timeout_ns);
    assert_false(workload->pool.pre_ping);
    assert_false(workload->pool.connect_each);
    workload_free(workload);
}

/* A variant has the workload's habits but for what it says itself, and the command line changes the workload's. */
static void variants_have_habits_of_their_own(void **state)
{
    (void)state;
    const struct override override = {"pool.acquire_timeout", "300ms", "--acquire-timeout"};
    struct workload *workload = load(full, &override, 1);
    const struct variant *pinged = &workload->variants[4], *unpooled = &workload->variants[7];
    assert_string_equal(pinged->about, "pre_ping: true; max_lifetime: never; max_overflow: 0");
    assert_int_equal(workload->variants[0].pool.max_overflow, 3);
    assert_true(pinged->pool.pre_ping && !workload->variants[0].pool.pre_ping);
    assert_int_equal(pinged->pool.max_overflow, 0);
    assert_int_equal(pinged->pool.max_lifetime_ns, 0);
    assert_int_equal(pinged->pool.idle_timeout_ns, 60 * NS_PER_S);
    assert_int_equal(pinged->pool.acquire_timeout_ns, 300 * NS_PER_MS);
    assert_true(unpooled->pool.connect_each && !pinged->pool.connect_each);
    workload_free(workload);
}

static enum arrivals arrivals_of(const char *path, const char *variants)
{
    const struct override overrides[] = {{"sweep.rate", "500", "--rate"}, {"variants", variants, "--variant"}};
    struct workload *workload = load(path, overrides, variants ? 2 : 1);
    enum arrivals arrivals = workload->load.arrivals;
    workload_free(workload);
    return arrivals;
}

/* Constant where there is something to compare: it varies less. */
static void arrivals_follow_the_number_of_variants(void **state)
{
    (void)state;
    char path[4096];
    unsetenv("PGDYNO_CATALOG");
    assert_true(workload_find("tasks", path, sizeof path, NULL));
    assert_int_equal(arrivals_of(TEST_DATA_DIR "/good/least.yaml", NULL), ARRIVALS_POISSON);
    assert_int_equal(arrivals_of(path, NULL), ARRIVALS_CONSTANT);
    assert_int_equal(arrivals_of(path, "partial"), ARRIVALS_POISSON);
    assert_int_equal(arrivals_of(full, NULL), ARRIVALS_POISSON); /* says so */
}

static void sections_list_their_keys(void **state)
{
    (void)state;
    assert_string_equal(workload_key("sweep", 2), "rate");
    assert_null(workload_key("sweep", 3));
    assert_null(workload_key("tables", 0));
    assert_null(workload_key("nonsense", 0));
}

static void defaults_are_those_of_the_rows(void **state)
{
    (void)state;
    struct workload *workload = load(TEST_DATA_DIR "/good/least.yaml", NULL, 0);
    assert_int_equal(workload->sweep.pools[0], 8);
    assert_int_equal(workload->sweep.isolations[0], ISOLATION_READ_COMMITTED);
    assert_int_equal(workload->measure.warmup_ns, 2 * NS_PER_S);
    assert_int_equal(workload->measure.duration_ns, 8 * NS_PER_S);
    assert_int_equal(workload->measure.blocks, 12);
    assert_int_equal(workload->measure.seed, 42);
    assert_int_equal(workload->measure.protocol, PROTOCOL_PREPARED);
    assert_int_equal(workload->retry.max_tries, 10);
    assert_int_equal(workload->retry.backoff_min_ns, NS_PER_MS);
    assert_int_equal(workload->retry.backoff_max_ns, 100 * NS_PER_MS);
    assert_int_equal(workload->sweep.n_rates, 1);
    assert_int_equal(workload->sweep.rates[0].kind, RATE_CLOSED);
    assert_int_equal(workload->load.clients, 0);
    assert_int_equal(workload->load.think_ns, 0);
    assert_int_equal(workload->measure.raw_bytes, 2097152 * 32);
    assert_int_equal(workload->pool.acquire_timeout_ns, 0);
    assert_int_equal(workload->pool.max_lifetime_ns, 0);
    assert_int_equal(workload->n_variants, 1);
    assert_string_equal(workload->variants[0].name, "none");
    assert_int_equal(workload->transactions[0].weight, 1);
    assert_false(workload->transactions[0].block);
    assert_int_equal(workload->n_tables, 0);
    workload_free(workload);
}

static void statements_are_cut_at_their_variables(void **state)
{
    (void)state;
    struct workload *workload = load(full, NULL, 0);
    const struct transaction *one = &workload->transactions[0], *many = &workload->transactions[1];
    assert_string_equal(one->statements[0].sql, "SELECT name FROM things WHERE kind = $1 AND id = 1::int");
    assert_int_equal(one->statements[0].n_params, 1);
    assert_string_equal(one->statements[0].parts[0], "SELECT name FROM things WHERE kind = ");
    assert_string_equal(one->statements[0].parts[1], " AND id = 1::int");
    assert_string_equal(one->statements[0].prepared_name, "one_1");
    assert_string_equal(one->statements[0].where, "full.yaml:30");
    /* A param in SQL is a let that nobody wrote. */
    assert_string_equal(one->variables[one->statements[0].params[0]], "kind");
    assert_int_equal(one->n_lets, 1);

    assert_int_equal(many->n_variables, 5);
    assert_string_equal(many->variables[0], "id");
    assert_string_equal(many->variables[4], "last");
    assert_int_equal(many->statements[0].n_into, 2);
    assert_int_equal(many->statements[0].into[1], 3);
    assert_string_equal(many->statements[1].sql, "UPDATE things SET score = $1::float8 + 1 WHERE id = $2");
    assert_int_equal(many->statements[1].params[0], 2);
    assert_int_equal(many->statements[1].params[1], 0);
    assert_int_equal(workload->total_weight, 4);
    workload_free(workload);
}

/* Follow the steps with the given variables; the numbers of the statements that would be sent. */
static void walk(const struct transaction *transaction, const struct value *slots, char out[64])
{
    struct eval_scope scope = {.slots = slots};
    out[0] = '\0';
    for (int at = 0; at < transaction->n_steps;) {
        const struct step *step = &transaction->steps[at++];
        struct value value;
        bool truth = false;
        if (step->kind == STEP_SQL)
            snprintf(out + strlen(out), 64 - strlen(out), "%d ", transaction->statements[step->statement].number);
        else if (step->kind == STEP_JUMP)
            at = step->target;
        else if (assert_int_equal(eval(step->value, &scope, &value), MAKE_OK),
                 assert_int_equal(value_condition(&value, &truth), MAKE_OK), !truth)
            at = step->target;
    }
}

static void branches_become_jumps(void **state)
{
    (void)state;
    struct workload *workload = load(full, NULL, 0);
    struct value slots[5] = {{.type = VALUE_INT, .integer = 10}, {.type = VALUE_INT, .integer = 20}};
    char sent[64];
    slots[2] = (struct value){.type = VALUE_DOUBLE, .real = 1};
    slots[3].type = VALUE_TEXT;
    slots[3].text.data = "a";
    slots[3].text.len = 1;
    walk(&workload->transactions[1], slots, sent);
    assert_string_equal(sent, "1 2 ");
    slots[1].integer = 200;
    walk(&workload->transactions[1], slots, sent);
    assert_string_equal(sent, "1 2 3 ");
    slots[2].type = VALUE_NULL;
    walk(&workload->transactions[1], slots, sent);
    assert_string_equal(sent, "1 4 ");
    workload_free(workload);
}

/* What a step of these tests is: kind, and of the numbers those that its kind uses. */
static void check_steps(const struct transaction *transaction, const struct step *wanted, int count)
{
    assert_int_equal(transaction->n_steps, count);
    for (int i = 0; i < count; i++) {
        const struct step *step = &transaction->steps[i];
        if (step->kind != wanted[i].kind || step->statement != wanted[i].statement ||
            step->target != wanted[i].target || step->slot != wanted[i].slot || step->loop != wanted[i].loop ||
            step->unit_ns != wanted[i].unit_ns || step->n_into != wanted[i].n_into)
            fail_msg("step %d: kind %d, statement %d, target %d, slot %d, loop %d, unit %lld, into %d", i, step->kind,
                     step->statement, step->target, step->slot, step->loop, (long long)step->unit_ns, step->n_into);
        assert_non_null(step->where);
    }
}

static const struct transaction *find(const struct transaction *transactions, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(transactions[i].name, name) == 0)
            return &transactions[i];
    fail_msg("no transaction %s", name);
    return NULL;
}

static void every_kind_of_step_becomes_flat(void **state)
{
    (void)state;
    struct workload *workload = load(full, NULL, 0);
    const struct transaction *all = find(workload->transactions, workload->n_transactions, "all_steps");
    enum {
        N,
        CHOSEN,
        KIND,
        ID,
        SEEN
    };
    const struct step wanted[] = {
        {.kind = STEP_SQL},
        {.kind = STEP_EACH, .target = 6, .n_into = 2},
        {.kind = STEP_SQL, .statement = 1},
        {.kind = STEP_SET, .slot = SEEN},
        {.kind = STEP_SET, .slot = CHOSEN},
        {.kind = STEP_JUMP, .target = 1},
        {.kind = STEP_JUMP_UNLESS, .target = 9},
        {.kind = STEP_SQL, .statement = 2},
        {.kind = STEP_JUMP, .target = 17},
        {.kind = STEP_JUMP_UNLESS, .target = 12},
        {.kind = STEP_SLEEP, .unit_ns = 1},
        {.kind = STEP_JUMP, .target = 17},
        {.kind = STEP_JUMP_UNLESS, .target = 16},
        {.kind = STEP_SLEEP, .unit_ns = NS_PER_MS},
        {.kind = STEP_ROLLBACK},
        {.kind = STEP_JUMP, .target = 17},
        {.kind = STEP_SET, .slot = SEEN},
        {.kind = STEP_REPEAT, .loop = 1},
        {.kind = STEP_ROUND, .loop = 1, .target = 24},
        {.kind = STEP_REPEAT, .loop = 2},
        {.kind = STEP_ROUND, .loop = 2, .target = 23},
        {.kind = STEP_SQL, .statement = 3},
        {.kind = STEP_JUMP, .target = 20},
        {.kind = STEP_JUMP, .target = 18},
        {.kind = STEP_COPY, .statement = 4},
    };
    check_steps(all, wanted, sizeof wanted / sizeof wanted[0]);
    assert_int_equal(all->n_loops, 3);
    assert_true(all->block);
    assert_int_equal(all->statements[0].keep, KEEP_ROWS);
    assert_int_equal(all->statements[0].loop, 0);
    assert_int_equal(all->steps[1].into[0], ID);
    assert_int_equal(all->steps[1].into[1], KIND);
    /* The first round reads what a later step sets; a param that a row's column hides has a slot from the start. */
    assert_int_equal(all->statements[1].params[1], SEEN);
    assert_int_equal(all->n_lets, 3);
    assert_int_equal(all->lets[2].slot, KIND);
    struct value value;
    assert_true(program_constant(all->steps[10].value, &value));
    assert_int_equal(value.integer, 2 * NS_PER_MS);
    workload_free(workload);
}

static void copy_makes_its_rows(void **state)
{
    (void)state;
    struct workload *workload = load(full, NULL, 0);
    const struct transaction *all = find(workload->transactions, workload->n_transactions, "all_steps");
    const struct step *step = &all->steps[all->n_steps - 1];
    struct value slots[5] = {{.type = VALUE_INT, .integer = 3}}, value;
    struct eval_scope scope = {.slots = slots};
    slots[2].type = VALUE_TEXT;
    slots[2].text.data = "a";
    slots[2].text.len = 1;
    assert_string_equal(all->statements[step->statement].sql, "COPY \"things\" (\"id\", \"kind\") FROM STDIN");
    assert_int_equal(all->statements[step->statement].n_params, 0);
    assert_int_equal(step->copy->n_values, 2);
    assert_int_equal(eval(step->copy->rows, &scope, &value), MAKE_OK);
    assert_int_equal(value.integer, 30);
    assert_int_equal(eval(step->copy->values[1], &scope, &value), MAKE_OK);
    assert_memory_equal(value.text.data, "a", 1);
    workload_free(workload);
}

/* More than one statement, or one that waits, is a transaction of its own. */
static void blocks_are_where_they_are_needed(void **state)
{
    (void)state;
    struct workload *workload = load(full, NULL, 0);
    const struct transaction *all = workload->transactions;
    size_t n = workload->n_transactions;
    assert_false(find(all, n, "one")->block);
    assert_false(find(all, n, "many")->block); /* autocommit: true */
    assert_true(find(all, n, "piped")->block && find(all, n, "piped")->pipeline);
    assert_false(find(all, n, "scripted")->block);
    assert_true(find(all, n, "scripted")->script);
    workload_free(workload);
}

static void rewrites_change_what_they_say(void **state)
{
    (void)state;
    struct workload *workload = load(full, NULL, 0);
    const struct variant *rewritten = &workload->variants[5];
    const struct transaction *mine = rewritten->transactions, *theirs = workload->transactions;
    size_t n = workload->n_transactions;
    assert_string_equal(rewritten->about,
                        "one (rewritten, weight 5); many (other variables, autocommit false); piped (rewritten); "
                        "scripted (rewritten, weight 0)");
    assert_true(rewritten->rewrites && !workload->variants[0].rewrites);
    assert_ptr_equal(workload->variants[0].transactions, theirs);
    assert_int_equal(rewritten->total_weight, 8);
    for (size_t i = 0; i < n; i++)
        assert_string_equal(mine[i].name, theirs[i].name);
    assert_string_equal(find(mine, n, "one")->statements[0].sql, "SELECT 7");
    assert_int_equal(find(mine, n, "one")->weight, 5);
    assert_int_equal(find(mine, n, "many")->weight, 3);
    assert_true(find(mine, n, "many")->block);
    assert_int_equal(find(mine, n, "many")->n_steps, find(theirs, n, "many")->n_steps);
    assert_string_not_equal(find(mine, n, "many")->statements[0].prepared_name,
                            find(theirs, n, "many")->statements[0].prepared_name);
    assert_true(find(mine, n, "piped")->script && !find(mine, n, "piped")->pipeline);
    assert_false(find(mine, n, "scripted")->script);
    assert_string_equal(find(mine, n, "scripted")->statements[0].sql, "SELECT 9");
    assert_ptr_equal(find(mine, n, "all_steps")->steps, find(theirs, n, "all_steps")->steps);
    workload_free(workload);
}

static void sql_comes_from_files(void **state)
{
    (void)state;
    struct workload *workload = load(full, NULL, 0), *files = load(TEST_DATA_DIR "/good/files.yaml", NULL, 0);
    const struct variant *migrated = &workload->variants[6];
    assert_string_equal(migrated->about, "up.sql");
    assert_non_null(strstr(migrated->apply, "UPDATE things SET moved"));
    assert_string_equal(migrated->revert, "ALTER TABLE things DROP COLUMN moved;\n");
    assert_string_equal(workload_where(workload, migrated->revert), "down.sql");
    assert_string_equal(workload_where(workload, workload->schema_sql), "full.sql");
    assert_string_equal(workload_where(workload, workload->constraints_sql), "full.yaml:5");
    assert_string_equal(files->constraints_sql, "ALTER TABLE things ADD PRIMARY KEY (id);\n");
    workload_free(files);
    workload_free(workload);
}

/* Files that differ only in what an SQL file beside them says are two experiments; two seeds, if it is constraints. */
static void sql_files_are_part_of_the_hash(void **state)
{
    (void)state;
    static const char text[] = "workload: w\nconstraints_file: c.sql\ntransactions: { t: { sql: SELECT 1 } }\n"
                               "variants: { a: { apply_file: up.sql, revert: SELECT 1 } }\n";
    static const struct {
        const char *constraints, *up;
    } rows[] = {{"SELECT 1", "SELECT 2"}, {"SELECT 1", "SELECT 3"}, {"SELECT 4", "SELECT 2"}};
    struct workload *workloads[3];
    char folder[] = "/tmp/pgdyno_load_XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < 3; i++) {
        write_file(folder, "w.yaml", text);
        write_file(folder, "c.sql", rows[i].constraints);
        write_file(folder, "up.sql", rows[i].up);
        snprintf(path, sizeof path, "%s/w.yaml", folder);
        workloads[i] = load(path, NULL, 0);
    }
    assert_string_not_equal(workloads[0]->hash, workloads[1]->hash);
    assert_string_equal(workloads[0]->seed_hash, workloads[1]->seed_hash);
    assert_string_not_equal(workloads[0]->hash, workloads[2]->hash);
    assert_string_not_equal(workloads[0]->seed_hash, workloads[2]->seed_hash);
    for (size_t i = 0; i < 3; i++)
        workload_free(workloads[i]);
    remove_folder(folder, (const char *const[]){"w.yaml", "c.sql", "up.sql", NULL});
}

/* Two files that change places under the same names make other rows. */
static void names_of_sources_are_part_of_the_seed(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "workload: w\nsources: { a: x.csv, b: y.csv }\ntransactions: { t: { sql: SELECT 1 } }\n"
        "tables: { r: { rows: 1, columns: { c: 'a.word[1]' } } }\n",
        "workload: w\nsources: { b: x.csv, a: y.csv }\ntransactions: { t: { sql: SELECT 1 } }\n"
        "tables: { r: { rows: 1, columns: { c: 'a.word[1]' } } }\n",
    };
    struct workload *workloads[2];
    char folder[] = "/tmp/pgdyno_load_XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    write_file(folder, "x.csv", "word\nplum\n");
    write_file(folder, "y.csv", "word\npear\n");
    for (size_t i = 0; i < 2; i++) {
        write_file(folder, "w.yaml", texts[i]);
        snprintf(path, sizeof path, "%s/w.yaml", folder);
        workloads[i] = load(path, NULL, 0);
    }
    assert_string_not_equal(workloads[0]->seed_hash, workloads[1]->seed_hash);
    workload_free(workloads[0]);
    workload_free(workloads[1]);
    remove_folder(folder, (const char *const[]){"w.yaml", "x.csv", "y.csv", NULL});
}

static void variants_get_indexes_and_a_line(void **state)
{
    (void)state;
    struct workload *workload = load(full, NULL, 0);
    assert_int_equal(workload->n_variants, 8);
    assert_string_equal(workload->variants[1].indexes[0].name, "two_1");
    assert_string_equal(workload->variants[1].indexes[1].definition, "things (lower(name)) WHERE id > 1");
    assert_string_equal(workload->variants[2].indexes[0].name, "things_idx");
    assert_string_equal(workload->variants[2].about, "index things (score)");
    assert_string_equal(workload->variants[3].about, "ALTER TABLE things ADD COLUMN extra int; random_page_cost = 1.1");
    assert_string_equal(workload->variants[3].settings[0].value, "1.1");
    workload_free(workload);
}

static void options_win_over_the_file(void **state)
{
    (void)state;
    const struct override overrides[] = {
        {"measure.duration", "60", "-T"},
        {"sweep.pool", "2, 16", "--pool"},
        {"sweep.isolation", "rr", "--isolation"},
        {"variants", "changed,none", "--variant"},
        {"params.scale", "4", "-D"},
        {"params.kind", "it's", "-D"},
    };
    struct workload *workload = load(full, overrides, sizeof overrides / sizeof overrides[0]);
    assert_int_equal(workload->measure.duration_ns, 60 * NS_PER_S);
    assert_int_equal(workload->sweep.n_pools, 2);
    assert_int_equal(workload->sweep.pools[1], 16);
    assert_int_equal(workload->sweep.n_isolations, 1);
    assert_int_equal(workload->sweep.isolations[0], ISOLATION_REPEATABLE_READ);
    assert_int_equal(workload->n_variants, 2);
    assert_string_equal(workload->variants[0].name, "none");
    assert_string_equal(workload->variants[1].name, "changed");
    assert_int_equal(workload->tables[0].rows, 200);
    const struct transaction *one = &workload->transactions[0];
    struct value value;
    assert_int_equal(eval(one->lets[0].value, &(struct eval_scope){0}, &value), MAKE_OK);
    assert_int_equal(value.type, VALUE_TEXT);
    assert_memory_equal(value.text.data, "it's", 4);
    workload_free(workload);
}

static struct value param_in_sql(const char *given)
{
    const struct override override = {"params.kind", given, "-D"};
    struct workload *workload = load(full, &override, 1);
    struct value value;
    assert_int_equal(eval(workload->transactions[0].lets[0].value, &(struct eval_scope){0}, &value), MAKE_OK);
    workload_free(workload);
    return value;
}

static void params_keep_their_types(void **state)
{
    (void)state;
    assert_int_equal(param_in_sql("5").type, VALUE_TEXT);
    assert_int_equal(param_in_sql("true").type, VALUE_TEXT);
    assert_int_equal(param_in_sql("null").type, VALUE_NULL);
}

static void check_seed_hash(const struct override *override, bool same)
{
    struct workload *plain = load(full, NULL, 0), *other = load(full, override, 1);
    assert_string_equal(plain->hash, other->hash);
    assert_int_equal(strcmp(plain->seed_hash, other->seed_hash) == 0, same);
    workload_free(plain);
    workload_free(other);
}

static void the_seed_hash_follows_the_data_alone(void **state)
{
    (void)state;
    check_seed_hash(&(struct override){"measure.duration", "60", "-T"}, true);
    check_seed_hash(&(struct override){"variants", "two", "--variant"}, true);
    check_seed_hash(&(struct override){"params.scale", "3", "-s"}, false);
    check_seed_hash(&(struct override){"measure.seed", "8", "--random-seed"}, false);
}

/* A file with these tables; NULL: nothing is wrong with it. */
static void check_table(const char *tables, const char *expected)
{
    struct workload *workload = NULL;
    struct problems problems = {0};
    struct str text = {0}, shown = {0};
    char folder[] = "/tmp/pgdyno_load_XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    str_printf(&text, "workload: w\ntransactions: { t: { sql: SELECT 1 } }\ntables:\n%s", tables);
    write_file(folder, "w.yaml", str_text(&text));
    snprintf(path, sizeof path, "%s/w.yaml", folder);
    workload_load(path, NULL, 0, &workload, &problems);
    problems_print(&problems, false, &shown);
    if (!expected && shown.len > 0)
        fail_msg("%s", str_text(&shown));
    if (expected && !strstr(str_text(&shown), expected))
        fail_msg("not told: %s", expected);
    workload_free(workload);
    problems_deinit(&problems);
    str_deinit(&shown);
    str_deinit(&text);
    remove_folder(folder, (const char *const[]){"w.yaml", NULL});
}

/* From the last link to the first; each is made by making the next. */
static void check_columns(int count, bool linked, const char *expected)
{
    struct str tables = {0};
    str_append(&tables, "  t:\n    rows: 2\n    columns:\n");
    for (int i = count; i > 1; i--)
        str_printf(&tables, linked ? "      c%d: :c%d\n" : "      c%d: 'row'\n", i, i - 1);
    str_append(&tables, "      c1: row\n");
    check_table(str_text(&tables), expected);
    str_deinit(&tables);
}

static void check_rows(int count, const char *expected)
{
    struct str tables = {0};
    for (int i = 1; i < count; i++)
        str_printf(&tables, "  t%d: { rows: rows(t%d), columns: { c: row } }\n", i, i + 1);
    str_printf(&tables, "  t%d: { rows: 1, columns: { c: row } }\n", count);
    check_table(str_text(&tables), expected);
    str_deinit(&tables);
}

static void rows_may_be_of_fixed_point(void **state)
{
    (void)state;
    check_table("  t: { rows: \"numeric(2.4, 1) * 10\", columns: { c: row } }\n", NULL);
    check_table("  t: { rows: numeric(-2), columns: { c: row } }\n", "numeric(x, digits)");
    check_table("  t: { rows: \"numeric(-2, 0)\", columns: { c: row } }\n", "must not be negative; it is -2");
}

/* Whether something is wrong must not depend on how much was wrong before: circles would be walked, and parameters
 * written where no room was made. */
static void mistakes_beyond_the_list_count(void **state)
{
    (void)state;
    struct str tables = {0};
    str_append(&tables,
               "  t: { rows: 9, columns: { a: ':b', b: ':a' } }\nvariants:\n  none: {}\n  v:\n    transactions:\n");
    for (int i = 0; i < 250; i++)
        str_printf(&tables, "      x%d: { sql: SELECT 1 }\n", i);
    str_append(&tables, "      t: { sql: \"SELECT $1, $2, $3; SELECT '\" }\n");
    check_table(str_text(&tables), "no transaction `x199`");
    str_deinit(&tables);
}

/* What recurses is bounded, and shown where it is too long. */
static void long_chains_are_refused(void **state)
{
    (void)state;
    check_columns(200, true, NULL);
    check_columns(201, true, "more than 200 columns need each other one after the other");
    check_columns(1600, true, "more than 200 columns need each other one after the other");
    check_columns(1600, false, NULL);
    check_columns(1601, false, "w.yaml:7:7: a table can have at most 1600 columns in PostgreSQL, not 1601");
    check_rows(200, NULL);
    check_rows(2000, "more than 200 tables take their number of rows from each other");
}

static void rows_are_made_from_the_file(void **state)
{
    (void)state;
    struct workload *workload = load(full, NULL, 0);
    struct row_maker *maker;
    const struct value *cells;
    size_t bad;
    assert_true(row_maker_new(&workload->tables[0], &maker, NULL));
    assert_int_equal(row_maker_row(maker, 3, &cells, &bad), MAKE_OK);
    assert_int_equal(cells[0].integer, 3);
    assert_memory_equal(cells[1].text.data, "Bj\xc3\xb6rn-3", 8);
    assert_true(cells[3].real == 1.5);
    assert_int_equal(cells[5].type, VALUE_DATE);
    assert_int_equal(cells[7].integer, 2);
    assert_int_equal(row_maker_row(maker, 2, &cells, &bad), MAKE_OK);
    assert_int_equal(cells[3].type, VALUE_NULL);
    assert_int_equal(cells[6].type, VALUE_NULL);
    row_maker_free(maker);
    workload_free(workload);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_are_bound),
        cmocka_unit_test(load_and_pool_are_bound),
        cmocka_unit_test(variants_have_habits_of_their_own),
        cmocka_unit_test(arrivals_follow_the_number_of_variants),
        cmocka_unit_test(sections_list_their_keys),
        cmocka_unit_test(defaults_are_those_of_the_rows),
        cmocka_unit_test(statements_are_cut_at_their_variables),
        cmocka_unit_test(branches_become_jumps),
        cmocka_unit_test(every_kind_of_step_becomes_flat),
        cmocka_unit_test(copy_makes_its_rows),
        cmocka_unit_test(blocks_are_where_they_are_needed),
        cmocka_unit_test(rewrites_change_what_they_say),
        cmocka_unit_test(sql_comes_from_files),
        cmocka_unit_test(sql_files_are_part_of_the_hash),
        cmocka_unit_test(params_keep_their_types),
        cmocka_unit_test(names_of_sources_are_part_of_the_seed),
        cmocka_unit_test(variants_get_indexes_and_a_line),
        cmocka_unit_test(options_win_over_the_file),
        cmocka_unit_test(the_seed_hash_follows_the_data_alone),
        cmocka_unit_test(mistakes_beyond_the_list_count),
        cmocka_unit_test(long_chains_are_refused),
        cmocka_unit_test(rows_may_be_of_fixed_point),
        cmocka_unit_test(rows_are_made_from_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A whole run whose variants rewrite transactions: what is run, stored, read back and shown is each variant's own. */
#include "../run/fixture.h"
#include "base/proc.h"
#include "pg/cluster.h"
#include "reports/csv.h"
#include "reports/report.h"
#include "reports/store.h"

static const char REWRITES[] =
    "workload: dyno_rewrites\n"
    "schema: CREATE TABLE items (id int NOT NULL, kind int NOT NULL); CREATE TABLE notes (t text)\n"
    "constraints: ALTER TABLE items ADD PRIMARY KEY (id)\n"
    "tables: { items: { rows: 1000, columns: { id: row, kind: 'random(1, 50)' } } }\n"
    "transactions:\n"
    "  walk:\n"
    "    steps:\n"
    "      - sql: SELECT id FROM items ORDER BY id LIMIT 3\n"
    "        each: { as: k, do: [ { sql: 'SELECT kind FROM items WHERE id = :k' } ] }\n"
    "  note: { sql: \"INSERT INTO notes VALUES ('by the baseline')\" }\n"
    "  rare: { weight: 0, sql: SELECT 1 }\n"
    "variants:\n"
    "  plain: {}\n"
    "  joined:\n"
    "    transactions:\n"
    "      walk: { sql: SELECT kind FROM items ORDER BY id LIMIT 3 }\n"
    "      note: { weight: 0 }\n"
    "      rare: { weight: 1 }\n"
    "  same: { index: items (kind) }\n"
    "sweep: { pool: [2] }\n"
    "measure: { warmup: 50ms, duration: 200ms, blocks: 2, seed: 42 }\n";

static char folder[64], results[96];

static bool play(struct err *err)
{
    struct log log = {0};
    struct workload *workload = load_text(REWRITES);
    struct run_options options = {.workload = workload, .run_id = "test", .command_line = "test", .log = &log};
    struct session *session = NULL;
    struct store *store = NULL;
    bool ok = store_create(results, &store, err) && session_open(&options, &session, err) &&
              session_rehearse(session, err) && session_seed(session, err);
    if (ok) {
        struct run_sink sink = store_sink(store);
        ok = session_sweep(session, &sink, err) && store_finish(store, "finished", NULL, err);
    }
    session_close(session);
    store_close(store);
    workload_free(workload);
    return ok;
}

static int group_setup(void **state)
{
    struct err err = {0};
    (void)state;
    strcpy(folder, "/tmp/pgdyno-rewrites-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(results, sizeof results, "%s/results", folder);
    if (play(&err))
        return 0;
    print_error("%s %s\n", err.where, err.text);
    return -1;
}

static int group_teardown(void **state)
{
    (void)state;
    return proc_remove_tree(folder, NULL) ? 0 : -1;
}

static struct facts *read_back(void)
{
    struct facts *facts = NULL;
    struct err err = {0};
    if (!facts_read(results, &facts, &err))
        fail_msg("%s", err.text);
    assert_int_equal(facts->n_notices, 0);
    return facts;
}

enum {
    WALK,
    NOTE,
    RARE
};
enum {
    PLAIN,
    JOINED,
    SAME
};

static void each_variant_has_its_statements(void **state)
{
    (void)state;
    struct facts *facts = read_back();
    assert_int_equal(facts_transaction(facts, PLAIN, WALK)->n_statements, 2);
    assert_int_equal(facts_transaction(facts, JOINED, WALK)->n_statements, 1);
    assert_int_equal(facts_transaction(facts, SAME, WALK)->n_statements, 2);
    assert_true(facts_rewritten(facts, JOINED, WALK) && !facts_rewritten(facts, SAME, WALK));
    assert_false(facts_rewritten(facts, JOINED, NOTE));
    assert_true(facts_runs(facts, PLAIN, NOTE) && !facts_runs(facts, JOINED, NOTE));
    assert_true(!facts_runs(facts, PLAIN, RARE) && facts_runs(facts, JOINED, RARE));
    assert_true(strstr(facts_plan(facts, PLAIN, WALK, 1)->shape, "items_pkey") != NULL);
    assert_true(strncmp(facts_plan(facts, JOINED, WALK, 0)->shape, "Limit(", 6) == 0);
    assert_int_equal(facts->n_trials, 6);
    facts_free(facts);
}

static void each_trial_ran_its_variants_own(void **state)
{
    (void)state;
    struct facts *facts = read_back();
    for (size_t i = 0; i < facts->n_trials; i++) {
        const struct fact_trial *trial = &facts->trials[i];
        const struct fact_trial_transaction *walk = &trial->transactions[WALK];
        bool joined = trial->plain.variant == JOINED;
        assert_true(trial->plain.complete && walk->counts.ok > 0);
        assert_int_equal(walk->statements[0].count, walk->counts.ok);
        if (!joined)
            assert_int_equal(walk->statements[1].count, 3 * walk->counts.ok);
        assert_int_equal(trial->transactions[NOTE].counts.ok > 0, !joined);
        assert_int_equal(trial->transactions[RARE].counts.ok > 0, joined);
    }
    /* and the histogram files agree: two trials a cell */
    struct point point = facts_point(facts, 0);
    for (int v = 0; v < 3; v++) {
        const struct fact_hists *walk = &facts->hists[facts_cell(facts, v, point)][WALK];
        assert_true(walk->statements[0]->total == walk->service->total);
        if (v != JOINED)
            assert_true(walk->statements[1]->total == 3 * walk->service->total);
    }
    facts_free(facts);
}

static char *read_file(const char *name)
{
    char path[256];
    static char text[1 << 20];
    snprintf(path, sizeof path, "%s/%s", results, name);
    FILE *file = fopen(path, "r");
    assert_true(file != NULL);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static int count_lines(const char *text, const char *a, const char *b)
{
    int n = 0;
    for (const char *line = text; *line; line += strcspn(line, "\n") + (line[strcspn(line, "\n")] == '\n')) {
        size_t len = strcspn(line, "\n");
        n += memmem(line, len, a, strlen(a)) && memmem(line, len, b, strlen(b));
    }
    return n;
}

static void reports_have_no_row_for_what_was_not_run(void **state)
{
    (void)state;
    struct report_options options = {0};
    struct str table = {0};
    struct err err = {0};
    bool all_valid;
    if (!report_write(results, &options, &table, &all_valid, &err))
        fail_msg("%s", err.text);
    const char *summary = read_file("summary.csv");
    /* two blocks: the transaction and each of its statements */
    assert_int_equal(count_lines(summary, ",plain,", ",walk,"), 2 * 3);
    assert_int_equal(count_lines(summary, ",joined,", ",walk,"), 2 * 2);
    assert_int_equal(count_lines(summary, ",joined,", ",note,"), 0);
    assert_int_equal(count_lines(summary, ",joined,", ",rare,"), 2 * 2);
    assert_int_equal(count_lines(summary, ",plain,", ",rare,"), 0);
    const char *compare = read_file("compare.csv");
    assert_true(count_lines(compare, "walk,", ",joined,") > 0 && count_lines(compare, "note,", ",same,") > 0);
    assert_int_equal(count_lines(compare, "note,", ",joined,") + count_lines(compare, "rare,", ",joined,"), 0);
    const char *report = read_file("report.md");
    assert_true(strstr(report, "rewritten: `Limit(") != NULL);
    assert_int_equal(count_lines(str_text(&table), "walk", "plain"), 1);
    assert_int_equal(count_lines(str_text(&table), "note", "plain"), 1);
    assert_int_equal(count_lines(str_text(&table), "rare", "joined"), 1);
    str_deinit(&table);
}

/* A mistake that only the rewrite has. */
static void a_rewrite_is_rehearsed(void **state)
{
    (void)state;
    struct workload *workload =
        load_changed(REWRITES, "walk: { sql: SELECT kind FROM items", "walk: { sql: SELECT knd FROM items");
    struct log log = {0};
    struct run_options options = {.workload = workload, .log = &log};
    struct session *session = NULL;
    struct err err = {0};
    assert_true(session_open(&options, &session, &err));
    assert_false(session_rehearse(session, &err));
    assert_contains(err.text, "knd");
    assert_contains(err.where, ".yaml:16");
    session_close(session);
    workload_free(workload);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_variant_has_its_statements),
        cmocka_unit_test(each_trial_ran_its_variants_own),
        cmocka_unit_test(reports_have_no_row_for_what_was_not_run),
        cmocka_unit_test(a_rewrite_is_rehearsed),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}

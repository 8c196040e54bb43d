/* Runs with rates: overload, accounts, lag, pool wait and pool sizes, in the table, the files and report.md. */
#include "base/json.h"
#include "place.h"

static struct synthetic with_rates(void)
{
    struct synthetic shape = small;
    shape.n_rates = 2;
    shape.rates[0] = (struct rate){RATE_TPS, 400};
    shape.rates[1] = (struct rate){RATE_SHARE, 0.8};
    return shape;
}

static void test_overload_is_shown(void **state)
{
    struct place *place = *state;
    struct synthetic shape = with_rates();
    synthetic_write(&shape, place->folder, true);
    bool all_valid;
    char *table = report(place, false, &all_valid);
    assert_true(all_valid); /* it was measured well */
    assert_has(table,
               "\n2 variants × pool 8 × read committed × 400 tx/s, 80 % of closed loop (constant arrivals) · 8 blocks");
    const char *calm = strstr(table, "\npool 8 · read committed · 400 tx/s\n"),
               *busy = strstr(table, "\npool 8 · read committed · 80 % of closed loop\n");
    assert_true(calm && busy && calm < busy);
    assert_has(calm, "× faster [");
    assert_null(strstr(busy, "× faster ["));
    assert_has(busy, "none OVERLOADED ");
    assert_has(busy, "  overloaded\n");
    assert_has(busy, " ≥");
    assert_true(strstr(table, "≥") > busy);
    assert_has(busy, "\nOVERLOADED: 16 of 16 trials (none · 80 % of closed loop, status_prio · 80 % of closed loop): ");
    assert_has(busy,
               "\nWhere it is overloaded the percentiles hang on how long the window was: no capacity is claimed");
    assert_has(busy, "\nAll 32 trials valid; 16 overloaded: see above.\n");
    assert_file_has(place, "report.md", "> - OVERLOADED: 16 of 16 trials (none · 80 % of closed loop, ");
    assert_file_has(place, "report.md",
                    " | none · 80 % of closed loop | overloaded | 234 tx/s arrive in the second half");
    assert_file_has(place, "report.md", "*Overloaded* means that the rate is more than the server carries");
    free(table);
}

static void test_accounts(void **state)
{
    struct place *place = *state;
    struct synthetic shape = with_rates();
    synthetic_write(&shape, place->folder, true);
    char *table = report(place, false, NULL);
    assert_has(table, "\nnone · 400 tx/s: scheduled 8,000 = 8,000 ok + 0 failed + 0 timed out + 0 censored\n");
    assert_has(table,
               "\nnone · 80 % of closed loop: at 0.8/s, scheduled 8,000 = 7,968 ok + 0 failed + 16 timed out + ");
    assert_has(table, "share of each variant's own");
    assert_null(strstr(table, "DOES NOT ADD UP"));
    free(table);
    /* whoever loses one is told */
    char path[1024];
    snprintf(path, sizeof path, "%s/trials.jsonl", place->folder);
    char *lines = synthetic_slurp(place->folder, "trials.jsonl");
    memcpy(strstr(lines, "\"scheduled\":1000"), "\"scheduled\":1003", 16);
    FILE *file = fopen(path, "we");
    fputs(lines, file);
    fclose(file);
    free(lines);
    table = report(place, false, NULL);
    assert_has(table, "scheduled 8,003 = 8,000 ok + 0 failed + 0 timed out + 0 censored: THIS DOES NOT ADD UP by 3\n");
    free(table);
}

static void test_files_with_rates(void **state)
{
    struct place *place = *state;
    struct synthetic shape = with_rates();
    synthetic_write(&shape, place->folder, true);
    free(report(place, false, NULL));
    assert_true(exists(place, "histograms/none.pool8.rc.400s.hlog"));
    assert_true(exists(place, "histograms/none.pool8.rc.80pct.hlog"));
    assert_true(exists(place, "histograms/status_prio.pool8.rc.80pct.dashboard.hgrm"));
    assert_file_has(place, "histograms/none.pool8.rc.400s.hlog", "\nTag=dashboard.pool_wait,");
    assert_file_has(place, "histograms/none.pool8.rc.400s.hlog", "\nTag=dashboard.response.1s,");
    assert_file_has(place, "summary.csv", ",none,8,read committed,400,,2,1,dashboard,all,2.5,500,500,0,0,0,200,200,");
    assert_file_has(place, "summary.csv", ",dashboard,all,2.5,500,498,0,1,1,148.8,148.8,");
    assert_file_has(place, "summary.csv", ",1,overloaded,\"234 tx/s arrive in the second half, 196 are carried\",\n");
    assert_file_has(place, "compare.csv", "\ndashboard,p50,8,read committed,400,none,status_prio,");
    assert_file_has(place, "compare.csv", ",8,,overloaded\n");
}

/* pool_wait columns hold what was measured, in both files. */
static void test_pool_wait_comes_through(void **state)
{
    struct place *place = *state;
    struct synthetic shape = with_rates();
    synthetic_write(&shape, place->folder, true);
    struct facts *facts;
    assert_true(facts_read(place->folder, &facts, NULL));
    const struct fact_trial *trial = &facts->trials[0];
    assert_int_equal(trial->plain.rate, 0);
    assert_true(trial->plain.rate_tps == 400);
    assert_int_equal(trial->plain.scheduled, 1000);
    assert_true(trial->transactions[0].pool_wait.max > 4000000);
    assert_int_equal(trial->transactions[0].pool_wait.p50, 0);
    assert_true(trial->intervals[0].transactions[0].pool_wait.max > 4000000);
    assert_int_equal(trial->plain.spin_ns, 58000);
    assert_true(trial->plain.audit.made && trial->plain.audit.passed);
    assert_int_equal(trial->plain.audit.excess_p99_ns, 12000);
    assert_true(trial->plain.little.made);
    const struct hist *wait = facts->hists[facts_cell(facts, 0, (struct point){0, 0, 0})][0].pool_wait;
    assert_int_equal(wait->total, 8 * 500);
    assert_int_equal(wait->counts[0], 8 * 450); /* every tenth waits */
    assert_int_equal(facts->load.arrivals, ARRIVALS_CONSTANT);
    assert_int_equal(facts->rates[1].kind, RATE_SHARE);
    assert_true(facts->rates[1].value == 0.8);
    facts_free(facts);
}

static void test_truth_lines(void **state)
{
    struct place *place = *state;
    struct synthetic shape = with_rates();
    shape.habits = true;
    synthetic_write(&shape, place->folder, true);
    char *table = report(place, false, NULL);
    assert_has(table, "harness lag in the worst trial: p50 2.00 µs, p99 3.00 µs; spin on: the last 58.0 µs before a ");
    assert_has(table, "replay audit: 32 of 32 trials passed; starts later than an exact queue's by 12.0 µs at p99 in ");
    assert_has(table, "Little's law: ∫N dt and the sum of response times differ by 0.064 % in the worst trial (limit");
    assert_has(table, "pool of status_prio, in all windows: 480 connects (3.10 ms on average, 12.0 ms at most), 192 ");
    assert_has(table, "6,400 pings (90.0 µs on average, 800 µs at most), 16 of which failed\n");
    free(table);
    assert_file_has(place, "report.md", "## Can it be believed?\n\n- harness lag");
    assert_file_has(place, "report.md", "## Accounts\n\n- ");
    assert_file_has(place, "report.md", "## What the pool did\n\n- pool of none, in all windows");
}

static void test_degraded_is_loud(void **state)
{
    struct place *place = *state;
    struct synthetic shape = with_rates();
    shape.degraded = true;
    synthetic_write(&shape, place->folder, true);
    char *table = report(place, false, NULL);
    assert_has(table, "\nDEGRADED: the memory for raw records did not suffice in 32 of 32 trials");
    assert_file_has(place, "report.md", "> - DEGRADED: ");
    free(table);
}

static void test_outage(void **state)
{
    struct place *place = *state;
    struct synthetic shape = with_rates();
    shape.outage = true;
    synthetic_write(&shape, place->folder, true);
    char *table = report(place, false, NULL);
    assert_has(table,
               "\noutage (trial 2: status_prio · 400 tx/s): nothing succeeded for 1.84 s, from 500 ms into the ");
    assert_has(table, "at 90 % of 480 tx/s again\n");
    free(table);
}

/* Dashes alone would leave one wondering. */
static void test_invalid_is_shown(void **state)
{
    struct place *place = *state;
    struct synthetic shape = small;
    shape.blocks = 1;
    shape.trouble = true; /* the first trial is not valid */
    synthetic_write(&shape, place->folder, true);
    bool all_valid;
    char *table = report(place, false, &all_valid);
    assert_false(all_valid);
    assert_has(table, "\ndashboard   none INVALID           –  ");
    assert_has(table, "\nINVALID: 1 of 1 trial (none)");
    assert_has(table, "1 not valid: see INVALID above; their figures are left out.\n");
    free(table);
}

/* One line for all trials of a verdict and kind of reason, with the range of each number; the trials in report.md. */
static void test_reasons_are_grouped(void **state)
{
    static const char told[] = "234 tx/s arrive in the second half, 196";
    struct place *place = *state;
    struct synthetic shape = with_rates();
    char path[1024];
    synthetic_write(&shape, place->folder, true);
    snprintf(path, sizeof path, "%s/trials.jsonl", place->folder);
    char *lines = synthetic_slurp(place->folder, "trials.jsonl"), *at = strstr(lines, told);
    assert_non_null(at);
    memcpy(at, "234 tx/s arrive in the second half, 187", sizeof told - 1);
    FILE *file = fopen(path, "we");
    fputs(lines, file);
    fclose(file);
    free(lines);
    char *table = report(place, false, NULL);
    assert_has(table, "\nOVERLOADED: 16 of 16 trials (none · 80 % of closed loop, ");
    assert_has(table, " 187–196 are");
    assert_null(strstr(table, "234–"));
    assert_null(strstr(strstr(table, "OVERLOADED: ") + 1, "OVERLOADED: "));
    assert_file_has(place, "report.md", "half, 196 are carried |\n");
    free(table);
}

/* What the verdict's line says is not said again among the warnings. */
static void test_reasons_are_said_once(void **state)
{
    static const char *const warnings[] = {"234 tx/s arrive in the second half, 196 are carried", "1 checkpoint"};
    struct place *place = *state;
    struct synthetic shape = with_rates();
    shape.warnings = warnings;
    shape.n_warnings = 1;
    synthetic_write(&shape, place->folder, true);
    char *table = report(place, false, NULL);
    /* the calm trials have it without being judged so */
    assert_has(table, "\nwarning (16 trials): 234 tx/s arrive in the second half, 196 are carried\n");
    free(table);
}

/* One variant over several sizes: the points stand below each other. */
static void test_sweep_table(void **state)
{
    struct place *place = *state;
    struct synthetic shape = small;
    shape.n_variants = 1;
    shape.n_pools = 4;
    shape.clients = 32;
    synthetic_write(&shape, place->folder, true);
    char *table = report(place, false, NULL);
    assert_has(table, " × read committed · 32 clients · 8 blocks");
    assert_has(table, "\n                     tx/s      p50      p99      max  wait p99  service p99  plan\n"
                      "dashboard   pool 4    200  13.0 ms  39.6 ms  71.4 ms   8.50 ms      32.9 ms  Seq Scan tasks\n"
                      "            pool 8    320  23.6 ms  ");
    assert_has(table, "\n            pool 16   300  ");
    assert_has(table,
               "\nsmallest pool within 5 % of the best throughput: 32 (90 % of resamples pick it; P(within 5 % of "
               "the best) 1.00); the");
    assert_has(table, "best is the largest that was tried: a larger one may be better still\n");
    assert_file_has(place, "pools.csv",
                    "variant,isolation,pool_size,goodput_tps,share_of_best,picked,share_of_resamples,p_within_5pct,"
                    "n_blocks\nnone,read committed,4,400,0.5714286,0,0,1,8\n");
    assert_file_has(place, "pools.csv", "\nnone,read committed,32,700,1,1,1,1,8\n");
    assert_file_has(place, "report.md", "- smallest pool within 5 % of the best throughput: 32 (");
    free(table);
}

static void test_no_advice(void **state)
{
    struct place *place = *state;
    struct synthetic shape = small;
    char path[1024];
    shape.n_pools = 1;
    synthetic_write(&shape, place->folder, true);
    snprintf(path, sizeof path, "%s/pools.csv", place->folder);
    FILE *file = fopen(path, "we"); /* of an earlier version of the facts */
    fclose(file);
    char *table = report(place, false, NULL);
    assert_null(strstr(table, "smallest pool"));
    assert_false(exists(place, "pools.csv"));
    free(table);
}

/* --- Older folders ------------------------------------------------------------------------------------------------ */

static void without(char *line, const char *from, const char *to)
{
    char *start = strstr(line, from), *end = start ? strstr(start, to) : NULL;
    assert_non_null(end);
    memmove(start, end, strlen(end) + 1);
}

/* Lines without what format 1 did not have: read as closed loops without a pool. */
static void test_format_1(void **state)
{
    struct place *place = *state;
    synthetic_write(&small, place->folder, true);
    char *now = report(place, false, NULL);
    json_t *head = NULL;
    char path[1024];
    struct err err = {0};
    snprintf(path, sizeof path, "%s/run.json", place->folder);
    assert_non_null(head = json_read_file(path, &err));
    json_object_set_new(head, "format", json_integer(1));
    json_object_del(head, "load");
    json_object_del(head, "pool");
    json_object_del(json_object_get(head, "sweep"), "rate");
    assert_true(json_write_file(path, head, &err));
    json_decref(head);
    char *lines = synthetic_slurp(place->folder, "trials.jsonl");
    snprintf(path, sizeof path, "%s/trials.jsonl", place->folder);
    FILE *file = fopen(path, "we");
    for (char *line = strtok(lines, "\n"); line; line = strtok(NULL, "\n")) {
        without(line, "\"rate_tps\"", "\"total_commits\"");
        without(line, "\"rate\"", "\"transactions\"");
        fprintf(file, "%s\n", line);
    }
    fclose(file);
    free(lines);
    bool all_valid;
    char *then = report(place, false, &all_valid);
    assert_true(all_valid);
    *strstr(now, "harness lag") = *strstr(then, "harness lag") = '\0';
    assert_string_equal(now, then);
    assert_file_has(place, "summary.csv", ",500,500,0,0,0,200,200,0,0,0,0,0,0,");
    assert_file_has(place, "summary.csv", ",1,valid,,\n");
    free(now);
    free(then);
}

static void test_later_format(void **state)
{
    struct place *place = *state;
    struct err err = {0};
    struct str table = {0};
    struct report_options options = {0};
    bool all_valid;
    char path[1024];
    synthetic_write(&small, place->folder, true);
    snprintf(path, sizeof path, "%s/run.json", place->folder);
    json_t *head = json_read_file(path, &err);
    json_object_set_new(head, "format", json_integer(3));
    assert_true(json_write_file(path, head, &err));
    json_decref(head);
    assert_false(report_write(place->folder, &options, &table, &all_valid, &err));
    assert_has(err.text, "its format is 3, made by a later pgdyno: this one reads up to 2");
    str_deinit(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(test_overload_is_shown),
        PLACE_TEST(test_accounts),
        PLACE_TEST(test_files_with_rates),
        PLACE_TEST(test_pool_wait_comes_through),
        PLACE_TEST(test_truth_lines),
        PLACE_TEST(test_degraded_is_loud),
        PLACE_TEST(test_reasons_are_said_once),
        PLACE_TEST(test_reasons_are_grouped),
        PLACE_TEST(test_outage),
        PLACE_TEST(test_invalid_is_shown),
        PLACE_TEST(test_sweep_table),
        PLACE_TEST(test_no_advice),
        PLACE_TEST(test_format_1),
        PLACE_TEST(test_later_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

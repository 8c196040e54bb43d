/* The table at the end of a run and the words below it. */
#include "place.h"
#include "reports/text.h"

static void test_table(void **state)
{
    struct place *place = *state;
    bool all_valid;
    synthetic_write(&small, place->folder, true);
    char *table = report(place, false, &all_valid);
    assert_true(all_valid);
    const char *design = strstr(table, "\n2 variants × pool 8 × read committed · 8 blocks of 2 s + 2.5 s · ");
    assert_non_null(design);
    assert_has(table, "tasks · 100,000 tasks, 1,000 users · PostgreSQL 15.18, private server · seed 42\n");
    const char *rows = strstr(table, "\n\n");
    char wanted[4096];
    snprintf(
        wanted, sizeof wanted,
        "\n\n"
        "                         tx/s      p50      p95      p99      max  p99 against none           plan\n"
        "dashboard   none          200  12.5 ms  19.6 ms  32.9 ms  71.4 ms                             Seq Scan tasks\n"
        "            status_prio   200  1.08 ms  1.71 ms  3.20 ms  10.8 ms  10.3× faster [10.3, 10.3]  Bitmap Index "
        "Scan status_…\n"
        "close_task  none          200   931 µs  1.52 ms  2.14 ms  5.06 ms                             Index Scan "
        "tasks_pkey\n"
        "            status_prio   200  1.05 ms  1.67 ms  2.85 ms  3.98 ms  33 %% slower [33 %%, 33 %%]   no change\n"
        "\n"
        "status_prio: built in 90.0 ms, 704 kB, used 8,000 times; HOT updates 96 → 3 %%; WAL per close_task 5.0 → 10.0 "
        "records,\n  412 → 655 B with 0.7 → 0.5 full pages after the checkpoint\n"
        "harness lag in the worst trial: p50 2.00 µs, p99 3.00 µs; a thread waited for a core 0.2 %% of the time\n"
        "Little's law: ∫N dt and the sum of response times differ by 0.032 %% in the worst trial (limit 0.1 %%)\n"
        "All 16 trials valid.\n"
        "Report: %s/report.md\n",
        place->folder);
    assert_string_equal(rows, wanted);
    free(table);
}

static void test_line_widths(void **state)
{
    struct place *place = *state;
    struct synthetic shape = small;
    shape.n_variants = 3;
    shape.n_pools = 2;
    shape.n_isolations = 2;
    shape.trouble = true;
    shape.blocks = 2;
    synthetic_write(&shape, place->folder, true);
    char *table = report(place, false, NULL);
    const char *heading = strstr(table, "\npool 4 · read committed\n");
    assert_non_null(heading);
    assert_has(table, "\npool 8 · repeatable read\n");
    /* the table itself is from the heading to the first line after it that belongs to a variant's plan */
    const char *end = strstr(heading, "plan of dashboard: Seq Scan tasks; status_prio: Bitmap Index Scan status_prio");
    assert_non_null(end);
    size_t width = 0;
    for (const char *c = heading; c < end; c++) {
        width = *c == '\n' ? 0 : width + (((unsigned char)*c & 0xc0) != 0x80);
        if (width > 120)
            fail_msg("wider than 120 at: %.40s", c);
    }
    free(table);
}

static void test_trouble_is_shown(void **state)
{
    struct place *place = *state;
    struct synthetic shape = small;
    shape.n_variants = 3;
    shape.n_isolations = 2;
    shape.trouble = true;
    shape.blocks = 3;
    shape.rate = 300;
    synthetic_write(&shape, place->folder, true);
    bool all_valid;
    char *table = report(place, false, &all_valid);
    assert_false(all_valid);
    assert_has(
        table,
        "BROKEN: status_prio, read committed: check money_kept failed in 3 of 3 trials: faster here means wrong\n");
    assert_has(table, "  retried  failed  ");
    assert_has(table, "    2.0 %   0.1 %");
    assert_has(table, "(no interval)");
    assert_has(table, "(no interval): one needs at least 8 blocks whose trials are valid and long enough; there were 2 "
                      "(--blocks=8 or more)\n");
    assert_has(table, "warning (6 trials): a checkpoint ran inside the window\n");
    assert_has(table, "17 of 18 trials valid; 6 broke a check: see BROKEN above. 1 not valid: see INVALID above");
    assert_has(table, "the first error of the run: ERROR:  could not serialize access");
    assert_file_has(place, "report.md", "> **Do not trust the speed of this one.** BROKEN");
    /* scheduled = ok + failed + timed_out + censored */
    assert_file_has(place, "summary.csv", ",dashboard,all,2.5,750,748,1,0,1,");
    free(table);
}

/* measurement.md §5: "a faster level that broke one is marked broken, not faster". */
static void test_broken_is_shown(void **state)
{
    struct place *place = *state;
    struct synthetic shape = small;
    shape.n_isolations = 2;
    shape.broken = true;
    synthetic_write(&shape, place->folder, true);
    bool all_valid;
    char *table = report(place, false, &all_valid);
    assert_true(all_valid);
    const char *level = strstr(table, "\npool 8 · repeatable read\n");
    assert_non_null(level);
    assert_has(table, "            status_prio BROKEN   200  1.08 ms  1.71 ms  3.20 ms  10.8 ms  broken\n");
    assert_null(strstr(level, "status_prio BROKEN"));
    assert_has(level, "10.3× faster [10.3, 10.3]");
    assert_true(strstr(table, "× faster") > level);
    assert_has(table, "BROKEN: status_prio, read committed: check money_kept failed in 8 of 8 trials: faster here ");
    assert_has(table, "\nAll 32 trials valid; 8 broke a check: see BROKEN above.\n");
    assert_file_has(place, "report.md", "| status_prio BROKEN | ");
    assert_file_has(place, "compare.csv",
                    "\ndashboard,throughput,8,read committed,,none,status_prio,200,200,1,1,1,1,1,8,,broken\n");
    assert_file_has(place, "compare.csv",
                    "\ndashboard,throughput,8,repeatable read,,none,status_prio,200,200,1,1,1,1,1,8,,\n");
    assert_file_has(place, "summary.csv",
                    ",1,valid,,check money_kept does not hold after this trial: it gives false\n");
    free(table);
}

/* A slower variant is no worse for that when it is the baseline that was wrong. */
static void test_broken_baseline(void **state)
{
    struct place *place = *state;
    struct synthetic shape = small;
    shape.n_variants = 1;
    shape.n_isolations = 2;
    shape.broken_baseline = true;
    synthetic_write(&shape, place->folder, true);
    char *table = report(place, false, NULL);
    assert_has(table, "\npool 8 · read committed · BROKEN\n");
    assert_has(table, "none BROKEN   200  12.5 ms");
    free(table);
    proc_remove_tree(place->folder, NULL);
    shape.n_variants = 2;
    synthetic_write(&shape, place->folder, true);
    table = report(place, false, NULL);
    const char *level = strstr(table, "\npool 8 · repeatable read\n");
    assert_non_null(level);
    assert_true(strstr(table, "slower") > level);
    free(table);
}

static size_t widest(const char *text)
{
    size_t width = 0, most = 0;
    for (; *text; text++) {
        width = *text == '\n' ? 0 : width + (((unsigned char)*text & 0xc0) != 0x80);
        most = width > most ? width : most;
    }
    return most;
}

static void wrapped(const char *text, int width, const char *wanted)
{
    struct str out = {0};
    text_wrap(text, width, &out);
    assert_string_equal(str_text(&out), wanted);
    str_deinit(&out);
}

static void test_wrapping(void **state)
{
    (void)state;
    wrapped("", 20, "");
    wrapped("short\nlines\n", 20, "short\nlines\n");
    wrapped("twenty letters fit..\n", 20, "twenty letters fit..\n");
    wrapped("these words go beyond twenty letters\nand on\n", 20,
            "these words go\n  beyond twenty\n  letters\nand on\n");
    wrapped("µµµµµµµµµ µµµµµµµµµµ µ\n", 20, "µµµµµµµµµ µµµµµµµµµµ\n  µ\n"); /* letters, not bytes */
    wrapped("a_word_that_is_too_long_for_it and\n", 20, "a_word_that_is_too_long_for_it\n  and\n");
    wrapped("a number and it 655 kB\n", 20, "a number and it\n  655 kB\n"); /* stays with its unit */
    wrapped("change of 412 → 655 B now\n", 20, "change of\n  412 → 655 B now\n");
}

static void test_prose_fits_the_terminal(void **state)
{
    struct place *place = *state;
    struct synthetic shape = small;
    shape.trouble = true;
    synthetic_write(&shape, place->folder, true);
    for (int width = 100; width <= 140; width += 40) {
        struct str table = {0};
        bool all_valid;
        struct report_options options = {.width = width};
        assert_true(report_write(place->folder, &options, &table, &all_valid, NULL));
        const char *prose = strstr(str_text(&table), "BROKEN: ");
        assert_non_null(prose);
        *strstr(prose, "Report: ") = '\0';
        assert_true(widest(prose) <= (size_t)width);
        assert_true(widest(prose) > (size_t)width - 40);
        str_deinit(&table);
    }
}

/* What stays the same is said once, and short. */
static void test_same_plans(void **state)
{
    struct place *place = *state;
    struct synthetic shape = small;
    shape.names[1] = "a_name_that_leaves_the_plans_no_room";
    synthetic_write(&shape, place->folder, true);
    struct str table = {0};
    bool all_valid;
    struct report_options options = {.width = 100};
    assert_true(report_write(place->folder, &options, &table, &all_valid, NULL));
    assert_has(str_text(&table), "\nplan of dashboard: Seq Scan tasks; a_name_that_leaves_the_plans_no_room: Bitmap ");
    assert_has(str_text(&table), "\nplans that no variant changes: close_task\n");
    str_deinit(&table);
}

static void test_warnings_are_grouped(void **state)
{
    static const char *const warnings[] = {"began with 1,001 rows, the first trial with 1000",
                                           "began with 1,207 rows, the first trial with 1000",
                                           "1 checkpoint during the trial",
                                           "12 checkpoints during the trial",
                                           "p99 of lag is 1.5 ms",
                                           "p95 of lag is 1.5 ms",
                                           "statement 3 of step1 is slow",
                                           "statement 3 of step2 is slow"};
    struct place *place = *state;
    struct synthetic shape = small;
    shape.warnings = warnings;
    shape.n_warnings = 8;
    synthetic_write(&shape, place->folder, true);
    char *table = report(place, false, NULL);
    assert_has(table, "\nwarning (4 trials, such as 1): began with 1,001 rows, the first trial with 1000\n");
    assert_has(table, "\nwarning (4 trials, such as 3): 1 checkpoint during the trial\n");
    assert_has(table, "\nwarning (2 trials): p99 of lag is 1.5 ms\n"); /* a name's digits are not a number */
    assert_has(table, "\nwarning (2 trials): p95 of lag is 1.5 ms\n");
    assert_has(table, "\nwarning (2 trials): statement 3 of step1 is slow\n");
    assert_has(table, "\nwarning (2 trials): statement 3 of step2 is slow\n");
    free(table);
}

static void test_colour_means_direction(void **state)
{
    struct place *place = *state;
    synthetic_write(&small, place->folder, true);
    struct str table = {0};
    bool all_valid;
    struct report_options options = {.colour = true};
    assert_true(report_write(place->folder, &options, &table, &all_valid, NULL));
    assert_has(str_text(&table), "\033[32m10.3× faster");
    assert_has(str_text(&table), "\033[31m33 % slower");
    str_deinit(&table);
}

static void test_unsupported_percentiles(void **state)
{
    struct place *place = *state;
    struct synthetic shape = small;
    shape.rate = 20; /* 400 executions a cell */
    synthetic_write(&shape, place->folder, true);
    char *table = report(place, false, NULL);
    assert_has(table, "  p99      max  ");
    assert_has(table, " ms    –  31.8 ms");
    assert_has(table, "– : p99 needs 1,000 executions in a cell; measure longer (--duration) or more blocks\n");
    assert_has(table, "p90: ");
    free(table);
}

static void word(const struct comparison *row, const char *wanted, int direction)
{
    struct str text = {0};
    assert_int_equal(text_ratio(row, &text), direction);
    assert_string_equal(str_text(&text), wanted);
    str_deinit(&text);
}

static void test_ratio_words(void **state)
{
    (void)state;
    struct comparison row = {.metric = METRIC_P99, .has_ratio = true, .has_interval = true};
    word(NULL, "", 0);
    row.ratio = 1 / 11.8, row.low = 1 / 12.5, row.high = 1 / 11.2;
    word(&row, "11.8× faster [11.2, 12.5]", 1);
    row.ratio = 1.13, row.low = 1.08, row.high = 1.17;
    word(&row, "13 % slower [8 %, 17 %]", -1);
    row.ratio = 0.9, row.low = 0.85, row.high = 0.996;
    word(&row, "10 % faster [0.4 %, 15 %]", 1);
    row.ratio = 3, row.low = 2.5, row.high = 3.5;
    word(&row, "3.00× slower [2.50, 3.50]", -1);
    row.ratio = 1.004, row.low = 0.99, row.high = 1.02;
    word(&row, "about equal [−1 %, +2 %]", 0);
    row.high = 1.3;
    word(&row, "unclear [−1 %, +30 %]", 0);
    row.metric = METRIC_THROUGHPUT;
    row.ratio = 2.5, row.low = 2.25, row.high = 2.75;
    word(&row, "2.50× faster [2.25, 2.75]", 1);
    row.ratio = 0.8, row.low = 0.75, row.high = 0.9;
    word(&row, "20 % slower [10 %, 25 %]", -1);
    row.has_interval = false;
    word(&row, "20 % slower (no interval)", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(test_table),
        PLACE_TEST(test_line_widths),
        PLACE_TEST(test_trouble_is_shown),
        PLACE_TEST(test_broken_is_shown),
        PLACE_TEST(test_broken_baseline),
        cmocka_unit_test(test_wrapping),
        PLACE_TEST(test_prose_fits_the_terminal),
        PLACE_TEST(test_same_plans),
        PLACE_TEST(test_warnings_are_grouped),
        PLACE_TEST(test_colour_means_direction),
        PLACE_TEST(test_unsupported_percentiles),
        cmocka_unit_test(test_ratio_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Results go in through the store's sink, as the experiment puts them there; what report_write makes of the folder is
 * what is checked. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/stop.h"
#include "reports/facts.h"
#include "reports/report.h"
#include "reports/text.h"
#include "synthetic.h"

static const struct synthetic small = {.n_variants = 2,
                                       .n_pools = 1,
                                       .n_isolations = 1,
                                       .blocks = 8,
                                       .n_transactions = 2,
                                       .window_ns = 2500000000,
                                       .rate = 200,
                                       .noise = 0};

struct place {
    char parent[256], folder[512], path[4096];
    struct str log;
};

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    assert_non_null(place);
    synthetic_folder(place->parent, sizeof place->parent, place->folder, sizeof place->folder);
    snprintf(place->path, sizeof place->path, "%s", getenv("PATH"));
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    setenv("PATH", place->path, 1);
    chmod(place->folder, 0777);
    bool ok = proc_remove_tree(place->parent, NULL);
    str_deinit(&place->log);
    free(place);
    return ok ? 0 : -1;
}

static void keep_line(void *user, const char *line)
{
    str_printf(user, "%s\n", line);
}

/* The table's text; fails the test if the report does. */
static char *report(struct place *place, bool plots, bool *all_valid)
{
    struct str table = {0};
    struct err err = {0};
    bool valid;
    struct log log = {keep_line, &place->log};
    struct report_options options = {.plots = plots, .log = &log};
    if (!report_write(place->folder, &options, &table, all_valid ? all_valid : &valid, &err))
        fail_msg("%s: %s", err.where, err.text);
    return str_steal(&table);
}

static void assert_has(const char *text, const char *part)
{
    if (!text || !strstr(text, part))
        fail_msg("\"%s\" is not in:\n%s", part, text ? text : "(no file)");
}

static void assert_file_has(const struct place *place, const char *name, const char *part)
{
    char *text = synthetic_slurp(place->folder, name);
    assert_has(text, part);
    free(text);
}

static bool exists(const struct place *place, const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", place->folder, name);
    return access(path, F_OK) == 0;
}

/* --- CSV ---------------------------------------------------------------------------------------------------------- */

/* conventions.md, "Files", with the dots of service_… and pool_wait_… written out. */
#define STATISTICS(name)                                                                                               \
    name "_avg_ms," name "_stddev_ms," name "_min_ms," name "_p50_ms," name "_p90_ms," name "_p95_ms," name            \
         "_p99_ms," name "_p99_9_ms," name "_max_ms,"
#define SUMMARY_HEADER                                                                                                 \
    "run_id,workload,variant,pool_size,isolation,rate_target_tps,clients,threads,block,transaction,statement,"         \
    "duration_s,scheduled,ok,failed,timed_out,censored,tps,goodput_tps,retried,retries,serialization_failures,"        \
    "deadlock_failures,other_failures,reconnects," STATISTICS("response") STATISTICS("service")                        \
        STATISTICS("pool_wait") "harness_lag_p99_ms,wal_bytes_per_txn,valid,warnings\n"

static void test_csv_headers(void **state)
{
    struct place *place = *state;
    synthetic_write(&small, place->folder, true);
    free(report(place, false, NULL));
    char *summary = synthetic_slurp(place->folder, "summary.csv"),
         *time = synthetic_slurp(place->folder, "timeseries.csv"),
         *compare = synthetic_slurp(place->folder, "compare.csv");
    assert_int_equal(strncmp(summary, SUMMARY_HEADER, strlen(SUMMARY_HEADER)), 0);
    const char *time_header = "time_s,time_epoch_s," SUMMARY_HEADER;
    assert_int_equal(strncmp(time, time_header, strlen(time_header)), 0);
    const char *compare_header =
        "transaction,metric,pool_size,isolation,rate_target_tps,baseline,variant,baseline_value,"
        "variant_value,ratio,ci_low,ci_high,p_value,p_adjusted,n_blocks,mde_pct,verdict\n";
    assert_int_equal(strncmp(compare, compare_header, strlen(compare_header)), 0);
    free(summary);
    free(time);
    free(compare);
}

static size_t count_char(const char *text, char wanted)
{
    size_t n = 0;
    for (; *text; text++)
        n += *text == wanted;
    return n;
}

static void test_csv_rows(void **state)
{
    struct place *place = *state;
    synthetic_write(&small, place->folder, true);
    free(report(place, false, NULL));
    char *summary = synthetic_slurp(place->folder, "summary.csv"),
         *time = synthetic_slurp(place->folder, "timeseries.csv"),
         *compare = synthetic_slurp(place->folder, "compare.csv");
    /* 16 trials × (dashboard, its two statements, close_task, its one) */
    assert_int_equal(count_char(summary, '\n'), 1 + 16 * 5);
    assert_has(summary,
               "\ntasks-20261121T101500,tasks,none,8,read committed,,4,2,1,dashboard,all,2.5,500,500,0,0,0,200,200,0,0,"
               "0,0,0,0,");
    /* a statement knows how often it ran and its service time */
    assert_has(
        summary,
        ",dashboard,2,2.5,,500,,,,200,200,,,,,,0,,,,,,,,,,0.001,0,0.001,0.001,0.001,0.001,,,0.001,,,,,,,,,,0.003,"
        "206,1,\n");
    /* pool wait is 0 by construction; 500 values carry no p99 */
    assert_has(summary, ",0,0,0,0,0,0,0,0,0,0.003,206,1,\n");
    /* 2.5 s are 3 intervals, each with a row for all and one a transaction; the last is half a second long */
    assert_int_equal(count_char(time, '\n'), 1 + 16 * 3 * 3);
    assert_has(
        time,
        "\n2,1795256102,tasks-20261121T101500,tasks,none,8,read committed,,4,2,1,all,all,0.5,200,200,0,0,0,400,400,");
    /* 2 transactions × 5 metrics; every block the same, so that all differences are the same */
    assert_int_equal(count_char(compare, '\n'), 1 + 2 * 5);
    assert_has(compare, "\ndashboard,throughput,8,read committed,,none,status_prio,200,200,1,1,1,1,1,8,,\n");
    free(summary);
    free(time);
    free(compare);
}

static void test_csv_quotes(void **state)
{
    struct place *place = *state;
    struct synthetic shape = small;
    shape.trouble = true;
    shape.names[1] = "a, \"b\"\n|c|";
    synthetic_write(&shape, place->folder, true);
    char *table = report(place, false, NULL);
    assert_file_has(place, "summary.csv", ",tasks,\"a, \"\"b\"\"\n|c|\",8,");
    assert_file_has(place, "summary.csv",
                    ",0,\"not valid: harness lag p99 3.1 ms is over 100 µs, with a \"\"quote\"\"\"\n");
    assert_file_has(place, "report.md", "\\|c\\|");
    free(table);
}

/* --- The table ---------------------------------------------------------------------------------------------------- */

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
    assert_has(table, "17 of 18 trials valid; 6 broke a check: see BROKEN above. 1 not valid: the warnings say why");
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
    assert_file_has(place, "summary.csv", ",1,check money_kept does not hold after this trial: it gives false\n");
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

static void test_broken_pictures(void **state)
{
    struct place *place = *state;
    struct synthetic shape = small;
    char gnuplot[1024];
    if (!proc_find("gnuplot", gnuplot, sizeof gnuplot))
        skip();
    shape.n_isolations = 2;
    shape.broken = true;
    synthetic_write(&shape, place->folder, true);
    free(report(place, true, NULL));
    assert_string_equal(str_text(&place->log), "");
    static const char *const titled[] = {"percentiles_dashboard", "pools_dashboard", "time_dashboard_rc"};
    for (size_t i = 0; i < sizeof titled / sizeof titled[0]; i++) {
        char name[64];
        snprintf(name, sizeof name, "plots/%s.svg", titled[i]);
        assert_file_has(place, name, "BROKEN: status_prio<");
        assert_file_has(place, name, ">a check broke<");
    }
    assert_file_has(place, "plots/ratios.svg", ">a check broke<");
    assert_file_has(place, "plots/ledger.svg", ">a check broke<");
    char *calm = synthetic_slurp(place->folder, "plots/time_dashboard_rr.svg");
    assert_null(strstr(calm, "broke"));
    free(calm);
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

/* --- Facts -------------------------------------------------------------------------------------------------------- */

static void test_facts_come_back(void **state)
{
    struct place *place = *state;
    struct synthetic shape = small;
    shape.trouble = true;
    shape.n_isolations = 2;
    synthetic_write(&shape, place->folder, true);
    struct facts *facts;
    struct err err = {0};
    assert_true(facts_read(place->folder, &facts, &err));
    assert_int_equal(facts->n_trials, 32);
    assert_int_equal(facts->n_notices, 0);
    assert_string_equal(facts->transactions[1].statements[0].text, "UPDATE tasks SET status = 'done' WHERE id = :id");
    assert_int_equal(facts->measure.seed, 42);
    assert_int_equal(facts->measure.protocol, PROTOCOL_PREPARED);
    const struct fact_trial *trial = &facts->trials[3];
    assert_string_equal(trial->plain.broken_check, "money_kept");
    assert_string_equal(trial->plain.first_error, "ERROR:  could not serialize access, \"quoted\"");
    assert_int_equal(trial->plain.errors[0].code, SQLSTATE_SERIALIZATION_FAILURE);
    assert_int_equal(trial->plain.server.value[STAT_N_TUP_UPD], 1000);
    assert_false(trial->plain.server.has[STAT_CHECKPOINTS]);
    /* one cell's histogram holds all its trials, with exact extremes and mean */
    int64_t count = 0, max = 0;
    double sum = 0;
    for (size_t i = 0; i < facts->n_trials; i++) {
        const struct fact_trial *one = &facts->trials[i];
        if (one->plain.variant != 1 || one->plain.isolation != 1)
            continue;
        const struct dist_summary *response = &one->transactions[0].response;
        count += response->count;
        sum += response->mean * (double)response->count;
        max = response->max > max ? response->max : max;
    }
    const struct hist *merged = facts->hists[facts_cell(facts, 1, 0, 1)][0].response;
    assert_int_equal(merged->total, count);
    assert_int_equal(merged->max, max);
    assert_true(fabs(hist_mean(merged) - sum / (double)count) < 1);
    facts_free(facts);
}

static void test_no_secrets(void **state)
{
    struct place *place = *state;
    synthetic_write(&small, place->folder, true);
    char *head = synthetic_slurp(place->folder, "run.json");
    assert_null(strstr(head, "hunter2"));
    assert_has(head, "postgresql://me:***@db/x");
    free(head);
}

/* --- Interrupted -------------------------------------------------------------------------------------------------- */

static void cut_file(const struct place *place, const char *name, off_t bytes)
{
    char path[1024];
    struct stat status;
    snprintf(path, sizeof path, "%s/%s", place->folder, name);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(truncate(path, status.st_size - bytes), 0);
}

static void test_unfinished_line(void **state)
{
    struct place *place = *state;
    synthetic_write(&small, place->folder, false);
    cut_file(place, "trials.jsonl", 40);
    bool all_valid;
    char *table = report(place, false, &all_valid);
    assert_false(all_valid);
    assert_has(table, "note: the last line of trials.jsonl is unfinished: that trial is left out\n");
    assert_has(table, "15 of 16 trials valid. The run was interrupted or goes on: it has not written how it ended.\n");
    free(table);
}

/* A crash at any byte of either file leaves something that can be reported. */
static void test_cut_anywhere(void **state)
{
    struct place *place = *state;
    struct synthetic shape = small;
    shape.blocks = 1;
    shape.rate = 20;
    synthetic_write(&shape, place->folder, false);
    char path[1024];
    struct stat status;
    snprintf(path, sizeof path, "%s/trials.jsonl", place->folder);
    assert_int_equal(stat(path, &status), 0);
    for (off_t left = status.st_size - 1; left > 0; left -= status.st_size / 40) {
        assert_int_equal(truncate(path, left), 0);
        free(report(place, false, NULL));
    }
}

static void test_stopped(void **state)
{
    struct place *place = *state;
    struct synthetic shape = small;
    shape.stop_after = 5;
    synthetic_write(&shape, place->folder, true);
    bool all_valid;
    char *table = report(place, false, &all_valid);
    assert_false(all_valid);
    assert_has(table, "5 of 16 trials valid.");
    assert_has(table, "there were 2 (--blocks=8 or more)");
    free(table);
}

static void test_missing_histograms(void **state)
{
    struct place *place = *state;
    synthetic_write(&small, place->folder, true);
    cut_file(place, "histograms/none.pool8.rc.hlog", 100);
    char path[1024];
    snprintf(path, sizeof path, "%s/histograms/status_prio.pool8.rc.hlog", place->folder);
    assert_int_equal(unlink(path), 0);
    char *table = report(place, false, NULL);
    assert_has(table, "note: histograms/status_prio.pool8.rc.hlog lacks 8 of 8 trials");
    assert_has(table, "note: histogram close_task.1.service of trial 15 is left out: ");
    free(table);
}

static void test_no_trials(void **state)
{
    struct place *place = *state;
    struct synthetic shape = small;
    shape.blocks = 0;
    synthetic_write(&shape, place->folder, false);
    bool all_valid;
    char *table = report(place, true, &all_valid);
    assert_false(all_valid);
    assert_has(table, "No trial was measured. The run was interrupted or goes on: it has not written how it ended.\n");
    assert_file_has(place, "report.md", "No trial was measured.");
    free(table);
}

static void refused(const char *folder, const char *where, const char *words)
{
    struct err err = {0};
    struct str table = {0};
    bool all_valid;
    struct report_options options = {0};
    assert_false(report_write(folder, &options, &table, &all_valid, &err));
    assert_int_equal(err.kind, ERR_INPUT);
    assert_string_equal(err.where, where);
    assert_has(err.text, words);
    str_deinit(&table);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* Each says what the folder is, and what to do. */
static void test_not_a_result(void **state)
{
    struct place *place = *state;
    char path[1024];
    refused(place->folder, place->folder, "there is no such folder");
    refused(place->parent, place->parent, "the folder is empty: no run wrote into it");
    snprintf(path, sizeof path, "%s/notes.txt", place->parent);
    write_file(path, "");
    refused(path, path, "not a folder: name the folder of a run");
    refused(place->parent, place->parent,
            "not the folder of a run: it has no run.json; name one that pgdyno run wrote");
    snprintf(path, sizeof path, "%s/trials.jsonl", place->parent);
    write_file(path, "{}\n");
    refused(place->parent, place->parent, "run.json is missing: without it the trials that are there cannot be read");
    snprintf(path, sizeof path, "%s/run.json", place->parent);
    write_file(path, "");
    refused(place->parent, path, "damaged");
    write_file(path, "{\"format\": 1, \"vari");
    refused(place->parent, path, "damaged");
    write_file(path, "[]");
    refused(place->parent, path, "not a run.json that this pgdyno can read (format 1)");
    write_file(path, "{\"format\": 1, \"variants\": [1, null], \"sweep\": 7}");
    refused(place->parent, path, "damaged");
}

/* A folder of runs holds no result itself, but it can say which of them does. */
static void test_folder_of_runs(void **state)
{
    struct place *place = *state;
    synthetic_write(&small, place->folder, true);
    char parent[1024];
    snprintf(parent, sizeof parent, "%s", place->folder);
    *strrchr(parent, '/') = '\0';
    refused(parent, parent, "did you mean ");
    refused(parent, parent, "/deeper/run?");
}

/* Killed in mid-trial: its histograms may be there, or half of a line of them; it has no line of its own. */
static void test_killed_in_mid_trial(void **state)
{
    struct place *place = *state;
    struct synthetic shape = small;
    shape.stop_after = 3;
    synthetic_write(&shape, place->folder, false);
    cut_file(place, "histograms/none.pool8.rc.hlog", 1000);
    char path[1024];
    struct stat status;
    snprintf(path, sizeof path, "%s/trials.jsonl", place->folder);
    assert_int_equal(stat(path, &status), 0);
    char *lines = synthetic_slurp(place->folder, "trials.jsonl");
    char *third = strchr(strchr(lines, '\n') + 1, '\n') + 1;
    assert_int_equal(truncate(path, third - lines), 0);
    free(lines);
    bool all_valid;
    char *table = report(place, true, &all_valid);
    assert_false(all_valid);
    assert_has(table, "2 of 16 trials valid. The run was interrupted or goes on: it has not written how it ended.\n");
    assert_null(strstr(table, "note: "));
    free(table);
    assert_file_has(place, "report.md", "2 of 16 trials valid.");
}

/* --- The store's folder ------------------------------------------------------------------------------------------- */

static void test_refuses_a_full_folder(void **state)
{
    struct place *place = *state;
    struct store *store;
    struct err err = {0};
    synthetic_write(&small, place->folder, true);
    assert_false(store_create(place->folder, &store, &err));
    assert_null(store);
    assert_has(err.text, "not empty");
    assert_has(err.text, "--output");
    char file[1024];
    snprintf(file, sizeof file, "%s/run.json/below", place->folder);
    assert_false(store_create(file, &store, &err));
    assert_has(err.text, "--output");
    assert_false(store_create("", &store, &err));
}

/* Root may write anywhere but below /proc. */
static void test_read_only_folder(void **state)
{
    (void)state;
    struct store *store;
    struct err err = {0};
    assert_false(store_create("/proc/pgdyno/run", &store, &err));
    assert_int_equal(err.kind, ERR_SYSTEM);
    assert_has(err.text, "--output");
}

/* /dev/full takes nothing: the stores' files are links to it. */
static void test_full_disk(void **state)
{
    struct place *place = *state;
    struct store *store;
    struct err err = {0};
    static struct synthetic_run run;
    struct synthetic shape = small;
    char path[1024];
    synthetic_workload(&shape, &run);
    assert_true(store_create(place->folder, &store, &err));
    snprintf(path, sizeof path, "%s/histograms/status_prio.pool8.rc.hlog", place->folder);
    assert_int_equal(symlink("/dev/full", path), 0);
    assert_false(synthetic_fill(&shape, store, &run, &err));
    assert_has(err.where, "status_prio.pool8.rc.hlog");
    assert_has(err.text, "No space left on device");
    assert_has(err.text, "earlier trials are safe");
    assert_true(store_finish(store, "failed", err.text, &err));
    store_close(store);
    assert_int_equal(unlink(path), 0);
    char *table = report(place, false, NULL);
    assert_has(table, "1 of 16 trials valid. The run failed (");
    free(table);
    snprintf(path, sizeof path, "%s/compare.csv", place->folder);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/dev/full", path), 0);
    struct str unused = {0};
    struct report_options options = {0};
    bool all_valid;
    assert_false(report_write(place->folder, &options, &unused, &all_valid, &err));
    assert_has(err.where, "compare.csv");
    assert_has(err.text, "No space left on device");
    str_deinit(&unused);
}

static void fill_disk_for(const struct place *place, const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", place->folder, name);
    assert_int_equal(symlink("/dev/full", path), 0);
}

/* Hours of measuring are not hidden because one file does not fit: the table and the other files are there. */
static void test_a_full_disk_hides_no_figures(void **state)
{
    struct place *place = *state;
    struct err err = {0};
    struct str table = {0};
    struct report_options options = {.percentiles = NULL};
    bool all_valid = false;
    synthetic_write(&small, place->folder, true);
    fill_disk_for(place, "summary.csv");
    fill_disk_for(place, "histograms/none.pool8.rc.dashboard.hgrm");
    assert_false(report_write(place->folder, &options, &table, &all_valid, &err));
    assert_int_equal(err.kind, ERR_SYSTEM);
    assert_has(err.where, "summary.csv"); /* the first */
    assert_has(err.text, "No space left on device");
    assert_has(err.text, "pgdyno report ");
    assert_true(all_valid);
    assert_has(str_text(&table), "All 16 trials valid.");
    assert_has(str_text(&table), "/report.md\n");
    assert_true(exists(place, "timeseries.csv") && exists(place, "compare.csv") && exists(place, "report.md"));
    assert_true(exists(place, "histograms/none.pool8.rc.close_task.hgrm"));
    assert_true(exists(place, "histograms/status_prio.pool8.rc.dashboard.hgrm"));
    str_deinit(&table);
}

/* No file is promised that is not there. */
static void test_a_page_that_does_not_fit(void **state)
{
    struct place *place = *state;
    struct err err = {0};
    struct str table = {0};
    struct report_options options = {.percentiles = NULL};
    bool all_valid;
    synthetic_write(&small, place->folder, true);
    fill_disk_for(place, "report.md");
    assert_false(report_write(place->folder, &options, &table, &all_valid, &err));
    assert_has(err.where, "report.md");
    assert_has(str_text(&table), "All 16 trials valid.");
    assert_null(strstr(str_text(&table), "Report: "));
    str_deinit(&table);
}

/* --- gnuplot ------------------------------------------------------------------------------------------------------ */

static void fake_gnuplot(const struct place *place, const char *script)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/gnuplot", place->parent);
    FILE *file = fopen(path, "we");
    fputs(script, file);
    fclose(file);
    assert_int_equal(chmod(path, 0755), 0);
    setenv("PATH", place->parent, 1);
}

static void test_gnuplot_missing(void **state)
{
    struct place *place = *state;
    synthetic_write(&small, place->folder, true);
    setenv("PATH", place->parent, 1);
    bool all_valid;
    char *table = report(place, true, &all_valid);
    assert_true(all_valid);
    assert_has(str_text(&place->log), "no plots: gnuplot is not installed");
    assert_has(str_text(&place->log), "apt-get install gnuplot");
    assert_true(exists(place, "plots/ratios.gp")); /* to be drawn elsewhere */
    assert_file_has(place, "report.md", "None were drawn");
    free(table);
}

static void test_gnuplot_fails(void **state)
{
    struct place *place = *state;
    synthetic_write(&small, place->folder, true);
    fake_gnuplot(place, "#!/bin/sh\necho 'no such font' >&2\n: > \"${1%.gp}.svg\"\nexit 3\n");
    free(report(place, true, NULL));
    assert_has(str_text(&place->log), "no plot ratios: ");
    assert_has(str_text(&place->log), "no such font");
    assert_false(exists(place, "plots/ratios.svg"));
    assert_true(exists(place, "compare.csv"));
}

static void test_gnuplot_makes_nothing(void **state)
{
    struct place *place = *state;
    synthetic_write(&small, place->folder, true);
    fake_gnuplot(place, "#!/bin/sh\nexit 0\n");
    free(report(place, true, NULL));
    assert_has(str_text(&place->log), "gnuplot made no picture");
}

/* Each start leaves a mark; the script stands in `parent`. */
static void hang(const struct place *place, const char *first)
{
    char script[2048];
    snprintf(script, sizeof script, "#!/bin/sh\necho x >>%s/starts\n%s\nexec /bin/sleep 30\n", place->parent, first);
    fake_gnuplot(place, script);
}

static void draw_within(struct place *place, int64_t limit_ns)
{
    struct str table = {0};
    struct err err = {0};
    struct log log = {keep_line, &place->log};
    struct report_options options = {.plots = true, .plot_limit_ns = limit_ns, .log = &log};
    bool all_valid;
    int64_t start_ns = clock_now_ns();
    if (!report_write(place->folder, &options, &table, &all_valid, &err))
        fail_msg("%s: %s", err.where, err.text);
    assert_true(clock_now_ns() - start_ns < 25 * NS_PER_S);
    assert_has(str_text(&table), "All 16 trials valid.");
    str_deinit(&table);
    assert_file_has(place, "report.md", "None were drawn");
    assert_true(exists(place, "plots/ratios.gp") && exists(place, "plots/ledger.gp"));
    char *starts = synthetic_slurp(place->parent, "starts");
    assert_string_equal(starts, "x\n");
    free(starts);
}

static int count(const char *text, const char *part)
{
    int n = 0;
    for (const char *at = text; (at = strstr(at, part)); at += strlen(part))
        n++;
    return n;
}

static void test_gnuplot_hangs(void **state)
{
    struct place *place = *state;
    synthetic_write(&small, place->folder, true);
    hang(place, "");
    draw_within(place, 200 * NS_PER_MS);
    const char *log = str_text(&place->log);
    assert_has(log, "no plot ratios: ");
    assert_has(log, "did not end within 0.2 s");
    assert_has(log, "no more plots are drawn");
    assert_int_equal(count(log, "no plot"), 1);
    assert_int_equal(count(log, "no more plots"), 1);
}

static void test_a_stop_ends_all_plots(void **state)
{
    struct place *place = *state;
    char first[64];
    synthetic_write(&small, place->folder, true);
    assert_true(stop_install());
    snprintf(first, sizeof first, "kill -TERM %d", (int)getpid());
    hang(place, first);
    draw_within(place, 0);
    stop_reset();
    const char *log = str_text(&place->log);
    assert_has(log, "was stopped");
    assert_int_equal(count(log, "no plot"), 1);
    assert_int_equal(count(log, "no more plots"), 1);
}

static void count_pictures(const struct place *place, const char *ending, int *pictures, int *scripts)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/plots", place->folder);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        const char *dot = strrchr(entry->d_name, '.');
        *pictures += dot && strcmp(dot, ending) == 0;
        *scripts += dot && strcmp(dot, ".gp") == 0;
    }
    closedir(dir);
}

/* Names that would break out of gnuplot's quotes, or mean something to it. */
static void test_pictures(void **state)
{
    struct place *place = *state;
    struct synthetic shape = small;
    int pictures = 0, scripts = 0;
    char gnuplot[1024];
    if (!proc_find("gnuplot", gnuplot, sizeof gnuplot))
        skip();
    shape.n_pools = 2;
    shape.n_isolations = 2;
    shape.n_variants = 4;
    shape.names[3] = "100% x%5.1f%%"; /* tic labels are formats */
    shape.names[1] = "it's `touch x` 100 %d \\ \"{/Bold x}\"";
    shape.names[2] = "a_rather_long_name_of_a_variant_that_goes_on_and_on_and_on_and_on_for_ever_and_a_day";
    synthetic_write(&shape, place->folder, true);
    free(report(place, true, NULL));
    assert_string_equal(str_text(&place->log), "");
    count_pictures(place, ".svg", &pictures, &scripts);
    assert_int_equal(pictures, scripts);
    assert_true(pictures >= 2 + 2 + 4 + 1 + 1);
    assert_false(exists(place, "plots/x"));
    assert_file_has(place, "plots/ratios_p50.svg", ">dashboard · it's `touch x` 100 %d \\… · pool 4");
    assert_file_has(place, "plots/ledger.svg", ">100% x%5.…<");
    assert_file_has(place, "plots/pools_dashboard.svg", ">it's `touch x` 100 %d \\…<");
    assert_file_has(place, "report.md", "](plots/percentiles_dashboard.svg)");
}

/* A run too short for any p99: nothing to draw in some panels must not stop the others. */
static void test_pictures_of_little(void **state)
{
    struct place *place = *state;
    struct synthetic shape = small;
    char gnuplot[1024];
    if (!proc_find("gnuplot", gnuplot, sizeof gnuplot))
        skip();
    shape.rate = 4;
    shape.blocks = 1;
    shape.window_ns = 300000000;
    shape.stop_after = 1;
    synthetic_write(&shape, place->folder, true);
    free(report(place, true, NULL));
    assert_string_equal(str_text(&place->log), "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_csv_headers),
        TEST(test_csv_rows),
        TEST(test_csv_quotes),
        TEST(test_table),
        TEST(test_line_widths),
        TEST(test_trouble_is_shown),
        TEST(test_broken_is_shown),
        TEST(test_broken_baseline),
        TEST(test_broken_pictures),
        cmocka_unit_test(test_wrapping),
        TEST(test_prose_fits_the_terminal),
        TEST(test_same_plans),
        TEST(test_warnings_are_grouped),
        TEST(test_colour_means_direction),
        TEST(test_unsupported_percentiles),
        cmocka_unit_test(test_ratio_words),
        TEST(test_facts_come_back),
        TEST(test_no_secrets),
        TEST(test_unfinished_line),
        TEST(test_cut_anywhere),
        TEST(test_stopped),
        TEST(test_missing_histograms),
        TEST(test_no_trials),
        TEST(test_not_a_result),
        TEST(test_folder_of_runs),
        TEST(test_killed_in_mid_trial),
        TEST(test_refuses_a_full_folder),
        TEST(test_read_only_folder),
        TEST(test_full_disk),
        TEST(test_a_full_disk_hides_no_figures),
        TEST(test_a_page_that_does_not_fit),
        TEST(test_gnuplot_missing),
        TEST(test_gnuplot_fails),
        TEST(test_gnuplot_makes_nothing),
        TEST(test_gnuplot_hangs),
        TEST(test_a_stop_ends_all_plots),
        TEST(test_pictures),
        TEST(test_pictures_of_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Pictures: what gnuplot is given, and what it may do wrong. */
#include "base/stop.h"
#include "place.h"

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
    static const char *const titled[] = {"percentiles_dashboard", "time_dashboard_rc"};
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

/* Rates, waiting and several sizes: each kind of picture has its part of it, and gnuplot takes them all. */
static void test_pictures_of_a_queue(void **state)
{
    struct place *place = *state;
    struct synthetic shape = small;
    int pictures = 0, scripts = 0;
    char gnuplot[1024];
    if (!proc_find("gnuplot", gnuplot, sizeof gnuplot))
        skip();
    shape.n_pools = 3;
    shape.clients = 32;
    shape.n_rates = 2;
    shape.rates[1] = (struct rate){RATE_TPS, 400};
    synthetic_write(&shape, place->folder, true);
    free(report(place, true, NULL));
    assert_string_equal(str_text(&place->log), "");
    count_pictures(place, ".svg", &pictures, &scripts);
    assert_int_equal(pictures, scripts);
    assert_file_has(place, "plots/pools_dashboard.svg", ">▼ smallest within 5 % of the best, ▬ 90 % of resamples<");
    assert_file_has(place, "plots/pools_dashboard.400s.svg", ">dashboard, 400 tx/s: throughput and p99 by pool size<");
    assert_file_has(place, "plots/pools_dashboard.400s.svg", ">overloaded<");
    assert_file_has(place, "plots/parts_dashboard.svg", ">pool wait<");
    assert_file_has(place, "plots/time_dashboard_rc.400s.svg", "pool wait · OVERLOADED<");
    assert_file_has(place, "plots/percentiles_dashboard.svg", ">pool 8 · read committed · 400 tx/s · OVERLOADED<");
}

/* One size has no trend to show. */
static void test_no_picture_of_one_size(void **state)
{
    struct place *place = *state;
    synthetic_write(&small, place->folder, true);
    free(report(place, true, NULL));
    assert_true(exists(place, "plots/percentiles_dashboard.gp"));
    assert_false(exists(place, "plots/pools_dashboard.gp"));
    assert_false(exists(place, "plots/parts_dashboard.gp"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(test_broken_pictures), PLACE_TEST(test_gnuplot_missing),
        PLACE_TEST(test_gnuplot_fails),   PLACE_TEST(test_gnuplot_makes_nothing),
        PLACE_TEST(test_gnuplot_hangs),   PLACE_TEST(test_a_stop_ends_all_plots),
        PLACE_TEST(test_pictures),        PLACE_TEST(test_pictures_of_little),   PLACE_TEST(test_pictures_of_a_queue),
        PLACE_TEST(test_no_picture_of_one_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Folders that cannot be written. */
#include "place.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(test_refuses_a_full_folder),
        PLACE_TEST(test_read_only_folder),
        PLACE_TEST(test_full_disk),
        PLACE_TEST(test_a_full_disk_hides_no_figures),
        PLACE_TEST(test_a_page_that_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Folders read back: whole ones, and all that may be wrong with one. */
#include "place.h"

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
    const struct hist *merged = facts->hists[facts_cell(facts, 1, (struct point){0, 1, 0})][0].response;
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

static const char *strrstr(const char *text, const char *part)
{
    const char *last = NULL;
    for (const char *at = strstr(text, part); at; at = strstr(at + 1, part))
        last = at;
    return last;
}

static void test_missing_histograms(void **state)
{
    struct place *place = *state;
    synthetic_write(&small, place->folder, true);
    char *log = synthetic_slurp(place->folder, "histograms/none.pool8.rc.hlog");
    const char *last = strrstr(log, "Tag=close_task.1.service,");
    cut_file(place, "histograms/none.pool8.rc.hlog", (off_t)strlen(last) - 100);
    free(log);
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
    refused(place->parent, path, "not a run.json that this pgdyno can read (formats 1 to 2)");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(test_facts_come_back),     PLACE_TEST(test_no_secrets),   PLACE_TEST(test_unfinished_line),
        PLACE_TEST(test_cut_anywhere),        PLACE_TEST(test_stopped),      PLACE_TEST(test_missing_histograms),
        PLACE_TEST(test_no_trials),           PLACE_TEST(test_not_a_result), PLACE_TEST(test_folder_of_runs),
        PLACE_TEST(test_killed_in_mid_trial),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Raw records: what goes in comes out, what is damaged is refused, and a report computed from them is exact. */
#include "base/json.h"
#include "place.h"
#include "reports/raw.h"

static const char *const names[] = {"dashboard", "close task"};

static struct raw_trial some_records(struct record *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        list[i] = (struct record){.intended_ns = (int64_t)i * 1000003,
                                  .pool_wait_ns = i % 7 ? 0 : (int64_t)i * INT64_C(4294967311),
                                  .service_ns = 123456789 + (int64_t)i,
                                  .lag_ns = i == 3 ? UINT32_MAX : (uint32_t)i,
                                  .transaction = (uint16_t)(i % 2),
                                  .attempts = (uint8_t)i,
                                  .status = (uint8_t)(i % 4)};
    return (struct raw_trial){.started_wall_ns = INT64_C(1795256100000000001),
                              .duration_ns = 2500000000,
                              .connections = 8,
                              .clients = 100,
                              .rate_tps = 333.25,
                              .names = names,
                              .n_names = 2,
                              .records = {list, n, true}};
}

static void in_place(const struct place *place, char *path, size_t size)
{
    snprintf(path, size, "%s/x.rec", place->parent);
}

static void test_round_trip(void **state)
{
    struct place *place = *state;
    struct record list[3000];
    struct raw_trial in = some_records(list, 3000), out;
    struct err err = {0};
    char path[512];
    bool found;
    in_place(place, path, sizeof path);
    assert_true(raw_write(path, &in, &err));
    assert_true(raw_read(path, &out, &found, &err));
    assert_true(found && out.records.complete);
    assert_int_equal(out.started_wall_ns, in.started_wall_ns);
    assert_int_equal(out.duration_ns, in.duration_ns);
    assert_int_equal(out.connections, 8);
    assert_int_equal(out.clients, 100);
    assert_true(out.rate_tps == 333.25);
    assert_int_equal(out.n_names, 2);
    assert_int_equal(out.records.n, 3000);
    assert_memory_equal(out.records.list, list, sizeof list);
    raw_deinit(&out);
    assert_false(raw_read("/nowhere/x.rec", &out, &found, &err));
    assert_false(found);
}

/* The bytes that README.md promises, whatever machine wrote them. */
static void test_bytes(void **state)
{
    struct place *place = *state;
    struct record list[2] = {{0},
                             {.intended_ns = 1,
                              .pool_wait_ns = 2,
                              .service_ns = 0x0102030405060708,
                              .lag_ns = 5,
                              .transaction = 0x0201,
                              .attempts = 7,
                              .status = RECORD_CENSORED}};
    struct raw_trial in = some_records(list, 0);
    unsigned char bytes[160];
    char path[512];
    in.records.n = 2;
    in_place(place, path, sizeof path);
    assert_true(raw_write(path, &in, NULL));
    FILE *file = fopen(path, "re");
    assert_int_equal(fread(bytes, 1, sizeof bytes, file), 160); /* 64 + 21 of names, to 96; two of 32 */
    assert_int_equal(fgetc(file), EOF);
    fclose(file);
    assert_memory_equal(bytes, "PGDYNREC\1\0\0\0\x60\0\0\0\2\0\0\0\0\0\0\0", 24);
    assert_memory_equal(bytes + 40, "\1\0\0\0\2\0\0\0", 8);
    assert_memory_equal(bytes + 64, "dashboard\0close task\0\0\0\0\0\0\0\0\0\0\0", 32);
    assert_memory_equal(bytes + 128, "\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\x08\7\6\5\4\3\2\1\5\0\0\0\1\2\7\3", 32);
}

static void refuses(const char *path, const char *why)
{
    struct raw_trial out;
    struct err err = {0};
    bool found;
    assert_false(raw_read(path, &out, &found, &err));
    assert_true(found);
    assert_has(err.text, why);
    assert_null(out.records.list);
}

static void poke(const char *path, long at, unsigned char value)
{
    FILE *file = fopen(path, "r+e");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    fputc(value, file);
    fclose(file);
}

static void test_damage(void **state)
{
    struct place *place = *state;
    struct record list[3] = {{0}};
    struct raw_trial in = some_records(list, 3);
    char path[512];
    in_place(place, path, sizeof path);
    assert_true(raw_write(path, &in, NULL));
    poke(path, 96 + 32 + 28, 2); /* a third transaction */
    refuses(path, "damaged: record 2 cannot be");
    assert_true(raw_write(path, &in, NULL));
    poke(path, 96 + 31, 4); /* a fifth status */
    refuses(path, "damaged: record 1 cannot be");
    assert_true(raw_write(path, &in, NULL));
    poke(path, 23, 1); /* 2^56 records */
    refuses(path, "cut short: it holds 3 of 72057594037927939 records");
    assert_true(raw_write(path, &in, NULL));
    assert_int_equal(truncate(path, 96 + 40), 0);
    refuses(path, "cut short: it holds 1 of 3 records");
    assert_int_equal(truncate(path, 40), 0);
    refuses(path, "not a file of raw records");
    assert_true(raw_write(path, &in, NULL));
    poke(path, 8, 9);
    refuses(path, "its version is 9: this pgdyno reads version 1");
    assert_true(raw_write(path, &in, NULL));
    poke(path, 12, 1);
    refuses(path, "its header is damaged");
    struct err err = {0};
    assert_false(raw_write("/dev/full", &in, &err));
    assert_has(err.text, "No space left on device");
}

/* --- Reports from them -------------------------------------------------------------------------------------------- */

static struct synthetic with_raw(void)
{
    struct synthetic shape = small;
    shape.n_rates = 1;
    shape.rates[0] = (struct rate){RATE_TPS, 400};
    shape.raw = true;
    return shape;
}

static struct facts *facts_of(const struct place *place)
{
    struct facts *facts;
    struct err err = {0};
    if (!facts_read(place->folder, &facts, &err))
        fail_msg("%s: %s", err.where, err.text);
    return facts;
}

/* Nothing that synthetic_transaction() draws is a round number to a histogram; all are whole microseconds here. */
static void test_exact_percentiles(void **state)
{
    struct place *place = *state;
    struct synthetic shape = with_raw();
    synthetic_write(&shape, place->folder, true);
    struct facts *facts = facts_of(place);
    assert_int_equal(facts->n_notices, 0);
    for (size_t i = 0; i < facts->n_trials; i++) {
        assert_true(facts->trials[i].raw);
        assert_int_equal(facts->trials[i].transactions[0].response.p99 % 1000, 0);
        assert_true(facts->trials[i].plain.little.made);
        assert_true(facts->trials[i].plain.little.error < 1e-4);
        assert_true(facts->trials[i].plain.audit.made);
    }
    const struct fact_values *exact = &facts->hists[facts_cell(facts, 0, (struct point){0, 0, 0})][0].exact_response;
    assert_int_equal(exact->n, 8 * 500);
    for (size_t i = 1; i < exact->n; i++)
        assert_true(exact->list[i - 1] <= exact->list[i]);
    facts_free(facts);
    char *table = report(place, false, NULL);
    assert_has(table, "figures of 16 of 16 trials come from raw records: their percentiles are exact\n");
    free(table);
}

/* The same run without them: percentiles agree within a counter's width, counts and means to the digit. */
static void test_raw_and_histograms_agree(void **state)
{
    struct place *place = *state;
    struct synthetic shape = with_raw();
    synthetic_write(&shape, place->folder, true);
    struct facts *exact = facts_of(place);
    char raw[1024];
    snprintf(raw, sizeof raw, "%s/raw", place->folder);
    assert_true(proc_remove_tree(raw, NULL));
    struct facts *rounded = facts_of(place);
    for (size_t i = 0; i < exact->n_trials; i++) {
        const struct dist_summary *a = &exact->trials[i].transactions[0].response,
                                  *b = &rounded->trials[i].transactions[0].response;
        assert_false(rounded->trials[i].raw);
        assert_int_equal(a->count, b->count);
        assert_int_equal(a->max, b->max);
        assert_true(fabs(a->mean - b->mean) < 1e-6 * b->mean);
        assert_true(fabs(a->stddev - b->stddev) < 1e-6 * b->stddev);
        assert_true(fabs((double)(a->p99 - b->p99)) < 0.001 * (double)b->p99);
    }
    facts_free(exact);
    facts_free(rounded);
}

static void raw_path(const struct place *place, int block, char *path, size_t size)
{
    snprintf(path, size, "%s/raw/none.pool8.rc.400s.b%d.rec", place->folder, block);
}

static void test_disagreement_is_said(void **state)
{
    struct place *place = *state;
    struct synthetic shape = with_raw();
    char path[1024];
    synthetic_write(&shape, place->folder, true);
    raw_path(place, 2, path, sizeof path);
    for (long i = 0; i < 20; i++)
        poke(path, 96 + 32 * i + 31, RECORD_FAILED);
    raw_path(place, 3, path, sizeof path);
    assert_int_equal(truncate(path, 96 + 64), 0);
    char *table = report(place, false, NULL);
    assert_has(table, "raw records of trial 3 differ from what trials.jsonl says of it: the raw records count\n");
    assert_has(table, "note: raw/none.pool8.rc.400s.b3.rec is not used: cut short: it holds 2 of 1000 records");
    assert_has(table, "figures of 15 of 16 trials come from raw records");
    free(table);
}

static void test_full_disk_of_raw(void **state)
{
    struct place *place = *state;
    static struct synthetic_run run;
    struct synthetic shape = with_raw();
    struct store *store;
    struct err err = {0};
    char path[1024];
    synthetic_workload(&shape, &run);
    assert_true(store_create(place->folder, &store, &err));
    store_keep_raw(store);
    snprintf(path, sizeof path, "%s/raw", place->folder);
    assert_int_equal(mkdir(path, 0777), 0);
    raw_path(place, 2, path, sizeof path);
    assert_int_equal(symlink("/dev/full", path), 0);
    assert_false(synthetic_fill(&shape, store, &run, &err));
    assert_has(err.where, "none.pool8.rc.400s.b2.rec");
    assert_has(err.text, "--raw");
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST(test_round_trip),
        PLACE_TEST(test_bytes),
        PLACE_TEST(test_damage),
        PLACE_TEST(test_exact_percentiles),
        PLACE_TEST(test_raw_and_histograms_agree),
        PLACE_TEST(test_disagreement_is_said),
        PLACE_TEST(test_full_disk_of_raw),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

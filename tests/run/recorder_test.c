/* Two recorders on an invented clock: what the window takes, and how seconds become a timeline. */
#include <string.h>

#include "run/recorder.h"
#include "run/retry.h"
#include "run/timeline.h"
#include "unit.h"

#define START     (100 * NS_PER_S)
#define RAW_BYTES (64 * sizeof(struct record))
#define MS        NS_PER_MS

static const struct step steps[] = {{.kind = STEP_SQL}};
static const struct statement statements[] = {{.number = 1}};
static const struct transaction transactions[] = {
    {.name = "a", .weight = 1, .n_statements = 1, .statements = statements, .steps = steps, .n_steps = 1},
    {.name = "b", .weight = 1},
};

static void open_window(struct window *window, int64_t start_ns, int64_t length_ns)
{
    atomic_init(&window->start_ns, start_ns);
    atomic_init(&window->end_ns, start_ns + length_ns);
}

static void record(struct recorder *recorder, int transaction, int64_t intended_ns, int64_t done_ns, bool ok)
{
    struct outcome outcome = {.transaction = transaction,
                              .status = ok ? RECORD_OK : RECORD_FAILED,
                              .attempts = 1,
                              .intended_ns = intended_ns,
                              .lag_ns = 1000,
                              .service_ns = done_ns - intended_ns - 1000};
    recorder_tick(recorder, done_ns);
    recorder_outcome(recorder, &outcome);
}

static void test_window_counts_by_intended_start(void **state)
{
    (void)state;
    struct window window;
    struct recorder recorder;
    open_window(&window, START, 2 * NS_PER_S);
    assert_true(recorder_init(&recorder, transactions, 2, &window, RAW_BYTES, NULL));
    record(&recorder, 0, START - MS, START + MS, true); /* began in the warm-up */
    record(&recorder, 0, START, START + 3 * MS, true);
    record(&recorder, 0, START + NS_PER_S, START + NS_PER_S + MS, false);       /* a failure is a response too */
    record(&recorder, 0, START + 2 * NS_PER_S - 1, START + 5 * NS_PER_S, true); /* ends in the drain */
    record(&recorder, 0, START + 2 * NS_PER_S, START + 6 * NS_PER_S, true);     /* begins after the end */
    struct outcome censored = {.status = RECORD_CENSORED,
                               .attempts = 1,
                               .intended_ns = START + NS_PER_S,
                               .lag_ns = 1000,
                               .service_ns = 9 * NS_PER_S - 1000};
    recorder_outcome(&recorder, &censored);
    recorder_close(&recorder);
    const struct transaction_result *a = &recorder.transactions[0].result;
    assert_int_equal(a->ok, 2);
    assert_int_equal(a->failed, 1);
    assert_int_equal(a->censored, 1);
    assert_int_equal(a->trial_ok, 4); /* whenever it began */
    assert_int_equal(a->response->total, 4);
    assert_int_equal(a->response->max, 9 * NS_PER_S);
    assert_int_equal(recorder.lag->total, 4);
    assert_int_equal(a->service->total, 4);
    assert_int_equal(a->statements[0].count, 2);
    assert_int_equal(a->statements[0].service->total, 2);
    assert_int_equal(a->statements[0].service->max, 3 * NS_PER_S + 1 - 1000);
    recorder_deinit(&recorder);
}

/* A retried lone statement is not plain: its service and the transaction's differ. */
static void test_lone_statement_that_was_retried(void **state)
{
    (void)state;
    struct window window;
    struct recorder recorder;
    struct outcome outcome = {
        .status = RECORD_OK, .attempts = 2, .intended_ns = START, .service_ns = 10 * MS, .backoff_ns = 2 * MS};
    open_window(&window, START, NS_PER_S);
    assert_true(recorder_init(&recorder, transactions, 2, &window, RAW_BYTES, NULL));
    recorder_tick(&recorder, START);
    recorder_statement(&recorder, 0, 0, 2, START, 3 * MS);
    recorder_outcome(&recorder, &outcome);
    recorder_statement(&recorder, 0, 0, 1, START, 5 * MS); /* the first attempt of another */
    outcome.attempts = 1;
    outcome.service_ns = 5 * MS;
    recorder_outcome(&recorder, &outcome);
    recorder_close(&recorder);
    const struct transaction_result *a = &recorder.transactions[0].result;
    assert_int_equal(a->service->max, 10 * MS);
    assert_int_equal(a->service->total, 2);
    assert_int_equal(a->statements[0].count, 2);
    assert_int_equal(a->statements[0].service->min, 3 * MS);
    assert_int_equal(a->statements[0].service->max, 5 * MS);
    assert_int_equal(a->response->total, 2);
    recorder_deinit(&recorder);
}

/* Nearly sorted, shuffled, and one that is far from its place. */
static void test_records_are_put_in_order(void **state)
{
    (void)state;
    enum {
        N = 5000
    };
    struct record *list[2] = {calloc(N, sizeof **list), calloc(N, sizeof **list)};
    size_t lengths[] = {N, N};
    struct rng rng = rng_at(1, 2, 3, 4);
    for (int i = 0; i < N; i++) {
        list[0][i].intended_ns = 2 * (i ^ 5);
        list[1][i].intended_ns = 1 + 2 * (int64_t)(rng_next(&rng) % N);
    }
    list[0][N - 1].intended_ns = -1;
    records_sort(list[0], N);
    records_sort(list[1], N);
    assert_int_equal(list[0][0].intended_ns, -1);
    struct records all = {.complete = true};
    assert_true(records_merge(list, lengths, 2, &all));
    assert_int_equal(all.n, 2 * N);
    int64_t sum = 0, expected = 0;
    for (size_t i = 0; i < all.n; i++) {
        assert_true(i == 0 || all.list[i].intended_ns >= all.list[i - 1].intended_ns);
        sum += all.list[i].intended_ns;
        expected += list[i / N][i % N].intended_ns;
    }
    assert_int_equal(sum, expected);
    free(all.list);
    free(list[0]);
    free(list[1]);
}

static void test_errors_are_counted_and_the_first_is_kept(void **state)
{
    (void)state;
    struct window window;
    struct recorder recorder;
    open_window(&window, START, NS_PER_S);
    assert_true(recorder_init(&recorder, transactions, 2, &window, RAW_BYTES, NULL));
    recorder_error(&recorder, 0, START - 1, START, SQLSTATE_READ_ONLY, "f:1", "in the warm-up");
    recorder_error(&recorder, 0, START, START + 1, SQLSTATE_SERIALIZATION_FAILURE, "f:2", "first");
    recorder_error(&recorder, 0, START, START + 2, SQLSTATE_SERIALIZATION_FAILURE, "f:2", "second");
    recorder_error(&recorder, 0, START, START + 3, SQLSTATE_DEADLOCK_DETECTED, "f:2", "third");
    recorder_error(&recorder, 1, START, START + 4, 0, NULL, "lost");
    assert_int_equal(recorder.transactions[0].result.serialization_failures, 2);
    assert_int_equal(recorder.transactions[0].result.deadlock_failures, 1);
    assert_int_equal(recorder.transactions[1].result.other_failures, 1);
    assert_int_equal(recorder.n_errors, 3);
    assert_int_equal(recorder.errors[0].count, 2);
    assert_string_equal(recorder.first_error, "f:2: first");
    assert_int_equal(recorder.first_error_code, SQLSTATE_SERIALIZATION_FAILURE);
    recorder_deinit(&recorder);
}

static void take_all(struct timeline *timeline, bool ended, int64_t length_ns, size_t expected)
{
    const struct interval_result *interval;
    do
        assert_true(timeline_take(timeline, ended, length_ns, &interval, NULL));
    while (interval);
    assert_int_equal(timeline->n, expected);
}

static void test_timeline_merges_finished_seconds(void **state)
{
    (void)state;
    const int64_t length = 2500 * MS;
    struct window window;
    struct recorder one, two, *both[] = {&one, &two};
    struct timeline timeline;
    struct trial_result result;
    open_window(&window, START, length);
    assert_true(recorder_init(&one, transactions, 2, &window, RAW_BYTES, NULL) &&
                recorder_init(&two, transactions, 2, &window, RAW_BYTES, NULL));
    assert_true(timeline_init(&timeline, both, 2, NULL));
    for (int i = 0; i < 100; i++)
        record(&one, 0, START + i * 10 * MS, START + i * 10 * MS + 5 * MS, true);
    record(&two, 1, START - MS, START + 6 * MS, false);          /* began in the warm-up: in the timeline only */
    record(&one, 0, START + 1100 * MS, START + 1200 * MS, true); /* hands over the first second */
    take_all(&timeline, false, length, 0);                       /* the other has not */
    record(&two, 1, START + 2000 * MS, START + 2300 * MS, true); /* two seconds at once */
    take_all(&timeline, false, length, 1);
    recorder_close(&one);
    recorder_close(&two);
    take_all(&timeline, true, length, 3);

    trial_result_init(&result);
    timeline_move(&timeline, length, &result);
    const struct interval_result *i = result.intervals;
    assert_int_equal(result.n_intervals, 3);
    assert_int_equal(i[0].all.ok, 100);
    assert_int_equal(i[0].all.failed, 1);
    assert_int_equal(i[0].transactions[0].response.count, 100);
    assert_int_equal(i[0].transactions[0].response.p50, 5 * MS);
    assert_int_equal(i[0].all.response.max, 7 * MS);
    assert_int_equal(i[1].all.ok, 1);
    assert_int_equal(i[1].transactions[0].response.max, 100 * MS);
    assert_int_equal(i[2].all.ok, 1);
    assert_true(i[2].start_s == 2 && i[2].length_s == 0.5);
    trial_result_deinit(&result);
    timeline_deinit(&timeline);
    recorder_deinit(&one);
    recorder_deinit(&two);
}

static void test_timeline_of_a_shortened_window(void **state)
{
    (void)state;
    struct window window;
    struct recorder one, *only[] = {&one};
    struct timeline timeline;
    struct trial_result result;
    open_window(&window, START, 10 * NS_PER_S);
    assert_true(recorder_init(&one, transactions, 2, &window, RAW_BYTES, NULL) && timeline_init(&timeline, only, 1, NULL));
    recorder_roll(&one, START + 6 * NS_PER_S);
    take_all(&timeline, false, 10 * NS_PER_S, 6);
    atomic_store(&window.end_ns, START + 1250 * MS);
    recorder_close(&one);
    take_all(&timeline, true, 1250 * MS, 6);
    trial_result_init(&result);
    timeline_move(&timeline, 1250 * MS, &result);
    assert_int_equal(result.n_intervals, 2);
    assert_true(result.intervals[1].length_s == 0.25);
    trial_result_deinit(&result);
    timeline_deinit(&timeline);
    recorder_deinit(&one);
}

static void test_backoff_has_full_jitter_and_limits(void **state)
{
    (void)state;
    const struct retry_policy policy = {.max_tries = 10, .backoff_min_ns = MS, .backoff_max_ns = 100 * MS};
    struct rng rng = rng_at(1, 2, 3, 4);
    for (int tries = 1; tries < 70; tries++) {
        int64_t limit = tries < 8 ? MS << (tries - 1) : 100 * MS, most = 0;
        limit = limit < 100 * MS ? limit : 100 * MS;
        for (int i = 0; i < 200; i++) {
            int64_t wait = retry_backoff_ns(&policy, tries, &rng);
            assert_true(wait >= 0 && wait < limit);
            most = wait > most ? wait : most;
        }
        assert_true(most > limit / 2);
    }
    assert_int_equal(retry_reconnect_ns(0), 10 * MS);
    assert_int_equal(retry_reconnect_ns(3), 80 * MS);
    assert_int_equal(retry_reconnect_ns(1000), NS_PER_S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_window_counts_by_intended_start),
        cmocka_unit_test(test_lone_statement_that_was_retried),
        cmocka_unit_test(test_records_are_put_in_order),
        cmocka_unit_test(test_errors_are_counted_and_the_first_is_kept),
        cmocka_unit_test(test_timeline_merges_finished_seconds),
        cmocka_unit_test(test_timeline_of_a_shortened_window),
        cmocka_unit_test(test_backoff_has_full_jitter_and_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/view.h"
#include "unit.h"

static struct progress measuring(void)
{
    return (struct progress){.phase = PHASE_MEASURE,
                             .label = "status_prio · pool 8",
                             .done = 4 * NS_PER_S,
                             .total = 8 * NS_PER_S,
                             .trial = 3,
                             .n_trials = 6,
                             .fresh = true,
                             .time_s = 5.0,
                             .tps = 86.9,
                             .latency_avg_ns = 259.117e6,
                             .latency_stddev_ns = 63.863e6,
                             .p95_ns = 301200000,
                             .p99_ns = 340800000,
                             .wait_p99_ns = 12100000,
                             .busy = 16,
                             .connections = 16};
}

static void the_line_is_pgbench_s(void **state)
{
    (void)state;
    struct view_sums sums = {0};
    struct str line = {0};
    struct progress progress = measuring();
    view_add(&sums, &progress);
    view_pgbench_line(&sums, &progress, &line);
    assert_string_equal(str_text(&line),
                        "progress: 5.0 s, 86.9 tps, lat 259.117 ms stddev 63.863, 0 failed, 0 retried, 0 retries"
                        " | p95 301.2 p99 340.8 wait p99 12.1 pool 16/16");
    str_deinit(&line);
}

/* Two seconds: means and deviations pool exactly, percentiles only bound. 100 of 1 ms and 300 of 3 ms: mean 2.5. */
static void seconds_pool(void **state)
{
    (void)state;
    struct view_sums sums = {0};
    struct str line = {0};
    struct progress one = {.time_s = 1,
                           .tps = 100,
                           .latency_avg_ns = 1e6,
                           .p95_ns = 1000000,
                           .p99_ns = 9000000,
                           .failed = 1,
                           .retried = 2,
                           .retries = 3};
    struct progress two = {.time_s = 2,
                           .tps = 300,
                           .latency_avg_ns = 3e6,
                           .p95_ns = 3000000,
                           .p99_ns = 4000000,
                           .failed = 1,
                           .retried = 1,
                           .retries = 1};
    view_add(&sums, &one);
    view_add(&sums, &two);
    view_pgbench_line(&sums, &two, &line);
    assert_string_equal(str_text(&line),
                        "progress: 2.0 s, 200.0 tps, lat 2.500 ms stddev 0.866, 2 failed, 3 retried, 4 retries"
                        " | p95 <=3.0 p99 <=9.0 wait p99 <=0.0 pool 0/0");
    str_deinit(&line);
}

static void a_second_without_transactions_has_no_latency(void **state)
{
    (void)state;
    struct view_sums sums = {0};
    struct str line = {0};
    struct progress idle = {.time_s = 1};
    view_add(&sums, &idle);
    view_pgbench_line(&sums, &idle, &line);
    assert_true(str_starts_with(str_text(&line), "progress: 1.0 s, 0.0 tps, lat 0.000 ms stddev 0.000, 0 failed"));
    str_deinit(&line);
}

static size_t shown(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xC0) != 0x80;
    return count;
}

static void the_live_line_never_wraps(void **state)
{
    (void)state;
    struct view view = {.has_last = true, .last = measuring(), .sweep_started_ns = 1, .first_trial = 1};
    struct progress progress = measuring();
    for (int columns = 1; columns < 140; columns++) {
        struct str line = {0};
        view_line(&view, &progress, 20 * NS_PER_S, columns, &line);
        assert_true(shown(str_text(&line)) <= (size_t)columns);
        str_deinit(&line);
    }
}

/* Two and a half trials of six took 20 s, so the other three and a half take 28. */
static void the_live_line_tells_what_is_left(void **state)
{
    (void)state;
    struct view view = {.has_last = true, .last = measuring(), .sweep_started_ns = 1, .first_trial = 1};
    struct progress progress = measuring();
    struct str line = {0};
    view_line(&view, &progress, 20 * NS_PER_S, 200, &line);
    assert_string_equal(str_text(&line), "trial 3 of 6  measuring status_prio · pool 8  [##########>         ]"
                                         "  87 tx/s  p99 341 ms  wait 12.1 ms  pool 16/16  28.0 s left");
    str_deinit(&line);
}

static void seeding_counts_rows(void **state)
{
    (void)state;
    struct view view = {0};
    struct str line = {0};
    struct progress progress = {
        .phase = PHASE_SEED, .label = "tasks", .done = 25000, .total = 100000, .phase_elapsed_ns = NS_PER_S};
    view_line(&view, &progress, NS_PER_S, 200, &line);
    assert_string_equal(str_text(&line),
                        "seeding tasks  [#####>              ] 25,000 of 100,000 rows  25,000/s  3.0 s left");
    str_deinit(&line);
}

/* Not a terminal: no escape sequences, a line a phase. */
static void a_file_gets_plain_lines(void **state)
{
    (void)state;
    char text[512] = "";
    FILE *file = tmpfile();
    struct view view;
    assert_non_null(file);
    view_init(&view, file, false, 1);
    struct progress_sink sink = view_sink(&view);
    struct progress seeding = {.phase = PHASE_SEED, .label = "tasks", .total = 1000};
    struct progress trial = measuring();
    sink.update(sink.user, &seeding);
    sink.update(sink.user, &seeding);
    sink.update(sink.user, &trial);
    view_clear(&view);
    rewind(file);
    size_t len = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[len] = '\0';
    assert_null(strchr(text, '\033'));
    assert_null(strchr(text, '\r'));
    assert_true(str_starts_with(text, "seeding tasks: 1,000 rows\nprogress: 5.0 s, 86.9 tps"));
}

/* On somebody's server nothing is started, and an empty table has a name too. */
static void steps_say_what_they_do(void **state)
{
    (void)state;
    char text[512] = "";
    FILE *file = tmpfile();
    struct view view;
    assert_non_null(file);
    view_init(&view, file, false, 0);
    struct progress_sink sink = view_sink(&view);
    sink.update(sink.user, &(struct progress){.phase = PHASE_SERVER, .label = "connecting"});
    sink.update(sink.user, &(struct progress){.phase = PHASE_SEED, .label = "none", .total = 0});
    sink.update(sink.user, &(struct progress){.phase = PHASE_SEED, .label = "one", .total = 1});
    view_clear(&view);
    rewind(file);
    size_t len = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[len] = '\0';
    assert_string_equal(text, "connecting\nseeding none: 0 rows\nseeding one: 1 row\n");
}

static void measured(struct transaction_result *transaction, struct trial_result *trial)
{
    trial_result_init(trial);
    assert_true(transaction_result_init(transaction, 0));
    for (int i = 0; i < 100; i++) {
        hist_record(transaction->response, 5 * NS_PER_MS);
        hist_record(transaction->pool_wait, 3 * NS_PER_MS);
    }
    transaction->ok = 90;
    transaction->timed_out = 8;
    transaction->failed = 2;
    trial->transactions = transaction;
    trial->n_transactions = 1;
    trial->order = 4;
    trial->rate = 1;
    trial->duration_ns = NS_PER_S;
    trial->clients = trial->connections = 5;
    trial->rate_tps = 100;
    trial->complete = trial->valid = true;
    trial->verdict = VERDICT_OVERLOADED;
}

/* Where transactions queue, a trial's line tells the rate, the wait, who gave up, and that it was too much. */
static void a_trial_tells_its_queue(void **state)
{
    (void)state;
    static const struct variant none = {.name = "none"};
    static const int pools[] = {5};
    static const enum isolation isolations[] = {ISOLATION_READ_COMMITTED};
    static const struct rate rates[] = {{RATE_CLOSED, 0}, {RATE_TPS, 100}};
    struct workload workload = {.variants = &none, .n_variants = 1, .sweep = {pools, 1, isolations, 1, rates, 2}};
    struct transaction_result transaction;
    struct trial_result trial;
    char text[512] = "";
    FILE *file = tmpfile();
    struct view view;
    assert_non_null(file);
    view_init(&view, file, false, 0);
    measured(&transaction, &trial);
    view_trial(&view, &workload, &trial, 12);
    rewind(file);
    size_t len = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[len] = '\0';
    assert_string_equal(text,
                        "trial 5 of 12: none · 100/s: 90 tx/s, p99 5.00 ms, wait p99 3.00 ms, 8 timed out, 2 failed,"
                        " overloaded\n");
    transaction_result_deinit(&transaction);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_line_is_pgbench_s),
        cmocka_unit_test(seconds_pool),
        cmocka_unit_test(a_second_without_transactions_has_no_latency),
        cmocka_unit_test(the_live_line_never_wraps),
        cmocka_unit_test(the_live_line_tells_what_is_left),
        cmocka_unit_test(seeding_counts_rows),
        cmocka_unit_test(steps_say_what_they_do),
        cmocka_unit_test(a_file_gets_plain_lines),
        cmocka_unit_test(a_trial_tells_its_queue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

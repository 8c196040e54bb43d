/* Outages in timelines made by hand: one transaction each 10 ms but for what a test takes away. */
#include <stdlib.h>

#include "base/clock.h"
#include "run/outage.h"
#include "unit.h"

#define MS NS_PER_MS

enum {
    RATE = 100,
    SECONDS = 8,
    ALL = RATE * SECONDS
};

struct timeline {
    struct record records[ALL];
    struct interval_result intervals[SECONDS];
    struct trial_result trial;
};

/* Transactions are due each 10 ms and take 3. What would end from `away_ns` to `back_ns` ends when the service is back,
 * `each_ns` after the one before. */
static void make(struct timeline *timeline, int64_t away_ns, int64_t back_ns, int64_t each_ns)
{
    int64_t late_ns = back_ns;
    *timeline = (struct timeline){0};
    for (int i = 0; i < ALL; i++) {
        int64_t intended_ns = i * 10 * MS + 2 * MS, end_ns = intended_ns + 3 * MS;
        if (end_ns >= away_ns && end_ns < late_ns) {
            end_ns = late_ns;
            late_ns += each_ns;
        }
        timeline->records[i] = (struct record){
            .intended_ns = intended_ns, .pool_wait_ns = end_ns - intended_ns - 3 * MS, .service_ns = 3 * MS};
        if (end_ns < SECONDS * NS_PER_S)
            timeline->intervals[end_ns / NS_PER_S].all.ok++;
    }
    for (int i = 0; i < SECONDS; i++)
        timeline->intervals[i].length_s = 1;
    timeline->trial = (struct trial_result){
        .duration_ns = SECONDS * NS_PER_S,
        .rate_tps = RATE,
        .records = {.list = timeline->records, .n = ALL, .complete = true},
        .intervals = timeline->intervals,
        .n_intervals = SECONDS,
    };
}

static const struct outage *found(struct timeline *timeline)
{
    assert_true(outage_find(&timeline->trial));
    return &timeline->trial.outage;
}

#define assert_near(a, b, by) assert_true((a) > (b) - (by) && (a) < (b) + (by))

static void all_is_well(void **state)
{
    (void)state;
    struct timeline timeline;
    make(&timeline, INT64_MAX, 0, 0);
    const struct outage *outage = found(&timeline);
    assert_true(outage->made);
    assert_int_equal(outage->seconds, 0);
    assert_true(outage->gap_s < 0.02 && outage->back_s >= 0 && outage->back_s < 0.02);
    assert_near(outage->full_tps, RATE, 1);
}

/* A long queue: whoever ends in the first two seconds came before the window, and has no record. */
static void a_full_queue_is_no_outage(void **state)
{
    (void)state;
    struct timeline timeline;
    make(&timeline, INT64_MAX, 0, 0);
    for (int i = 0; i < 2 * RATE; i++)
        timeline.records[i].status = RECORD_TIMED_OUT;
    const struct outage *outage = found(&timeline);
    assert_int_equal(outage->seconds, 0);
    assert_true(outage->gap_s < 0.05);
}

static void a_gap_of_two_and_a_half_seconds(void **state)
{
    (void)state;
    struct timeline timeline;
    make(&timeline, 1500 * MS, 4000 * MS, 2 * MS);
    const struct outage *outage = found(&timeline);
    assert_int_equal(outage->seconds, 2); /* the third and the fourth */
    assert_near(outage->gap_from_s, 1.5, 0.015);
    assert_near(outage->gap_s, 2.5, 0.015);
    assert_near(outage->back_s, 2.5, 0.02);
}

/* Back, but at half of the rate until the end: the queue only grows. */
static void never_back_at_full_rate(void **state)
{
    (void)state;
    struct timeline timeline;
    make(&timeline, 1500 * MS, 3000 * MS, 20 * MS);
    const struct outage *outage = found(&timeline);
    assert_int_equal(outage->seconds, 1);
    assert_near(outage->gap_s, 1.5, 0.015);
    assert_true(outage->back_s == -1);
}

static void away_until_the_end(void **state)
{
    (void)state;
    struct timeline timeline;
    make(&timeline, 5000 * MS, INT64_MAX / 2, MS);
    const struct outage *outage = found(&timeline);
    assert_int_equal(outage->seconds, 3);
    assert_near(outage->gap_s, 3, 0.02);
    assert_true(outage->back_s == -1);
}

/* No success, but nobody was there to have one. */
static void nothing_was_due(void **state)
{
    (void)state;
    struct timeline timeline;
    make(&timeline, INT64_MAX, 0, 0);
    struct records *records = &timeline.trial.records;
    size_t n = 0;
    for (size_t i = 0; i < records->n; i++)
        if (records->list[i].intended_ns / NS_PER_S != 3 && records->list[i].intended_ns / NS_PER_S != 4)
            records->list[n++] = records->list[i];
    records->n = n;
    timeline.intervals[3].all.ok = timeline.intervals[4].all.ok = 0;
    const struct outage *outage = found(&timeline);
    assert_int_equal(outage->seconds, 0);
    assert_true(outage->gap_s < 0.02);
}

static void failures_are_no_successes(void **state)
{
    (void)state;
    struct timeline timeline;
    make(&timeline, INT64_MAX, 0, 0);
    for (int i = 2 * RATE; i < 4 * RATE; i++)
        timeline.records[i].status = RECORD_FAILED;
    timeline.intervals[2].all.ok = timeline.intervals[3].all.ok = 0;
    const struct outage *outage = found(&timeline);
    assert_int_equal(outage->seconds, 2);
    assert_near(outage->gap_s, 2, 0.015);
    assert_near(outage->back_s, 2, 0.015);
}

static void seconds_alone_tell_without_records(void **state)
{
    (void)state;
    struct timeline timeline;
    make(&timeline, 1500 * MS, 4000 * MS, 2 * MS);
    timeline.trial.records.complete = false;
    const struct outage *outage = found(&timeline);
    assert_int_equal(outage->seconds, 2);
    assert_near(outage->gap_from_s, 2, 0.001);
    assert_near(outage->gap_s, 2, 0.001);
    assert_near(outage->back_s, 2, 0.001);
}

static void too_few_to_tell(void **state)
{
    (void)state;
    struct timeline timeline;
    make(&timeline, 1500 * MS, 4000 * MS, 2 * MS);
    for (int i = 0; i < SECONDS; i++)
        timeline.intervals[i].all.ok /= 20;
    assert_false(found(&timeline)->made);
}

/* The second in which it stands still began with some from before the window: they were over by then. */
static void early_successes_hide_no_gap(void **state)
{
    (void)state;
    struct timeline timeline;
    make(&timeline, 300 * MS, 600 * MS, MS);
    timeline.intervals[0].all.ok += 30;
    const struct outage *outage = found(&timeline);
    assert_near(outage->gap_from_s, 0.3, 0.015);
    assert_near(outage->gap_s, 0.3, 0.015);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_well),
        cmocka_unit_test(a_full_queue_is_no_outage),
        cmocka_unit_test(a_gap_of_two_and_a_half_seconds),
        cmocka_unit_test(never_back_at_full_rate),
        cmocka_unit_test(away_until_the_end),
        cmocka_unit_test(nothing_was_due),
        cmocka_unit_test(failures_are_no_successes),
        cmocka_unit_test(seconds_alone_tell_without_records),
        cmocka_unit_test(too_few_to_tell),
        cmocka_unit_test(early_successes_hide_no_gap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Which trials are believed, and in which words they are not. */
#include <string.h>

#include "../../bench/run/session.h"
#include "base/clock.h"
#include "simulate.h"
#include "unit.h"

static const struct transaction transactions[] = {{.name = "pay"}};
static const struct setting reader[] = {{"role", "reader"}};
static const struct variant variants[] = {{.name = "plain"},
                                          {.name = "careful", .pool = {.pre_ping = true}},
                                          {.name = "reading", .settings = reader, .n_settings = 1}};
static const struct check checks[] = {{.name = "sum", .sql = "SELECT true"}};
static const struct workload workload = {
    .transactions = transactions,
    .n_transactions = 1,
    .variants = variants,
    .n_variants = 3,
    .n_checks = 1,
    .checks = checks,
    .measure = {.duration_ns = 8000000000},
    .retry = {.max_tries = 3},
};
static struct state_print first = {.rows = 1000, .pages = 100, .dead = 0};

/* A trial without a fault, on a server of which it is only known whether it is private. */
struct bench {
    bool has_first;
    struct session session;
    struct transaction_result transaction;
    struct trial_result trial;
};

static void good(struct bench *bench)
{
    *bench = (struct bench){.session = {.workload = &workload, .first_prints = &first},
                            .transaction = {.ok = 5000},
                            .trial = {.complete = true,
                                      .duration_ns = 8000000000,
                                      .clients = 4,
                                      .connections = 4,
                                      .n_transactions = 1,
                                      .total_commits = 5000}};
    bench->session.has_first_print = &bench->has_first;
    bench->trial.transactions = &bench->transaction;
}

static void stat(struct bench *bench, enum serverstat_id id, int64_t value)
{
    bench->trial.server.has[id] = true;
    bench->trial.server.value[id] = value;
}

/* None is lost: scheduled is what has become of them. */
static void judge(struct bench *bench, bool examined, const struct state_print *before)
{
    const struct transaction_result *result = &bench->transaction;
    bench->trial.scheduled = result->ok + result->failed + result->timed_out + result->censored;
    judge_trial(&bench->session, before, examined, &bench->trial);
}

static void judged(struct bench *bench, bool examined, const struct state_print *before, bool valid, const char *words)
{
    struct trial_result *trial = &bench->trial;
    judge(bench, examined, before);
    assert_int_equal(trial->valid, valid);
    assert_int_equal(trial->verdict, valid ? VERDICT_VALID : VERDICT_INVALID);
    assert_string_equal(trial->reason, valid ? "" : trial->warnings[0]);
    assert_int_equal(trial->n_warnings, words ? 1 : 0);
    if (words && !strstr(trial->warnings[0], words))
        fail_msg("\"%s\" is not in: %s", words, trial->warnings[0]);
}

static void nothing_to_say(void **state)
{
    (void)state;
    struct bench bench;
    good(&bench);
    bench.has_first = true;
    judged(&bench, true, &first, true, NULL);
}

static void cut_short(void **state)
{
    (void)state;
    struct bench bench;
    good(&bench);
    bench.trial.complete = false;
    bench.trial.duration_ns = 2500000000;
    judged(&bench, true, &first, false, "measured 2.5 s of 8.0 s");
}

static void still_running(void **state)
{
    (void)state;
    struct bench bench;
    good(&bench);
    bench.transaction.censored = 2;
    judged(&bench, true, &first, true, "2 transactions still ran");
}

static void not_examined(void **state)
{
    (void)state;
    struct bench bench;
    good(&bench);
    judged(&bench, false, &first, false, "checks were not evaluated");
}

static void broken(void **state)
{
    (void)state;
    struct bench bench;
    good(&bench);
    strcpy(bench.trial.broken_check, "sum");
    judged(&bench, true, &first, true, NULL); /* measured well, of a level that is wrong */
    assert_string_equal(bench.trial.broken_check, "sum");
}

static void surprising_errors(void **state)
{
    (void)state;
    struct bench bench;
    good(&bench);
    bench.trial.errors[0] = (struct sqlstate_count){sqlstate_parse("23505"), 12};
    bench.trial.n_errors = 1;
    bench.trial.first_error_code = bench.trial.errors[0].code;
    strcpy(bench.trial.first_error, "duplicate key");
    judged(&bench, true, &first, false, "12 attempts failed with 23505");
    good(&bench);
    bench.trial.errors[0] = (struct sqlstate_count){0, 1};
    bench.trial.n_errors = 1;
    judged(&bench, true, &first, false, "1 connection was lost");
}

/* A message of one kind of failure explains no other. */
static void each_message_with_its_own_kind(void **state)
{
    (void)state;
    struct bench bench;
    good(&bench);
    bench.trial.errors[0] = (struct sqlstate_count){sqlstate_parse("22012"), 7};
    bench.trial.errors[1] = (struct sqlstate_count){sqlstate_parse("23505"), 12};
    bench.trial.n_errors = 2;
    bench.trial.first_error_code = sqlstate_parse("23505");
    strcpy(bench.trial.first_error, "duplicate key");
    judge(&bench, true, &first);
    assert_int_equal(bench.trial.n_warnings, 2);
    assert_string_equal(bench.trial.reason, bench.trial.warnings[0]);
    assert_string_equal(bench.trial.warnings[0], "7 attempts failed with 22012 division_by_zero");
    assert_string_equal(bench.trial.warnings[1], "12 attempts failed with 23505 unique_violation: duplicate key");
    good(&bench);
    bench.trial.errors[0] = (struct sqlstate_count){sqlstate_parse("22012"), 7, "w.yaml:3: division by zero"};
    bench.trial.n_errors = 1;
    judged(&bench, true, &first, false, "7 attempts failed with 22012 division_by_zero: w.yaml:3: division by zero");
    good(&bench);
    bench.trial.errors[0] = (struct sqlstate_count){sqlstate_parse("22012"), 1};
    bench.trial.n_errors = 1;
    judged(&bench, true, &first, false, "1 attempt failed with 22012");
}

static void conflicts_are_no_surprise(void **state)
{
    (void)state;
    struct bench bench;
    good(&bench);
    bench.trial.errors[0] = (struct sqlstate_count){SQLSTATE_SERIALIZATION_FAILURE, 12};
    bench.trial.errors[1] = (struct sqlstate_count){SQLSTATE_DEADLOCK_DETECTED, 2};
    bench.trial.n_errors = 2;
    bench.transaction.serialization_failures = 12;
    judged(&bench, true, &first, true, NULL);
    bench.transaction.failed = 4;
    judged(&bench, true, &first, true, "pay: 4 transactions gave up (max_tries is 3)");
}

/* A variant that gives its sessions a role is there to show what it may not do. */
static void a_role_is_refused(void **state)
{
    (void)state;
    struct bench bench;
    good(&bench);
    bench.trial.errors[0] = (struct sqlstate_count){SQLSTATE_NOT_PERMITTED, 12};
    bench.trial.n_errors = 1;
    bench.transaction.failed = 12;
    bench.trial.variant = 2;
    bench.session.has_first_print = (bool[]){false, false, false};
    judged(&bench, true, &first, true, "12 attempts were refused to role reader (42501)");
    good(&bench);
    bench.trial.errors[0] = (struct sqlstate_count){SQLSTATE_NOT_PERMITTED, 12};
    bench.trial.n_errors = 1;
    judged(&bench, true, &first, false, "12 attempts failed with 42501");
}

static void nothing_succeeded(void **state)
{
    (void)state;
    struct bench bench;
    good(&bench);
    bench.transaction.ok = 0;
    judged(&bench, true, &first, false, "no transaction succeeded");
}

static void the_server_was_busy_otherwise(void **state)
{
    (void)state;
    struct bench bench;
    good(&bench);
    stat(&bench, STAT_CHECKPOINTS, 1);
    judged(&bench, true, &first, true, "1 checkpoint during");
    good(&bench);
    stat(&bench, STAT_AUTOVACUUM_COUNT, 2);
    judged(&bench, true, &first, true, "2 autovacuums during");
}

static void counts_disagree(void **state)
{
    (void)state;
    struct bench bench;
    good(&bench);
    stat(&bench, STAT_XACT_COMMIT, 4999);
    judged(&bench, true, &first, true, NULL);         /* somebody's server: others may commit there */
    bench.session.cluster = (struct cluster *)&bench; /* never looked into */
    judged(&bench, true, &first, true, "4999 commits, pgdyno 5000");
    good(&bench);
    bench.session.cluster = (struct cluster *)&bench;
    stat(&bench, STAT_XACT_COMMIT, 5040);
    judged(&bench, true, &first, true, NULL);
}

/* Each parallel worker commits, for the server's counters; but nobody commits less than we do. */
static void workers_commit_too(void **state)
{
    (void)state;
    struct bench bench;
    good(&bench);
    bench.session.cluster = (struct cluster *)&bench;
    bench.session.parallel = true;
    stat(&bench, STAT_XACT_COMMIT, 15000);
    judged(&bench, true, &first, true, NULL);
    good(&bench);
    bench.session.cluster = (struct cluster *)&bench;
    bench.session.parallel = true;
    stat(&bench, STAT_XACT_COMMIT, 4990);
    judged(&bench, true, &first, true, "the server counted 4990 commits, pgdyno 5000");
}

static void another_state(void **state)
{
    (void)state;
    struct bench bench;
    struct state_print now = first;
    good(&bench);
    now.rows = 1001;
    judged(&bench, true, &now, true, NULL); /* it is the first */
    bench.has_first = true;
    judged(&bench, true, &now, true, "began with 1001 rows");
    good(&bench);
    bench.has_first = true;
    now = (struct state_print){.rows = 1000, .pages = 130};
    judged(&bench, true, &now, true, NULL); /* parallel COPY varies so much */
    now.pages = 166;
    judged(&bench, true, &now, true, "began with 166 pages");
    good(&bench);
    bench.has_first = true;
    now = (struct state_print){.rows = 1000, .pages = 100, .dead = 50};
    judged(&bench, true, &now, true, "began with 50 dead rows");
}

/* --- Did pgdyno do what it says? ---------------------------------------------------------------------------------- */

/* A simulated trial that says of itself what the driver would. */
struct measured {
    struct bench bench;
    struct workload workload;
};

static void take_in(struct measured *measured, struct trial_result *simulated)
{
    struct trial_result *trial = &measured->bench.trial;
    good(&measured->bench);
    measured->workload = workload;
    measured->bench.session.workload = &measured->workload;
    assert_true(transaction_result_init(&measured->bench.transaction, 0));
    simulate_histograms(&simulated->records, &measured->bench.transaction);
    *trial = *simulated;
    trial->complete = true;
    trial->transactions = &measured->bench.transaction;
    trial->n_transactions = 1;
    measured->workload.measure.duration_ns = trial->duration_ns;
    trial->harness_lag = (struct dist_summary){.count = trial->scheduled, .mean = 3000, .p50 = 3000, .p99 = 9000};
}

static void measure_open(struct measured *measured, double rate_tps, int servers, int64_t service_ns)
{
    struct simulation simulation = {
        .rate_tps = rate_tps, .service_ns = service_ns, .servers = servers, .duration_ns = 8 * NS_PER_S, .seed = 42};
    struct trial_result trial = {0};
    simulate(&simulation, &trial);
    take_in(measured, &trial);
}

static void release(struct measured *measured)
{
    free(measured->bench.trial.records.list);
    measured->bench.trial.transactions = NULL;
    transaction_result_deinit(&measured->bench.transaction);
}

static void says(struct measured *measured, enum verdict verdict, const char *words)
{
    struct trial_result *trial = &measured->bench.trial;
    judge_trial(&measured->bench.session, &first, true, trial);
    if (trial->verdict != verdict || !strstr(trial->reason, words))
        fail_msg("%s (%s) instead of %s (%s)", verdict_name(trial->verdict), trial->reason, verdict_name(verdict),
                 words);
    assert_int_equal(trial->valid, verdict != VERDICT_INVALID);
    release(measured);
}

static void a_rate_that_is_carried(void **state)
{
    (void)state;
    struct measured measured;
    measure_open(&measured, 300, 8, 10 * NS_PER_MS);
    judge_trial(&measured.bench.session, &first, true, &measured.bench.trial);
    assert_int_equal(measured.bench.trial.n_warnings, 0);
    assert_true(measured.bench.trial.audit.made && measured.bench.trial.audit.passed);
    assert_true(measured.bench.trial.little.made);
    assert_true(measured.bench.trial.little.error < 1e-9);
    release(&measured);
    measure_open(&measured, 300, 8, 10 * NS_PER_MS);
    says(&measured, VERDICT_VALID, "");
}

/* What the pool does is the variant's, not the file's. */
static void a_variant_that_pings(void **state)
{
    (void)state;
    struct measured measured;
    struct state_print prints[2] = {first, first};
    bool has_first[2] = {false, false};
    measure_open(&measured, 300, 8, 10 * NS_PER_MS);
    measured.bench.session.first_prints = prints;
    measured.bench.session.has_first_print = has_first;
    measured.bench.trial.variant = 1;
    judge_trial(&measured.bench.session, &first, true, &measured.bench.trial);
    assert_false(measured.bench.trial.audit.made);
    assert_non_null(strstr(measured.bench.trial.audit.why_not, "pre_ping"));
    release(&measured);
}

static void one_is_lost(void **state)
{
    (void)state;
    struct measured measured;
    measure_open(&measured, 300, 8, 10 * NS_PER_MS);
    measured.bench.trial.scheduled++;
    says(&measured, VERDICT_INVALID, "a defect of pgdyno");
}

static void others_than_were_asked_for(void **state)
{
    (void)state;
    struct measured measured;
    measure_open(&measured, 300, 8, 10 * NS_PER_MS);
    measured.bench.trial.rate_tps = 350;
    says(&measured, VERDICT_INVALID, "arrived instead of about 2800");
}

/* 5 % of 10 ms may be its p99, 2 % of the response its mean; 20 µs at least. */
static void late_with_a_rate(void **state)
{
    (void)state;
    struct measured measured;
    measure_open(&measured, 300, 8, 10 * NS_PER_MS);
    measured.bench.trial.harness_lag.p99 = 480 * NS_PER_US;
    says(&measured, VERDICT_VALID, "");
    measure_open(&measured, 300, 8, 10 * NS_PER_MS);
    measured.bench.trial.harness_lag.p99 = 520 * NS_PER_US;
    says(&measured, VERDICT_INVALID, "harness lag p99 is 0.520 ms");
    measure_open(&measured, 300, 8, 10 * NS_PER_MS);
    measured.bench.trial.harness_lag.mean = 300e3;
    says(&measured, VERDICT_INVALID, "harness lag is 0.300 ms on average");
    measure_open(&measured, 300, 8, NS_PER_MS / 10);
    measured.bench.trial.harness_lag.mean = 19e3;
    says(&measured, VERDICT_VALID, "");
}

/* Nothing to be late for: a word, until pgdyno cannot have been at work all that time. */
static void late_in_a_closed_loop(void **state)
{
    (void)state;
    static const struct {
        int64_t service_ns, p99_ns;
        bool valid, word;
    } rows[] = {
        /* as measured at 1, 16 and 64 connections, undisturbed */
        {66 * NS_PER_US, 7 * NS_PER_US, true, false},
        {215 * NS_PER_US, 342 * NS_PER_US, true, true},
        {867 * NS_PER_US, 1849 * NS_PER_US, true, true},
        {8 * NS_PER_MS, 10 * NS_PER_MS, true, true},
        /* and at 64 with a busy loop on the driver's core */
        {555 * NS_PER_US, 4766 * NS_PER_US, false, true},
        {1083 * NS_PER_US, 6199 * NS_PER_US, false, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct measured measured;
        measure_open(&measured, 300, 8, rows[i].service_ns);
        struct trial_result *trial = &measured.bench.trial;
        trial->rate_tps = 0;
        trial->connections = trial->clients = 64;
        trial->harness_lag.p99 = rows[i].p99_ns;
        judge_trial(&measured.bench.session, &first, true, trial);
        if (trial->valid != rows[i].valid || (trial->n_warnings > 0) != rows[i].word)
            fail_msg("row %zu: %s, %zu warnings (%s)", i, verdict_name(trial->verdict), trial->n_warnings,
                     trial->warnings[0]);
        assert_in_range(trial->n_warnings, 0, 1);
        release(&measured);
    }
}

static void without_a_core(void **state)
{
    (void)state;
    struct measured measured;
    measure_open(&measured, 300, 8, 10 * NS_PER_MS);
    measured.bench.session.target.host = "192.0.2.1"; /* nobody's: RFC 5737 */
    measured.bench.trial.run_delay_ns = 100 * NS_PER_MS;
    says(&measured, VERDICT_INVALID, "waited 1.2 % of the window for a core");
    measure_open(&measured, 300, 8, 10 * NS_PER_MS);
    measured.bench.session.target.host = "/tmp";
    measured.bench.trial.run_delay_ns = 100 * NS_PER_MS;
    judge_trial(&measured.bench.session, &first, true, &measured.bench.trial);
    assert_int_equal(measured.bench.trial.n_warnings, 0);
    release(&measured);
    measure_open(&measured, 300, 8, 10 * NS_PER_MS);
    measured.bench.session.target.host = "/tmp";
    measured.bench.trial.run_delay_ns = 900 * NS_PER_MS;
    judge_trial(&measured.bench.session, &first, true, &measured.bench.trial);
    assert_int_equal(measured.bench.trial.verdict, VERDICT_VALID);
    assert_non_null(strstr(measured.bench.trial.warnings[0], "11.2 % of the window"));
    release(&measured);
}

static void a_wait_of_our_own(void **state)
{
    (void)state;
    struct measured measured;
    measure_open(&measured, 300, 8, 10 * NS_PER_MS);
    for (size_t i = 0; i < measured.bench.trial.records.n; i += 50)
        measured.bench.trial.records.list[i].pool_wait_ns += 2 * NS_PER_MS;
    hist_clear(measured.bench.transaction.response);
    hist_clear(measured.bench.transaction.service);
    hist_clear(measured.bench.transaction.pool_wait);
    measured.bench.transaction.ok = 0;
    simulate_histograms(&measured.bench.trial.records, &measured.bench.transaction);
    says(&measured, VERDICT_INVALID, "replay: 1 %");
}

static void records_and_histograms_disagree(void **state)
{
    (void)state;
    struct measured measured;
    measure_open(&measured, 300, 8, 10 * NS_PER_MS);
    measured.bench.transaction.response->sum *= 1.0005;
    says(&measured, VERDICT_VALID, "");
    measure_open(&measured, 300, 8, 10 * NS_PER_MS);
    measured.bench.transaction.response->sum *= 1.002;
    says(&measured, VERDICT_INVALID, "Little's law is off by 0.20 %");
}

static void no_room_for_records(void **state)
{
    (void)state;
    struct measured measured;
    measure_open(&measured, 300, 8, 10 * NS_PER_MS);
    struct trial_result *trial = &measured.bench.trial;
    trial->records.complete = false;
    judge_trial(&measured.bench.session, &first, true, trial);
    assert_int_equal(trial->n_warnings, 0); /* none were wanted */
    measured.workload.measure.raw_bytes = 32000;
    trial->records.n = 1000;
    judge_trial(&measured.bench.session, &first, true, trial);
    assert_int_equal(trial->verdict, VERDICT_VALID);
    assert_int_equal(trial->n_warnings, 1);
    assert_non_null(strstr(trial->warnings[0], "raw records of 1000 of 2"));
    assert_false(trial->audit.made || trial->little.made);
    release(&measured);
}

/* --- What the figures can be used for ----------------------------------------------------------------------------- */

static void more_than_is_carried(void **state)
{
    (void)state;
    struct measured measured;
    measure_open(&measured, 230, 2, 10204082);
    says(&measured, VERDICT_OVERLOADED, "/s: ");
    measure_open(&measured, 230, 2, 10204082);
    measured.bench.trial.harness_lag.p99 = NS_PER_S; /* the heavier verdict stands, the other is still told */
    judge_trial(&measured.bench.session, &first, true, &measured.bench.trial);
    assert_int_equal(measured.bench.trial.verdict, VERDICT_INVALID);
    assert_int_equal(measured.bench.trial.n_warnings, 2);
    assert_non_null(strstr(measured.bench.trial.warnings[1], "offered 230/s, carried 19"));
    release(&measured);
}

static void too_short(void **state)
{
    (void)state;
    struct measured measured;
    measure_open(&measured, 95, 1, 10 * NS_PER_MS);
    says(&measured, VERDICT_UNDER_RESOLVED, "measure about");
    measure_open(&measured, 1, 1, 10 * NS_PER_MS);
    says(&measured, VERDICT_UNDER_RESOLVED, "too few transactions");
}

static void no_steady_state(void **state)
{
    (void)state;
    struct simulation simulation = {.rate_tps = 300,
                                    .service_ns = 10 * NS_PER_MS,
                                    .servers = 8,
                                    .duration_ns = 8 * NS_PER_S,
                                    .slower_after_ns = 4 * NS_PER_S,
                                    .slower = 1.3,
                                    .seed = 42};
    struct trial_result trial = {0};
    struct measured measured;
    simulate(&simulation, &trial);
    take_in(&measured, &trial);
    says(&measured, VERDICT_UNSTEADY, "first half");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_to_say),
        cmocka_unit_test(cut_short),
        cmocka_unit_test(still_running),
        cmocka_unit_test(not_examined),
        cmocka_unit_test(broken),
        cmocka_unit_test(surprising_errors),
        cmocka_unit_test(each_message_with_its_own_kind),
        cmocka_unit_test(conflicts_are_no_surprise),
        cmocka_unit_test(a_role_is_refused),
        cmocka_unit_test(nothing_succeeded),
        cmocka_unit_test(the_server_was_busy_otherwise),
        cmocka_unit_test(counts_disagree),
        cmocka_unit_test(workers_commit_too),
        cmocka_unit_test(another_state),
        cmocka_unit_test(a_rate_that_is_carried),
        cmocka_unit_test(a_variant_that_pings),
        cmocka_unit_test(one_is_lost),
        cmocka_unit_test(others_than_were_asked_for),
        cmocka_unit_test(late_with_a_rate),
        cmocka_unit_test(late_in_a_closed_loop),
        cmocka_unit_test(without_a_core),
        cmocka_unit_test(a_wait_of_our_own),
        cmocka_unit_test(records_and_histograms_disagree),
        cmocka_unit_test(no_room_for_records),
        cmocka_unit_test(more_than_is_carried),
        cmocka_unit_test(too_short),
        cmocka_unit_test(no_steady_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

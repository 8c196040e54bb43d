/* Which trials are believed, and in which words they are not. */
#include <string.h>

#include "../../bench/run/session.h"
#include "unit.h"

static const struct transaction transactions[] = {{.name = "pay"}};
static const struct check checks[] = {{.name = "sum", .sql = "SELECT true"}};
static const struct workload workload = {
    .transactions = transactions,
    .n_transactions = 1,
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
    *bench = (struct bench){
        .session = {.workload = &workload, .first_prints = &first},
        .transaction = {.ok = 5000},
        .trial = {.complete = true, .duration_ns = 8000000000, .n_transactions = 1, .total_commits = 5000}};
    bench->session.has_first_print = &bench->has_first;
    bench->trial.transactions = &bench->transaction;
}

static void stat(struct bench *bench, enum serverstat_id id, int64_t value)
{
    bench->trial.server.has[id] = true;
    bench->trial.server.value[id] = value;
}

static void judged(struct bench *bench, bool examined, const struct state_print *before, bool valid, const char *words)
{
    struct trial_result *trial = &bench->trial;
    judge_trial(&bench->session, before, examined, trial);
    assert_int_equal(trial->valid, valid);
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
    judge_trial(&bench.session, &first, true, &bench.trial);
    assert_int_equal(bench.trial.n_warnings, 2);
    assert_string_equal(bench.trial.warnings[0], "7 attempts failed with 22012 division_by_zero");
    assert_string_equal(bench.trial.warnings[1], "12 attempts failed with 23505 unique_violation: duplicate key");
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
        cmocka_unit_test(nothing_succeeded),
        cmocka_unit_test(the_server_was_busy_otherwise),
        cmocka_unit_test(counts_disagree),
        cmocka_unit_test(another_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

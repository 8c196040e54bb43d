/* The sweep on a server that plays somebody's, and on a private one: what reaches the sink, what stays behind. */
#include "../../bench/run/session.h"
#include "fixture.h"

#define LEFTOVERS_SQL    "SELECT count(*) FROM pg_indexes WHERE schemaname LIKE 'dyno%' AND indexname NOT LIKE '%pkey'"
#define REHEARSAL_SQL    "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'pgdyno_rehearsal%'"
#define MARK_SQL(schema) "SELECT split_part(obj_description('" schema "'::regnamespace, 'pg_namespace'), ' ', 2)"
#define STATE_SQL        "SELECT md5(string_agg(a::text, ',' ORDER BY id)) FROM accounts a"

static struct cluster *cluster;

static int group_setup(void **state)
{
    (void)state;
    cluster = open_server();
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    cluster_close(cluster);
    return 0;
}

static int forget(void **state)
{
    (void)state;
    stop_reset();
    sql(cluster_target(cluster),
        "DROP SCHEMA IF EXISTS dyno_reading CASCADE; DROP SCHEMA IF EXISTS dyno_writing CASCADE");
    return 0;
}

/* A whole run, with something happening on the way. */
struct scene {
    struct witness witness;
    const struct target *target;
    struct session *session;
    void (*update)(struct scene *scene, const struct progress *progress);
    enum phase stop_at;
    bool done_it;
    bool keep_notices;
    char states[MAX_TRIALS][256]; /* of the table, as each trial finds it */
    int n_states;
};

static void scene_update(void *user, const struct progress *progress)
{
    struct scene *scene = user;
    if (scene->update)
        scene->update(scene, progress);
}

static bool play(struct scene *scene, const char *text, const char *from, const char *to, struct err *err)
{
    struct log log = {witness_notice, &scene->witness};
    struct progress_sink progress = {scene, scene_update};
    struct workload *workload = load_changed(text, from, to);
    struct run_options options = {.workload = workload,
                                  .target = scene->target,
                                  .load_connections = 2,
                                  .run_id = "test",
                                  .command_line = "test",
                                  .log = &log,
                                  .progress = &progress};
    struct run_sink sink = witness_sink(&scene->witness);
    bool ok = session_open(&options, &scene->session, err) && session_rehearse(scene->session, err) &&
              session_seed(scene->session, err) && session_sweep(scene->session, &sink, err);
    session_close(scene->session);
    workload_free(workload);
    if (!scene->keep_notices)
        str_deinit(&scene->witness.notices);
    return ok;
}

static void must_play(struct scene *scene, const char *text, const char *from, const char *to)
{
    struct err err = {0};
    if (!play(scene, text, from, to, &err))
        fail_msg("%s: %s", err.where, err.text);
}

static void assert_tidy(void)
{
    assert_sql(cluster_target(cluster), LEFTOVERS_SQL, "0");
    assert_sql(cluster_target(cluster), REHEARSAL_SQL, "0");
}

/* --- What is measured --------------------------------------------------------------------------------------------- */

static void every_cell_of_every_block(void **state)
{
    (void)state;
    struct scene scene = {.target = cluster_target(cluster)};
    int seen[2][2][2] = {0};
    must_play(&scene, READING, "pool: [2], isolation: [rc]", "pool: [1, 2], isolation: [rc]");
    const struct witness *witness = &scene.witness;
    assert_int_equal(witness->n_begins, 1);
    assert_int_equal(witness->n_plans, 2);
    assert_int_equal(witness->n_trials, 8);
    for (int i = 0; i < 8; i++) {
        const struct seen_trial *trial = &witness->trials[i];
        assert_int_equal(trial->order, i);
        assert_int_equal(trial->block, i / 4);
        assert_int_equal(++seen[trial->block][trial->pool][trial->variant], 1);
        assert_true(trial->complete);
        assert_true(trial->ok > 0);
        if (!trial->valid)
            fail_msg("trial %d is not valid: %s", i, trial->warnings);
    }
    assert_tidy();
    assert_sql(cluster_target(cluster), MARK_SQL("dyno_reading"), "seed");
}

static void indexes_are_built_timed_sized_and_used(void **state)
{
    (void)state;
    struct scene scene = {.target = cluster_target(cluster)};
    must_play(&scene, READING, NULL, NULL);
    for (int i = 0; i < scene.witness.n_trials; i++) {
        const struct seen_trial *trial = &scene.witness.trials[i];
        assert_int_equal(trial->n_indexes, trial->variant);
        assert_true((trial->scans > 0) == (trial->variant == 1));
        assert_true((trial->index_bytes >= 8192) == (trial->variant == 1));
        assert_true((trial->build_ns > 0) == (trial->variant == 1));
    }
    assert_contains(scene.witness.scan[0], "Seq Scan");
    assert_contains(scene.witness.scan[1], "on_kind");
}

static void apply_and_revert(void **state)
{
    (void)state;
    struct scene scene = {.target = cluster_target(cluster)};
    must_play(&scene, READING, "{ index: items (kind) }",
              "{ apply: CREATE INDEX by_hand ON items (kind), revert: DROP INDEX by_hand, settings: { enable_seqscan: "
              "off } }");
    for (int i = 0; i < scene.witness.n_trials; i++) {
        assert_int_equal(scene.witness.trials[i].n_indexes, scene.witness.trials[i].variant);
        assert_true((scene.witness.trials[i].scans > 0) == (scene.witness.trials[i].variant == 1));
    }
    assert_contains(scene.witness.scan[1], "by_hand");
    assert_tidy();
}

static void the_server_counted_as_we_did(void **state)
{
    (void)state;
    struct scene scene = {.target = NULL}; /* a private server: nobody else commits there */
    must_play(&scene, READING, NULL, NULL);
    assert_int_equal(scene.witness.n_trials, 4);
    for (int i = 0; i < 4; i++) {
        const struct seen_trial *trial = &scene.witness.trials[i];
        assert_true(trial->commits > 0);
        assert_in_range(trial->server_commits, trial->commits, trial->commits + 20);
        assert_null(strstr(trial->warnings, "commits"));
        assert_null(strstr(trial->warnings, "checkpoint"));
    }
}

static void plans_without_measuring(void **state)
{
    (void)state;
    struct witness witness = {0};
    struct err err = {0};
    struct workload *workload = load_text(READING);
    struct run_options options = {.workload = workload, .target = cluster_target(cluster), .load_connections = 1};
    struct run_sink sink = witness_sink(&witness);
    struct session *session;
    if (!session_open(&options, &session, &err) || !session_seed(session, &err) || !session_plans(session, &sink, &err))
        fail_msg("%s", err.text);
    session_close(session);
    workload_free(workload);
    assert_int_equal(witness.n_plans, 2);
    assert_int_equal(witness.n_trials, 0);
    assert_contains(witness.scan[1], "on_kind");
    assert_tidy();
    assert_sql(cluster_target(cluster), MARK_SQL("dyno_reading"), "seed");
}

/* May create a schema, and nothing more: no CHECKPOINT, no extension, no superuser's view of settings. */
static void an_ordinary_role(void **state)
{
    (void)state;
    char database[256], grant[512];
    struct target target = *cluster_target(cluster);
    struct scene scene = {.target = &target, .keep_notices = true};
    ask(cluster_target(cluster), "SELECT quote_ident(current_database())", database);
    snprintf(grant, sizeof grant, "CREATE ROLE dyno_plain LOGIN; GRANT CREATE ON DATABASE %s TO dyno_plain", database);
    sql(cluster_target(cluster), grant);
    target.user = "dyno_plain";
    must_play(&scene, WRITING, NULL, NULL);
    assert_int_equal(scene.witness.n_trials, 4);
    for (int i = 0; i < 4; i++)
        if (!scene.witness.trials[i].valid)
            fail_msg("%s", scene.witness.trials[i].warnings);
    const char *first = strstr(str_text(&scene.witness.notices), "may not run CHECKPOINT");
    assert_non_null(first);
    assert_null(strstr(first + 1, "may not run CHECKPOINT"));
    str_deinit(&scene.witness.notices);
    sql(cluster_target(cluster), "DROP OWNED BY dyno_plain; DROP ROLE dyno_plain");
}

/* --- Every variant begins alike ------------------------------------------------------------------------------------ */

/* CREATE INDEX writes past the shared buffers: without more ado the variant would begin colder than the one before. */
static void look_for_cold_pages(struct scene *scene, const struct progress *progress)
{
    struct err err = {0};
    if (progress->phase != PHASE_WARMUP || scene->n_states > scene->witness.n_trials)
        return;
    if (!db_value(scene->session->db,
                "SELECT sum(pg_relation_size(c.oid) / 8192 - (SELECT count(*) FROM public.pg_buffercache b "
                "WHERE b.relfilenode = pg_relation_filenode(c.oid) AND b.relforknumber = 0 AND b.reldatabase = "
                "(SELECT oid FROM pg_database WHERE datname = current_database())))::bigint "
                "FROM pg_class c WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'i')",
                scene->states[scene->n_states++], 256, &err))
        fail_msg("%s", err.text);
}

static void every_variant_begins_warm(void **state)
{
    (void)state;
    struct scene scene = {.target = cluster_target(cluster), .update = look_for_cold_pages};
    sql(cluster_target(cluster), "CREATE EXTENSION IF NOT EXISTS pg_prewarm; CREATE EXTENSION pg_buffercache");
    must_play(&scene, READING, NULL, NULL);
    assert_int_equal(scene.n_states, 4);
    for (int i = 0; i < scene.n_states; i++)
        assert_string_equal(scene.states[i], "0");
    sql(cluster_target(cluster), "DROP EXTENSION pg_buffercache; DROP EXTENSION pg_prewarm");
}

/* --- What is written is undone ------------------------------------------------------------------------------------ */

/* The driver's first word of each trial comes when all is ready and nothing has run. */
static void remember_state(struct scene *scene, const struct progress *progress)
{
    struct err err = {0};
    if (progress->phase != PHASE_WARMUP || scene->n_states > scene->witness.n_trials)
        return;
    if (!db_value(scene->session->db, STATE_SQL, scene->states[scene->n_states++], 256, &err))
        fail_msg("%s", err.text);
}

static void every_trial_meets_the_same_rows(const struct target *target)
{
    struct scene scene = {.target = target, .update = remember_state};
    must_play(&scene, WRITING, NULL, NULL);
    assert_int_equal(scene.witness.n_trials, 4);
    assert_int_equal(scene.n_states, 4);
    for (int i = 0; i < 4; i++) {
        assert_string_equal(scene.states[i], scene.states[0]);
        assert_true(scene.witness.trials[i].ok > 0);
        assert_null(strstr(scene.witness.trials[i].warnings, "began with"));
    }
}

static void restored_by_seeding_again(void **state)
{
    (void)state;
    every_trial_meets_the_same_rows(cluster_target(cluster));
    assert_tidy();
    /* the last trial's rows are still there: not to be taken for fresh ones */
    assert_sql(cluster_target(cluster), MARK_SQL("dyno_writing"), "used");
}

static void restored_from_the_copy(void **state)
{
    (void)state;
    every_trial_meets_the_same_rows(NULL);
}

/* A function hides its writes from EXPLAIN; the counters do not. */
static void hidden_writes_are_noticed(void **state)
{
    (void)state;
    static const char hidden[] = "constraints: |\n"
                                 "  CREATE FUNCTION sly(int) RETURNS void LANGUAGE plpgsql AS\n"
                                 "    'BEGIN UPDATE accounts SET balance = 0 WHERE id = $1; END';\n"
                                 "  ALTER TABLE accounts ADD PRIMARY KEY (id)\n";
    char *text = replaced(WRITING, "constraints: ALTER TABLE accounts ADD PRIMARY KEY (id)\n", hidden);
    struct scene scene = {.target = cluster_target(cluster), .update = remember_state};
    struct err err = {0};
    bool ok = play(&scene, text, "UPDATE accounts SET balance = balance + 1 WHERE id = :id", "SELECT sly(:id)", &err);
    free(text);
    if (!ok)
        fail_msg("%s: %s", err.where, err.text);
    assert_int_equal(scene.n_states, 4);
    for (int i = 1; i < scene.n_states; i++)
        assert_string_equal(scene.states[i], scene.states[0]);
}

static void a_broken_check_is_reported(void **state)
{
    (void)state;
    struct scene scene = {.target = cluster_target(cluster)};
    char *text =
        replaced(WRITING, "seed: 42 }\n",
                 "seed: 42 }\nchecks: { poor: SELECT max(balance) <= 1000 FROM accounts, fine: SELECT true }\n");
    must_play(&scene, text, "SET balance = balance + 1", "SET balance = 1001");
    for (int i = 0; i < scene.witness.n_trials; i++) {
        assert_string_equal(scene.witness.trials[i].broken, "poor");
        assert_true(scene.witness.trials[i].valid);
        assert_contains(scene.witness.trials[i].warnings, "check poor does not hold");
    }
    free(text);
}

static void failing_transactions_make_it_invalid(void **state)
{
    (void)state;
    struct scene scene = {.target = cluster_target(cluster)};
    must_play(&scene, READING, "WHERE kind = :kind", "WHERE kind = :kind / (:kind % 2)");
    for (int i = 0; i < scene.witness.n_trials; i++) {
        assert_false(scene.witness.trials[i].valid);
        assert_contains(scene.witness.trials[i].warnings, "22012");
    }
}

/* --- Trouble ------------------------------------------------------------------------------------------------------ */

static void stop_there(struct scene *scene, const struct progress *progress)
{
    if (scene->done_it || progress->phase != scene->stop_at)
        return;
    scene->done_it = true;
    raise(SIGINT);
}

static void stops_tidily(const char *text, enum phase phase)
{
    struct scene scene = {.target = cluster_target(cluster), .update = stop_there, .stop_at = phase};
    struct err err = {0};
    bool ok = play(&scene, text, NULL, NULL, &err);
    stop_reset();
    if (!scene.done_it)
        fail_msg("phase %d never came", (int)phase);
    if (ok || err.kind != ERR_STOPPED)
        fail_msg("phase %d: stopped with kind %d: %s", (int)phase, (int)err.kind, err.text);
    assert_tidy();
    for (int i = 0; i < scene.witness.n_trials; i++)
        assert_true(scene.witness.trials[i].complete || !scene.witness.trials[i].valid);
}

static void a_stop_in_each_phase(void **state)
{
    (void)state;
    static const enum phase reading[] = {PHASE_REHEARSE, PHASE_SEED,  PHASE_CONSTRAINTS, PHASE_VACUUM,
                                         PHASE_PLANS,    PHASE_INDEX, PHASE_WARMUP,      PHASE_MEASURE};
    for (size_t i = 0; i < sizeof reading / sizeof *reading; i++)
        stops_tidily(READING, reading[i]);
    static const enum phase writing[] = {PHASE_RESTORE, PHASE_WARMUP, PHASE_MEASURE};
    for (size_t i = 0; i < sizeof writing / sizeof *writing; i++)
        stops_tidily(WRITING, writing[i]);
}

static void a_run_after_a_stop_is_whole(void **state)
{
    (void)state;
    stops_tidily(WRITING, PHASE_MEASURE);
    every_trial_meets_the_same_rows(cluster_target(cluster));
}

/* A backend that dies takes all others with it, and the server starts again by itself. */
static void crash_once(struct scene *scene, const struct progress *progress)
{
    if (scene->done_it || progress->phase != PHASE_MEASURE || progress->trial != 2)
        return;
    char pid[256];
    ask(scene->target, "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'pgdyno driver%' LIMIT 1", pid);
    scene->done_it = true;
    kill(atoi(pid), SIGKILL);
}

static void a_restart_costs_one_trial(void **state)
{
    (void)state;
    struct scene scene = {.target = cluster_target(cluster), .update = crash_once};
    must_play(&scene, READING, "duration: 150ms", "duration: 1s");
    assert_true(scene.done_it);
    assert_int_equal(scene.witness.n_trials, 4);
    for (int i = 0; i < 4; i++)
        assert_int_equal(scene.witness.trials[i].valid, i != 1);
    assert_tidy();
}

static void kill_the_server(struct scene *scene, const struct progress *progress)
{
    if (scene->done_it || progress->phase != PHASE_MEASURE || progress->trial != 2)
        return;
    scene->done_it = true;
    kill(cluster_postmaster_pid(scene->session->cluster), SIGQUIT);
}

static void a_private_server_that_dies(void **state)
{
    (void)state;
    struct scene scene = {.target = NULL, .update = kill_the_server};
    struct err err = {0};
    assert_false(play(&scene, READING, "duration: 150ms", "duration: 500ms", &err));
    assert_int_equal(err.kind, ERR_SERVER);
    assert_contains(err.text, "went away");
    assert_contains(err.text, "log lines");
    assert_int_equal(scene.witness.n_trials, 2);
    assert_true(scene.witness.trials[0].valid);
    assert_false(scene.witness.trials[1].valid);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, forget, forget)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_cell_of_every_block),
        TEST(indexes_are_built_timed_sized_and_used),
        TEST(apply_and_revert),
        TEST(plans_without_measuring),
        TEST(an_ordinary_role),
        TEST(the_server_counted_as_we_did),
        TEST(every_variant_begins_warm),
        TEST(restored_by_seeding_again),
        TEST(restored_from_the_copy),
        TEST(hidden_writes_are_noticed),
        TEST(a_broken_check_is_reported),
        TEST(failing_transactions_make_it_invalid),
        TEST(a_stop_in_each_phase),
        TEST(a_run_after_a_stop_is_whole),
        TEST(a_restart_costs_one_trial),
        TEST(a_private_server_that_dies),
    };
    stop_install();
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}

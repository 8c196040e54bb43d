/* A column of each type: what the generators make is what the server has, through COPY and as parameters. */
#include "fixture.h"
#include "generators/dist.h"

#define TYPES TEST_DATA_DIR "/good/types.yaml"

static struct cluster *cluster;
static struct workload *workload;

static struct workload *load_types(void)
{
    struct workload *loaded = NULL;
    struct problems problems = {0};
    struct str shown = {0};
    if (!workload_load(TYPES, NULL, 0, &loaded, &problems)) {
        problems_print(&problems, false, &shown);
        fail_msg("%s", str_text(&shown));
    }
    problems_deinit(&problems);
    return loaded;
}

static int group_setup(void **state)
{
    (void)state;
    struct witness witness = {0};
    struct err err = {0};
    cluster = open_server();
    workload = load_types();
    struct log log = {witness_notice, &witness};
    struct run_options options = {
        .workload = workload, .target = cluster_target(cluster), .load_connections = 2, .log = &log};
    struct session *session;
    if (!session_open(&options, &session, &err) || !session_rehearse(session, &err) || !session_seed(session, &err)) {
        fprintf(stderr, "%s: %s\n", err.where, err.text);
        return -1;
    }
    session_close(session);
    str_deinit(&witness.notices);
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    workload_free(workload);
    cluster_close(cluster);
    return 0;
}

static const char *cell_text(const struct value *cell, struct str *text)
{
    char buf[VALUE_TEXT_MAX];
    const char *data;
    if (cell->type == VALUE_NULL)
        return NULL;
    size_t len = value_text(cell, buf, &data);
    str_clear(text);
    str_append_n(text, data, len);
    return str_text(text);
}

/* The server's own reading of each cell's text equals what COPY stored. */
static void check_column(struct db *db, const struct table_spec *table, size_t column, const char *type)
{
    struct scratch scratch;
    struct str text = {0}, sql = {0};
    struct err err = {0};
    assert_true(scratch_init(&scratch, 1 << 20));
    str_printf(&sql, "SELECT %s::text IS NOT DISTINCT FROM $1::text::%s::text, %s FROM types WHERE id = $2",
               table->columns[column].name, type, table->columns[column].name);
    for (int64_t row = 1; row <= table->rows; row += 7) {
        struct value cell;
        char id[32];
        scratch.used = 0;
        snprintf(id, sizeof id, "%lld", (long long)row);
        assert_int_equal(table_cell(table, column, row, &scratch, 0, &cell), MAKE_OK);
        const char *params[] = {cell_text(&cell, &text), id};
        PGresult *rows = db_rows(db, "compare", str_text(&sql), 2, params, &err);
        if (!rows || PQntuples(rows) != 1)
            fail_msg("%s: %s", table->columns[column].name, err.text);
        if (strcmp(PQgetvalue(rows, 0, 0), "t") != 0)
            fail_msg("%s of row %s: made %s, read %s", table->columns[column].name, id, params[0],
                     PQgetvalue(rows, 0, 1));
        PQclear(rows);
    }
    str_deinit(&text);
    str_deinit(&sql);
    scratch_deinit(&scratch);
}

static struct db *connect_types(void)
{
    struct db *db = connect_to(cluster_target(cluster));
    struct err err = {0};
    if (!db_exec(db, "test", "SET search_path = types, public; SET timezone = 'UTC'", &err))
        fail_msg("%s", err.text);
    return db;
}

static void every_cell_is_what_was_made(void **state)
{
    (void)state;
    const struct table_spec *table = &workload->tables[0];
    struct db *db = connect_types();
    struct err err = {0};
    assert_true(table->n_columns >= 40);
    for (size_t i = 0; i < table->n_columns; i++) {
        char type[128], sql[256];
        snprintf(sql, sizeof sql,
                 "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'types.types'::regclass "
                 "AND attname = '%s'",
                 table->columns[i].name);
        if (!db_value(db, sql, type, sizeof type, &err))
            fail_msg("%s", err.text);
        check_column(db, table, i, type);
    }
    db_close(db);
}

/* Each is true of every row, by the server's own arithmetic. */
static void the_server_agrees(void **state)
{
    (void)state;
    static const char *const truths[] = {
        "monthly = at_tz - interval '1 month 12:00'",
        "took = due - at_tz",
        "scale(price) = 2 AND price BETWEEN 0.01 AND 999999.99",
        "scale(exact) = 9 AND exact BETWEEN -1 AND 999",
        "octet_length(code) = 8 OR code IS NULL",
        "jsonb_typeof(docb->'tags') = 'array' AND jsonb_typeof(docb->'numbers') = 'array'",
        "docb->'inner'->'deep' = jsonb_build_array(jsonb_build_object('n', id), jsonb_build_object('n', id))",
        "docb->'tags' = to_jsonb(texts) AND docb->'numbers' = to_jsonb(ints)",
        "docb->>'text' = escapes",
        "(doc->>'price')::numeric = price AND (doc->>'at')::timestamptz = at_tz AND (doc->>'day')::date = day",
        "(doc->>'flag')::boolean = flag AND doc->>'code' IS NOT DISTINCT FROM code::text AND doc->>'words' = words",
        "coalesce(array_length(ints, 1), 0) BETWEEN 0 AND 5 AND array_ndims(matrix) = 2 AND array_length(matrix, 2) = "
        "3",
        "NOT EXISTS (SELECT FROM unnest(awkward) a WHERE a <> ALL (ARRAY['', 'NULL', 'a,b', '{x}', 'say \"hi\"', "
        "'back\\slash', '  blank ', escapes]))",
        "NOT EXISTS (SELECT FROM unnest(docs) d WHERE d <> '{\"q\\\"\": \"b\\\\s\", \"n\": null}')",
        "octet_length(bytes) <= 20 AND address << '10.0.0.0/8' AND masklen(network) = 48",
        "get_byte(uuid_send(uid), 6) >> 4 = 4 AND get_byte(uuid_send(ordered), 6) >> 4 = 7",
        "('x' || left(replace(ordered::text, '-', ''), 12))::bit(48)::bigint BETWEEN 1704067200000 AND 1706745600000",
        "place <@ box '((-180,-90),(180,90))' AND npoints(shape) = 3 AND area && box '((9,9),(10,10))'",
        "upper(span) > lower(span) AND substring(bits from 5) = B'0101' AND nothing IS NULL",
        "at BETWEEN '2024-01-01' AND '2025-01-01' AND day BETWEEN '1969-12-25' AND '2024-12-31'",
    };
    struct db *db = connect_types();
    for (size_t i = 0; i < sizeof truths / sizeof truths[0]; i++) {
        char sql[512], value[64];
        struct err err = {0};
        snprintf(sql, sizeof sql, "SELECT count(*) || ' of ' || (SELECT count(*) FROM types) FROM types WHERE %s",
                 truths[i]);
        if (!db_value(db, sql, value, sizeof value, &err))
            fail_msg("%s: %s", truths[i], err.text);
        if (strcmp(value, "500 of 500") != 0)
            fail_msg("%s is true of %s", truths[i], value);
    }
    db_close(db);
}

static void nothing_that_needs_escaping_is_missing(void **state)
{
    (void)state;
    const struct target *target = cluster_target(cluster);
    assert_sql(target, "SELECT count(DISTINCT escapes) FROM types.types", "9");
    assert_sql(
        target,
        "SELECT count(*) FROM (VALUES (E'back\\\\slash'), (E'\\\\N'), (E'\\\\.'), (E'tab\\there'), (E'new\\nline'), "
        "(E'return\\rhere'), ('quote''s'), (E'\\\\\\\\'), ('größe €')) AS v (e) "
        "WHERE e IN (SELECT escapes FROM types.types)",
        "9");
    assert_sql(target, "SELECT count(DISTINCT e) FROM types.types, unnest(awkward) e", "15");
    assert_sql(target, "SELECT count(DISTINCT feeling) FROM types.types", "3");
}

/* --- Intervals beside the server's -------------------------------------------------------------------------------- */

static void intervals_are_read_as_the_server_reads_them(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "3 days",
        "-3 days 2 hours",
        "1 year 2 months 3 days 4 hours 5 minutes 6.789 seconds",
        "1.5 years",
        "0.7 years",
        "1.5 months",
        "2.25 mons",
        "1.5 weeks",
        "0.1 days",
        "1.3 hours",
        "90 minutes",
        "04:30",
        "-04:30:15.25",
        "1 day 25:00",
        "3 days ago",
        "1 mon -1 day ago",
        "100 ms",
        "7 us",
        "2 w 3 d 4 h 5 m 6 s",
        "13 months",
        "-1 mons +1 day",
        "178000000 years",
        "-1.5 days",
        "-0.5 months",
        "1 yr 2 hrs 3 mins 4 secs 5 msecs 6 usecs",
    };
    struct db *db = connect_types();
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct interval interval;
        struct err err = {0};
        char ours[VALUE_TEXT_MAX], theirs[128], sql[256];
        assert_true(interval_parse(texts[i], strlen(texts[i]), &interval));
        *interval_put(ours, interval) = '\0';
        snprintf(sql, sizeof sql, "SELECT '%s'::interval", texts[i]);
        if (!db_value(db, sql, theirs, sizeof theirs, &err))
            fail_msg("%s", err.text);
        if (strcmp(ours, theirs) != 0)
            fail_msg("%s: ours %s, theirs %s", texts[i], ours, theirs);
    }
    db_close(db);
}

static void moments_move_as_the_servers_do(void **state)
{
    (void)state;
    struct db *db = connect_types();
    struct rng rng = rng_at(3, 1, 4, 1);
    for (int i = 0; i < 300; i++) {
        struct err err = {0};
        char by[128], at[VALUE_TEXT_MAX], text[128], sql[512];
        const char *data;
        struct interval interval = {(int)dist_uniform(&rng, -3000, 3000), (int)dist_uniform(&rng, -4000, 4000),
                                    dist_uniform(&rng, -INT64_C(99999999999), INT64_C(99999999999))};
        struct value from = {.type = VALUE_TIMESTAMP,
                             .integer = dist_uniform(&rng, -INT64_C(900000000000000), INT64_C(900000000000000))};
        int64_t to = from.integer, server = 0;
        int sign = i % 2 ? 1 : -1;
        assert_true(interval_move(&to, interval, sign));
        *interval_put(by, interval) = '\0';
        size_t len = value_text(&from, at, &data);
        snprintf(sql, sizeof sql, "SELECT '%.*s'::timestamptz %c '%s'::interval", (int)len, data, sign > 0 ? '+' : '-',
                 by);
        if (!db_value(db, sql, text, sizeof text, &err) || !value_parse_timestamp(text, strlen(text), &server))
            fail_msg("%s: %s", sql, err.text);
        if (server != to)
            fail_msg("%s is %s, ours is off by %lld us", sql, text, (long long)(to - server));
    }
    db_close(db);
}

static void parameters_are_sent(void **state)
{
    (void)state;
    struct witness witness = {0};
    struct log log = {witness_notice, &witness};
    struct err err = {0};
    struct run_options options = {
        .workload = workload, .target = cluster_target(cluster), .load_connections = 2, .log = &log};
    struct run_sink sink = witness_sink(&witness);
    struct session *session;
    if (!session_open(&options, &session, &err) || !session_seed(session, &err) || !session_sweep(session, &sink, &err))
        fail_msg("%s: %s", err.where, err.text);
    session_close(session);
    assert_int_equal(witness.n_trials, 1);
    assert_true(witness.trials[0].ok > 0 && witness.trials[0].complete);
    assert_string_equal(witness.trials[0].broken, "");
    assert_null(strstr(witness.trials[0].warnings, "failed"));
    str_deinit(&witness.notices);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_is_what_was_made),
        cmocka_unit_test(the_server_agrees),
        cmocka_unit_test(nothing_that_needs_escaping_is_missing),
        cmocka_unit_test(intervals_are_read_as_the_server_reads_them),
        cmocka_unit_test(moments_move_as_the_servers_do),
        cmocka_unit_test(parameters_are_sent),
    };
    stop_install();
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}

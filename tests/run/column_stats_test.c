/* What pg_stats sees beside what the expressions claim: on a server, with a trigger that does not keep the promises. */
#include <math.h>

#include "fixture.h"
#include "run/column_stats.h"

static const char CLAIMING[] =
    "workload: dyno_claims\n"
    "schema: |\n"
    "  CREATE TABLE kept (id int, shuffled int, kind int, wide int, often int, state text, words text,\n"
    "                     made timestamptz, doc json, at point);\n"
    "  CREATE TABLE broken (LIKE kept);\n"
    "  CREATE TABLE parted (id int, kind int) PARTITION BY HASH (id);\n"
    "  CREATE TABLE parted_0 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 0);\n"
    "  CREATE TABLE parted_1 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 1);\n"
    "  CREATE FUNCTION break() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN\n"
    "    NEW.shuffled := NEW.shuffled / 2; NEW.kind := least(NEW.kind, 4); NEW.wide := NEW.wide % 5000;\n"
    "    IF NEW.id % 25 = 0 THEN NEW.state := 'done'; END IF;\n"
    "    IF NEW.id % 25 = 0 AND NEW.often <> 1 THEN NEW.often := NULL; END IF;\n"
    "    NEW.id := hashint4(NEW.id); RETURN NEW; END $$;\n"
    "  CREATE TRIGGER break BEFORE INSERT ON broken FOR EACH ROW EXECUTE FUNCTION break();\n"
    "tables:\n"
    "  kept:\n"
    "    rows: 60000\n"
    "    columns: &c\n"
    "      id: row\n"
    "      shuffled: permute(row, rows(kept))\n"
    "      kind: random(1, 5)\n"
    "      wide: random(1, 50000)\n"
    "      often: maybe(0.9, random_zipfian(1, 1000, 1.2))\n"
    "      state: weighted('new', 6, 'busy', 3, 'done', 1)\n"
    "      words: words(1, 2)\n"
    "      made: timestamp('2024-01-01', '2025-01-01')\n"
    "      doc: json('kind', :kind)\n"
    "      at: pick('(1,2)', '(3,4)')\n"
    "  broken:\n"
    "    rows: 60000\n"
    "    columns: *c\n"
    "  parted: { rows: 1000, columns: { id: row, kind: \"random(1, 4)\" } }\n"
    "transactions: { t: { sql: SELECT 1 } }\n";

static struct cluster *cluster;
static struct workload *workload;
static struct column_facts *facts;
static size_t n_facts;

/* YAML's own aliases are refused, so the columns are written twice. */
static char *twice(const char *text)
{
    const char *from = strstr(text, "      id: row\n"), *to = strstr(text, "  broken:\n    rows");
    char *columns = strndup(from, (size_t)(to - from));
    char with[4096];
    snprintf(with, sizeof with, "\n%s", columns);
    with[strlen(with) - 1] = '\0';
    char *anchored = replaced(text, " &c", ""), *doubled = replaced(anchored, " *c", with);
    free(columns);
    free(anchored);
    return doubled;
}

static int group_setup(void **state)
{
    (void)state;
    struct witness witness = {0};
    struct log log = {witness_notice, &witness};
    struct err err = {0};
    struct session *session;
    char *text = twice(CLAIMING);
    cluster = open_server();
    workload = load_text(text);
    free(text);
    struct run_options options = {
        .workload = workload, .target = cluster_target(cluster), .load_connections = 2, .log = &log};
    bool ok = session_open(&options, &session, &err) && session_seed(session, &err) &&
              session_column_facts(session, &facts, &n_facts, &err);
    session_close(session);
    if (!ok)
        fprintf(stderr, "%s: %s\n", err.where, err.text);
    str_deinit(&witness.notices);
    return ok ? 0 : -1;
}

static int group_teardown(void **state)
{
    (void)state;
    free(facts);
    workload_free(workload);
    cluster_close(cluster);
    return 0;
}

static const struct trait *find(const char *table, const char *column, enum column_trait trait)
{
    for (size_t i = 0; i < n_facts; i++)
        if (strcmp(facts[i].table->name, table) == 0 &&
            strcmp(facts[i].table->columns[facts[i].column].name, column) == 0)
            return facts[i].traits[trait].listed ? &facts[i].traits[trait] : NULL;
    return NULL;
}

static const struct {
    const char *column;
    enum column_trait trait;
    double declared;
    bool broken; /* in the other table, by the trigger */
} traits[] = {
    {"id", TRAIT_DISTINCT, 60000, false},      {"id", TRAIT_ORDER, 1, true},
    {"shuffled", TRAIT_DISTINCT, 60000, true}, {"kind", TRAIT_DISTINCT, 5, true},
    {"kind", TRAIT_COMMON, 0.2, true},         {"wide", TRAIT_DISTINCT, 34940, true},
    {"often", TRAIT_NULLS, 0.1, true},         {"often", TRAIT_COMMON, 0.2079, false},
    {"state", TRAIT_DISTINCT, 3, false},       {"state", TRAIT_COMMON, 0.6, true},
    {"made", TRAIT_DISTINCT, 60000, false},
};

static void promises_that_are_kept_do_not_differ(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof traits / sizeof traits[0]; i++) {
        const struct trait *trait = find("kept", traits[i].column, traits[i].trait);
        if (!trait)
            fail_msg("%s %d is not listed", traits[i].column, traits[i].trait);
        if (trait->differs || fabs(trait->declared / traits[i].declared - 1) > 0.01)
            fail_msg("%s %d: declared %g, seen %g%s", traits[i].column, traits[i].trait, trait->declared, trait->seen,
                     trait->differs ? ", differs" : "");
    }
}

static void promises_that_a_trigger_breaks_differ(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof traits / sizeof traits[0]; i++) {
        const struct trait *trait = find("broken", traits[i].column, traits[i].trait);
        if (trait && trait->differs != traits[i].broken)
            fail_msg("%s %d: declared %g, seen %g", traits[i].column, traits[i].trait, trait->declared, trait->seen);
        assert_true(trait || !traits[i].broken);
    }
}

static void where_nothing_is_known_nothing_is_said(void **state)
{
    (void)state;
    for (int t = 0; t < TRAIT_COUNT; t++) {
        assert_null(find("kept", "words", (enum column_trait)t)); /* no claim */
        assert_null(find("kept", "doc", (enum column_trait)t));   /* a type without equality */
        assert_true(t == TRAIT_COMMON || !find("kept", "at", (enum column_trait)t));
    }
    assert_non_null(find("parted", "kind", TRAIT_COMMON)); /* of all partitions together */
    assert_false(find("parted", "kind", TRAIT_COMMON)->differs);
}

/* --- Without a server --------------------------------------------------------------------------------------------- */

static bool differs(const struct claims *claims, struct column_stats stats, enum column_trait trait)
{
    struct column_facts compared;
    column_compare(claims, &stats, &compared);
    assert_true(compared.traits[trait].listed);
    return compared.traits[trait].differs;
}

static void a_share_differs_beyond_its_sampling_error(void **state)
{
    (void)state;
    struct claims claims = {.knows_nulls = true, .nulls = 0.5};
    struct column_stats stats = {.rows = 1e6, .sample = 30000, .order = NAN}; /* standard deviation 0.0029 */
    for (int i = -1; i <= 1; i += 2) {
        stats.nulls = 0.5 + i * 0.012;
        assert_false(differs(&claims, stats, TRAIT_NULLS));
        stats.nulls = 0.5 + i * 0.014;
        assert_true(differs(&claims, stats, TRAIT_NULLS));
    }
    claims.nulls = 0;
    stats.nulls = 0.0001;
    assert_true(differs(&claims, stats, TRAIT_NULLS));
    claims.nulls = stats.nulls = 1;
    assert_false(differs(&claims, stats, TRAIT_NULLS));
}

static void the_largest_of_many_may_be_larger(void **state)
{
    (void)state;
    struct claims even = {.knows_nulls = true, .spread = CLAIM_EVEN, .values = 100, .top = 0.01};
    struct claims one = {.knows_nulls = true, .spread = CLAIM_ZIPF, .top = 0.01};
    struct column_stats stats = {.rows = 1e6, .sample = 30000, .distinct = 100, .order = NAN};
    stats.common = 0.0135; /* 6 standard deviations */
    assert_false(differs(&even, stats, TRAIT_COMMON));
    assert_true(differs(&one, stats, TRAIT_COMMON));
    stats.common = 0.016;
    assert_true(differs(&even, stats, TRAIT_COMMON));
}

static void few_values_are_counted_and_many_estimated(void **state)
{
    (void)state;
    struct claims even = {.knows_nulls = true, .spread = CLAIM_EVEN, .values = 50, .top = 0.02};
    struct column_stats stats = {.rows = 1e6, .sample = 30000, .common = 0.021, .order = NAN};
    stats.distinct = 51;
    assert_true(differs(&even, stats, TRAIT_DISTINCT));
    stats.distinct = 50;
    assert_false(differs(&even, stats, TRAIT_DISTINCT));
    even = (struct claims){.knows_nulls = true, .spread = CLAIM_EVEN, .values = 1e6, .top = 1e-6};
    stats.distinct = -0.50; /* expected: 632,121 values in the table, 29,554 in the sample */
    assert_false(differs(&even, stats, TRAIT_DISTINCT));
    stats.distinct = 20000;
    assert_true(differs(&even, stats, TRAIT_DISTINCT));
    struct claims unique = {.knows_nulls = true, .nulls = 0.1, .spread = CLAIM_UNIQUE};
    stats.nulls = 0.1;
    stats.distinct = -0.9;
    assert_false(differs(&unique, stats, TRAIT_DISTINCT));
    stats.distinct = -0.85;
    assert_true(differs(&unique, stats, TRAIT_DISTINCT));
}

static void order_has_a_direction(void **state)
{
    (void)state;
    struct claims falling = {.knows_nulls = true, .spread = CLAIM_UNIQUE, .step = -2};
    struct column_stats stats = {.rows = 1000, .sample = 30000, .distinct = -1, .order = -0.97};
    assert_false(differs(&falling, stats, TRAIT_ORDER));
    stats.order = 1;
    assert_true(differs(&falling, stats, TRAIT_ORDER));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(promises_that_are_kept_do_not_differ),
        cmocka_unit_test(promises_that_a_trigger_breaks_differ),
        cmocka_unit_test(where_nothing_is_known_nothing_is_said),
        cmocka_unit_test(a_share_differs_beyond_its_sampling_error),
        cmocka_unit_test(the_largest_of_many_may_be_larger),
        cmocka_unit_test(few_values_are_counted_and_many_estimated),
        cmocka_unit_test(order_has_a_direction),
    };
    stop_install();
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}

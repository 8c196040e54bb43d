#include <stdio.h>
#include <string.h>

#include "cli/opt.h"
#include "unit.h"

static struct err err;

static bool parse(struct options *options, unsigned command, int max_operands, const char *line)
{
    static char copy[512];
    char *argv[32], *rest = copy;
    int argc = 0;
    snprintf(copy, sizeof copy, "%s", line);
    for (char *word; (word = strsep(&rest, " ")) != NULL;)
        if (*word)
            argv[argc++] = word;
    err = (struct err){0};
    return options_parse(options, command, max_operands, argc, argv, &err);
}

static const char *override_of(const struct options *options, const char *key)
{
    const char *value = NULL;
    for (size_t i = 0; i < options->n_overrides; i++)
        if (strcmp(options->overrides[i].key, key) == 0)
            value = options->overrides[i].value;
    return value;
}

static void assert_refused(unsigned command, const char *line, const char *part)
{
    struct options options;
    bool ok = parse(&options, command, 1, line);
    options_deinit(&options);
    assert_false(ok);
    assert_int_equal(err.kind, ERR_USAGE);
    if (!strstr(err.text, part))
        fail_msg("`%s`: \"%s\" does not contain \"%s\"", line, err.text, part);
}

static void long_options_take_equals_or_a_space(void **state)
{
    (void)state;
    struct options options;
    assert_true(parse(&options, FOR_RUN, 1, "tasks --duration=5 --blocks 3 --pool=4,8"));
    assert_string_equal(options.operands[0], "tasks");
    assert_string_equal(override_of(&options, "measure.duration"), "5");
    assert_string_equal(override_of(&options, "measure.blocks"), "3");
    assert_string_equal(override_of(&options, "sweep.pool"), "4,8");
    options_deinit(&options);
}

static void letters_join(void **state)
{
    (void)state;
    struct options options;
    assert_true(parse(&options, FOR_RUN, 1, "-qT5 -P 2 -hdb1 tasks"));
    assert_true(options.quiet);
    assert_int_equal(options.progress_s, 2);
    assert_string_equal(options.target.host, "db1");
    assert_string_equal(override_of(&options, "measure.duration"), "5");
    assert_string_equal(options.operands[0], "tasks");
    options_deinit(&options);
}

static void nothing_is_an_option_after_two_dashes(void **state)
{
    (void)state;
    struct options options;
    assert_true(parse(&options, FOR_RUN, 1, "-- --blocks"));
    assert_string_equal(options.operands[0], "--blocks");
    options_deinit(&options);
}

static void params_keep_their_names(void **state)
{
    (void)state;
    struct options options;
    assert_true(parse(&options, FOR_RUN, 1, "tasks -D a=1 -Db=x=y --define=c= -s 3"));
    assert_string_equal(override_of(&options, "params.a"), "1");
    assert_string_equal(override_of(&options, "params.b"), "x=y");
    assert_string_equal(override_of(&options, "params.c"), "");
    assert_string_equal(override_of(&options, "params.scale"), "3");
    assert_string_equal(options.overrides[0].option, "-D a");
    options_deinit(&options);
}

static void a_uri_among_the_operands_is_the_server(void **state)
{
    (void)state;
    struct options options;
    assert_true(parse(&options, FOR_RUN, 1, "tasks postgresql://db1/bench"));
    assert_string_equal(options.target.dbname, "postgresql://db1/bench");
    assert_int_equal(options.n_operands, 1);
    options_deinit(&options);
    assert_refused(FOR_RUN, "tasks postgresql://db1/bench postgresql://db2/bench", "two databases");
}

static void scripts_are_kept_in_their_order(void **state)
{
    (void)state;
    struct options options;
    assert_true(parse(&options, FOR_RUN, 1, "-f a.sql@3 -btpcb --file=- --builtin list postgresql://db1/bench"));
    assert_int_equal(options.n_scripts, 4);
    assert_int_equal(options.n_operands, 0);
    assert_true(options.list_builtins);
    assert_string_equal(options.target.dbname, "postgresql://db1/bench");
    assert_string_equal(options.overrides[0].key, OVERRIDE_SCRIPT_FILE);
    assert_string_equal(options.overrides[0].value, "a.sql@3");
    assert_string_equal(options.overrides[0].option, "-f a.sql@3");
    assert_string_equal(options.overrides[1].key, OVERRIDE_SCRIPT_BUILTIN);
    assert_string_equal(options.overrides[2].value, "-");
    options_deinit(&options);
    assert_true(parse(&options, FOR_CHECK, 1, "my=file.yaml -f a.sql"));
    assert_string_equal(options.operands[0], "my=file.yaml");
    assert_int_equal(options.n_scripts, 1);
    options_deinit(&options);
}

static void percentiles_are_fractions(void **state)
{
    (void)state;
    struct options options;
    assert_true(parse(&options, FOR_REPORT, 1, "dir --latency-percentiles=50,99.9"));
    assert_int_equal(options.n_percentiles, 2);
    assert_float_equal(options.percentiles[0], 0.5, 1e-12);
    assert_float_equal(options.percentiles[1], 0.999, 1e-12);
    options_deinit(&options);
}

static void load_and_pool_have_pgbench_s_letters(void **state)
{
    (void)state;
    struct options options;
    assert_true(parse(&options, FOR_RUN, 1, "tasks -c200 -R 500,80% --think=5ms --arrivals=poisson --raw"));
    assert_string_equal(override_of(&options, "load.clients"), "200");
    assert_string_equal(override_of(&options, "sweep.rate"), "500,80%");
    assert_string_equal(override_of(&options, "load.think"), "5ms");
    assert_string_equal(override_of(&options, "load.arrivals"), "poisson");
    assert_true(options.raw);
    options_deinit(&options);
}

/* Alone they are true; a file's `true` can be taken back. */
static void switches_may_have_a_value(void **state)
{
    (void)state;
    struct options options;
    assert_true(parse(&options, FOR_RUN, 1, "-C tasks --pre-ping"));
    assert_string_equal(override_of(&options, "pool.connect_per_transaction"), "true");
    assert_string_equal(override_of(&options, "pool.pre_ping"), "true");
    assert_string_equal(options.operands[0], "tasks");
    options_deinit(&options);
    assert_true(parse(&options, FOR_RUN, 1, "tasks --connect=false --pre-ping=no -qC"));
    assert_string_equal(override_of(&options, "pool.pre_ping"), "no");
    assert_string_equal(override_of(&options, "pool.connect_per_transaction"), "true"); /* the last one */
    assert_true(options.quiet);
    options_deinit(&options);
}

/* Every key of these sections has an option of the same meaning (the workload room says which keys there are). */
static void every_key_has_an_option(void **state)
{
    (void)state;
    static const char *const sections[] = {"sweep", "load", "measure", "pool", "retry"};
    int count = 0;
    const char *key;
    char path[64];
    for (size_t s = 0; s < sizeof sections / sizeof *sections; s++) {
        for (size_t i = 0; (key = workload_key(sections[s], i)) != NULL; i++, count++) {
            snprintf(path, sizeof path, "%s.%s", sections[s], key);
            const struct option_row *row = option_rows;
            while ((row->name || row->help) && !(row->detail && strcmp(row->detail, path) == 0))
                row++;
            if (!row->name || !option_shown(row, FOR_RUN) || !option_shown(row, FOR_CHECK))
                fail_msg("the key %s has no option", path);
        }
    }
    assert_int_equal(count, 3 + 3 + 7 + 6 + 2);
}

/* More overrides than the first allocation holds. */
static void there_may_be_many(void **state)
{
    (void)state;
    struct options options;
    char line[512] = "tasks";
    for (int i = 0; i < 24; i++)
        snprintf(line + strlen(line), sizeof line - strlen(line), " -Dp%d=%d", i, i);
    assert_true(parse(&options, FOR_RUN, 1, line));
    assert_int_equal(options.n_overrides, 24);
    assert_string_equal(override_of(&options, "params.p0"), "0");
    assert_string_equal(override_of(&options, "params.p23"), "23");
    options_deinit(&options);
}

static void mistakes_name_the_option_and_the_remedy(void **state)
{
    (void)state;
    static const struct {
        unsigned command;
        const char *line, *part;
    } rows[] = {
        {FOR_RUN, "tasks --durations=5", "did you mean --duration?"},
        {FOR_RUN, "tasks --lat=5", "did you mean --latency-percentiles?"},
        {FOR_RUN, "tasks --xyzzy", "unknown option --xyzzy"},
        {FOR_RUN, "tasks -x", "unknown option -x"},
        {FOR_RUN, "tasks --blocks", "needs a value"},
        {FOR_RUN, "tasks --quiet=yes", "takes no value"},
        {FOR_RUN, "tasks bank", "one argument too many: `bank`"},
        {FOR_REPORT, "dir --pool=4", "not an option of this command"},
        {FOR_LIST, "--quiet", "not an option of this command"},
        {FOR_RUN, "tasks -P 0", "--progress must be"},
        {FOR_RUN, "tasks -j x", "--jobs must be"},
        {FOR_RUN, "tasks -D x", "--define must be name=value"},
        {FOR_RUN, "tasks -D =x", "--define must be name=value"},
        {FOR_RUN, "tasks --plots=gif", "svg, png or none"},
        {FOR_RUN, "tasks --latency-percentiles=101", "over 0 and up to 100"},
        {FOR_RUN, "tasks --latency-percentiles=0", "over 0 and up to 100"},
        {FOR_RUN, "tasks --latency-percentiles=", "over 0 and up to 100"},
        {FOR_RUN, "tasks --latency-percentiles=1,2,3,4,5,6,7,8,9", "up to 8"},
        {FOR_RUN, "tasks -c", "needs a value"},
        {FOR_RUN, "tasks --rate", "needs a value"},
        {FOR_SEED, "tasks -c 8", "not an option of this command"},
        {FOR_CHECK, "tasks --raw", "not an option of this command"},
        {FOR_RUN, "tasks --raw=yes", "takes no value"},
        {FOR_RUN, "tasks -L 5", "not supported yet"},
        {FOR_SEED, "tasks -f a.sql", "not an option of this command"},
        {FOR_RUN, "tasks -b", "needs a value"},
        {FOR_RUN, "-b tpcb postgresql://db1/a -d b", "two databases"},
        {FOR_RUN, "tasks --aa", "not supported yet"},
        {FOR_RUN, "tasks --fail-on=p99>10%", "not supported yet"},
        {FOR_RUN, "tasks -W", "pgpass"},
        {FOR_RUN, "tasks --password=secret", "pgpass"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_refused(rows[i].command, rows[i].line, rows[i].part);
}

/* A row that nobody can reach, or two that fight for a letter, is a mistake in the table. */
static void rows_are_consistent(void **state)
{
    (void)state;
    for (const struct option_row *row = option_rows; row->name || row->help; row++) {
        if (!row->name)
            continue;
        assert_non_null(row->set);
        assert_true(row->commands != 0);
        for (const struct option_row *other = row + 1; other->name || other->help; other++) {
            if (!other->name)
                continue;
            assert_string_not_equal(row->name, other->name);
            assert_true(!row->letter || row->letter != other->letter);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_options_take_equals_or_a_space),
        cmocka_unit_test(letters_join),
        cmocka_unit_test(nothing_is_an_option_after_two_dashes),
        cmocka_unit_test(params_keep_their_names),
        cmocka_unit_test(a_uri_among_the_operands_is_the_server),
        cmocka_unit_test(scripts_are_kept_in_their_order),
        cmocka_unit_test(percentiles_are_fractions),
        cmocka_unit_test(load_and_pool_have_pgbench_s_letters),
        cmocka_unit_test(switches_may_have_a_value),
        cmocka_unit_test(every_key_has_an_option),
        cmocka_unit_test(there_may_be_many),
        cmocka_unit_test(mistakes_name_the_option_and_the_remedy),
        cmocka_unit_test(rows_are_consistent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The same expressions in pgbench and here: pgbench's debug() prints a value, and so do we. */
#include <stdlib.h>
#include <unistd.h>

#include "base/proc.h"
#include "expressions.h"
#include "pg/cluster.h"

static const char *const expressions[] = {
    "1 + 2 * 3",
    "10 - 3 - 2",
    "-7 / 2",
    "-7 % 3",
    "7 % -3",
    "-7 % -1",
    "7 / 2.0",
    "1.5 * 2",
    "1e3 + .5",
    "5.",
    "2 - -3",
    "- - 3",
    "~1 + 2",
    "~1 * 2 | 4",
    "1 | 2 + 4",
    "6 & 3 | 8",
    "5 # 3 # 1",
    "1 << 4 >> 2",
    "-16 >> 2",
    "1 << 63",
    "9223372036854775807",
    "-9223372036854775808",
    "-9223372036854775807 - 1",
    "1 < 2",
    "2 <= 1",
    "2 > 1.5",
    "2 >= 2",
    "1 <> 1.0",
    "1 != 2",
    "1 = 1 IS TRUE",
    "NOT 1 > 2 AND 1 < 2",
    "NOT NULL IS NULL",
    "TRUE OR FALSE AND FALSE",
    "NULL AND FALSE",
    "NULL AND TRUE",
    "FALSE AND NULL",
    "TRUE AND NULL",
    "TRUE OR NULL",
    "FALSE OR NULL",
    "NULL OR TRUE",
    "NULL OR FALSE",
    "FALSE AND 1 / 0 = 1",
    "NULL + 1",
    "NULL = NULL",
    "NULL ISNULL",
    "1 NOTNULL",
    "NULL IS NOT NULL",
    "TRUE IS NOT FALSE",
    "NULL IS NOT TRUE",
    "1 IS NULL",
    "CASE WHEN 0 THEN 1 WHEN 2.5 THEN 3 ELSE 4 END",
    "CASE WHEN NULL THEN 1 END",
    "CASE WHEN FALSE THEN 1 / 0 ELSE 5 END",
    "abs(-3)",
    "abs(-3.25)",
    "greatest(1, 2.5, 2)",
    "greatest(3, 2.5)",
    "greatest(5, 4, 3, 2)",
    "least(4, 2, 3)",
    "least(2.5, 1, 3)",
    "least(NULL, 1)",
    "mod(54, 32)",
    "mod(7.6, 3)",
    "pi()",
    "sqrt(2.0)",
    "sqrt(-1) = sqrt(-1)",
    "exp(1)",
    "ln(2.718281828459045)",
    "pow(2.0, 10)",
    "POWER(2, 0.5)",
    "power(-8, 1.0 / 3) = 1",
    "int(5.4 + 3.8)",
    "int(2.5)",
    "int(3.5)",
    "int(-2.5)",
    "double(5432)",
    "1 / 0.0 > 1e300",
    "hash(10, 5432)",
    "hash_fnv1a(10, 5432)",
    "hash_fnv1a(-1, 0)",
    "hash_murmur2(10, 5432)",
    "hash_murmur2(-9223372036854775807, -3)",
    "hash_murmur2(3.6, 1)",
    "permute(0, 10, 5432)",
    "permute(7, 10, 5432)",
    "permute(1000000, 1000003, 42)",
    "permute(5, 1, 3)",
    "permute(-5, 1000, 3)",
    "permute(123456789, 9223372036854775807, 11)",
    "permute(2, 64, 1)",
    ":five + 1",
    ":five * :half",
    ":five = 5 AND :half < 1",
    "random(7, 7)",
    "random_gaussian(7, 7, 2.5)",
    "random_exponential(7, 7, 2.5)",
    "random_zipfian(7, 7, 1.5)",
};

/* Both must refuse these. */
static const char *const refused[] = {
    "1 / 0",
    "1 % 0",
    "9223372036854775807 + 1",
    "-9223372036854775807 - 2",
    "9223372036854775807 * 2",
    "-9223372036854775808 / -1",
    "TRUE + 1",
    "NOT 1",
    "1 AND TRUE",
    "int(1e30)",
    "random(2, 1)",
    "random_gaussian(1, 10, 1.0)",
    "random_exponential(1, 10, 0.0)",
    "permute(0, 0)",
    "1 < 2 < 3",
    "9223372036854775808",
    "greatest()",
    "pi(1)",
    "nothing(1)",
    ":nothing + 1",
    "1 +",
    "(1",
    "1 IS 2",
};

struct server {
    struct cluster *cluster;
    char folder[64];
    char script[96];
    char pgbench[4096];
};

static int start_server(void **state)
{
    static struct server server;
    struct err err = {0};
    struct cluster_options options = {.max_connections = 5, .fast_unsafe = true};
    if (!cluster_open(&options, &server.cluster, &err)) {
        print_error("%s\n", err.text);
        return -1;
    }
    snprintf(server.pgbench, sizeof server.pgbench, "%s/pgbench", cluster_bindir(server.cluster));
    snprintf(server.folder, sizeof server.folder, "/tmp/pgdyno-expr-XXXXXX");
    if (access(server.pgbench, X_OK) != 0 || !mkdtemp(server.folder))
        return -1;
    snprintf(server.script, sizeof server.script, "%s/script.sql", server.folder);
    *state = &server;
    return 0;
}

static int stop_server(void **state)
{
    struct server *server = *state;
    cluster_close(server->cluster);
    return proc_remove_tree(server->folder, NULL) ? 0 : -1;
}

static bool run_pgbench(const struct server *server, struct str *output, struct err *err)
{
    const struct target *target = cluster_target(server->cluster);
    const char *argv[] = {server->pgbench,
                          "-n",
                          "-t",
                          "1",
                          "-D",
                          "five=5",
                          "-D",
                          "half=0.5",
                          "-f",
                          server->script,
                          "-h",
                          target->host,
                          "-p",
                          target->port ? target->port : "5432",
                          "-U",
                          target->user,
                          target->database ? target->database : target->dbname,
                          NULL};
    return proc_run(argv, NULL, (uid_t)-1, (gid_t)-1, 0, output, err);
}

static void ours(const char *text, char out[512])
{
    const struct expr_param params[] = {{"five", {.type = VALUE_INT, .integer = 5}},
                                        {"half", {.type = VALUE_DOUBLE, .real = 0.5}}};
    struct rng rng = rng_at(1, 1, 1, 1);
    struct expr_scope scope = {.params = params, .n_params = 2};
    struct eval_scope eval_scope = {.rng = &rng};
    evaluate(text, &scope, &eval_scope, out);
}

static void write_script(const struct server *server, const char *const *texts, size_t count)
{
    FILE *file = fopen(server->script, "w");
    assert_non_null(file);
    for (size_t i = 0; i < count; i++)
        fprintf(file, "\\set v debug(%s)\n", texts[i]);
    fprintf(file, "SELECT 1;\n");
    assert_int_equal(fclose(file), 0);
}

static void values_are_the_same(void **state)
{
    struct server *server = *state;
    size_t count = sizeof expressions / sizeof expressions[0];
    struct str output = {0};
    struct err err = {0};
    write_script(server, expressions, count);
    if (!run_pgbench(server, &output, &err))
        fail_msg("%s", err.text);
    const char *line = str_text(&output);
    for (size_t i = 0; i < count; i++) {
        char got[512], theirs[512];
        line = strstr(line, "debug(script=0,command=");
        assert_non_null(line);
        line = strstr(line, "): ") + 3;
        snprintf(theirs, sizeof theirs, "%.*s", (int)strcspn(line, "\n"), line);
        ours(expressions[i], got);
        if (strcmp(got, theirs) != 0)
            fail_msg("%s\n  pgbench %s\n  ours    %s", expressions[i], theirs, got);
    }
    str_deinit(&output);
}

static void errors_are_the_same(void **state)
{
    struct server *server = *state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        char got[512];
        write_script(server, &refused[i], 1);
        if (run_pgbench(server, NULL, NULL))
            fail_msg("pgbench accepts %s", refused[i]);
        ours(refused[i], got);
        if (strncmp(got, "error: ", 7) != 0)
            fail_msg("%s is %s", refused[i], got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(values_are_the_same), cmocka_unit_test(errors_are_the_same)};
    return cmocka_run_group_tests(tests, start_server, stop_server);
}

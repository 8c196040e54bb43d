/* The catalog as files: each loads, asks a question, and is as large as a real one. What each promises of a server is
 * kept by tests/catalog. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "unit.h"
#include "workloads/workload.h"

enum {
    LEAST_ROWS = 100000 /* of the main table */
};

static struct workload *load(const char *path)
{
    struct workload *workload = NULL;
    struct problems problems = {0};
    struct str shown = {0};
    if (!workload_load(path, NULL, 0, &workload, &problems)) {
        problems_print(&problems, false, &shown);
        fail_msg("%s", str_text(&shown));
    }
    problems_deinit(&problems);
    return workload;
}

static struct workload *find(const char *name)
{
    char path[4096];
    struct err err = {0};
    unsetenv("PGDYNO_CATALOG");
    if (!workload_find(name, path, sizeof path, &err))
        fail_msg("%s", err.text);
    return load(path);
}

static int64_t most_rows(const struct workload *workload)
{
    int64_t most = 0;
    for (size_t i = 0; i < workload->n_tables; i++)
        most = workload->tables[i].rows > most ? workload->tables[i].rows : most;
    return most;
}

static bool asks(const char *about)
{
    size_t end = strcspn(about, ".?!");
    return about[end] == '?';
}

static void each_asks_and_is_large(void **state)
{
    (void)state;
    struct catalog_entry *entries;
    size_t count;
    struct err err = {0};
    unsetenv("PGDYNO_CATALOG");
    assert_true(catalog_list(&entries, &count, &err));
    assert_true(count >= 4);
    for (size_t i = 0; i < count; i++) {
        struct workload *workload = load(entries[i].path);
        assert_string_equal(workload->name, entries[i].name);
        if (!asks(workload->about))
            fail_msg("%s: the first sentence of `about` is no question", workload->name);
        if (most_rows(workload) < LEAST_ROWS)
            fail_msg("%s: its largest table has %lld rows", workload->name, (long long)most_rows(workload));
        if (workload->n_checks == 0)
            fail_msg("%s has no checks", workload->name);
        workload_free(workload);
    }
    catalog_free(entries, count);
}

static const struct variant *variant_of(const struct workload *workload, const char *name)
{
    for (size_t i = 0; i < workload->n_variants; i++)
        if (strcmp(workload->variants[i].name, name) == 0)
            return &workload->variants[i];
    fail_msg("no variant %s", name);
    return NULL;
}

/* What `about` promises rests on these: more clients than most pools, and a time to give up. */
static void exhaustion_has_too_few_connections(void **state)
{
    (void)state;
    struct workload *workload = find("exhaustion");
    assert_int_equal(workload->load.clients, 200);
    assert_int_equal(workload->sweep.pools[0], 5);
    assert_int_equal(workload->sweep.pools[workload->sweep.n_pools - 1], 200);
    assert_int_equal(workload->variants[0].pool.acquire_timeout_ns, 2 * NS_PER_S);
    workload_free(workload);
}

/* One habit a variant, and nothing to put back between trials. */
static void pool_habits_differ_by_one_each(void **state)
{
    (void)state;
    struct workload *workload = find("pool_habits");
    const struct pool_habits *plain = &workload->variants[0].pool;
    assert_false(plain->pre_ping || plain->connect_each || plain->max_lifetime_ns || plain->idle_timeout_ns);
    assert_true(variant_of(workload, "pre_ping")->pool.pre_ping);
    assert_true(variant_of(workload, "recycled")->pool.max_lifetime_ns > 0);
    assert_true(variant_of(workload, "trimmed")->pool.idle_timeout_ns > 0);
    assert_true(variant_of(workload, "unpooled")->pool.connect_each);
    assert_int_equal(workload->load.arrivals, ARRIVALS_POISSON);
    for (int i = 0; i < workload->transactions[0].n_statements; i++)
        assert_true(str_starts_with(workload->transactions[0].statements[i].sql, "SELECT"));
    /* p99 is compared trial by trial, from 1,000 executions on. */
    double window_s = (double)workload->measure.duration_ns / (double)NS_PER_S;
    assert_true(workload->sweep.rates[0].value * window_s > 1100);
    workload_free(workload);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_asks_and_is_large),
                                       cmocka_unit_test(exhaustion_has_too_few_connections),
                                       cmocka_unit_test(pool_habits_differ_by_one_each)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

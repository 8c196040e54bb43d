/* try WORKLOAD.yaml EXPECTATIONS.txt PGDYNO: seeds a workload of the catalog at a small scale, runs all of it for a
 * moment on a server of its own, and holds what came of it against what the workload promises (README.md). */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/proc.h"
#include "expect.h"
#include "explain.h"
#include "pg/cluster.h"
#include "pg/query.h"
#include "reports/facts.h"
#include "run/run.h"
#include "workloads/workload.h"

enum {
    WORDS = 32,
    LEAST_OPTIONS = 14,
    RUN_LIMIT_S = 100
};

struct bout {
    const char *path, *pgdyno;
    struct expect expect;
    struct workload *workload;
    struct cluster *cluster;
    char place[64], results[96], server[256];
    struct facts *facts;
    struct err err;
    int wrong;
    bool longer;  /* the second, longer run: what still did not happen does not */
    bool missing; /* something did not happen; perhaps the window was too short for this machine */
};

static void wrong(struct bout *bout, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void wrong(struct bout *bout, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    putchar('\n');
    bout->wrong++;
}

/* For what happens by chance, or when there is time for it. */
static void missing(struct bout *bout, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void missing(struct bout *bout, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    bout->missing = true;
    if (bout->longer)
        wrong(bout, "%s", text);
}

/* --- Run it -------------------------------------------------------------------------------------------------- */

static bool load(struct bout *bout)
{
    struct problems problems = {0};
    struct str shown = {0};
    bool ok = workload_load(bout->path, NULL, 0, &bout->workload, &problems);
    if (!ok) {
        problems_print(&problems, false, &shown);
        err_set(&bout->err, ERR_INPUT, bout->path, "%s", str_text(&shown));
    }
    problems_deinit(&problems);
    str_deinit(&shown);
    return ok;
}

static bool start_server(struct bout *bout)
{
    struct run_plan plan;
    if (!run_plan(bout->workload, &plan, &bout->err))
        return false;
    struct cluster_options options = {.settings = bout->workload->server,
                                      .n_settings = bout->workload->n_server,
                                      .max_connections = plan.max_connections,
                                      .fast_unsafe = true};
    if (!cluster_open(&options, &bout->cluster, &bout->err))
        return false;
    const struct target *target = cluster_target(bout->cluster);
    snprintf(bout->server, sizeof bout->server, "host=%s port=%s user=%s dbname=postgres", target->host, target->port,
             target->user);
    return true;
}

static bool run(struct bout *bout, const char *duration)
{
    const char *argv[WORDS] = {
        bout->pgdyno, "run",        bout->path,   "-d",           bout->server, "-s", bout->expect.scale, "-T",
        duration,     "--warmup=0", "--blocks=1", "--plots=none", "-q",         "-o", bout->results};
    size_t n = LEAST_OPTIONS + 1;
    for (int i = 0; i < bout->expect.n_options; i++)
        argv[n++] = bout->expect.options[i];
    struct str output = {0};
    struct err err = {0};
    facts_free(bout->facts);
    bout->facts = NULL;
    if (!proc_remove_tree(bout->results, &bout->err))
        return false;
    /* A trial that is too short or too disturbed to be believed does not matter here: what matters is in the facts. */
    bool ended = proc_run(argv, NULL, (uid_t)-1, (gid_t)-1, RUN_LIMIT_S * NS_PER_S, &output, &err);
    bool ok = facts_read(bout->results, &bout->facts, &bout->err);
    if (!ended && (!ok || strcmp(bout->facts->ending, "finished") != 0)) {
        bout->err = err;
        ok = false;
    }
    str_deinit(&output);
    return ok;
}

/* What `clean` must take away again: everything but the server's own. */
static const char leftovers[] =
    "SELECT coalesce(string_agg(what, ', '), '') FROM ("
    "SELECT 'extension ' || extname FROM pg_extension WHERE extname <> 'plpgsql' UNION ALL "
    "SELECT 'role ' || rolname FROM pg_roles WHERE oid >= 16384 UNION ALL "
    "SELECT 'schema ' || nspname FROM pg_namespace WHERE oid >= 16384 AND nspname !~ '^pg_') AS left_over (what)";

static bool clean(struct bout *bout)
{
    const char *argv[] = {bout->pgdyno, "clean", bout->path, "-d", bout->server, "-q", NULL};
    char left[512] = "";
    struct db *db = NULL;
    struct str output = {0};
    bool ok = proc_run(argv, NULL, (uid_t)-1, (gid_t)-1, RUN_LIMIT_S * NS_PER_S, &output, &bout->err) &&
              db_open(cluster_target(bout->cluster), &db, &bout->err) &&
              db_value(db, leftovers, left, sizeof left, &bout->err);
    if (ok && *left)
        wrong(bout, "pgdyno clean leaves %s", left);
    db_close(db);
    str_deinit(&output);
    return ok;
}

/* --- What came of the transactions --------------------------------------------------------------------------- */

static const struct variant *variant_of(const struct bout *bout, const struct fact_trial *trial)
{
    const char *name = bout->facts->variants[trial->plain.variant].name;
    for (size_t i = 0; i < bout->workload->n_variants; i++)
        if (strcmp(bout->workload->variants[i].name, name) == 0)
            return &bout->workload->variants[i];
    return NULL;
}

static void look_at_transaction(struct bout *bout, const struct fact_trial *trial, const struct variant *variant,
                                size_t t)
{
    const struct transaction *transaction = &variant->transactions[t];
    const struct transaction_result *counts = &trial->transactions[t].counts;
    const char *level = isolation_short(bout->facts->isolations[trial->plain.isolation]);
    if (transaction->weight == 0)
        return;
    bool may_fail = expect_fails(&bout->expect, variant->name, transaction->name, NULL);
    if (counts->trial_ok + (may_fail ? counts->failed + counts->timed_out : 0) == 0)
        missing(bout, "%s succeeded not once under %s, %s", transaction->name, variant->name, level);
    if (may_fail)
        return;
    if (counts->failed > 0 || counts->timed_out > 0)
        wrong(bout, "%s under %s, %s: %lld failed, %lld timed out: %s", transaction->name, variant->name, level,
              (long long)counts->failed, (long long)counts->timed_out, trial->plain.first_error);
}

static void look_at_check(struct bout *bout, const struct fact_trial *trial, const struct variant *variant)
{
    const char *level = isolation_short(bout->facts->isolations[trial->plain.isolation]);
    for (size_t i = 0; i < bout->workload->n_checks; i++) {
        const char *check = bout->workload->checks[i].name;
        bool broke = strcmp(trial->plain.broken_check, check) == 0;
        if (broke && !expect_breaks(&bout->expect, variant->name, level, check))
            wrong(bout, "check %s does not hold under %s, %s", check, variant->name, level);
    }
}

static void look_at_trials(struct bout *bout)
{
    if (bout->facts->n_trials != facts_n_planned(bout->facts))
        wrong(bout, "%zu of %zu trials were run", bout->facts->n_trials, facts_n_planned(bout->facts));
    for (size_t i = 0; i < bout->facts->n_trials; i++) {
        const struct fact_trial *trial = &bout->facts->trials[i];
        const struct variant *variant = variant_of(bout, trial);
        if (!trial->plain.complete)
            wrong(bout, "the trial of %s is not complete: %s", variant->name, trial->plain.reason);
        for (size_t t = 0; t < bout->facts->n_transactions; t++)
            look_at_transaction(bout, trial, variant, t);
        look_at_check(bout, trial, variant);
    }
}

/* --- What is promised of the trials -------------------------------------------------------------------------- */

static const struct counter {
    const char *name;
    size_t offset;
} counters[] = {{"ok", offsetof(struct transaction_result, ok)},
                {"retries", offsetof(struct transaction_result, retries)},
                {"serialization_failures", offsetof(struct transaction_result, serialization_failures)},
                {"deadlock_failures", offsetof(struct transaction_result, deadlock_failures)},
                {"failed", offsetof(struct transaction_result, failed)},
                {"timed_out", offsetof(struct transaction_result, timed_out)}};

static int transaction_number(const struct bout *bout, const char *name)
{
    for (size_t t = 0; t < bout->facts->n_transactions; t++)
        if (strcmp(bout->facts->transactions[t].name, name) == 0)
            return (int)t;
    return -1;
}

/* The sum over the variant's trials; −1 for an unknown counter. */
static int64_t counter_sum(const struct bout *bout, int variant, int transaction, const char *name)
{
    const struct counter *counter = NULL;
    int64_t sum = 0;
    for (size_t i = 0; i < sizeof counters / sizeof *counters; i++)
        if (strcmp(counters[i].name, name) == 0)
            counter = &counters[i];
    for (size_t i = 0; counter && i < bout->facts->n_trials; i++) {
        const char *counts = (const char *)&bout->facts->trials[i].transactions[transaction].counts;
        if (bout->facts->trials[i].plain.variant == variant)
            sum += *(const int64_t *)(const void *)(counts + counter->offset);
    }
    return counter ? sum : -1;
}

static bool has_error(const struct bout *bout, int variant, sqlstate code)
{
    for (size_t i = 0; i < bout->facts->n_trials; i++)
        for (size_t k = 0; k < bout->facts->trials[i].plain.n_errors; k++)
            if (bout->facts->trials[i].plain.variant == variant && bout->facts->trials[i].plain.errors[k].code == code)
                return true;
    return false;
}

static void keep_failure(struct bout *bout, const struct promise *promise, int variant, int transaction)
{
    bool timeout = strcmp(promise->text, "timeout") == 0;
    int64_t count = counter_sum(bout, variant, transaction, timeout ? "timed_out" : "failed");
    if (count == 0 || (!timeout && !has_error(bout, variant, sqlstate_parse(promise->text))))
        missing(bout, "line %d: %s under %s does not fail with %s", promise->line, promise->transaction,
                bout->facts->variants[variant].name, promise->text);
}

static void keep_counter(struct bout *bout, const struct promise *promise, int variant, int transaction)
{
    int64_t count = counter_sum(bout, variant, transaction, promise->text);
    if (count < 0)
        wrong(bout, "line %d: there is no counter %s", promise->line, promise->text);
    else if (count == 0 && promise->kind == PROMISE_MEETS)
        missing(bout, "line %d: %s under %s: no %s", promise->line, promise->transaction,
                bout->facts->variants[variant].name, promise->text);
    else if (count > 0 && promise->kind == PROMISE_NEVER)
        wrong(bout, "line %d: %s under %s: %lld %s", promise->line, promise->transaction,
              bout->facts->variants[variant].name, (long long)count, promise->text);
}

/* Of several promised checks one is enough: a trial keeps the name of the first that fails. */
static void keep_broken(struct bout *bout, const struct promise *promise, int variant)
{
    const char *name = bout->facts->variants[variant].name;
    for (size_t i = 0; i < bout->facts->n_trials; i++) {
        const struct trial_result *trial = &bout->facts->trials[i].plain;
        if (trial->variant == variant && expect_breaks(&bout->expect, name, promise->level, trial->broken_check) &&
            strcmp(isolation_short(bout->facts->isolations[trial->isolation]), promise->level) == 0)
            return;
    }
    missing(bout, "line %d: check %s holds under %s, %s", promise->line, promise->text, name, promise->level);
}

/* --- What is promised of the plans --------------------------------------------------------------------------- */

static json_t *plan_read(const struct bout *bout, int variant, const struct promise *promise)
{
    char path[512], name[EXPECT_WORD_BYTES * 2], folder[EXPECT_WORD_BYTES * 2];
    facts_file_name(folder, sizeof folder, bout->facts->variants[variant].name, variant);
    facts_file_name(name, sizeof name, promise->transaction, transaction_number(bout, promise->transaction));
    snprintf(path, sizeof path, "%s/plans/%s/%s_%d.json", bout->results, folder, name, promise->statement);
    return json_load_file(path, 0, NULL);
}

static void keep_plan(struct bout *bout, const struct promise *promise, int variant)
{
    json_t *stored = plan_read(bout, variant, promise);
    struct str text = {0};
    if (!promise->generic)
        explain_text(json_object_get(stored, "custom"), &text);
    if (text.len == 0)
        explain_text(json_object_get(stored, "generic"), &text);
    if (text.len == 0)
        wrong(bout, "line %d: there is no plan of %s %d under %s", promise->line, promise->transaction,
              promise->statement, bout->facts->variants[variant].name);
    else if ((strstr(str_text(&text), promise->text) != NULL) != (promise->kind == PROMISE_HAS))
        wrong(bout, "line %d: under %s the plan of %s %d %s \"%s\":\n%s", promise->line,
              bout->facts->variants[variant].name, promise->transaction, promise->statement,
              promise->kind == PROMISE_HAS ? "lacks" : "has", promise->text, str_text(&text));
    str_deinit(&text);
    json_decref(stored);
}

static void keep_same(struct bout *bout, const struct promise *promise)
{
    char first[4096] = "";
    for (size_t v = 0; v < bout->facts->n_variants; v++) {
        json_t *stored = plan_read(bout, (int)v, promise);
        const char *shape = json_string_value(json_object_get(stored, "shape"));
        if (!shape || !*shape)
            wrong(bout, "line %d: there is no plan of %s %d under %s", promise->line, promise->transaction,
                  promise->statement, bout->facts->variants[v].name);
        else if (v == 0)
            snprintf(first, sizeof first, "%s", shape);
        else if (strcmp(first, shape) != 0)
            wrong(bout, "line %d: under %s the plan of %s %d is not the baseline's:\n  %s\n  %s", promise->line,
                  bout->facts->variants[v].name, promise->transaction, promise->statement, first, shape);
        json_decref(stored);
    }
}

static void keep_under(struct bout *bout, const struct promise *promise, int variant)
{
    int transaction = promise->kind == PROMISE_BREAKS ? 0 : transaction_number(bout, promise->transaction);
    switch (promise->kind) {
    case PROMISE_HAS:
    case PROMISE_LACKS:
        keep_plan(bout, promise, variant);
        break;
    case PROMISE_FAILS:
        keep_failure(bout, promise, variant, transaction);
        break;
    case PROMISE_BREAKS:
        keep_broken(bout, promise, variant);
        break;
    case PROMISE_MEETS:
    case PROMISE_NEVER:
        keep_counter(bout, promise, variant, transaction);
        break;
    case PROMISE_SAME:
        break;
    }
}

static void keep(struct bout *bout, const struct promise *promise)
{
    bool covers = promise->kind == PROMISE_SAME;
    if (promise->kind != PROMISE_BREAKS && transaction_number(bout, promise->transaction) < 0) {
        wrong(bout, "line %d: there is no transaction %s", promise->line, promise->transaction);
        return;
    }
    if (promise->kind == PROMISE_SAME)
        keep_same(bout, promise);
    for (size_t v = 0; promise->kind != PROMISE_SAME && v < bout->facts->n_variants; v++)
        if (expect_covers(promise->variant, bout->facts->variants[v].name)) {
            covers = true;
            keep_under(bout, promise, (int)v);
        }
    if (!covers)
        wrong(bout, "line %d: there is no variant %s", promise->line, promise->variant);
}

/* Each variant is there for something: a promise of a plan or of anything else. */
static void look_for_silence(struct bout *bout)
{
    for (size_t v = 0; v < bout->facts->n_variants; v++) {
        bool named = false;
        for (size_t i = 0; i < bout->expect.n_promises; i++)
            named = named || bout->expect.promises[i].kind == PROMISE_SAME ||
                    expect_covers(bout->expect.promises[i].variant, bout->facts->variants[v].name);
        if (!named)
            wrong(bout, "nothing is promised of the variant %s", bout->facts->variants[v].name);
    }
}

/* ------------------------------------------------------------------------------------------------------------- */

static bool try_once(struct bout *bout, const char *duration)
{
    if (!run(bout, duration))
        return false;
    look_at_trials(bout);
    for (size_t i = 0; i < bout->expect.n_promises; i++)
        keep(bout, &bout->expect.promises[i]);
    return true;
}

static bool try_out(struct bout *bout, const char *expectations)
{
    if (!expect_read(expectations, &bout->expect, &bout->err) || !load(bout) || !start_server(bout) ||
        !try_once(bout, bout->expect.duration))
        return false;
    bout->longer = true;
    if (bout->missing && !try_once(bout, "3s"))
        return false;
    look_for_silence(bout);
    return clean(bout);
}

int main(int argc, char **argv)
{
    struct bout bout = {.path = argv[1], .pgdyno = argc > 3 ? argv[3] : NULL};
    const char *parent = getenv("TMPDIR");
    static const char *const outside[] = {"PGHOST", "PGHOSTADDR", "PGPORT", "PGUSER", "PGDATABASE", "PGSERVICE", NULL};
    if (argc != 4) {
        fprintf(stderr, "usage: %s WORKLOAD.yaml EXPECTATIONS.txt PGDYNO\n", argv[0]);
        return 1;
    }
    for (size_t i = 0; outside[i]; i++)
        unsetenv(outside[i]);
    snprintf(bout.place, sizeof bout.place, "%.40s/pgdyno-try-XXXXXX", parent && *parent ? parent : "/tmp");
    if (!mkdtemp(bout.place)) {
        perror(bout.place);
        return 1;
    }
    snprintf(bout.results, sizeof bout.results, "%s/results", bout.place);
    bool ended = try_out(&bout, argv[2]);
    if (!ended)
        printf("%s: %s\n", bout.err.where, bout.err.text);
    cluster_close(bout.cluster);
    facts_free(bout.facts);
    workload_free(bout.workload);
    expect_deinit(&bout.expect);
    if (!proc_remove_tree(bout.place, &bout.err))
        printf("%s\n", bout.err.text);
    return ended && bout.wrong == 0 ? 0 : 1;
}

#include "workloads/workload.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema.h"

/* Part of every seed_hash: raise it when a generator makes other rows from the same file. */
static const char generator_version[] = "1";

static void set_hash(char out[17], const struct str *text)
{
    snprintf(out, 17, "%016" PRIx64, str_hash(str_text(text), text->len));
}

/* Length first, so that "ab" + "c" and "a" + "bc" differ. */
static void feed(struct str *out, const char *text)
{
    str_printf(out, "%zu:%s;", text ? strlen(text) : 0, text ? text : "");
}

static void feed_param(struct str *out, const struct expr_param *param)
{
    char buf[VALUE_TEXT_MAX];
    const char *data = buf;
    size_t len = param->value.type == VALUE_NULL ? 0 : value_text(&param->value, buf, &data);
    feed(out, param->name);
    str_printf(out, "%d:%zu:", (int)param->value.type, len);
    str_append_n(out, data, len);
}

static void feed_relation(struct loader *loader, const struct relation *relation, struct str *out)
{
    const struct csv_source *source = relation->spec->source;
    feed(out, relation->spec->name);
    str_printf(out, "%lld;%" PRIx64 ";", (long long)relation->spec->rows, source ? source->hash : 0);
    for (size_t i = 0; i < relation->spec->n_columns && !source; i++) {
        feed(out, relation->spec->columns[i].name);
        feed(out, doc_text(doc_value(&loader->doc, relation->columns_node, i)));
    }
}

static void hash_workload(struct loader *loader)
{
    struct workload *workload = loader->workload;
    struct str seed = {0}, all = {0};
    feed(&seed, generator_version);
    feed(&seed, workload->schema_sql);
    feed(&seed, workload->constraints_sql);
    str_printf(&seed, "%" PRIu64 ";", workload->measure.seed);
    for (size_t i = 0; i < loader->n_params; i++)
        feed_param(&seed, &loader->params[i]);
    for (size_t i = 0; i < loader->n_relations; i++)
        feed_relation(loader, &loader->relations[i], &seed);
    feed(&all, workload->text);
    feed(&all, workload->schema_sql); /* it may come from a file of its own */
    str_printf(&all, "%" PRIx64 ";", loader->scripts_hash);
    for (size_t i = 0; i < workload->n_sources; i++)
        str_printf(&all, "%" PRIx64 ";", workload->sources[i]->hash);
    if (loader->files_hash)
        str_printf(&all, "%" PRIx64 ";", loader->files_hash);
    set_hash(workload->seed_hash, &seed);
    set_hash(workload->hash, &all);
    loader->problems->failed = loader->problems->failed || seed.failed || all.failed;
    str_deinit(&seed);
    str_deinit(&all);
}

static struct workload *workload_new(const char *path)
{
    struct arena *arena = arena_new();
    struct workload *workload = arena ? ARENA_NEW(arena, struct workload) : NULL;
    const char *copy = workload ? arena_strdup(arena, path) : NULL;
    if (!copy) {
        arena_free(arena);
        return NULL;
    }
    workload->arena = arena;
    workload->path = copy;
    return workload;
}

void workload_free(struct workload *workload)
{
    if (!workload)
        return;
    for (size_t i = 0; i < workload->n_sources; i++)
        csv_source_close(workload->sources[i]);
    arena_free(workload->arena);
}

const char *workload_where(const struct workload *workload, const void *thing)
{
    const struct file_place *place = workload->places;
    while (place && place->thing != thing)
        place = place->next;
    return place ? place->where : workload->path;
}

static bool read_text(struct workload *workload, struct problems *problems)
{
    struct str text = {0};
    struct err err;
    bool good = file_read(workload->path, &text, &err);
    if (!good) {
        problems_add(problems, 0, 0, 0, "%s", err.text);
    } else {
        workload->text = arena_strdup(workload->arena, str_text(&text));
        problems_set_file(problems, workload->path, workload->text);
        good = workload->text != NULL;
        problems->failed = problems->failed || !good;
    }
    str_deinit(&text);
    return good;
}

static void bind(struct loader *loader)
{
    const yaml_node_t *root = doc_root(&loader->doc);
    if (!doc_is_map(root)) {
        doc_problem(&loader->doc, root, "a workload is a map that begins with `workload: name`");
        return;
    }
    schema_bind(loader, root);
    check_workload(loader);
    if (loader->problems->count == 0)
        hash_workload(loader);
}

/* `text`: the workload's, if it is not in a file. */
static bool load(const char *path, const char *text, const struct override *overrides, size_t n_overrides,
                 struct workload **out, struct problems *problems)
{
    *out = NULL;
    *problems = (struct problems){0};
    struct workload *workload = workload_new(path);
    if (!workload) {
        problems->failed = true;
        return false;
    }
    struct loader loader = {.arena = workload->arena,
                            .problems = problems,
                            .workload = workload,
                            .overrides = overrides,
                            .n_overrides = n_overrides};
    if (text)
        workload->text = text;
    workload->existing = text != NULL;
    if ((text || read_text(workload, problems)) && doc_open(&loader.doc, workload->text, workload->arena, problems))
        bind(&loader);
    doc_close(&loader.doc);
    if (problems->count > 0 || problems->failed) {
        workload_free(workload);
        return false;
    }
    *out = workload;
    return true;
}

bool workload_load(const char *path, const struct override *overrides, size_t n_overrides, struct workload **out,
                   struct problems *problems)
{
    return load(path, NULL, overrides, n_overrides, out, problems);
}

bool workload_load_scripts(const struct override *overrides, size_t n_overrides, struct workload **out,
                           struct problems *problems)
{
    static const char text[] = "workload: scripts\n"
                               "about: pgbench scripts on the tables that are there\n"
                               "params: { scale: 1 }\n"
                               "measure: { protocol: simple }\n" /* pgbench's, which some scripts need */
                               "transactions: {}\n";
    return load("scripts", text, overrides, n_overrides, out, problems);
}

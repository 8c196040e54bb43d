/* A folder for a test's run, its report, and what is looked for in it. */
#ifndef PGDYNO_TESTS_REPORTS_PLACE_H
#define PGDYNO_TESTS_REPORTS_PLACE_H

#include <fcntl.h>
#include <sys/stat.h>

#include "synthetic.h"

static const struct synthetic small = {.n_variants = 2,
                                       .n_pools = 1,
                                       .n_isolations = 1,
                                       .blocks = 8,
                                       .n_transactions = 2,
                                       .window_ns = 2500000000,
                                       .rate = 200,
                                       .noise = 0};

struct place {
    char parent[256], folder[512], path[4096];
    struct str log;
};

static inline int set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    assert_non_null(place);
    synthetic_folder(place->parent, sizeof place->parent, place->folder, sizeof place->folder);
    snprintf(place->path, sizeof place->path, "%s", getenv("PATH"));
    *state = place;
    return 0;
}

static inline int tear_down(void **state)
{
    struct place *place = *state;
    setenv("PATH", place->path, 1);
    chmod(place->folder, 0777);
    bool ok = proc_remove_tree(place->parent, NULL);
    str_deinit(&place->log);
    free(place);
    return ok ? 0 : -1;
}

static inline void keep_line(void *user, const char *line)
{
    str_printf(user, "%s\n", line);
}

/* The table's text; fails the test if the report does. */
static inline char *report(struct place *place, bool plots, bool *all_valid)
{
    struct str table = {0};
    struct err err = {0};
    bool valid;
    struct log log = {keep_line, &place->log};
    struct report_options options = {.plots = plots, .log = &log};
    if (!report_write(place->folder, &options, &table, all_valid ? all_valid : &valid, &err))
        fail_msg("%s: %s", err.where, err.text);
    return str_steal(&table);
}

static inline void assert_has(const char *text, const char *part)
{
    if (!text || !strstr(text, part))
        fail_msg("\"%s\" is not in:\n%s", part, text ? text : "(no file)");
}

static inline void assert_file_has(const struct place *place, const char *name, const char *part)
{
    char *text = synthetic_slurp(place->folder, name);
    assert_has(text, part);
    free(text);
}

static inline bool exists(const struct place *place, const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", place->folder, name);
    return access(path, F_OK) == 0;
}

#define PLACE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif

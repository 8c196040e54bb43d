#include "cli/existing.h"

#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "pg/query.h"

#define SCALE_KEY "params.scale"

static const char *given_scale(const struct options *options)
{
    const char *scale = NULL;
    for (size_t i = 0; i < options->n_overrides; i++)
        if (strcmp(options->overrides[i].key, SCALE_KEY) == 0)
            scale = options->overrides[i].value;
    return scale;
}

static bool has_builtin(const struct options *options)
{
    for (size_t i = 0; i < options->n_overrides; i++)
        if (strcmp(options->overrides[i].key, OVERRIDE_SCRIPT_BUILTIN) == 0)
            return true;
    return false;
}

/* *scale stays as it is when there is no such table, or it may not be read. */
static bool count_branches(const struct target *target, int64_t *scale, struct err *err)
{
    struct db *db = NULL;
    char readable[8];
    bool ok = db_open(target, &db, err) &&
              db_value(db, "SELECT coalesce(has_table_privilege(to_regclass('pgbench_branches'), 'SELECT'), false)",
                       readable, sizeof readable, err);
    if (ok && readable[0] == 't')
        ok = db_int(db, "SELECT count(*) FROM pgbench_branches", scale, err);
    db_close(db);
    return ok;
}

/* The built-in scripts draw from as many rows as there are, whatever -s says; other scripts from what it says. */
static bool find_scale(const struct options *options, const struct log *log, int64_t *scale, struct err *err)
{
    const char *given = given_scale(options);
    int64_t number;
    *scale = 0;
    if (options->dry_run || (given && !has_builtin(options)))
        return true;
    if (!count_branches(&options->target, scale, err))
        return false;
    if (*scale > 0 && given && (!units_parse_int(given, &number) || number != *scale))
        log_warning(log,
                    "--scale=%s is not what the tables have: pgbench_branches has %" PRId64 " rows, and the "
                    "built-in scripts take that",
                    given, *scale);
    return true;
}

bool existing_overrides(const struct options *options, const struct log *log, struct override **out, size_t *count,
                        struct err *err)
{
    int64_t scale;
    if (!find_scale(options, log, &scale, err))
        return false;
    *count = options->n_overrides + (scale > 0);
    *out = ARENA_ARRAY(options->arena, struct override, *count + 1);
    char *text = arena_printf(options->arena, "%" PRId64, scale);
    if (!*out || !text)
        return err_memory(err);
    if (options->n_overrides)
        memcpy(*out, options->overrides, options->n_overrides * sizeof **out);
    if (scale > 0)
        (*out)[options->n_overrides] = (struct override){SCALE_KEY, text, "count(*) of pgbench_branches"};
    return true;
}

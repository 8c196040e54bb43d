#include "pg/target.h"

#include <stdlib.h>

void target_keywords(const struct target *target, const char *app, const char *keywords[TARGET_KEYWORDS],
                     const char *values[TARGET_KEYWORDS])
{
    /* psql's order: what a connection string in dbname says wins over what stands before it. libpq expands the first
     * dbname only, hence "" (which means nothing else) in front of a `database` that must not be expanded. */
    const struct {
        const char *keyword, *value;
    } rows[] = {
        {"host", target->host},
        {"port", target->port},
        {"user", target->user},
        {"dbname", target->dbname ? target->dbname : ""},
        {"dbname", target->database},
        {"fallback_application_name", app},
        {"client_encoding", "UTF8"}, /* workload files are UTF-8, and so are our reports */
    };
    const size_t count = sizeof rows / sizeof *rows;
    _Static_assert(sizeof rows / sizeof *rows < TARGET_KEYWORDS, "room for the final NULL");
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (!rows[i].value)
            continue;
        keywords[n] = rows[i].keyword;
        values[n++] = rows[i].value;
    }
    keywords[n] = values[n] = NULL;
}

bool target_is_given(const struct target *target)
{
    static const char *const variables[] = {"PGHOST", "PGHOSTADDR", "PGPORT", "PGSERVICE", "PGDATABASE", "PGUSER"};
    if (target->host || target->port || target->user || target->dbname || target->database)
        return true;
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *value = getenv(variables[i]);
        if (value && *value)
            return true;
    }
    return false;
}

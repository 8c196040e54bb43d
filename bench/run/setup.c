#include "run/setup.h"

/* E'…' means the same whatever standard_conforming_strings says. */
static void append_literal(struct str *out, const char *text)
{
    str_append(out, "E'");
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            str_append_char(out, *text);
        str_append_char(out, *text);
    }
    str_append_char(out, '\'');
}

/* set_config() takes the value as SHOW prints it, lists too; SET would make one name of a quoted list. */
static void append_setting(struct str *out, const char *name, const char *value)
{
    str_append(out, out->len ? ", set_config(" : "SELECT set_config(");
    append_literal(out, name);
    str_append(out, ", ");
    append_literal(out, value);
    str_append(out, ", false)");
}

static void append_settings(struct str *out, const struct setting *settings, size_t n)
{
    for (size_t i = 0; i < n; i++)
        append_setting(out, settings[i].name, settings[i].value);
}

static void append_search_path(struct str *out, const char *schema)
{
    struct str path = {0};
    str_append_char(&path, '"');
    for (; *schema; schema++) {
        if (*schema == '"')
            str_append_char(&path, '"');
        str_append_char(&path, *schema);
    }
    str_append(&path, "\", pg_temp");
    append_setting(out, "search_path", str_text(&path));
    out->failed = out->failed || path.failed;
    str_deinit(&path);
}

void setup_sql(const char *schema, enum isolation isolation, const struct workload *workload,
               const struct variant *variant, struct str *out)
{
    if (schema)
        append_search_path(out, schema);
    append_setting(out, "default_transaction_isolation", isolation_name(isolation));
    append_setting(out, "standard_conforming_strings", "on"); /* the simple protocol's literals rely on it */
    append_settings(out, workload->session, workload->n_session);
    if (variant)
        append_settings(out, variant->settings, variant->n_settings);
}

const char *setup_begin(enum isolation isolation)
{
    static const char *const begin[ISOLATION_COUNT] = {
        [ISOLATION_READ_COMMITTED] = "BEGIN ISOLATION LEVEL READ COMMITTED",
        [ISOLATION_REPEATABLE_READ] = "BEGIN ISOLATION LEVEL REPEATABLE READ",
        [ISOLATION_SERIALIZABLE] = "BEGIN ISOLATION LEVEL SERIALIZABLE",
    };
    return begin[isolation];
}

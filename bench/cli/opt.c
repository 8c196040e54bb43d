#include "cli/opt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/units.h"
#include "cli/redact.h"

enum {
    NAMES_MAX = 128,
    PROGRESS_MAX_S = 3600,
    JOBS_MAX = 1024
};

/* --- What an option does with its value --------------------------------------------------------------------------- */

static void written(const struct option_row *row, char *buf, size_t size)
{
    if (row->letter)
        snprintf(buf, size, "-%c, --%s", row->letter, row->name);
    else
        snprintf(buf, size, "--%s", row->name);
}

static bool bad_value(const struct option_row *row, const char *value, const char *wanted, struct err *err)
{
    return err_set(err, ERR_USAGE, NULL, "--%s must be %s, not `%s`", row->name, wanted, value);
}

static bool set_text(struct options *options, const struct option_row *row, const char *value, struct err *err)
{
    const char **member = (const char **)((char *)options + row->offset);
    *member = arena_strdup(options->arena, value);
    return *member || err_memory(err);
}

static bool set_flag(struct options *options, const struct option_row *row, const char *value, struct err *err)
{
    (void)value, (void)err;
    *(bool *)((char *)options + row->offset) = true;
    return true;
}

static bool refuse(struct options *options, const struct option_row *row, const char *value, struct err *err)
{
    (void)options, (void)value;
    char name[64];
    written(row, name, sizeof name);
    return err_set(err, ERR_USAGE, NULL, "%s %s", name, row->detail);
}

static bool add_override(struct options *options, const char *key, const char *value, const char *option,
                         struct err *err)
{
    if (options->n_overrides == options->cap_overrides) {
        size_t cap = options->cap_overrides ? 2 * options->cap_overrides : 16;
        struct override *grown = ARENA_ARRAY(options->arena, struct override, cap);
        if (!grown)
            return err_memory(err);
        if (options->n_overrides)
            memcpy(grown, options->overrides, options->n_overrides * sizeof *grown);
        options->overrides = grown;
        options->cap_overrides = cap;
    }
    struct override *override = &options->overrides[options->n_overrides++];
    *override = (struct override){key, arena_strdup(options->arena, value), option};
    return (key && option && override->value) || err_memory(err);
}

static bool set_key(struct options *options, const struct option_row *row, const char *value, struct err *err)
{
    return add_override(options, row->detail, value, arena_printf(options->arena, "--%s", row->name), err);
}

/* A key that is true or false: the option alone is true, and `--option=false` takes back what the file says. */
static bool set_switch(struct options *options, const struct option_row *row, const char *value, struct err *err)
{
    return set_key(options, row, value ? value : "true", err);
}

/* The driver's threads, and the connections that load. */
static bool set_jobs(struct options *options, const struct option_row *row, const char *value, struct err *err)
{
    int64_t jobs;
    if (!units_parse_int(value, &jobs) || jobs < 1 || jobs > JOBS_MAX)
        return bad_value(row, value, "a whole number from 1 to 1024", err);
    options->jobs = (int)jobs;
    return set_key(options, row, value, err);
}

static bool set_param(struct options *options, const struct option_row *row, const char *value, struct err *err)
{
    const char *equals = strchr(value, '=');
    if (!equals || equals == value)
        return bad_value(row, value, "name=value", err);
    int len = (int)(equals - value);
    return add_override(options, arena_printf(options->arena, "params.%.*s", len, value), equals + 1,
                        arena_printf(options->arena, "-D %.*s", len, value), err);
}

/* A pgbench script in place of the workload's transactions; `-b list` only asks. */
static bool add_script(struct options *options, const struct option_row *row, const char *value, struct err *err)
{
    options->list_builtins = options->list_builtins || (row->letter == 'b' && strcmp(value, "list") == 0);
    options->n_scripts++;
    return add_override(options, row->detail, value, arena_printf(options->arena, "-%c %s", row->letter, value), err);
}

static bool set_progress(struct options *options, const struct option_row *row, const char *value, struct err *err)
{
    int64_t seconds;
    if (!units_parse_int(value, &seconds) || seconds < 1 || seconds > PROGRESS_MAX_S)
        return bad_value(row, value, "a whole number of seconds from 1 to 3600", err);
    options->progress_s = (int)seconds;
    return true;
}

static bool set_percentiles(struct options *options, const struct option_row *row, const char *value, struct err *err)
{
    char *rest = arena_strdup(options->arena, value);
    options->n_percentiles = 0;
    for (char *item; rest && (item = strsep(&rest, ",")) != NULL;) {
        double percent;
        if (options->n_percentiles == OPT_PERCENTILES || !units_parse_double(item, &percent) || percent <= 0 ||
            percent > 100)
            return bad_value(row, value, "up to 8 numbers over 0 and up to 100, such as 50,95,99", err);
        options->percentiles[options->n_percentiles++] = percent / 100;
    }
    return options->n_percentiles > 0 || err_memory(err);
}

static bool set_plots(struct options *options, const struct option_row *row, const char *value, struct err *err)
{
    if (strcmp(value, "svg") != 0 && strcmp(value, "png") != 0 && strcmp(value, "none") != 0)
        return bad_value(row, value, "svg, png or none", err);
    return set_text(options, row, value, err);
}

/* --- The rows ----------------------------------------------------------------------------------------------------- */

/* clang-format off */
#define HEADING(text) {0, NULL, NULL, FOR_ALL, NULL, 0, NULL, text}
#define MEMBER(member) offsetof(struct options, member)
#define LATER(letter, name, argument, commands, with)                                                                  \
    {letter, name, argument, commands, refuse, 0, "is not supported yet: " with, NULL}
/* clang-format on */

enum {
    ON_SERVER = FOR_RUN | FOR_SEED | FOR_CHECK | FOR_CLEAN,
    MEASURES = FOR_RUN | FOR_CHECK,
    LOADS = FOR_RUN | FOR_SEED | FOR_CHECK,
    SHOWS = FOR_RUN | FOR_REPORT
};

const struct option_row option_rows[] = {
    HEADING("Server (without any of these and without PG* variables: a private one)"),
    {'h', "host", "HOST", ON_SERVER, set_text, MEMBER(target.host), NULL, "server's host or socket folder"},
    {'p', "port", "PORT", ON_SERVER, set_text, MEMBER(target.port), NULL, "server's port"},
    {'U', "username", "NAME", ON_SERVER, set_text, MEMBER(target.user), NULL, "database user"},
    {'d', "dbname", "DB", ON_SERVER, set_text, MEMBER(target.dbname), NULL, "database name, or a connection string"},
    {'W', "password", NULL, ON_SERVER, refuse, 0,
     "does not exist: keep the password in ~/.pgpass, a service file, or PGPASSWORD", NULL},

    HEADING("pgbench scripts, in place of the workload's transactions"),
    {'f', "file", "FILE[@WEIGHT]", MEASURES, add_script, 0, OVERRIDE_SCRIPT_FILE,
     "a pgbench script, chosen WEIGHT times as often as others; may be given again; - is standard input"},
    {'b', "builtin", "NAME[@WEIGHT]", MEASURES, add_script, 0, OVERRIDE_SCRIPT_BUILTIN,
     "tpcb-like, simple-update or select-only, or the begin of such a name; list shows them"},

    HEADING("Data"),
    {'s', "scale", "N", LOADS, set_key, 0, "params.scale", "the workload's param `scale`: how large the tables are"},
    {'D', "define", "NAME=VALUE", LOADS, set_param, 0, NULL, "set a param of the workload; may be given again"},
    {0, "random-seed", "N", LOADS, set_key, 0, "measure.seed", "seed of everything random"},

    HEADING("What is compared"),
    {0, "variant", "A,B,…", MEASURES, set_key, 0, "variants", "only these variants; the first is the baseline"},
    {0, "pool", "N,…", MEASURES, set_key, 0, "sweep.pool", "connections: one number or several, such as 4,8,16"},
    {0, "isolation", "LEVEL,…", MEASURES, set_key, 0, "sweep.isolation",
     "rc, rr, ser or the full names (read committed, …)"},
    {'R', "rate", "RATE,…", MEASURES, set_key, 0, "sweep.rate",
     "transactions a second, whatever the server does: 500, or 80% of what it carries; closed (default): each client "
     "waits for its last transaction. One or several"},

    HEADING("Load"),
    {'c', "clients", "N", MEASURES, set_key, 0, "load.clients",
     "clients of a closed loop, which share the pool's connections; default: as many as connections"},
    {0, "think", "TIME", MEASURES, set_key, 0, "load.think", "of a client, between its transactions"},
    {0, "arrivals", "KIND", MEASURES, set_key, 0, "load.arrivals",
     "with a rate: poisson or constant; default: constant to compare variants, poisson for one alone"},

    HEADING("Pool, as an application has it"),
    {0, "acquire-timeout", "TIME", MEASURES, set_key, 0, "pool.acquire_timeout",
     "give up a transaction that waited so long for a connection; default: never"},
    {0, "max-overflow", "N", MEASURES, set_key, 0, "pool.max_overflow",
     "connections beyond the size, opened when all are busy, closed when idle; default: 0"},
    {0, "max-lifetime", "TIME", MEASURES, set_key, 0, "pool.max_lifetime",
     "replace an older connection before its next transaction; default: never"},
    {0, "idle-timeout", "TIME", MEASURES, set_key, 0, "pool.idle_timeout",
     "close a connection that was idle for so long; default: never"},
    {0, "pre-ping", NULL, MEASURES, set_switch, 0, "pool.pre_ping",
     "an empty query before each transaction; --pre-ping=false takes it back"},
    {'C', "connect", NULL, MEASURES, set_switch, 0, "pool.connect_per_transaction",
     "a new connection for each transaction; --connect=false takes it back"},

    HEADING("How it is measured"),
    {'T', "duration", "TIME", MEASURES, set_key, 0, "measure.duration",
     "measured time of each trial: 60 (seconds), 250ms, 5m"},
    {0, "warmup", "TIME", MEASURES, set_key, 0, "measure.warmup", "unmeasured time before it"},
    {0, "blocks", "N", MEASURES, set_key, 0, "measure.blocks",
     "how often each cell is measured; at least 8 give an interval"},
    {'M', "protocol", "NAME", MEASURES, set_key, 0, "measure.protocol",
     "simple, extended or prepared; default: the workload's; simple, as pgbench's, for scripts without one"},
    {'j', "jobs", "N", LOADS, set_jobs, 0, "measure.threads",
     "threads of the driver, and connections that load; default: usable cores"},
    {0, "max-tries", "N", MEASURES, set_key, 0, "retry.max_tries",
     "attempts at a transaction after serialization failures and deadlocks"},
    {0, "backoff", "TIME..TIME", MEASURES, set_key, 0, "retry.backoff",
     "longest wait before the second and before the last attempts, such as 1ms..100ms"},
    {0, "raw-memory", "BYTES", MEASURES, set_key, 0, "measure.raw_memory",
     "for the raw records of a trial, 32 bytes a transaction; default: 64MB; 0: none; else at least 1kB"},

    HEADING("Output"),
    {'o', "output", "DIR", FOR_RUN, set_text, MEMBER(output), NULL,
     "folder for the results; default: pgdyno-results/<workload>-<time>"},
    {0, "raw", NULL, FOR_RUN, set_flag, MEMBER(raw), NULL, "keep the raw records, 32 bytes a transaction, in raw/"},
    {'P', "progress", "SEC", FOR_RUN, set_progress, 0, NULL, "pgbench's progress line every SEC seconds"},
    {0, "latency-percentiles", "P,…", SHOWS, set_percentiles, 0, NULL, "columns of the table; default: 50,95,99, and 50,99 where transactions may wait for a connection"},
    {0, "plots", "FORMAT", SHOWS, set_plots, MEMBER(plots), NULL, "svg (default), png or none"},
    {'q', "quiet", NULL, FOR_ALL & ~(FOR_LIST | FOR_HELP), set_flag, MEMBER(quiet), NULL, "no progress and no notices"},
    {0, "no-color", NULL, FOR_ALL & ~(FOR_LIST | FOR_HELP), set_flag, MEMBER(no_color), NULL, "no colour, as with NO_COLOR set"},

    HEADING("Other"),
    {0, "keep", NULL, FOR_RUN | FOR_SEED, set_flag, MEMBER(keep), NULL, "leave the private server's folder behind"},
    {0, "dry-run", NULL, FOR_RUN, set_flag, MEMBER(dry_run), NULL, "print what would be done, and stop"},
    {'V', "version", NULL, FOR_ALL, set_flag, MEMBER(version), NULL, "print the version"},
    {'?', "help", NULL, FOR_ALL, set_flag, MEMBER(help), NULL, "print this"},

    LATER('L', "latency-limit", "MS", MEASURES, "it comes with verdicts"),
    LATER(0, "aa", NULL, MEASURES, "it comes with verdicts"),
    LATER(0, "fail-on", "RULE", FOR_RUN | FOR_REPORT | FOR_COMPARE, "it comes with verdicts"),
    {0},
};

static bool is_end(const struct option_row *row)
{
    return !row->name && !row->help;
}

bool option_shown(const struct option_row *row, unsigned command)
{
    return row->help && (row->commands & command) != 0;
}

/* --- Unknown ones ------------------------------------------------------------------------------------------------- */

/* A prefix is what getopt would have taken; else the nearest. */
static const char *nearest(const char *word, unsigned command)
{
    const char *names[NAMES_MAX] = {0}, *begun = NULL;
    size_t count = 0, n_begun = 0;
    for (const struct option_row *row = option_rows; !is_end(row) && count < NAMES_MAX - 1; row++) {
        if (!row->name || !option_shown(row, command))
            continue;
        names[count++] = row->name;
        if (*word && str_starts_with(row->name, word)) {
            begun = row->name;
            n_begun++;
        }
    }
    return n_begun == 1 ? begun : str_nearest(word, names);
}

static bool unknown_long(const char *word, unsigned command, struct err *err)
{
    const char *suggestion = nearest(word, command);
    if (suggestion)
        return err_set(err, ERR_USAGE, NULL, "unknown option --%s (did you mean --%s?)", word, suggestion);
    return err_set(err, ERR_USAGE, NULL, "unknown option --%s", word);
}

static bool not_here(const struct option_row *row, struct err *err)
{
    char name[64];
    written(row, name, sizeof name);
    return err_set(err, ERR_USAGE, NULL, "%s is not an option of this command", name);
}

/* --- Parsing ------------------------------------------------------------------------------------------------------ */

struct cursor {
    struct options *options;
    unsigned command;
    int argc;
    char *const *argv;
    int at; /* the next argument */
};

static const struct option_row *find_long(const char *name, size_t len)
{
    for (const struct option_row *row = option_rows; !is_end(row); row++)
        if (row->name && strlen(row->name) == len && strncmp(row->name, name, len) == 0)
            return row;
    return NULL;
}

static const struct option_row *find_letter(char letter)
{
    for (const struct option_row *row = option_rows; !is_end(row); row++)
        if (row->letter && row->letter == letter)
            return row;
    return NULL;
}

/* `attached` is the text after = or after the letter; NULL: the next argument. What is refused is refused with or
 * without a value. */
static bool take(struct cursor *cursor, const struct option_row *row, const char *attached, struct err *err)
{
    char name[64];
    if (!(row->commands & cursor->command))
        return not_here(row, err);
    if (row->argument && !attached && row->set != refuse) {
        if (cursor->at == cursor->argc) {
            written(row, name, sizeof name);
            return err_set(err, ERR_USAGE, NULL, "%s needs a value: %s", name, row->argument);
        }
        attached = cursor->argv[cursor->at++];
    }
    return row->set(cursor->options, row, attached, err);
}

static bool parse_long(struct cursor *cursor, const char *text, struct err *err)
{
    size_t len = strcspn(text, "=");
    const char *value = text[len] == '=' ? text + len + 1 : NULL;
    const struct option_row *row = find_long(text, len);
    if (!row) {
        char word[128];
        snprintf(word, sizeof word, "%.*s", (int)len, text);
        return unknown_long(word, cursor->command, err);
    }
    if (value && !row->argument && row->set != refuse && row->set != set_switch)
        return err_set(err, ERR_USAGE, NULL, "--%s takes no value", row->name);
    return take(cursor, row, value, err);
}

/* -qT5 is -q -T 5. */
static bool parse_cluster(struct cursor *cursor, const char *letters, struct err *err)
{
    for (; *letters; letters++) {
        const struct option_row *row = find_letter(*letters);
        if (!row)
            return err_set(err, ERR_USAGE, NULL, "unknown option -%c", *letters);
        if (row->argument)
            return take(cursor, row, letters[1] ? letters + 1 : NULL, err);
        if (!take(cursor, row, NULL, err))
            return false;
    }
    return true;
}

static bool is_connection_string(const char *text)
{
    return strstr(text, "://") || strchr(text, '=');
}

static bool parse_operand(struct cursor *cursor, const char *text, int max_operands, struct err *err)
{
    struct options *options = cursor->options;
    const char *copy = arena_strdup(options->arena, text);
    if (!copy)
        return err_memory(err);
    if ((cursor->command & ON_SERVER) && options->n_operands > 0 && is_connection_string(text)) {
        if (options->target.dbname)
            return err_set(err, ERR_USAGE, NULL, "there are two databases on the command line; give one");
        options->target.dbname = copy;
        return true;
    }
    if (options->n_operands >= max_operands)
        return err_set(err, ERR_USAGE, NULL, "one argument too many: `%s`%s", text,
                       cursor->command & ON_SERVER ? " (a database is given with -d)" : "");
    options->operands[options->n_operands++] = copy;
    return true;
}

static bool parse_all(struct cursor *cursor, int max_operands, struct err *err)
{
    bool only_operands = false;
    while (cursor->at < cursor->argc) {
        const char *text = cursor->argv[cursor->at++];
        bool ok;
        if (only_operands || text[0] != '-' || text[1] == '\0')
            ok = parse_operand(cursor, text, max_operands, err);
        else if (strcmp(text, "--") == 0)
            ok = only_operands = true;
        else if (text[1] == '-')
            ok = parse_long(cursor, text + 2, err);
        else
            ok = parse_cluster(cursor, text + 1, err);
        if (!ok)
            return false;
    }
    return true;
}

static bool has_suffix(const char *text, const char *suffix)
{
    size_t len = strlen(text), suffix_len = strlen(suffix);
    return len > suffix_len && strcmp(text + len - suffix_len, suffix) == 0;
}

/* With scripts there may be a database and no workload. */
static bool move_database(struct options *options, struct err *err)
{
    const char *text = options->n_operands == 1 ? options->operands[0] : NULL;
    if (options->n_scripts == 0 || !text || !is_connection_string(text) || has_suffix(text, ".yaml"))
        return true;
    if (options->target.dbname)
        return err_set(err, ERR_USAGE, NULL, "there are two databases on the command line; give one");
    options->target.dbname = text;
    options->n_operands = 0;
    return true;
}

bool options_parse(struct options *options, unsigned command, int max_operands, int argc, char *const *argv,
                   struct err *err)
{
    struct cursor cursor = {options, command, argc, argv, 0};
    *options = (struct options){.arena = arena_new()};
    if (!options->arena)
        return err_memory(err);
    return parse_all(&cursor, max_operands, err) && move_database(options, err);
}

void options_deinit(struct options *options)
{
    arena_free(options->arena);
    options->arena = NULL;
}

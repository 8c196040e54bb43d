/* The commands of a pgbench script become steps. Variables are pgbench's: `\set` and `\gset` make them, and in SQL
 * `:name` of one that nobody makes is left alone. */
#include "bind_script.h"

#include <string.h>
#include <strings.h>

#include "workloads/sqltext.h"

enum {
    BUILTIN_PARAMS = 3
};

/* An \if whose \endif has not come yet: the jump of its last condition, and the chain of jumps to its end. */
struct branches {
    int unless;
    int skips;
    const struct branches *outer;
};

struct reader {
    struct builder *builder;
    const struct script *script;
    struct branches *open;
    const char **prefixes; /* of the \gset and \aset so far: names that begin so may come from the server */
    size_t n_prefixes;
    bool made; /* what later statements refer to may be made by one before them */
};

/* --- :name ----------------------------------------------------------------------------------------------------------
 */

/* A `:name` as pgbench finds it: anywhere, only not behind a second colon. */
struct reference {
    const char *name; /* NULL: there are no more */
    size_t offset;    /* of the colon */
    size_t len;       /* of the name */
    bool quoted;      /* inside a quoted text, identifier or comment */
    bool comment;
};

struct reference_scan {
    const char *text;
    size_t at;
    size_t opaque_end;
    bool comment; /* what ends there is one */
};

static struct reference next_reference(struct reference_scan *scan)
{
    for (; scan->text[scan->at]; scan->at++) {
        const char *here = scan->text + scan->at;
        if (scan->at >= scan->opaque_end) {
            long end = sqltext_skip(scan->text, scan->at, &scan->comment);
            scan->opaque_end = end == SQLTEXT_UNFINISHED ? SIZE_MAX : (size_t)end;
        }
        size_t len = *here == ':' ? script_name_len(here + 1) : 0;
        if (len > 0) {
            struct reference found = {here + 1, scan->at, len, scan->at < scan->opaque_end, scan->comment};
            scan->at += 1 + len;
            return found;
        }
        while (here[0] == ':' && here[1] == ':') {
            here++;
            scan->at++;
        }
    }
    return (struct reference){.name = NULL};
}

static struct text_origin origin_at(const struct reader *reader, size_t offset)
{
    return (struct text_origin){.loader = reader->builder->loader,
                                .path = reader->script->path,
                                .text = reader->script->text,
                                .offset = offset};
}

static bool sets(const struct script *script, const char *name, size_t len)
{
    for (size_t i = 0; i < script->n_commands; i++) {
        const struct script_command *command = &script->commands[i];
        if (command->kind == SCRIPT_SET && strlen(command->name) == len && memcmp(command->name, name, len) == 0)
            return true;
    }
    return false;
}

/* May the server have answered with a column that makes this name? Without a prefix any word in quotes could be one. */
static bool may_be_kept(const struct reader *reader, const struct reference *reference)
{
    bool anywhere = reader->builder->loader->workload->measure.protocol == PROTOCOL_SIMPLE;
    for (size_t i = 0; i < reader->n_prefixes && (anywhere || !reference->comment); i++)
        if (str_starts_with(reference->name, reader->prefixes[i]) &&
            (anywhere || !reference->quoted || *reader->prefixes[i]))
            return true;
    return false;
}

/* Its slot; one that an earlier \gset may fill is made. -1: nobody makes this name. */
static int find_slot(struct reader *reader, const struct reference *reference)
{
    int slot = builder_find(reader->builder, reference->name, reference->len);
    bool made = slot < 0 && may_be_kept(reader, reference);
    return made ? builder_add(reader->builder, reference->name, reference->len) : slot;
}

/* --- SQL ------------------------------------------------------------------------------------------------------------
 */

static bool has_word(const char *sql, const char *word)
{
    size_t len = strlen(word);
    for (size_t at = 0; sql[at];) {
        bool comment;
        long end = sqltext_skip(sql, at, &comment);
        size_t name = script_name_len(sql + at);
        if (end == SQLTEXT_UNFINISHED)
            return false;
        if (name == len && strncasecmp(sql + at, word, len) == 0)
            return true;
        at = (size_t)end > at ? (size_t)end : at + (name ? name : 1);
    }
    return false;
}

static bool begins_with(const char *sql, const char *word)
{
    size_t len = strlen(word);
    return strncasecmp(sql, word, len) == 0 && script_name_len(sql) == len;
}

static bool is_control(const char *sql)
{
    static const char *const words[] = {"begin", "start", "commit", "end", "rollback", "abort", "savepoint", "release"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (begins_with(sql, words[i]))
            return true;
    return false;
}

/* A table, a function, a search_path: whatever may be new to statements behind it. */
static bool may_make(const struct script_command *command)
{
    static const char *const plain[] = {"select", "insert", "update", "delete",  "values",   "with", "merge",
                                        "table",  "lock",   "vacuum", "analyze", "truncate", "copy", "explain"};
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        if (begins_with(command->text, plain[i]))
            return command->combined;
    return !is_control(command->text);
}

static void check_statement(struct reader *reader, const struct script_command *command)
{
    enum protocol protocol = reader->builder->loader->workload->measure.protocol;
    struct text_origin origin = origin_at(reader, 0);
    if (command->combined && protocol != PROTOCOL_SIMPLE)
        text_problem(&origin, command->combined_offset, 2,
                     "`\\;` needs the simple protocol (--protocol=simple): only there several queries are one message");
    if (begins_with(command->text, "copy") && (has_word(command->text, "stdin") || has_word(command->text, "stdout")))
        text_problem(&origin, command->offset, strlen("copy"),
                     "COPY from or to the client does not work in a script, "
                     "with pgbench neither");
}

/* Is it a parameter under this protocol? The simple one writes values into the text, wherever it is. */
static bool becomes_parameter(const struct reader *reader, const struct text_origin *origin,
                              const struct reference *reference)
{
    if (reader->builder->loader->workload->measure.protocol == PROTOCOL_SIMPLE || !reference->quoted)
        return true;
    if (!reference->comment)
        text_problem(origin, reference->offset, 1 + reference->len,
                     "a variable inside quotes is replaced by the simple protocol only (--protocol=simple)");
    return false;
}

/* What is not filled is left alone: the text with its colon. */
static const char *unset_text(const struct reader *reader, const struct reference *reference)
{
    struct loader *loader = reader->builder->loader;
    bool filled = sets(reader->script, reference->name, reference->len);
    for (size_t i = 0; i < loader->n_params && !filled; i++)
        filled = strlen(loader->params[i].name) == reference->len &&
                 memcmp(loader->params[i].name, reference->name, reference->len) == 0;
    return filled ? NULL : loader_copy_n(loader, reference->name - 1, 1 + reference->len);
}

static size_t count_references(const char *sql)
{
    struct reference_scan scan = {.text = sql};
    size_t count = 0;
    while (next_reference(&scan).name)
        count++;
    return count;
}

static void cut(struct reader *reader, const struct text_origin *origin, struct statement *statement)
{
    struct loader *loader = reader->builder->loader;
    size_t most = count_references(statement->text);
    const char **unset = LOADER_ARRAY(loader, const char *, most + 1);
    struct reference_scan scan = {.text = statement->text};
    struct cutter cutter;
    if (!unset || !cutter_begin(&cutter, loader, statement, most))
        return;
    for (struct reference reference; (reference = next_reference(&scan)).name;) {
        int slot = find_slot(reader, &reference);
        if (slot < 0 || !becomes_parameter(reader, origin, &reference))
            continue;
        unset[statement->n_params] = unset_text(reader, &reference);
        cutter_param(&cutter, reference.offset, 1 + reference.len, slot);
    }
    cutter_end(&cutter);
    statement->unset = unset;
}

/* --- Steps ----------------------------------------------------------------------------------------------------------
 */

static int n_steps(const struct reader *reader)
{
    return reader->builder->transaction->n_steps;
}

/* Its index; -1 without memory. */
static int add_step(struct reader *reader, const struct script_command *command, struct step step)
{
    struct text_origin origin = origin_at(reader, command ? command->offset : 0);
    step.where = text_where(&origin, 0);
    return builder_step(reader->builder, step) ? n_steps(reader) - 1 : -1;
}

/* A name that only the server knows becomes a variable when an expression uses it. */
static const struct program *compile(struct reader *reader, const struct script_command *command)
{
    struct reference_scan scan = {.text = command->text};
    struct text_origin origin = origin_at(reader, command->text_offset);
    for (struct reference reference; (reference = next_reference(&scan)).name;)
        if (builder_find(reader->builder, reference.name, reference.len) < 0)
            find_slot(reader, &reference);
    struct expr_scope scope = builder_scope(reader->builder);
    scope.script = true;
    return text_compile(&origin, command->text, scope);
}

static void keep(struct reader *reader, const struct script_command *command, struct statement *statement)
{
    statement->keep = command->keep;
    statement->prefix = command->prefix;
    if (command->keep != KEEP_NOTHING)
        reader->prefixes[reader->n_prefixes++] = command->prefix;
}

static void bind_sql(struct reader *reader, const struct script_command *command)
{
    struct text_origin origin = origin_at(reader, command->text_offset);
    check_statement(reader, command);
    struct statement *statement = builder_add_statement(reader->builder, &origin, command->text);
    if (!statement)
        return;
    statement->verbatim = true;
    statement->control = !command->combined && is_control(command->text);
    statement->several = command->combined;
    statement->late = reader->made;
    reader->made = reader->made || may_make(command);
    cut(reader, &origin, statement);
    keep(reader, command, statement);
    add_step(reader, command, (struct step){.kind = STEP_SQL, .statement = statement->number - 1});
}

static void bind_set(struct reader *reader, const struct script_command *command)
{
    const struct program *value = compile(reader, command);
    int slot = builder_add(reader->builder, command->name, strlen(command->name));
    add_step(reader, command, (struct step){.kind = STEP_SET, .slot = slot, .value = value});
}

static void bind_sleep(struct reader *reader, const struct script_command *command)
{
    add_step(reader, command,
             (struct step){.kind = STEP_SLEEP, .value = compile(reader, command), .unit_ns = command->unit_ns});
}

/* --- \if ------------------------------------------------------------------------------------------------------------
 */

static void land_here(struct reader *reader, int jump)
{
    if (jump >= 0)
        reader->builder->steps[jump].target = n_steps(reader);
}

static void begin_branch(struct reader *reader, const struct script_command *command)
{
    const struct program *value = compile(reader, command);
    reader->open->unless = add_step(reader, command, (struct step){.kind = STEP_JUMP_UNLESS, .value = value});
}

static void bind_if(struct reader *reader, const struct script_command *command)
{
    struct branches *inner = LOADER_ARRAY(reader->builder->loader, struct branches, 1);
    if (!inner)
        return;
    *inner = (struct branches){.unless = -1, .skips = -1, .outer = reader->open};
    reader->open = inner;
    begin_branch(reader, command);
}

/* The branch before is over: from its end one jumps to the \endif. */
static void next_branch(struct reader *reader, const struct script_command *command)
{
    struct branches *open = reader->open;
    int skip = add_step(reader, command, (struct step){.kind = STEP_JUMP, .target = open->skips});
    land_here(reader, open->unless);
    open->skips = skip;
    open->unless = -1;
}

static void bind_elif(struct reader *reader, const struct script_command *command)
{
    if (!reader->open)
        return;
    next_branch(reader, command);
    begin_branch(reader, command);
}

static void bind_else(struct reader *reader, const struct script_command *command)
{
    if (reader->open)
        next_branch(reader, command);
}

static void bind_endif(struct reader *reader, const struct script_command *command)
{
    (void)command;
    struct branches *open = reader->open;
    if (!open)
        return;
    land_here(reader, open->unless);
    for (int skip = open->skips; skip >= 0;) {
        int next = reader->builder->steps[skip].target;
        land_here(reader, skip);
        skip = next;
    }
    reader->open = (struct branches *)open->outer;
}

/* --- Pipelines ------------------------------------------------------------------------------------------------------
 */

static void bind_start(struct reader *reader, const struct script_command *command)
{
    struct text_origin origin = origin_at(reader, command->offset);
    if (reader->builder->loader->workload->measure.protocol == PROTOCOL_SIMPLE)
        text_problem(&origin, 0, command->len,
                     "a pipeline needs the extended or the prepared protocol (--protocol=prepared)");
    add_step(reader, command, (struct step){.kind = STEP_PIPELINE});
}

static void bind_sync(struct reader *reader, const struct script_command *command)
{
    add_step(reader, command, (struct step){.kind = STEP_SYNC});
}

static void bind_end(struct reader *reader, const struct script_command *command)
{
    add_step(reader, command, (struct step){.kind = STEP_PIPELINE_END});
}

/* --- A script -------------------------------------------------------------------------------------------------------
 */

static void bind_command(struct reader *reader, const struct script_command *command)
{
    static void (*const binders[])(struct reader *, const struct script_command *) = {
        [SCRIPT_SQL] = bind_sql,
        [SCRIPT_SET] = bind_set,
        [SCRIPT_IF] = bind_if,
        [SCRIPT_ELIF] = bind_elif,
        [SCRIPT_ELSE] = bind_else,
        [SCRIPT_ENDIF] = bind_endif,
        [SCRIPT_SLEEP] = bind_sleep,
        [SCRIPT_STARTPIPELINE] = bind_start,
        [SCRIPT_SYNCPIPELINE] = bind_sync,
        [SCRIPT_ENDPIPELINE] = bind_end,
    };
    binders[command->kind](reader, command);
}

/* What pgbench defines for every script, behind the workload's params: those win, as -D does. The client's number is a
 * variable and not here. */
static bool add_builtin_params(struct loader *loader)
{
    int64_t seed = (int64_t)loader->workload->measure.seed;
    const struct expr_param builtins[BUILTIN_PARAMS] = {
        {"scale", {.type = VALUE_INT, .integer = 1}},
        {"random_seed", {.type = VALUE_INT, .integer = seed}},
        {"default_seed", {.type = VALUE_INT, .integer = seed}},
    };
    struct expr_param *params = LOADER_ARRAY(loader, struct expr_param, loader->n_params + BUILTIN_PARAMS);
    if (!params)
        return false;
    if (loader->n_params)
        memcpy(params, loader->params, loader->n_params * sizeof *params);
    loader->params = params;
    for (size_t i = 0; i < BUILTIN_PARAMS; i++) {
        bool given = false;
        for (size_t k = 0; k < loader->n_params; k++)
            given = given || strcmp(params[k].name, builtins[i].name) == 0;
        if (!given)
            params[loader->n_params++] = builtins[i];
    }
    return true;
}

/* Params get their slots before the first step: those in SQL, and those that the script sets, which begin with the
 * param's value. Also true for `client_id`, the only name of its kind. */
static void find_params(struct reader *reader, const struct script_command *command, bool *client)
{
    struct reference_scan scan = {.text = command->text ? command->text : ""};
    if (command->kind == SCRIPT_SET && builder_find(reader->builder, command->name, strlen(command->name)) < 0)
        builder_param(reader->builder, command->name, strlen(command->name));
    for (struct reference reference; (reference = next_reference(&scan)).name;) {
        bool fixed = command->kind != SCRIPT_SQL && !sets(reader->script, reference.name, reference.len);
        *client = *client || (reference.len == strlen("client_id") && str_starts_with(reference.name, "client_id"));
        if (!fixed && builder_find(reader->builder, reference.name, reference.len) < 0)
            builder_param(reader->builder, reference.name, reference.len);
    }
}

static void begin_script(struct reader *reader)
{
    bool client = false;
    const struct script *script = reader->script;
    for (size_t i = 0; i < script->n_commands; i++)
        find_params(reader, &script->commands[i], &client);
    int slot = client && builder_find(reader->builder, "client_id", strlen("client_id")) < 0
                   ? builder_add(reader->builder, "client_id", strlen("client_id"))
                   : -1;
    if (slot >= 0)
        add_step(reader, NULL, (struct step){.kind = STEP_CLIENT, .slot = slot});
    for (size_t i = 0; i < script->n_commands; i++)
        if (script->commands[i].kind == SCRIPT_SET)
            builder_later(reader->builder, script->commands[i].name, strlen(script->commands[i].name));
}

static void script_problem(void *user, size_t offset, size_t len, const char *text)
{
    text_problem(user, offset, len, "%s", text);
}

void bind_script_text(struct builder *builder, const char *path, const char *text)
{
    struct loader *loader = builder->loader;
    struct script script;
    struct text_origin origin = {.loader = loader, .path = path, .text = text};
    if (!script_parse(loader->arena, path, text, script_problem, &origin, &script)) {
        loader->problems->failed = true;
        return;
    }
    if (script.n_commands == 0)
        text_problem(&origin, 0, 0, "there is nothing to do in this script");
    struct expr_param *params = loader->params;
    size_t n_params = loader->n_params;
    struct reader reader = {
        .builder = builder, .script = &script, .prefixes = LOADER_ARRAY(loader, const char *, script.n_commands + 1)};
    builder->transaction->script = true;
    if (reader.prefixes && add_builtin_params(loader)) {
        begin_script(&reader);
        for (size_t i = 0; i < script.n_commands && !loader->problems->failed; i++)
            bind_command(&reader, &script.commands[i]);
    }
    loader->params = params;
    loader->n_params = n_params;
    loader->scripts_hash = loader->scripts_hash * 31 + str_hash(text, strlen(text));
}

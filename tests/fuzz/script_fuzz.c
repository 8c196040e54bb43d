/* A pgbench script, cut into commands. Promises: places lie within the text, and \if and \endif are balanced. Then as
 * the transaction of a workload, with its expressions and variables. */
#include <string.h>

#include "target.h"
#include "workloads/script.h"

struct telling {
    size_t len;
    int problems;
};

static void on_problem(void *user, size_t offset, size_t len, const char *text)
{
    struct telling *telling = user;
    fuzz_require(offset <= telling->len && len <= telling->len - offset);
    fuzz_require(*text);
    telling->problems++;
}

static void check(const struct script *script, const char *text)
{
    size_t len = strlen(text), last = 0;
    int depth = 0;
    for (size_t i = 0; i < script->n_commands; i++) {
        const struct script_command *command = &script->commands[i];
        fuzz_require(command->offset >= last && command->offset <= len);
        last = command->offset;
        fuzz_require(!command->text || command->text_offset <= len);
        bool stand_in = command->text && strcmp(command->text, "0") == 0; /* for a missing expression */
        fuzz_require(!command->text || stand_in || strlen(command->text) <= len - command->text_offset);
        fuzz_require(!command->name || command->name_offset <= len);
        fuzz_require(command->kind != SCRIPT_SQL || (command->text && *command->text));
        fuzz_require(command->kind != SCRIPT_SET || (command->text && command->name));
        fuzz_require(command->keep == KEEP_NOTHING || (command->prefix && command->keep_offset <= len));
        depth += (command->kind == SCRIPT_IF) - (command->kind == SCRIPT_ENDIF);
        fuzz_require(depth >= 0);
    }
    fuzz_require(depth == 0);
}

static const char around[] = "workload: fuzz\nparams: { scale: 10 }\n"
                             "tables: { t: { rows: 100, columns: { id: row } } }\n"
                             "transactions: { t: { script: fuzz.sql } }\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = strndup((const char *)data, size);
    struct arena *arena = arena_new();
    struct script script;
    fuzz_require(text && arena);
    struct telling telling = {strlen(text), 0};
    if (script_parse(arena, "fuzz.sql", text, on_problem, &telling, &script))
        check(&script, text);
    arena_free(arena);
    free(text);
    fuzz_serve(FUZZ_FOLDER "/fuzz.yaml", around, strlen(around));
    fuzz_serve(FUZZ_FOLDER "/fuzz.sql", data, size);
    fuzz_workload(FUZZ_FOLDER "/fuzz.yaml", NULL, 0);
    fuzz_forget();
    return 0;
}

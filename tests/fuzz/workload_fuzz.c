/* A workload file, from YAML to the bound workload; then what the file makes is made: some rows of each table, the
 * variables of each transaction. Lines `# override KEY VALUE OPTION` are its command line, as in tests/data/bad. */
#include <string.h>

#include "target.h"

enum {
    OVERRIDES_MAX = 4
};

struct command_line {
    char words[OVERRIDES_MAX][3][64];
    struct override overrides[OVERRIDES_MAX];
    size_t count;
};

static void read_command_line(const char *text, struct command_line *out)
{
    for (const char *line = text; out->count < OVERRIDES_MAX && (line = strstr(line, "# override ")) != NULL; line++) {
        char(*words)[64] = out->words[out->count];
        if (sscanf(line, "# override %63s %63s %63s", words[0], words[1], words[2]) == 3)
            out->overrides[out->count++] = (struct override){words[0], words[1], words[2]};
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char path[] = FUZZ_FOLDER "/fuzz.yaml";
    char *text = strndup((const char *)data, size);
    fuzz_require(text != NULL);
    struct command_line line = {.count = 0};
    read_command_line(text, &line);
    free(text);
    fuzz_serve(path, data, size);
    fuzz_workload(path, line.overrides, line.count);
    fuzz_forget();
    return 0;
}

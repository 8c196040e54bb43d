#include "binaries.h"

#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/proc.h"
#include "base/str.h"

struct search {
    char *buf;
    size_t size;
    struct str tried;
};

static bool has_program(const char *folder, const char *program)
{
    char path[PATH_MAX];
    int len = snprintf(path, sizeof path, "%s/%s", folder, program);
    return len > 0 && (size_t)len < sizeof path && access(path, X_OK) == 0;
}

static bool try_folder(struct search *search, const char *folder, const char *whence)
{
    if (has_program(folder, "initdb") && has_program(folder, "postgres")) {
        int len = snprintf(search->buf, search->size, "%s", folder);
        return len > 0 && (size_t)len < search->size;
    }
    str_printf(&search->tried, "\n  %s (%s)", folder, whence);
    return false;
}

static bool try_pg_config(struct search *search)
{
    char program[PATH_MAX];
    struct str output = {0};
    if (!proc_find("pg_config", program, sizeof program)) {
        str_append(&search->tried, "\n  pg_config --bindir (no pg_config on PATH)");
        return false;
    }
    const char *const argv[] = {program, "--bindir", NULL};
    bool found = false;
    if (proc_run(argv, NULL, (uid_t)-1, (gid_t)-1, 0, &output, NULL) && output.len > 0) {
        output.data[strcspn(output.data, "\n")] = '\0';
        found = try_folder(search, output.data, "pg_config --bindir");
    }
    str_deinit(&output);
    return found;
}

static bool try_path(struct search *search)
{
    char program[PATH_MAX], real[PATH_MAX];
    if (!proc_find("initdb", program, sizeof program) || !realpath(program, real)) {
        str_append(&search->tried, "\n  PATH (no initdb)");
        return false;
    }
    *strrchr(real, '/') = '\0';
    return try_folder(search, real, "initdb on PATH");
}

/* The number that names a versioned folder: .../postgresql/15/bin, .../pgsql-15/bin. */
static int folder_version(const char *folder)
{
    const char *digits = strpbrk(folder, "0123456789");
    return digits ? atoi(digits) : 0;
}

static bool try_versioned(struct search *search, const char *pattern)
{
    glob_t found = {0};
    int best = -1;
    if (glob(pattern, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++) {
            const char *folder = found.gl_pathv[i];
            if (folder_version(folder) > best && try_folder(search, folder, "incomplete"))
                best = folder_version(folder);
        }
    }
    if (best < 0)
        str_printf(&search->tried, "\n  %s", pattern);
    globfree(&found);
    return best >= 0;
}

static bool try_all(struct search *search)
{
    static const char *const patterns[] = {
        "/usr/lib/postgresql/[0-9]*/bin", /* Debian, Ubuntu */
        "/usr/pgsql-[0-9]*/bin",          /* the project's packages for Red Hat */
    };
    if (try_pg_config(search) || try_path(search))
        return true;
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        if (try_versioned(search, patterns[i]))
            return true;
    }
    return false;
}

bool binaries_find(const char *wanted, char *buf, size_t size, struct err *err)
{
    struct search search = {.buf = buf, .size = size};
    const char *variable = getenv("PGDYNO_PG_BINDIR");
    bool found;
    if (wanted)
        found = try_folder(&search, wanted, "as asked for");
    else if (variable && *variable)
        found = try_folder(&search, variable, "PGDYNO_PG_BINDIR");
    else
        found = try_all(&search);
    if (!found)
        err_set(err, ERR_SYSTEM, NULL,
                "a private server needs PostgreSQL's programs initdb and postgres, which are not in any of%s\n"
                "install them (on Debian and Ubuntu: apt-get install postgresql), name their folder in "
                "PGDYNO_PG_BINDIR, or name a running server with -h",
                str_text(&search.tried));
    str_deinit(&search.tried);
    return found;
}

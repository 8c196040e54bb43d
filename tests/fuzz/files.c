/* The folder of harmless files. The linker sends every fopen() here (--wrap): an input that names /etc/passwd or
 * /dev/stdin as a source finds no such file. */
#include <errno.h>
#include <string.h>

#include "target.h"

enum {
    FILES_MAX = 2
};

static struct {
    const char *path;
    const void *data;
    size_t size;
} served[FILES_MAX];
static size_t n_served;

FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__real_fopen(const char *path, const char *mode);

void fuzz_serve(const char *path, const void *data, size_t size)
{
    fuzz_require(n_served < FILES_MAX);
    served[n_served].path = path;
    served[n_served].data = data;
    served[n_served++].size = size;
}

void fuzz_forget(void)
{
    n_served = 0;
}

static FILE *open_harmless(const char *name, const char *mode)
{
    static const char *const folders[] = {FUZZ_DATA_DIR, FUZZ_CATALOG_DIR};
    char path[4096];
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        if (snprintf(path, sizeof path, "%s/%s", folders[i], name) >= (int)sizeof path)
            break;
        FILE *file = __real_fopen(path, mode);
        if (file)
            return file;
    }
    return NULL;
}

FILE *__wrap_fopen(const char *path, const char *mode)
{
    size_t folder = strlen(FUZZ_FOLDER "/");
    if (n_served == 0 || *mode != 'r')
        return __real_fopen(path, mode); /* libFuzzer's own, and replay.c's */
    for (size_t i = 0; i < n_served; i++)
        if (strcmp(path, served[i].path) == 0)
            return fmemopen((void *)served[i].data, served[i].size, "r");
    errno = ENOENT;
    if (strncmp(path, FUZZ_FOLDER "/", folder) != 0 || strstr(path, ".."))
        return NULL;
    return open_harmless(path + folder, mode);
}

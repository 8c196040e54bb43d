#include "base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/str.h"

const char *json_get_string(const json_t *object, const char *key, const char *fallback)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value ? value : fallback;
}

double json_get_double(const json_t *object, const char *key, double fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : fallback;
}

int64_t json_get_int(const json_t *object, const char *key, int64_t fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? json_integer_value(value) : fallback;
}

bool json_get_bool(const json_t *object, const char *key, bool fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_boolean(value) ? json_is_true(value) : fallback;
}

json_t *json_read_file(const char *path, struct err *err)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        err_system(err, path, "cannot open");
        return NULL;
    }
    json_error_t problem;
    json_t *value = json_loadf(file, 0, &problem);
    fclose(file);
    if (!value) {
        char where[256];
        snprintf(where, sizeof where, "%s:%d:%d", path, problem.line, problem.column);
        err_set(err, ERR_INPUT, where, "not valid JSON: %s", problem.text);
    }
    return value;
}

/* Removed first and created exclusively: never through a link that somebody else put there. */
static FILE *create_file(const char *path)
{
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (!file && fd >= 0)
        close(fd);
    return file;
}

static bool write_value(const char *path, const json_t *value, struct err *err)
{
    FILE *file = create_file(path);
    if (!file)
        return err_system(err, path, "cannot create");
    errno = 0;
    bool bad = json_dumpf(value, file, JSON_INDENT(2) | JSON_ENCODE_ANY) != 0;
    bad |= fputc('\n', file) == EOF;
    int first_errno = errno;
    bool unwritten = fclose(file) != 0;
    if (!bad && !unwritten)
        return true;
    if (bad)
        errno = first_errno;
    if (errno)
        return err_system(err, path, "cannot write");
    return err_set(err, ERR_SYSTEM, path, "cannot be written as JSON");
}

bool json_write_file(const char *path, const json_t *value, struct err *err)
{
    struct str temporary = {0};
    str_printf(&temporary, "%s.tmp", path);
    bool ok = !temporary.failed || err_memory(err);
    if (ok && !write_value(str_text(&temporary), value, err))
        ok = false;
    if (ok && rename(str_text(&temporary), path) != 0)
        ok = err_system(err, path, "cannot rename %s", str_text(&temporary));
    if (!ok && temporary.len > 0)
        unlink(str_text(&temporary));
    str_deinit(&temporary);
    return ok;
}

#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A text cut in the middle of a UTF-8 sequence could not be written to run.json. */
static void trim_cut_utf8(char *text, size_t size)
{
    size_t len = strlen(text);
    if (len + 1 < size)
        return;
    size_t start = len;
    while (start > 0 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
        start--;
    if (start == 0 || (unsigned char)text[start - 1] < 0xC0)
        return;
    unsigned char lead = (unsigned char)text[start - 1];
    size_t want = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (len - (start - 1) < want)
        text[start - 1] = '\0';
}

/* Through a local buffer, so that `where` and the arguments may point into the old error. */
static void fill(struct err *err, enum err_kind kind, const char *where, const char *fmt, va_list args)
{
    struct err fresh = {.kind = kind};
    snprintf(fresh.where, sizeof fresh.where, "%s", where ? where : "");
    vsnprintf(fresh.text, sizeof fresh.text, fmt, args);
    trim_cut_utf8(fresh.where, sizeof fresh.where);
    trim_cut_utf8(fresh.text, sizeof fresh.text);
    *err = fresh;
}

static void add(struct err *err, const char *separator, const char *text)
{
    size_t len = strlen(err->text);
    snprintf(err->text + len, sizeof err->text - len, "%s%s", separator, text);
    trim_cut_utf8(err->text, sizeof err->text);
}

bool err_set(struct err *err, enum err_kind kind, const char *where, const char *fmt, ...)
{
    if (!err)
        return false;
    va_list args;
    va_start(args, fmt);
    fill(err, kind, where, fmt, args);
    va_end(args);
    return false;
}

bool err_system(struct err *err, const char *where, const char *fmt, ...)
{
    int code = errno;
    if (!err)
        return false;
    va_list args;
    va_start(args, fmt);
    fill(err, ERR_SYSTEM, where, fmt, args);
    va_end(args);
    char reason[128];
    add(err, ": ", strerror_r(code, reason, sizeof reason));
    errno = code;
    return false;
}

bool err_memory(struct err *err)
{
    return err_set(err, ERR_SYSTEM, NULL, "out of memory");
}

bool err_append(struct err *err, const char *fmt, ...)
{
    if (!err)
        return false;
    char line[sizeof err->text];
    va_list args;
    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    add(err, err->text[0] ? "\n" : "", line);
    return false;
}

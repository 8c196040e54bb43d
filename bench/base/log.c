#include "base/log.h"

#include <stdarg.h>
#include <stddef.h>

#include "base/str.h"

static void send_line(const struct log *log, const char *prefix, const char *fmt, va_list args)
    __attribute__((format(printf, 3, 0)));

static void send_line(const struct log *log, const char *prefix, const char *fmt, va_list args)
{
    if (!log || !log->line)
        return;
    struct str line = {0};
    str_append(&line, prefix);
    str_vprintf(&line, fmt, args);
    log->line(log->user, str_text(&line));
    str_deinit(&line);
}

void log_notice(const struct log *log, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    send_line(log, "", fmt, args);
    va_end(args);
}

void log_warning(const struct log *log, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    send_line(log, "warning: ", fmt, args);
    va_end(args);
}

/* Notices to the person at the terminal. Errors are returned, not logged; only cli prints those. */
#ifndef PGDYNO_BASE_LOG_H
#define PGDYNO_BASE_LOG_H

typedef void log_fn(void *user, const char *line);

/* Where notices go; a run owns one. All-zero is silent. */
struct log {
    log_fn *line;
    void *user;
};

/* One line, without newline: "reusing the tables of an earlier seed". */
void log_notice(const struct log *log, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same with "warning: " in front. */
void log_warning(const struct log *log, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif

/* Ctrl-C, SIGTERM, SIGHUP: the one mutable global. First signal: wind down and report. Second: end at once,
 * by that signal. The same signal again within 50 ms is the first one delivered twice, as `timeout` does. */
#ifndef PGDYNO_BASE_STOP_H
#define PGDYNO_BASE_STOP_H

#include <stdbool.h>

/* Install the handlers; SIGPIPE is ignored, and an ignored SIGHUP (nohup) stays so. False if the descriptor of stop_fd
 * cannot be made. Calling it again is harmless. */
bool stop_install(void);
/* True once a stop was asked for. Safe from any thread. */
bool stop_requested(void);
/* The signal's number, 0 if none: exit status is 128 + it. */
int stop_signal(void);
/* A descriptor that is readable from the first signal on, to put into poll() or epoll; -1 before stop_install. */
int stop_fd(void);
/* For tests: forget a stop. */
void stop_reset(void);

#endif

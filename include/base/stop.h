/* Ctrl-C, SIGTERM, SIGHUP: the one mutable global. First signal: wind down and report. Second: end at once. */
#ifndef PGDYNO_BASE_STOP_H
#define PGDYNO_BASE_STOP_H

#include <stdbool.h>

/* Install the handlers; SIGPIPE is ignored. False if the self-pipe cannot be made. */
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

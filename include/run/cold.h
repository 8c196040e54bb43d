/* For functions of the measured path's files that a transaction which goes well never enters. The server and its kernel
 * empty the instruction cache between any two transactions, so that each line of code between those that run costs as
 * if it ran: keeping them apart, and inlining across files (the release build's LTO), is worth 5 to 10 % of the
 * driver's CPU (tests/perf/select.c). */
#ifndef PGDYNO_RUN_COLD_H
#define PGDYNO_RUN_COLD_H

#define COLD __attribute__((cold))

#endif

/* How late the kernel wakes a sleeper, and how long before a due time a thread had better stop sleeping and spin.
 *
 *     sleep ───────────────┐ aimed at due − spin            due
 *                          └── late ──►┊ spin: look for events ┊► send
 *
 * The lateness grows with the length of the sleep (a core that idles longer rests deeper) and with the load of the
 * trial, so a value measured beforehand is only where to begin: each sleep of the run corrects it. */
#ifndef PGDYNO_RUN_TIMING_H
#define PGDYNO_RUN_TIMING_H

#include <stdbool.h>
#include <stdint.h>

#define TIMING_MOST_SPIN_NS  INT64_C(200000)
#define TIMING_CALIBRATE_NS  INT64_C(20000000) /* timing_calibrate() takes no longer, but for a late last sleep */
#define TIMING_MOST_LOAD     0.1               /* of a core, for all threads, beside a server on this machine */

/* One thread's. All-zero learns nothing. */
struct timing {
    int64_t late_ns; /* what 95 % of the sleeps do not exceed, of those that found a core free */
    int threads;
    bool local_server;
    bool too_dear;    /* spinning would take more than TIMING_MOST_LOAD */
    int n_waits;      /* since since_ns */
    int64_t since_ns; /* when these began */
};

/* Ask the scheduler to let the calling thread run soon after it wakes, though others are running: by turns of 0.1 ms
 * instead of some 3 ms, with the same share of the CPU. For threads with a schedule to keep; one that is always busy
 * would interrupt the server more often than it has to. Nothing happens before Linux 6.12, or if it is forbidden. */
void timing_take_short_turns(void);

/* How late the calling thread's sleeps end, 0 to TIMING_MOST_SPIN_NS. Sleeps in `epoll_fd`, which may be watching
 * something: an event ends the calibration early. For a thread that has set its timer slack. */
int64_t timing_calibrate(int epoll_fd);

/* `late_ns`, within TIMING_MOST_SPIN_NS; or 0 if the server is on this machine and `threads` threads that each spin
 * that long `waits_per_s` times a second would take over TIMING_MOST_LOAD of a core together. */
int64_t timing_spin_ns(int64_t late_ns, double waits_per_s, int threads, bool local_server);

/* Begin with a lateness of `late_ns` (timing_calibrate's) and the waits that the schedule lets expect of each of
 * `threads` threads. Returns how long to spin for now, as the next two do. */
int64_t timing_begin(struct timing *timing, int64_t late_ns, double waits_per_s, int threads, bool local_server);
/* A sleep that no event ended was over `late_ns` after its time, at `now_ns`. */
int64_t timing_slept(struct timing *timing, int64_t late_ns, int64_t now_ns);
/* A wait too short to sleep began at `now_ns`: it teaches nothing about sleep, but it costs. */
int64_t timing_spun(struct timing *timing, int64_t now_ns);

#endif

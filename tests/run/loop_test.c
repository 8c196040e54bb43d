#include "run/loop.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "unit.h"

/* No upper bound of a time is tested here but one that only a hang exceeds: other work on the machine may delay
 * anything. tests/perf/timer.c measures lateness. */
enum {
    TIMERS = 8
};

static struct loop loop;
static int fired[TIMERS], n_fired;

struct numbered {
    struct timer timer;
    int number;
};

static void note(struct timer *timer, int64_t now_ns)
{
    (void)now_ns;
    fired[n_fired++] = ((struct numbered *)timer)->number;
}

static int open_loop(void **state)
{
    struct err err;
    (void)state;
    n_fired = 0;
    return loop_init(&loop, TIMERS, &err) ? 0 : 1;
}

static int close_loop(void **state)
{
    (void)state;
    loop_deinit(&loop);
    return 0;
}

/* At its time, write to a descriptor, or wake the loop if it is -1. */
struct later {
    pthread_t thread;
    int64_t at_ns;
    int fd;
};

static void *do_later(void *arg)
{
    const struct later *later = arg;
    while (clock_now_ns() < later->at_ns)
        usleep(100);
    if (later->fd >= 0)
        eventfd_write(later->fd, 1);
    else
        loop_wake(&loop);
    return NULL;
}

static void start_later(struct later *later, int fd, int64_t delay_ns)
{
    *later = (struct later){.fd = fd, .at_ns = clock_now_ns() + delay_ns};
    assert_int_equal(pthread_create(&later->thread, NULL, do_later, later), 0);
}

static void timers_fire_in_order(void **state)
{
    static const int64_t due_ns[] = {3 * NS_PER_MS, 1 * NS_PER_MS, 4 * NS_PER_MS, 2 * NS_PER_MS};
    static const int order[] = {1, 3, 0, 2};
    struct numbered timers[4];
    int64_t start_ns = clock_now_ns();
    (void)state;
    for (int i = 0; i < 4; i++) {
        timers[i] = (struct numbered){.timer.fire = note, .number = i};
        loop_arm(&loop, &timers[i].timer, start_ns + due_ns[i]);
    }
    while (n_fired < 4) {
        int before = n_fired;
        assert_int_equal(loop_wait(&loop), 0);
        int64_t now_ns = clock_now_ns();
        loop_fire(&loop, now_ns);
        assert_true(n_fired > before);
        for (int i = before; i < n_fired; i++) {
            assert_int_equal(fired[i], order[i]);
            assert_true(now_ns >= start_ns + due_ns[order[i]]);
            assert_false(timers[fired[i]].timer.armed);
        }
    }
}

/* With and without spinning, never early; and the time stays until it is changed. */
static void the_precise_time_ends_the_wait(void **state)
{
    static const int64_t spins_ns[] = {0, 200 * NS_PER_US, 5 * NS_PER_MS};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        loop.spin_ns = spins_ns[i];
        loop.precise_ns = clock_now_ns() + 2 * NS_PER_MS;
        assert_int_equal(loop_wait(&loop), 0);
        assert_true(clock_now_ns() >= loop.precise_ns);
        assert_int_equal(loop_wait(&loop), 0); /* past: at once, or this would hang */
        assert_int_equal(loop.spin_ns, spins_ns[i]);
    }
}

static void a_timer_before_the_precise_time_ends_the_wait(void **state)
{
    static const int64_t spins_ns[] = {0, 500 * NS_PER_US, 90 * NS_PER_S};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct numbered timer = {.timer.fire = note, .number = (int)i};
        int64_t due_ns = clock_now_ns() + 2 * NS_PER_MS;
        loop.spin_ns = spins_ns[i];
        loop.precise_ns = due_ns + 60 * NS_PER_S;
        loop_arm(&loop, &timer.timer, due_ns);
        assert_int_equal(loop_wait(&loop), 0);
        int64_t now_ns = clock_now_ns();
        assert_true(now_ns >= due_ns);
        assert_true(now_ns < loop.precise_ns);
        loop_fire(&loop, now_ns);
        assert_int_equal(n_fired, (int)i + 1);
    }
}

static void the_precise_time_comes_before_later_timers(void **state)
{
    struct numbered timer = {.timer.fire = note};
    (void)state;
    loop_arm(&loop, &timer.timer, clock_now_ns() + 60 * NS_PER_S);
    for (int64_t spin_ns = 0; spin_ns <= NS_PER_MS; spin_ns += NS_PER_MS) {
        loop.spin_ns = spin_ns;
        loop.precise_ns = clock_now_ns() + 2 * NS_PER_MS;
        assert_int_equal(loop_wait(&loop), 0);
        int64_t now_ns = clock_now_ns();
        assert_true(now_ns >= loop.precise_ns && now_ns < loop.precise_ns + 30 * NS_PER_S);
        loop_fire(&loop, now_ns);
        assert_int_equal(n_fired, 0);
    }
}

/* Of those that lie there before the wait, and those that come during it. */
static void events_end_a_spin(void **state)
{
    static int item;
    int fd = eventfd(0, EFD_NONBLOCK);
    struct later later;
    (void)state;
    assert_true(loop_watch(&loop, fd, EPOLLIN | EPOLLET, &item));
    for (int64_t delay_ns = 0; delay_ns <= 20 * NS_PER_MS; delay_ns += 20 * NS_PER_MS) {
        loop.precise_ns = clock_now_ns() + 60 * NS_PER_S;
        loop.spin_ns = 90 * NS_PER_S; /* so that all of the wait is a spin */
        start_later(&later, fd, delay_ns);
        assert_int_equal(loop_wait(&loop), 1);
        assert_true(clock_now_ns() < loop.precise_ns);
        assert_ptr_equal(loop.events[0].data.ptr, &item);
        assert_true(loop.events[0].events & EPOLLIN);
        pthread_join(later.thread, NULL);
    }
    close(fd);
}

static void events_end_a_sleep(void **state)
{
    static int item;
    int fd = eventfd(0, EFD_NONBLOCK);
    struct later later;
    (void)state;
    assert_true(loop_watch(&loop, fd, EPOLLIN | EPOLLET, &item));
    loop.precise_ns = clock_now_ns() + 60 * NS_PER_S;
    loop.spin_ns = 100 * NS_PER_US;
    start_later(&later, fd, NS_PER_MS);
    assert_int_equal(loop_wait(&loop), 1);
    assert_true(clock_now_ns() < loop.precise_ns);
    pthread_join(later.thread, NULL);
    close(fd);
}

/* In an endless wait, a sleep and a spin; and a wake-up is not an event. */
static void a_wake_up_ends_any_wait(void **state)
{
    static const int64_t spins_ns[] = {0, 100 * NS_PER_US, 90 * NS_PER_S};
    struct later later;
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        int64_t end_ns = clock_now_ns() + 60 * NS_PER_S;
        loop.spin_ns = spins_ns[i];
        loop.precise_ns = i == 0 ? INT64_MAX : end_ns;
        start_later(&later, -1, NS_PER_MS);
        assert_int_equal(loop_wait(&loop), 0);
        assert_true(clock_now_ns() < end_ns);
        pthread_join(later.thread, NULL);
    }
}

static void sleeps_correct_the_spin(void **state)
{
    (void)state;
    loop.spin_ns = timing_begin(&loop.timing, 0, 100, 1, false);
    assert_int_equal(loop.spin_ns, 0);
    for (int i = 0; i < 20; i++) {
        loop.precise_ns = clock_now_ns() + NS_PER_MS;
        assert_int_equal(loop_wait(&loop), 0);
        assert_true(clock_now_ns() >= loop.precise_ns);
    }
    assert_true(loop.spin_ns > 0 && loop.spin_ns <= TIMING_MOST_SPIN_NS);
    assert_int_equal(loop.spin_ns, loop.timing.late_ns);
}

/* --- timing ------------------------------------------------------------------------------------------------------- */

static void calibration_stays_within_its_bounds(void **state)
{
    (void)state;
    int64_t late_ns = timing_calibrate(loop.epoll_fd);
    assert_true(late_ns > 0 && late_ns <= TIMING_MOST_SPIN_NS);
    loop_wake(&loop); /* an event from the beginning: nothing to be learned, and no time lost */
    assert_int_equal(timing_calibrate(loop.epoll_fd), 0);
}

static void spinning_costs_at_most_a_tenth_beside_the_server(void **state)
{
    (void)state;
    assert_int_equal(timing_spin_ns(50000, 1999, 1, true), 50000);
    assert_int_equal(timing_spin_ns(50000, 2001, 1, true), 0);
    assert_int_equal(timing_spin_ns(50000, 2001, 1, false), 50000);
    assert_int_equal(timing_spin_ns(50000, 499, 4, true), 50000);
    assert_int_equal(timing_spin_ns(50000, 501, 4, true), 0);
    assert_int_equal(timing_spin_ns(NS_PER_S, 499, 1, true), TIMING_MOST_SPIN_NS);
    assert_int_equal(timing_spin_ns(NS_PER_S, 501, 1, true), 0);
    assert_int_equal(timing_spin_ns(NS_PER_S, 1e9, 64, false), TIMING_MOST_SPIN_NS);
    assert_int_equal(timing_spin_ns(-5, 1, 1, true), 0);
}

/* Lateness 1, 2, … 100 µs in a stride that visits each: the quantile of 95 %, wherever it began. */
static void the_spin_comes_to_cover_nearly_all_sleeps(void **state)
{
    static const int64_t begins_ns[] = {0, 40000, 200000};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct timing timing;
        int64_t spin_ns = timing_begin(&timing, begins_ns[i], 300, 1, true), now_ns = NS_PER_S;
        assert_int_equal(spin_ns, begins_ns[i]);
        for (int k = 0; k < 3000; k++)
            spin_ns = timing_slept(&timing, (k * 37 % 100 + 1) * NS_PER_US, now_ns += NS_PER_S / 300);
        assert_in_range(spin_ns, 85000, 105000);
        for (int k = 0; k < 100; k++)
            timing_slept(&timing, 4 * NS_PER_MS, now_ns += NS_PER_S / 300); /* no core was free */
        assert_int_equal(timing.late_ns, spin_ns);
    }
}

static void the_spin_follows_its_cost(void **state)
{
    struct timing timing;
    int64_t now_ns = NS_PER_S, spin_ns = timing_begin(&timing, 50000, 300, 2, true);
    (void)state;
    assert_int_equal(spin_ns, 50000);
    for (int k = 0; k < 200; k++)
        spin_ns = timing_slept(&timing, 50000, now_ns += NS_PER_S / 5000);
    assert_int_equal(spin_ns, 0);
    for (int k = 0; k < 200; k++)
        spin_ns = timing_slept(&timing, 50000, now_ns += NS_PER_S / 300);
    assert_true(spin_ns > 30000);
    for (int k = 0; k < 200; k++)
        spin_ns = timing_spun(&timing, now_ns += NS_PER_S / 50000); /* gaps too short to sleep */
    assert_int_equal(spin_ns, 0);
    assert_int_equal(timing_begin(&timing, 50000, 50000, 2, true), 0);
    assert_int_equal(timing_begin(&timing, 50000, 50000, 2, false), 50000);
}

/* As the kernel's struct sched_attr begins. */
struct scheduling {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime_ns, deadline_ns, period_ns;
};

struct turns {
    struct scheduling before, after;
    long got;
};

static void *take_turns(void *arg)
{
    struct turns *turns = arg;
    turns->got = syscall(SYS_sched_getattr, 0, &turns->before, sizeof turns->before, 0);
    timing_take_short_turns();
    turns->got |= syscall(SYS_sched_getattr, 0, &turns->after, sizeof turns->after, 0);
    return NULL;
}

/* An old kernel shows 0 before and after. */
static void short_turns_change_nothing_else(void **state)
{
    struct turns turns = {0};
    pthread_t thread;
    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, take_turns, &turns), 0);
    pthread_join(thread, NULL);
    assert_int_equal(turns.got, 0);
    assert_int_equal(turns.after.policy, turns.before.policy);
    assert_int_equal(turns.after.flags, turns.before.flags);
    assert_int_equal(turns.after.nice, turns.before.nice);
    assert_int_equal(turns.after.runtime_ns, turns.before.runtime_ns > 0 ? 100000 : 0);
}

/* --- an old kernel ------------------------------------------------------------------------------------------------ */

/* For the calling thread and as long as it lives. */
static bool forbid_epoll_pwait2(void)
{
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_epoll_pwait2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof rules / sizeof *rules, .filter = rules};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

struct old_kernel {
    bool forbidden, on_time, woken;
};

static void *wait_on_old_kernel(void *arg)
{
    struct old_kernel *old = arg;
    old->forbidden = forbid_epoll_pwait2();
    loop.precise_ns = clock_now_ns() + 2 * NS_PER_MS;
    old->on_time = loop_wait(&loop) == 0 && clock_now_ns() >= loop.precise_ns;
    loop.precise_ns = INT64_MAX;
    loop_wake(&loop);
    old->woken = loop_wait(&loop) == 0;
    return NULL;
}

static void waits_work_without_epoll_pwait2(void **state)
{
    struct old_kernel old = {0};
    pthread_t thread;
    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, wait_on_old_kernel, &old), 0);
    pthread_join(thread, NULL);
    assert_true(old.forbidden);
    assert_true(old.on_time);
    assert_true(old.woken);
}

#define LOOP_TEST(name) cmocka_unit_test_setup_teardown(name, open_loop, close_loop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(timers_fire_in_order),
        LOOP_TEST(the_precise_time_ends_the_wait),
        LOOP_TEST(a_timer_before_the_precise_time_ends_the_wait),
        LOOP_TEST(the_precise_time_comes_before_later_timers),
        LOOP_TEST(events_end_a_spin),
        LOOP_TEST(events_end_a_sleep),
        LOOP_TEST(a_wake_up_ends_any_wait),
        LOOP_TEST(sleeps_correct_the_spin),
        LOOP_TEST(calibration_stays_within_its_bounds),
        LOOP_TEST(waits_work_without_epoll_pwait2),
        cmocka_unit_test(spinning_costs_at_most_a_tenth_beside_the_server),
        cmocka_unit_test(the_spin_comes_to_cover_nearly_all_sleeps),
        cmocka_unit_test(the_spin_follows_its_cost),
        cmocka_unit_test(short_turns_change_nothing_else),
    };
    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}

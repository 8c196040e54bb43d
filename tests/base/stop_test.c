#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/stop.h"
#include "unit.h"

static int reset(void **state)
{
    (void)state;
    stop_reset();
    return 0;
}

static bool readable(void)
{
    struct pollfd fd = {.fd = stop_fd(), .events = POLLIN};
    return poll(&fd, 1, 0) == 1;
}

static void not_installed_it_has_no_descriptor(void **state)
{
    (void)state;
    assert_int_equal(stop_fd(), -1);
    assert_false(stop_requested());
}

static void the_first_signal_is_remembered(void **state)
{
    (void)state;
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        assert_true(stop_install());
        assert_false(stop_requested());
        assert_false(readable());
        raise(signals[i]);
        assert_true(stop_requested());
        assert_int_equal(stop_signal(), signals[i]);
        assert_true(readable());
        assert_true(readable());
        stop_reset();
        assert_false(readable());
    }
}

static void installing_again_keeps_the_descriptor(void **state)
{
    (void)state;
    assert_true(stop_install());
    int fd = stop_fd();
    assert_true(stop_install());
    assert_int_equal(stop_fd(), fd);
}

static void a_broken_pipe_is_no_reason_to_die(void **state)
{
    (void)state;
    assert_true(stop_install());
    raise(SIGPIPE);
    assert_false(stop_requested());
}

static int status_of_child(void (*body)(void))
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0) {
        body();
        _exit(7);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void two_different(void)
{
    raise(SIGINT);
    raise(SIGTERM);
}

static void same_twice_at_once(void)
{
    raise(SIGTERM);
    raise(SIGTERM);
}

static void same_twice(void)
{
    raise(SIGINT);
    for (int64_t until = clock_now_ns() + 100 * NS_PER_MS; clock_now_ns() < until;)
        continue;
    raise(SIGINT);
}

static void the_second_signal_ends_at_once(void **state)
{
    (void)state;
    assert_true(stop_install());
    int status = status_of_child(two_different);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    status = status_of_child(same_twice);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
}

static void one_request_delivered_twice_is_one(void **state)
{
    (void)state;
    assert_true(stop_install());
    int status = status_of_child(same_twice_at_once);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

static void *wait_for_stop(void *arg)
{
    struct pollfd fd = {.fd = stop_fd(), .events = POLLIN};
    while (poll(&fd, 1, -1) != 1)
        continue;
    *(bool *)arg = stop_requested();
    return NULL;
}

static void another_thread_sees_it(void **state)
{
    (void)state;
    bool seen = false;
    pthread_t thread;
    assert_true(stop_install());
    assert_int_equal(pthread_create(&thread, NULL, wait_for_stop, &seen), 0);
    kill(getpid(), SIGTERM);
    pthread_join(thread, NULL);
    assert_true(seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(not_installed_it_has_no_descriptor), /* first: there is no way back */
        cmocka_unit_test_teardown(the_first_signal_is_remembered, reset),
        cmocka_unit_test_teardown(installing_again_keeps_the_descriptor, reset),
        cmocka_unit_test_teardown(a_broken_pipe_is_no_reason_to_die, reset),
        cmocka_unit_test_teardown(the_second_signal_ends_at_once, reset),
        cmocka_unit_test_teardown(one_request_delivered_twice_is_one, reset),
        cmocka_unit_test_teardown(another_thread_sees_it, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

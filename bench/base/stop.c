#include "base/stop.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"

/* `timeout` signals its child and then the child's group, which is one request delivered twice. */
#define SAME_REQUEST_NS (50 * NS_PER_MS)

/* Lock-free atomics rather than volatile sig_atomic_t: other threads read them as well as the handler. */
static struct {
    atomic_int signal;
    atomic_int fd_plus_1; /* so that all-zero is "not installed" */
    atomic_llong since_ns;
} stop;

static void ask_to_stop(int number)
{
    const uint64_t one = 1;
    atomic_store(&stop.since_ns, clock_now_ns());
    atomic_store(&stop.signal, number);
    /* Nobody drains it, so it stays readable; a full counter is readable too. */
    if (write(stop_fd(), &one, sizeof one) < 0)
        return;
}

static void on_signal(int number)
{
    int saved_errno = errno;
    int earlier = stop_signal();
    if (earlier == 0) {
        ask_to_stop(number);
    } else if (number != earlier || clock_now_ns() - atomic_load(&stop.since_ns) > SAME_REQUEST_NS) {
        signal(number, SIG_DFL);
        raise(number); /* blocked until the handler returns */
    }
    errno = saved_errno;
}

static bool inherits_ignore(int number)
{
    struct sigaction current;
    return sigaction(number, NULL, &current) == 0 && current.sa_handler == SIG_IGN;
}

static void handle(int number)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigaddset(&action.sa_mask, SIGINT);
    sigaddset(&action.sa_mask, SIGTERM);
    sigaddset(&action.sa_mask, SIGHUP);
    sigaction(number, &action, NULL);
}

bool stop_install(void)
{
    if (stop_fd() < 0) {
        int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (fd < 0)
            return false;
        atomic_store(&stop.fd_plus_1, fd + 1);
    }
    signal(SIGPIPE, SIG_IGN);
    handle(SIGINT);
    handle(SIGTERM);
    if (!inherits_ignore(SIGHUP)) /* nohup */
        handle(SIGHUP);
    return true;
}

bool stop_requested(void)
{
    return stop_signal() != 0;
}

int stop_signal(void)
{
    return atomic_load(&stop.signal);
}

int stop_fd(void)
{
    return atomic_load(&stop.fd_plus_1) - 1;
}

void stop_reset(void)
{
    uint64_t count;
    if (stop_fd() >= 0 && read(stop_fd(), &count, sizeof count) < 0 && errno != EAGAIN)
        return;
    atomic_store(&stop.signal, 0);
}

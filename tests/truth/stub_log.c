#include "stub_log.h"

#include "base/clock.h"

void stub_script(struct stub *stub, const char *const *settings)
{
    stub_tell(stub, "reset");
    for (; *settings; settings++)
        stub_tell(stub, *settings);
}

struct stub_window stub_window(struct stub *stub, const struct trial_result *trial)
{
    struct stub_window window = {0};
    size_t n;
    /* Half a millisecond, should the two clocks be read on either side of an interruption. */
    int64_t start_ns = trial->started_wall_ns - (clock_wall_ns() - clock_now_ns()) - NS_PER_MS / 2;
    window.list = stub_log(stub, &n);
    for (size_t i = 0; i < n; i++)
        if (window.list[i].recv_ns >= start_ns)
            window.list[window.n++] = window.list[i];
    return window;
}

#include "run/schedule.h"

#include <math.h>

#include "base/clock.h"
#include "base/str.h"

static void begin_second(struct schedule *schedule, int64_t second)
{
    const struct schedule_spec *spec = schedule->spec;
    schedule->second = second;
    schedule->within_ns = 0;
    schedule->rng = rng_at(spec->seed, spec->stream, (uint64_t)spec->block, (uint64_t)second);
}

void schedule_init(struct schedule *schedule, const struct schedule_spec *spec)
{
    *schedule = (struct schedule){.spec = spec, .number = -1};
    begin_second(schedule, 0);
}

static double gap_ns(struct schedule *schedule)
{
    return -log1p(-rng_unit(&schedule->rng)) * (double)NS_PER_S / schedule->spec->rate_tps;
}

static void next_poisson(struct schedule *schedule)
{
    schedule->within_ns += gap_ns(schedule);
    while (schedule->within_ns >= (double)NS_PER_S) {
        begin_second(schedule, schedule->second + 1);
        schedule->within_ns += gap_ns(schedule);
    }
    schedule->offset_ns = schedule->second * NS_PER_S + (int64_t)schedule->within_ns;
    schedule->number++;
}

int64_t schedule_offset(struct schedule *schedule, int64_t number)
{
    if (schedule->spec->arrivals == ARRIVALS_CONSTANT) /* 64 bits of mantissa: exact for 30 years */
        return (int64_t)((long double)number * NS_PER_S / (long double)schedule->spec->rate_tps);
    while (schedule->number < number)
        next_poisson(schedule);
    return schedule->offset_ns;
}

int64_t schedule_count(const struct schedule_spec *spec, int64_t length_ns)
{
    struct schedule schedule;
    int64_t number = 0;
    schedule_init(&schedule, spec);
    if (spec->arrivals == ARRIVALS_CONSTANT)
        number = (int64_t)((double)length_ns / (double)NS_PER_S * spec->rate_tps);
    if (number > 0)
        number--; /* the quotient may have been rounded up */
    while (schedule_offset(&schedule, number) < length_ns)
        number++;
    return number;
}

/* What recording one transaction costs on top of its clock reads: one statement and one outcome into the recorder,
 * inside the window, on latencies drawn beforehand. Runs alternate with the same loop that records nothing.
 *
 *     perf_record [-n pairs] */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "generators/rng.h"
#include "run/recorder.h"

enum {
    DRAWS = 1 << 16,
    RECORDS = 20 * 1000 * 1000,
    MAX_PAIRS = 99,
    RAW_BYTES = DRAWS * sizeof(struct record)
};

static const struct step steps[] = {{.kind = STEP_SQL}};
static const struct statement statements[] = {{.number = 1}};
static const struct transaction transactions[] = {
    {.name = "lookup", .weight = 1, .n_statements = 1, .statements = statements, .steps = steps, .n_steps = 1}};

/* Log-normal around 0.3 ms: what a loaded server's lookups look like. */
static int64_t *draw_latencies(void)
{
    struct rng rng = rng_at(1, 2, 3, 4);
    int64_t *values = malloc(DRAWS * sizeof *values);
    for (int i = 0; values && i < DRAWS; i++) {
        double normal = sqrt(-2 * log(1 - rng_unit(&rng))) * cos(6.283185307179586 * rng_unit(&rng));
        values[i] = (int64_t)(300e3 * exp(0.7 * normal));
    }
    return values;
}

static double ns_each(struct recorder *recorder, const int64_t *latencies)
{
    volatile int64_t sink = 0;
    int64_t from = clock_now_ns();
    for (int i = 0; i < RECORDS; i++) {
        int64_t service = latencies[i & (DRAWS - 1)];
        struct outcome outcome = {
            .status = RECORD_OK,
            .attempts = 1,
            .intended_ns = i,
            .lag_ns = service >> 6,
            .service_ns = service,
        };
        if (recorder) {
            recorder->n_records = i & (DRAWS - 1); /* for ever */
            recorder_statement(recorder, 0, 0, 1, i, service);
            recorder_outcome(recorder, &outcome);
        } else {
            sink = outcome.service_ns + outcome.lag_ns;
        }
    }
    (void)sink;
    return (double)(clock_now_ns() - from) / RECORDS;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    int pairs = argc == 3 ? atoi(argv[2]) : 7;
    struct window window;
    struct recorder recorder;
    double cost[MAX_PAIRS];
    int64_t *latencies = draw_latencies();
    atomic_init(&window.start_ns, 0);
    atomic_init(&window.end_ns, INT64_MAX - 1);
    if (pairs < 1 || pairs > MAX_PAIRS || !latencies || !recorder_init(&recorder, transactions, 1, &window, RAW_BYTES, NULL))
        return 1;
    for (int i = 0; i < pairs; i++) {
        double with = ns_each(&recorder, latencies);
        cost[i] = with - ns_each(NULL, latencies);
    }
    qsort(cost, (size_t)pairs, sizeof *cost, compare);
    printf("recording one transaction: %.1f ns (median of %d pairs, %.1f to %.1f)\n", cost[pairs / 2], pairs, cost[0],
           cost[pairs - 1]);
    recorder_deinit(&recorder);
    free(latencies);
    return 0;
}

/* T18: a driver that cannot keep its times must say so. T19: nothing is measured before PostgreSQL has made up its mind
 * about plans. */
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stub_log.h"
#include "truth.h"

/* --- T18 ---------------------------------------------------------------------------------------------------------- */

static bool pin(pid_t pid, int core)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    return sched_setaffinity(pid, sizeof set, &set) == 0;
}

static pid_t start_hog(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (volatile unsigned long i = 0;; i++)
            ;
    }
    return pid;
}

static void end_hog(pid_t pid)
{
    if (pid <= 0)
        return;
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* Two different cores of those that we may use. */
static bool two_cores(const cpu_set_t *allowed, int *first, int *last)
{
    *first = *last = -1;
    for (int i = 0; i < CPU_SETSIZE; i++) {
        if (!CPU_ISSET(i, allowed))
            continue;
        *first = *first < 0 ? i : *first;
        *last = i;
    }
    return *first != *last;
}

enum {
    T18_LIGHT = 300
};

/* rate_tps 0: a closed loop, for what one core can carry. */
static bool t18_trial(struct truth *truth, double rate_tps, int block, struct trial_result *trial)
{
    struct trial_case c = {.text = "transactions:\n  nap: { weight: 1, sql: SELECT 1 }\n",
                           .target = &truth->stub->target,
                           .connections = 8,
                           .clients = rate_tps > 0 ? 0 : 8,
                           .threads = 1,
                           .rate_tps = rate_tps,
                           .protocol = PROTOCOL_PREPARED,
                           .warmup_ns = 200 * NS_PER_MS,
                           .duration_ns = FORM(truth, 8000, 1000) * NS_PER_MS,
                           .block = block};
    return truth_drive(truth, &c, trial);
}

static double t18_capacity(struct truth *truth)
{
    struct trial_result trial;
    if (!t18_trial(truth, 0, 0, &trial))
        return 0;
    double tps = (double)trial.transactions[0].ok * 1e9 / (double)trial.duration_ns;
    trial_result_deinit(&trial);
    return tps;
}

/* At this rate the driver needs more of its core than a hog leaves it. */
static void t18_starved(struct truth *truth, double rate_tps, int trials)
{
    int invalid = 0, n = 0;
    char said[TRUTH_TEXT] = "";
    for (; n < trials; n++) {
        struct trial_result trial;
        if (!t18_trial(truth, rate_tps, n, &trial))
            break;
        invalid += trial.verdict == VERDICT_INVALID;
        truth_note(truth, TEXT("trial %d, %.0f/s", n + 1, rate_tps),
                   TEXT("lag p99 %.2f, mean %.3f; replay excess p99 %.2f ms", (double)trial.harness_lag.p99 / 1e6,
                        trial.harness_lag.mean / 1e6, (double)trial.audit.excess_p99_ns / 1e6),
                   verdict_name(trial.verdict));
        truth_text(said, "%.80s", trial.reason);
        trial_result_deinit(&trial);
    }
    truth_check(truth, TIMING, n == trials && invalid == trials,
                TEXT("pinned to a core with a hog, %.0f/s (80 %% of it)", rate_tps),
                TEXT("invalid %d of %d: %.80s", invalid, n, said), TEXT("invalid %d of %d", trials, trials));
}

/* Is what the trial says of service times what the stub's log says? */
static bool t18_right(struct truth *truth, const struct trial_result *trial, double *off_us)
{
    struct stub_window log = stub_window(truth->stub, trial);
    struct hist *served = hist_new();
    for (size_t i = 0; served && i < log.n; i++)
        hist_record(served, log.list[i].send_ns - log.list[i].recv_ns);
    *off_us =
        served ? 1e3 * (truth_percentile_ms(trial->transactions[0].service, 0.99) - truth_percentile_ms(served, 0.99))
               : 0;
    hist_free(served);
    free(log.list);
    return served && *off_us < 0.05 * 2000 + 100;
}

/* A light load may well get its turns beside a hog. Then it must be right; else it must be invalid. */
static void t18_light(struct truth *truth, bool hog, int trials)
{
    int wrong = 0, invalid = 0, n = 0;
    double worst_us = 0;
    for (; n < trials; n++) {
        struct trial_result trial;
        double off_us;
        STUB_SCRIPT(truth->stub, "service constant 2ms");
        if (!t18_trial(truth, T18_LIGHT, n, &trial))
            break;
        bool right = t18_right(truth, &trial, &off_us);
        invalid += trial.verdict == VERDICT_INVALID;
        wrong += trial.verdict != VERDICT_INVALID && !right;
        worst_us = trial.verdict != VERDICT_INVALID && off_us > worst_us ? off_us : worst_us;
        trial_result_deinit(&trial);
    }
    bool may_be_invalid = hog || !truth->full; /* of few transactions 1 % is soon late */
    truth_check(truth, TIMING, n == trials && wrong == 0 && (may_be_invalid || invalid == 0),
                TEXT("pinned %s, %d/s of 2 ms", hog ? "to a core with a hog" : "alone (control)", T18_LIGHT),
                TEXT("invalid %d of %d; of the others service p99 is off by %.0f µs", invalid, n, worst_us),
                may_be_invalid ? "invalid, or within 5 % + 0.1 ms of the stub's log" : "none invalid, and right");
}

static void t18_pinned(struct truth *truth)
{
    STUB_SCRIPT(truth->stub, "service none");
    double rate_tps = 0.8 * t18_capacity(truth);
    t18_light(truth, false, 1);
    pid_t hog = start_hog(); /* inherits our core */
    t18_light(truth, true, FORM(truth, 10, 1));
    STUB_SCRIPT(truth->stub, "service none");
    if (rate_tps > 0)
        t18_starved(truth, rate_tps, FORM(truth, 10, 2));
    end_hog(hog);
}

void truth_t18(struct truth *truth)
{
    cpu_set_t allowed;
    int first, last;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0 || !two_cores(&allowed, &first, &last)) {
        truth_skip(truth, "driver pinned to a core with a hog", "needs two cores");
        return;
    }
    if (!pin(truth->stub->pid, first) || !pin(0, last)) {
        truth_skip(truth, "driver pinned to a core with a hog", "pinning is not allowed here");
        return;
    }
    t18_pinned(truth);
    sched_setaffinity(0, sizeof allowed, &allowed);
    sched_setaffinity(truth->stub->pid, sizeof allowed, &allowed);
}

/* --- T19 ---------------------------------------------------------------------------------------------------------- */

#define SEEN(n) "INSERT INTO seen VALUES (pg_backend_pid(), " #n ", clock_timestamp())"
#define NOTED                                                                                                          \
    "transactions:\n"                                                                                                  \
    "  often: { weight: 99, sql: \"" SEEN(1) "\" }\n"                                                                  \
                                             "  rarely:\n"                                                             \
                                             "    weight: 1\n"                                                         \
                                             "    steps: [ { sql: \"" SEEN(2) "\" }, { sql: \"" SEEN(3) "\" } ]\n"

enum {
    T19_CONNECTIONS = 16,
    T19_STATEMENTS = 3,
    T19_LEAST = 6
};

/* How many of connection × statement ran that often before the window. */
static int64_t t19_warm(struct truth *truth, int64_t started_wall_ns, int least)
{
    char sql[400];
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM (SELECT 1 FROM seen WHERE at < to_timestamp(%" PRId64
             " / 1e9) GROUP BY pid, statement"
             " HAVING count(*) >= %d) x",
             started_wall_ns, least);
    return truth_int(truth, sql);
}

static void t19_check(struct truth *truth, double rate)
{
    struct trial_case c = {.text = NOTED,
                           .target = truth_postgres(truth),
                           .connections = T19_CONNECTIONS,
                           .threads = 2,
                           .clients = rate > 0 ? 0 : T19_CONNECTIONS,
                           .rate_tps = rate,
                           .protocol = PROTOCOL_PREPARED,
                           .warmup_ns = FORM(truth, 2000, 100) * NS_PER_MS,
                           .duration_ns = FORM(truth, 4000, 500) * NS_PER_MS};
    struct trial_result trial;
    if (!truth_exec(truth, "DROP TABLE IF EXISTS seen; CREATE TABLE seen (pid int, statement int, at timestamptz)") ||
        !truth_drive(truth, &c, &trial))
        return;
    int64_t all = T19_CONNECTIONS * T19_STATEMENTS, warm = t19_warm(truth, trial.started_wall_ns, T19_LEAST);
    char *setup = TEXT("prepared, c=16, 3 statements (two at 1 %%), %s", rate > 0 ? "200/s" : "closed loop");
    truth_check(truth, EXACT, warm == all, setup,
                TEXT("%" PRId64 " of %" PRId64 " ran ≥ 6 times before the window", warm, all), "all");
    trial_result_deinit(&trial);
}

void truth_t19(struct truth *truth)
{
    t19_check(truth, 0);
    t19_check(truth, 200);
}

#include "cli/view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/stop.h"
#include "base/units.h"
#include "cli/job.h"

#define REDRAW_NS (100 * NS_PER_MS)

enum {
    BAR = 20,
    DEFAULT_COLUMNS = 80
};

/* What a phase is called, and what its `done` and `total` count. */
static const struct {
    const char *name; /* NULL: the label says it all */
    const char *unit; /* NULL: nothing to count */
} phase_rows[PHASE_COUNT] = {
    [PHASE_SERVER] = {NULL, NULL}, /* starting it, or connecting */
    [PHASE_REHEARSE] = {"rehearsing", NULL},
    [PHASE_SEED] = {"seeding", "rows"},
    [PHASE_CONSTRAINTS] = {"adding constraints", NULL},
    [PHASE_VACUUM] = {"vacuuming", NULL},
    [PHASE_PLANS] = {"planning", NULL},
    [PHASE_RESTORE] = {"restoring", NULL},
    [PHASE_INDEX] = {"building", NULL},
    [PHASE_WARMUP] = {"warming up", NULL},
    [PHASE_MEASURE] = {"measuring", NULL},
};

/* --- Text --------------------------------------------------------------------------------------------------------- */

/* Cut to `columns` characters, not bytes. */
static void trim(struct str *line, int columns)
{
    size_t shown = 0;
    for (size_t i = 0; i < line->len; i++) {
        if (((unsigned char)line->data[i] & 0xC0) == 0x80)
            continue;
        if (shown++ == (size_t)columns) {
            line->len = i;
            line->data[i] = '\0';
            return;
        }
    }
}

static void bar(double fraction, struct str *out)
{
    int full = (int)(fraction * BAR);
    str_append(out, "  [");
    for (int i = 0; i < BAR; i++)
        str_append_char(out, i < full ? '#' : i == full ? '>' : ' ');
    str_append_char(out, ']');
}

static void left(double ns, struct str *out)
{
    char text[32];
    if (ns > 0 && ns < 1e18)
        str_printf(out, "  %s left", units_format_elapsed(text, sizeof text, (int64_t)(ns / 1e9 + 0.5) * NS_PER_S));
}

static double fraction_done(const struct progress *progress)
{
    double fraction = progress->total > 0 ? (double)progress->done / (double)progress->total : 0;
    return fraction < 0 ? 0 : fraction > 1 ? 1 : fraction;
}

static void counted(const struct progress *progress, const char *unit, struct str *out)
{
    char done[32], total[32], rate[32];
    double seconds = (double)progress->phase_elapsed_ns / 1e9, fraction = fraction_done(progress);
    bar(fraction, out);
    str_printf(out, " %s of %s %s", units_format_count(done, sizeof done, (double)progress->done, 0),
               units_format_count(total, sizeof total, (double)progress->total, 0), unit);
    if (seconds > 0.2 && progress->done > 0) {
        str_printf(out, "  %s/s", units_format_count(rate, sizeof rate, (double)progress->done / seconds, 0));
        left(seconds * 1e9 * (1 - fraction) / fraction, out);
    }
}

/* Trials take about as long as those before them. */
static void time_left(const struct view *view, const struct progress *progress, int64_t now_ns, struct str *out)
{
    int done = progress->trial - view->first_trial;
    if (view->sweep_started_ns == 0 || done <= 0)
        return;
    double each = (double)(now_ns - view->sweep_started_ns) / (done + fraction_done(progress));
    left(each * (progress->n_trials - progress->trial + 1 - fraction_done(progress)), out);
}

static void second(const struct view *view, struct str *out)
{
    char tps[32], p99[32], wait[32];
    const struct progress *last = &view->last;
    if (!view->has_last)
        return;
    str_printf(out, "  %s tx/s  p99 %s  wait %s  pool %d/%d", units_format_count(tps, sizeof tps, last->tps, 0),
               units_format_ns(p99, sizeof p99, (double)last->p99_ns),
               units_format_ns(wait, sizeof wait, (double)last->wait_p99_ns), last->busy, last->connections);
    if (last->failed > 0)
        str_printf(out, "  %lld failed", (long long)last->failed);
}

void view_line(const struct view *view, const struct progress *progress, int64_t now_ns, int columns, struct str *out)
{
    size_t start = out->len;
    const char *unit = phase_rows[progress->phase].unit;
    if (progress->trial > 0)
        str_printf(out, "trial %d of %d  ", progress->trial, progress->n_trials);
    const char *name = phase_rows[progress->phase].name;
    str_printf(out, "%s%s%s", name ? name : "", name ? " " : "", progress->label ? progress->label : "");
    if (unit && progress->total > 0)
        counted(progress, unit, out);
    else if (progress->phase == PHASE_WARMUP || progress->phase == PHASE_MEASURE)
        bar(fraction_done(progress), out);
    if (progress->phase == PHASE_MEASURE)
        second(view, out);
    if (progress->trial > 0)
        time_left(view, progress, now_ns, out);
    if (start == 0 && out->data)
        trim(out, columns);
}

/* --- pgbench's line ----------------------------------------------------------------------------------------------- */

void view_add(struct view_sums *sums, const struct progress *progress)
{
    double n = progress->tps, mean = progress->latency_avg_ns, sd = progress->latency_stddev_ns;
    sums->seconds++;
    sums->transactions += n;
    sums->latency_ns += n * mean;
    sums->latency_squares += n * (sd * sd + mean * mean);
    sums->p95_ns = progress->p95_ns > sums->p95_ns ? progress->p95_ns : sums->p95_ns;
    sums->p99_ns = progress->p99_ns > sums->p99_ns ? progress->p99_ns : sums->p99_ns;
    sums->wait_p99_ns = progress->wait_p99_ns > sums->wait_p99_ns ? progress->wait_p99_ns : sums->wait_p99_ns;
    sums->failed += progress->failed;
    sums->retried += progress->retried;
    sums->retries += progress->retries;
}

/* Of several seconds only the largest percentile is known; percentiles do not average. */
void view_pgbench_line(const struct view_sums *sums, const struct progress *progress, struct str *out)
{
    double n = sums->transactions, mean = n > 0 ? sums->latency_ns / n : 0;
    double variance = n > 0 ? sums->latency_squares / n - mean * mean : 0;
    const char *most = sums->seconds > 1 ? "<=" : "";
    str_printf(out, "progress: %.1f s, %.1f tps, lat %.3f ms stddev %.3f, %lld failed, %lld retried, %lld retries",
               progress->time_s, n / (sums->seconds > 0 ? sums->seconds : 1), mean / 1e6,
               sqrt(variance > 0 ? variance : 0) / 1e6, (long long)sums->failed, (long long)sums->retried,
               (long long)sums->retries);
    str_printf(out, " | p95 %s%.1f p99 %s%.1f wait p99 %s%.1f pool %d/%d", most, (double)sums->p95_ns / 1e6, most,
               (double)sums->p99_ns / 1e6, most, (double)sums->wait_p99_ns / 1e6, progress->busy,
               progress->connections);
}

/* --- On the screen ------------------------------------------------------------------------------------------------ */

void view_clear(struct view *view)
{
    if (!view->drawn)
        return;
    fputs("\r\033[K", view->out);
    fflush(view->out);
    view->drawn = false;
}

static void print_line(struct view *view, const char *text)
{
    view_clear(view);
    fprintf(view->out, "%s\n", text);
    fflush(view->out);
}

static void draw(struct view *view, const struct progress *progress, bool at_once)
{
    int64_t now_ns = clock_now_ns();
    if (!view->live || (!at_once && now_ns - view->drawn_ns < REDRAW_NS))
        return;
    struct str line = {0};
    int columns = view->columns > 0 ? view->columns : terminal_columns(view->out);
    /* The last column stays free: some terminals wrap when it is written. */
    view_line(view, progress, now_ns, (columns > 0 ? columns : DEFAULT_COLUMNS) - 1, &line);
    fprintf(view->out, "\r%s\033[K", str_text(&line));
    fflush(view->out);
    str_deinit(&line);
    view->drawn = true;
    view->drawn_ns = now_ns;
}

/* Without a live line: one line for each phase before the trials, and for each table. */
static void announce(struct view *view, const struct progress *progress)
{
    char count[32], text[256];
    unsigned bit = 1U << progress->phase;
    const char *unit = phase_rows[progress->phase].unit;
    if (view->live || progress->trial > 0 || (!unit && (view->phases_said & bit)))
        return;
    view->phases_said |= bit;
    snprintf(text, sizeof text, "%s",
             phase_rows[progress->phase].name ? phase_rows[progress->phase].name : view->label);
    if (unit)
        snprintf(text, sizeof text, "%s %s: %s %.*s", phase_rows[progress->phase].name, view->label,
                 units_format_count(count, sizeof count, (double)progress->total, 0),
                 (int)strlen(unit) - (progress->total == 1), unit);
    print_line(view, text);
}

static bool changed(struct view *view, const struct progress *progress)
{
    const char *label = progress->label ? progress->label : "";
    if (view->announced && view->phase == progress->phase && strcmp(view->label, label) == 0)
        return false;
    view->announced = true;
    view->phase = progress->phase;
    snprintf(view->label, sizeof view->label, "%s", label);
    return true;
}

static void every_second(struct view *view, const struct progress *progress)
{
    view->last = *progress;
    view->has_last = true;
    view_add(&view->sums, progress);
    if (view->every_s == 0 || view->sums.seconds < view->every_s)
        return;
    struct str line = {0};
    view_pgbench_line(&view->sums, progress, &line);
    print_line(view, str_text(&line));
    str_deinit(&line);
    view->sums = (struct view_sums){0};
}

static void mention_stop(struct view *view)
{
    if (view->stop_said || !stop_requested())
        return;
    view->stop_said = true;
    print_line(view, "stopping: what was measured will be reported. Once more to end at once");
}

static void update(void *user, const struct progress *progress)
{
    struct view *view = user;
    mention_stop(view);
    if (view->quiet && view->every_s == 0)
        return;
    if (progress->trial > 0 && view->sweep_started_ns == 0) {
        view->sweep_started_ns = clock_now_ns();
        view->first_trial = progress->trial;
    }
    bool new_step = changed(view, progress);
    if (new_step && progress->phase != PHASE_MEASURE) {
        view->sums = (struct view_sums){0};
        view->has_last = false;
    }
    if (new_step && !view->quiet)
        announce(view, progress);
    if (progress->fresh)
        every_second(view, progress);
    draw(view, progress, new_step);
}

static void notice(void *user, const char *line)
{
    struct view *view = user;
    if (!view->quiet || str_starts_with(line, "warning: "))
        print_line(view, line);
}

void view_init(struct view *view, FILE *out, bool quiet, int every_s)
{
    const char *term = getenv("TERM");
    bool can_redraw = isatty(fileno(out)) && term && *term && strcmp(term, "dumb") != 0;
    *view = (struct view){.out = out, .live = can_redraw && !quiet, .quiet = quiet, .every_s = every_s};
}

struct progress_sink view_sink(struct view *view)
{
    return (struct progress_sink){.user = view, .update = update};
}

struct log view_log(struct view *view)
{
    return (struct log){.line = notice, .user = view};
}

/* --- Finished trials ---------------------------------------------------------------------------------------------- */

/* All transactions of a trial together. */
struct trial_sum {
    int64_t ok, failed, timed_out, p99_ns, wait_p99_ns;
    int64_t ended_ok; /* in the window: a backlog that is worked off after it is no throughput */
};

static int64_t merged_p99(const struct trial_result *trial, bool wait)
{
    int64_t p99 = 0;
    struct hist *all = hist_new();
    for (size_t i = 0; all && i < trial->n_transactions; i++) {
        const struct hist *hist = wait ? trial->transactions[i].pool_wait : trial->transactions[i].response;
        if (hist)
            hist_merge(all, hist);
    }
    if (all)
        p99 = hist_percentile(all, 0.99);
    hist_free(all);
    return p99;
}

static struct trial_sum sum_trial(const struct trial_result *trial)
{
    struct trial_sum sum = {.p99_ns = merged_p99(trial, false), .wait_p99_ns = merged_p99(trial, true)};
    for (size_t i = 0; i < trial->n_transactions; i++) {
        sum.ok += trial->transactions[i].ok;
        sum.failed += trial->transactions[i].failed;
        sum.timed_out += trial->transactions[i].timed_out;
    }
    bool open = trial->rate_tps > 0 && trial->n_intervals > 0;
    sum.ended_ok = open ? 0 : sum.ok;
    for (size_t i = 0; open && i < trial->n_intervals; i++)
        sum.ended_ok += trial->intervals[i].all.ok;
    return sum;
}

static void trial_label(const struct workload *workload, const struct trial_result *trial, struct str *out)
{
    char rate[RATE_NAME_BYTES];
    str_append(out, workload->variants[trial->variant].name);
    if (workload->sweep.n_pools > 1)
        str_printf(out, " · pool %d", workload->sweep.pools[trial->pool]);
    if (workload->sweep.n_isolations > 1)
        str_printf(out, " · %s", isolation_name(workload->sweep.isolations[trial->isolation]));
    if (workload->sweep.n_rates > 1 || workload->sweep.rates[trial->rate].kind != RATE_CLOSED)
        str_printf(out, " · %s", rate_name(&workload->sweep.rates[trial->rate], rate));
}

/* What a reader of the log must know beside the figures. */
static void trial_verdict(const struct trial_result *trial, struct str *out)
{
    const char *warning = trial->n_warnings > 0 ? trial->warnings[0] : "";
    if (!trial->complete)
        str_append(out, ", cut short");
    else if (!trial->valid)
        str_printf(out, ", not valid: %s", trial->reason[0] ? trial->reason : warning);
    else if (trial->verdict == VERDICT_OVERLOADED)
        str_append(out, ", overloaded");
    if (trial->broken_check[0])
        str_printf(out, ", broke check %s", trial->broken_check);
}

void view_trial(struct view *view, const struct workload *workload, const struct trial_result *trial, int n_trials)
{
    if (view->quiet || view->live)
        return;
    char tps[32], p99[32], wait[32];
    struct str line = {0};
    struct trial_sum sum = sum_trial(trial);
    double seconds = (double)trial->duration_ns / 1e9;
    str_printf(&line, "trial %d of %d: ", trial->order + 1, n_trials);
    trial_label(workload, trial, &line);
    str_printf(&line, ": %s tx/s, p99 %s",
               units_format_count(tps, sizeof tps, seconds > 0 ? (double)sum.ended_ok / seconds : 0, 0),
               units_format_ns(p99, sizeof p99, (double)sum.p99_ns));
    if (trial->rate_tps > 0 || trial->clients > trial->connections)
        str_printf(&line, ", wait p99 %s", units_format_ns(wait, sizeof wait, (double)sum.wait_p99_ns));
    if (sum.timed_out > 0)
        str_printf(&line, ", %lld timed out", (long long)sum.timed_out);
    if (sum.failed > 0)
        str_printf(&line, ", %lld failed", (long long)sum.failed);
    trial_verdict(trial, &line);
    print_line(view, str_text(&line));
    str_deinit(&line);
}

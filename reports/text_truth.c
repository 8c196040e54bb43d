/* Why the figures can be believed, or cannot: accounts, and what the harness knows of its own waiting. */
#include <math.h>
#include <stdio.h>

#include "base/units.h"
#include "reports/text.h"
#include "words.h"

static const char *count_text(char *buf, size_t size, int64_t value)
{
    return units_format_count(buf, size, (double)value, 0);
}

/* --- Accounts ----------------------------------------------------------------------------------------------------- */

enum {
    BACKLOG_LEAST = 10 /* a queue of fewer at the end of a window is nothing to speak of */
};

struct account {
    int64_t scheduled, ok, failed, timed_out, censored;
    int64_t backlog; /* most that any trial's window left without a connection */
};

static void add_to_account(const struct fact_trial *trial, size_t n_transactions, struct account *to)
{
    to->scheduled += trial->plain.scheduled;
    if (trial->plain.unsent_at_end > to->backlog)
        to->backlog = trial->plain.unsent_at_end;
    for (size_t t = 0; t < n_transactions; t++) {
        const struct transaction_result *counts = &trial->transactions[t].counts;
        to->ok += counts->ok;
        to->failed += counts->failed;
        to->timed_out += counts->timed_out;
        to->censored += counts->censored;
    }
}

static int64_t missing(const struct account *account)
{
    return account->scheduled - account->ok - account->failed - account->timed_out - account->censored;
}

static void append_account(const struct account *account, struct str *out)
{
    char number[32];
    str_printf(out, "scheduled %s = ", count_text(number, sizeof number, account->scheduled));
    str_printf(out, "%s ok + ", count_text(number, sizeof number, account->ok));
    str_printf(out, "%s failed + ", count_text(number, sizeof number, account->failed));
    str_printf(out, "%s timed out + ", count_text(number, sizeof number, account->timed_out));
    str_printf(out, "%s censored", count_text(number, sizeof number, account->censored));
    if (missing(account) != 0)
        str_printf(out, ": THIS DOES NOT ADD UP by %s", count_text(number, sizeof number, missing(account)));
    if (account->timed_out > 0)
        str_append(out, " (the timed-out ones are in the percentiles, with the wait after which they gave up)");
    if (account->backlog >= BACKLOG_LEAST)
        str_printf(out, "; up to %s still without a connection when a window ended",
                   count_text(number, sizeof number, account->backlog));
}

static bool trouble(const struct account *account)
{
    return account->failed + account->timed_out + account->censored > 0 || missing(account) != 0;
}

/* A closed loop has nothing to account for but what went wrong. */
static bool has_account(const struct facts *facts, int variant, struct point point, struct account *out)
{
    *out = (struct account){0};
    for (size_t i = 0; i < facts->n_trials; i++)
        if (facts->trials[i].plain.variant == variant && facts_at(&facts->trials[i].plain, point))
            add_to_account(&facts->trials[i], facts->n_transactions, out);
    return out->scheduled > 0 && (facts_open(facts, point) || out->timed_out > 0 || missing(out) != 0);
}

static void total_account(const struct facts *facts, size_t cells, const char *bullet, struct str *out)
{
    struct account all = {0};
    for (size_t i = 0; i < facts->n_trials; i++)
        add_to_account(&facts->trials[i], facts->n_transactions, &all);
    str_printf(out, "%sall %zu cells: ", bullet, cells);
    append_account(&all, out);
    str_append_char(out, '\n');
}

/* A share says nothing without what it was of: "at 174.4/s, ". */
static void append_offered(const struct facts *facts, int variant, struct point point, struct str *out)
{
    char number[32];
    if (facts->rates[point.rate].kind != RATE_SHARE)
        return;
    for (size_t i = 0; i < facts->n_trials; i++) {
        const struct trial_result *plain = &facts->trials[i].plain;
        if (plain->variant != variant || !facts_at(plain, point))
            continue;
        str_printf(out, "at %s/s, ", units_format_count(number, sizeof number, plain->rate_tps, 1));
        return;
    }
}

/* Lines of one kind, up to `room`; returns how many cells there are of it. */
static size_t account_lines(const struct facts *facts, bool troubled, size_t room, const char *bullet, struct str *out)
{
    size_t n = 0;
    for (size_t p = 0; p < facts_n_points(facts); p++)
        for (size_t v = 0; v < facts->n_variants; v++) {
            struct account account;
            if (!has_account(facts, (int)v, facts_point(facts, p), &account) || trouble(&account) != troubled ||
                n++ >= room)
                continue;
            str_append(out, bullet);
            text_cell(facts, (int)v, facts_point(facts, p), out);
            str_append(out, ": ");
            append_offered(facts, (int)v, facts_point(facts, p), out);
            append_account(&account, out);
            str_append_char(out, '\n');
        }
    return n;
}

void text_accounts(const struct facts *facts, size_t most, const char *bullet, struct str *out)
{
    size_t room = most ? most : SIZE_MAX, troubled = account_lines(facts, true, room, bullet, out);
    size_t left = troubled < room ? room - troubled : 0;
    size_t calm = account_lines(facts, false, left, bullet, out);
    if (troubled + calm > room)
        total_account(facts, facts_n_cells(facts), bullet, out);
    for (size_t i = 0; facts->n_variants > 1 && i < facts->n_rates; i++)
        if (facts->rates[i].kind == RATE_SHARE) {
            str_printf(out,
                       "%sa rate in %% is a share of each variant's own throughput: variants are compared at that "
                       "share, not at the same load\n",
                       bullet);
            return;
        }
}

/* --- The harness -------------------------------------------------------------------------------------------------- */

static void lag_line(const struct facts *facts, const char *bullet, struct str *out)
{
    const struct trial_result *worst = NULL, *spun = NULL;
    size_t open = 0, spinning = 0;
    double delay = 0;
    char p50[32], p99[32], spin[32], share[32];
    for (size_t i = 0; i < facts->n_trials; i++) {
        const struct trial_result *plain = &facts->trials[i].plain;
        if (plain->harness_lag.count > 0 && (!worst || plain->harness_lag.p99 > worst->harness_lag.p99))
            worst = plain;
        open += plain->rate_tps > 0;
        spinning += plain->spin_ns > 0;
        spun = plain->spin_ns > 0 && (!spun || plain->spin_ns > spun->spin_ns) ? plain : spun;
        if (plain->duration_ns > 0)
            delay = fmax(delay, (double)plain->run_delay_ns / (double)plain->duration_ns);
    }
    if (!worst)
        return;
    str_printf(out, "%sharness lag in the worst trial: p50 %s, p99 %s", bullet,
               units_format_ns(p50, sizeof p50, (double)worst->harness_lag.p50),
               units_format_ns(p99, sizeof p99, (double)worst->harness_lag.p99));
    if (spun)
        str_printf(out, "; spin on: the last %s before a start%s",
                   units_format_ns(spin, sizeof spin, (double)spun->spin_ns),
                   spinning < open ? " (not in all trials)" : "");
    else if (open > 0)
        str_append(out, "; spin off");
    if (delay >= 0.0005)
        str_printf(out, "; a thread waited for a core %s %% of the time",
                   units_format_count(share, sizeof share, 100 * delay, 1));
    str_append_char(out, '\n');
}

static void audit_line(const struct facts *facts, const char *bullet, struct str *out)
{
    const struct audit *worst = NULL, *unmade = NULL;
    size_t made = 0, passed = 0, not_made = 0;
    char excess[32], limit[32];
    for (size_t i = 0; i < facts->n_trials; i++) {
        const struct audit *audit = &facts->trials[i].plain.audit;
        bool open = facts->trials[i].plain.rate_tps > 0;
        made += audit->made;
        passed += audit->made && audit->passed;
        not_made += open && !audit->made;
        if (audit->made && (!worst || audit->excess_p99_ns - audit->limit_ns > worst->excess_p99_ns - worst->limit_ns))
            worst = audit;
        if (open && !audit->made && !unmade)
            unmade = audit;
    }
    if (worst)
        str_printf(out,
                   "%sreplay audit: %zu of %zu trials passed; starts later than an exact queue's by %s at p99 in the "
                   "worst (limit %s)\n",
                   bullet, passed, made, units_format_ns(excess, sizeof excess, fmax(0, (double)worst->excess_p99_ns)),
                   units_format_ns(limit, sizeof limit, (double)worst->limit_ns));
    if (unmade)
        str_printf(out, "%sreplay audit: not made in %zu trial%s: %s\n", bullet, not_made, not_made == 1 ? "" : "s",
                   unmade->why_not[0] ? unmade->why_not : "no raw records");
}

static void little_line(const struct facts *facts, const char *bullet, struct str *out)
{
    const struct little *worst = NULL;
    char error[32];
    for (size_t i = 0; i < facts->n_trials; i++) {
        const struct little *little = &facts->trials[i].plain.little;
        if (little->made && (!worst || little->error > worst->error))
            worst = little;
    }
    if (!worst)
        return;
    str_printf(out, "%sLittle's law: ∫N dt and the sum of response times differ by %s %% in the worst trial%s\n",
               bullet,
               worst->error < 0.000005 ? "<0.001" : units_format_count(error, sizeof error, 100 * worst->error, 3),
               worst->error > 0.001 ? ": THAT IS OVER THE LIMIT of 0.1 %" : " (limit 0.1 %)");
}

static void raw_line(const struct facts *facts, const char *bullet, struct str *out)
{
    size_t raw = 0;
    for (size_t i = 0; i < facts->n_trials; i++)
        raw += facts->trials[i].raw;
    if (raw > 0)
        str_printf(out, "%sfigures of %zu of %zu trials come from raw records: their percentiles are exact\n", bullet,
                   raw, facts->n_trials);
}

void text_truth(const struct facts *facts, const char *bullet, struct str *out)
{
    lag_line(facts, bullet, out);
    audit_line(facts, bullet, out);
    little_line(facts, bullet, out);
    raw_line(facts, bullet, out);
}

void text_degraded(const struct facts *facts, const char *bullet, struct str *out)
{
    size_t n = 0;
    if (facts->measure.raw_bytes == 0) /* none were wanted */
        return;
    for (size_t i = 0; i < facts->n_trials; i++)
        n += !facts->trials[i].plain.records.complete;
    if (n > 0)
        str_printf(
            out,
            "%sDEGRADED: the memory for raw records did not suffice in %zu of %zu trials: their percentiles come "
            "from histograms, and the replay audit could not cover them whole (raise measure: raw_memory)\n",
            bullet, n, facts->n_trials);
}

/* --- Outages ------------------------------------------------------------------------------------------------------ */

#define GAP_LEAST_S 0.5 /* a shorter one is a long pause of some transaction */

static void outage_line(const struct facts *facts, const struct trial_result *plain, const char *bullet,
                        struct str *out)
{
    const struct outage *outage = &plain->outage;
    char gap[32], from[32], back[32], full[32];
    str_printf(out, "%soutage (trial %d: ", bullet, plain->order + 1);
    text_cell(facts, plain->variant, (struct point){plain->pool, plain->isolation, plain->rate}, out);
    str_printf(out, "): nothing succeeded for %s, from %s into the window",
               units_format_ns(gap, sizeof gap, outage->gap_s * 1e9),
               units_format_ns(from, sizeof from, outage->gap_from_s * 1e9));
    if (outage->back_s >= 0)
        str_printf(out, "; %s after it began a whole second ran at 90 %% of %s tx/s again\n",
                   units_format_ns(back, sizeof back, outage->back_s * 1e9),
                   units_format_count(full, sizeof full, outage->full_tps, outage->full_tps < 99.95));
    else
        str_printf(out, "; full rate (%s tx/s) did not come back within it\n",
                   units_format_count(full, sizeof full, outage->full_tps, outage->full_tps < 99.95));
}

void text_outages(const struct facts *facts, const char *bullet, struct str *out)
{
    enum {
        LINES_MOST = 6
    };
    int n = 0;
    for (size_t i = 0; i < facts->n_trials; i++) {
        const struct outage *outage = &facts->trials[i].plain.outage;
        if (outage->made && (outage->seconds > 0 || outage->gap_s >= GAP_LEAST_S) && n++ < LINES_MOST)
            outage_line(facts, &facts->trials[i].plain, bullet, out);
    }
    if (n > LINES_MOST)
        str_printf(out, "%soutage: %d more trials\n", bullet, n - LINES_MOST);
}

/* --- The pool's habits -------------------------------------------------------------------------------------------- */

/* Counts of all trials; means and extremes can be taken together, percentiles cannot. */
struct timed {
    int64_t count, max;
    double sum;
};

static void add_timed(struct timed *to, const struct dist_summary *dist)
{
    to->count += dist->count;
    to->sum += dist->mean * (double)dist->count;
    to->max = dist->max > to->max ? dist->max : to->max;
}

static void append_timed(struct str *out, const char *what, int64_t count, const struct timed *times)
{
    char number[32], mean[32], max[32];
    if (count == 0)
        return;
    str_printf(out, "%s%s %s%s", out->len ? ", " : "", count_text(number, sizeof number, count), what,
               count == 1 ? "" : "s");
    if (times->count > 0)
        str_printf(out, " (%s on average, %s at most)",
                   units_format_ns(mean, sizeof mean, times->sum / (double)times->count),
                   units_format_ns(max, sizeof max, (double)times->max));
}

static void append_counted(struct str *out, const char *what, int64_t count)
{
    char number[32];
    if (count > 0)
        str_printf(out, "%s%s %s", out->len ? ", " : "", count_text(number, sizeof number, count), what);
}

static void variant_habits(const struct facts *facts, int variant, struct str *line)
{
    struct pool_counts sum = {0};
    struct timed connect = {0}, ping = {0};
    for (size_t i = 0; i < facts->n_trials; i++) {
        const struct pool_counts *counts = &facts->trials[i].plain.pool_counts;
        if (facts->trials[i].plain.variant != variant)
            continue;
        sum.connects += counts->connects;
        sum.recycled += counts->recycled;
        sum.idled_out += counts->idled_out;
        sum.overflows += counts->overflows;
        sum.pings += counts->pings;
        sum.failed_pings += counts->failed_pings;
        add_timed(&connect, &counts->connect);
        add_timed(&ping, &counts->ping);
    }
    append_timed(line, "connect", sum.connects, &connect);
    append_counted(line, "of them beyond the pool's size", sum.overflows);
    append_counted(line, "replaced for their age", sum.recycled);
    append_counted(line, "closed because idle", sum.idled_out);
    append_timed(line, "ping", sum.pings, &ping);
    append_counted(line, "of which failed", sum.failed_pings);
}

/* A variant may change the pool's habits. */
void text_habits(const struct facts *facts, const char *bullet, struct str *out)
{
    for (size_t v = 0; v < facts->n_variants; v++) {
        struct str line = {0};
        variant_habits(facts, (int)v, &line);
        if (line.len)
            str_printf(out, "%spool of %s, in all windows: %s\n", bullet, facts->variants[v].name, str_text(&line));
        str_deinit(&line);
    }
}

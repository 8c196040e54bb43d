#include "run/runner.h"

#include <stddef.h>
#include <stdlib.h>

#include "attempt.h"
#include "base/clock.h"
#include "run/cacheline.h"
#include "run/cold.h"

enum {
    SCRATCH_BYTES = 64 * 1024
};
#define LOCAL_FAILURE_PAUSE_NS NS_PER_MS /* a mistake that no server slows down must not spin */
#define NEXT_TURN_NS           1         /* later than this turn's stamp, so that the loop comes first */
#define CODE_NO_CONNECTION     SQLSTATE('0', '8', '0', '0', '1')

/* --- Waiting ------------------------------------------------------------------------------------------------------ */

static void wait_for_link(struct runner *runner, runner_step_fn *then)
{
    runner->state = RUNNER_WAITING;
    runner->on_wake = then;
}

void runner_rest(struct runner *runner, int64_t until_ns, runner_step_fn *then)
{
    runner->state = RUNNER_RESTING;
    runner->on_wake = then;
    loop_arm(runner->group->loop, &runner->timer, until_ns);
}

static void on_timer(struct timer *timer, int64_t now_ns)
{
    struct runner *runner = (struct runner *)(void *)((char *)timer - offsetof(struct runner, timer));
    if (runner->state != RUNNER_RESTING)
        return;
    if (runner->link->state == LINK_READY || runner->cut_off)
        runner->on_wake(runner, now_ns);
    else
        wait_for_link(runner, runner->on_wake);
}

static void finish(struct runner *runner)
{
    runner->state = RUNNER_FINISHED;
    runner->group->n_running--;
}

/* --- Choosing ----------------------------------------------------------------------------------------------------- */

COLD static void become_warm(struct runner *runner)
{
    struct runner_group *group = runner->group;
    int cold = link_cold_statement(runner->link);
    runner->warm = true;
    group->n_warming--;
    if (cold < 0)
        return;
    group->cold_statement = cold;
    group->n_cold++;
}

/* Each transaction six times, the runners starting at different ones; then those with a statement that an `if` kept
 * from running six times, each followed by one of the mix: what the window finds in the caches is the mix's doing. -1:
 * one of the mix. */
COLD static int warm_choice(struct runner *runner)
{
    int n = runner->group->mix->n;
    runner->warm_pause = !runner->warm_pause && runner->warm_turn > n * LINK_WARM_RUNS;
    if (runner->warm_pause && link_cold_statement(runner->link) >= 0)
        return -1;
    while (runner->warm_turn < n * RUNNER_WARM_TURNS) {
        int turn = runner->warm_turn++, entry = (turn + runner->self.number) % n;
        if (turn < n * LINK_WARM_RUNS || link_is_cold(runner->link, entry))
            return entry;
    }
    become_warm(runner);
    return -1;
}

/* The stream of choices and parameters that a ticket's transaction draws from. A client has one for the window, so that
 * its transactions are the same under every variant, however many of them the warm-up took. */
static struct rng stream_of(const struct runner_group *group, const struct ticket *ticket)
{
    struct client *client = ticket->client;
    if (!client)
        return rng_of(group->measured_tickets ? group->streams.tickets : group->streams.lead, (uint64_t)ticket->number);
    if (!client->measuring && ticket->intended_ns >= window_start(group->window)) {
        client->measuring = true;
        client->rng = rng_of(group->streams.window, (uint64_t)client->number);
    }
    return client->rng;
}

static int choose(struct runner *runner)
{
    if (__builtin_expect(!runner->warm, 0)) {
        if (runner->ticket.intended_ns >= window_start(runner->group->window))
            become_warm(runner);
        int entry = runner->warm || runner->ticket.client != &runner->self ? -1 : warm_choice(runner);
        if (entry >= 0)
            return entry;
    }
    return mix_choose(runner->group->mix, &runner->rng);
}

/* --- Ending ------------------------------------------------------------------------------------------------------- */

static int64_t later(int64_t a_ns, int64_t b_ns)
{
    return a_ns > b_ns ? a_ns : b_ns;
}

/* measurement.md section 1, "The decomposition is exact". What never was sent has no service: between having a
 * connection and its end there is only our own doing. */
static void decompose(const struct runner *runner, int64_t done_ns, struct outcome *out)
{
    int64_t intended_ns = runner->ticket.intended_ns, had_ns = later(intended_ns, runner->free_ns);
    out->pool_wait_ns = had_ns - intended_ns;
    out->lag_ns = (runner->first_sent_ns ? runner->first_sent_ns : later(done_ns, had_ns)) - had_ns;
    out->service_ns = runner->first_sent_ns ? later(done_ns - runner->first_sent_ns, 0) : 0;
}

static void record(struct runner *runner, enum record_status status, int64_t now_ns)
{
    struct outcome outcome = {
        .transaction = runner->group->mix->entries[runner->entry].transaction,
        .status = status,
        .attempts = runner->first_sent_ns ? runner->attempts : 0,
        .intended_ns = runner->ticket.intended_ns,
        .backoff_ns = runner->backoff_ns,
        .wasted_ns = runner->wasted_ns,
    };
    decompose(runner, now_ns, &outcome);
    recorder_outcome(runner->group->recorder, &outcome);
    runner->active = false;
    if (runner->transaction->n_loops > 0)
        attempt_forget_loops(runner);
}

static void begin_own(struct runner *runner, int64_t now_ns);

/* Nobody waited for a transaction that we held back. */
static void begin_after_pause(struct runner *runner, int64_t now_ns)
{
    runner->ticket.intended_ns = now_ns;
    begin_own(runner, now_ns);
}

/* Transactions that never reached the server pass through the loop, which else would not get its turn. One that had
 * nothing to do (an `if` said so) is as good as others: its client waits no longer than that. */
static int64_t pause_after(const struct runner *runner, bool ok)
{
    return runner->first_sent_ns ? 0 : ok ? NEXT_TURN_NS : LOCAL_FAILURE_PAUSE_NS;
}

static void next_own(struct runner *runner, int64_t pause_ns, int64_t now_ns)
{
    int64_t think_ns = runner->warm && runner->group->thinks ? runner->group->workload->load.think_ns : 0;
    runner->ticket.intended_ns = now_ns + think_ns;
    if (runner->ticket.intended_ns >= window_end(runner->group->window))
        finish(runner);
    else if (think_ns > 0)
        runner_rest(runner, now_ns + think_ns, begin_own);
    else if (pause_ns > 0)
        runner_rest(runner, now_ns + pause_ns, begin_after_pause);
    else if (runner->link->state == LINK_READY)
        begin_own(runner, now_ns);
    else
        wait_for_link(runner, begin_own);
}

static void next_dealt(struct runner *runner, int64_t pause_ns, int64_t now_ns)
{
    struct runner_group *group = runner->group;
    struct ticket next = {.client = runner->ticket.client};
    runner->state = RUNNER_IDLE;
    group->n_running--;
    pool_release(runner->link, now_ns);
    if (next.client)
        next.intended_ns = now_ns + group->workload->load.think_ns + pause_ns;
    group->ended(group->user, &next, now_ns);
}

static void become_idle(struct runner *runner, int64_t now_ns)
{
    struct ticket none = {0};
    runner->state = RUNNER_IDLE;
    if (!runner->warm)
        become_warm(runner);
    runner->group->n_running--;
    pool_release(runner->link, now_ns);
    runner->group->ended(runner->group->user, &none, now_ns);
}

void runner_done(struct runner *runner, bool ok, int64_t now_ns)
{
    int64_t pause_ns = pause_after(runner, ok);
    struct client *client = runner->ticket.client;
    record(runner, ok ? RECORD_OK : RECORD_FAILED, now_ns);
    if (client)
        client->rng = runner->rng;
    if (client != &runner->self)
        next_dealt(runner, pause_ns, now_ns);
    else if (runner->group->dealt)
        become_idle(runner, now_ns);
    else
        next_own(runner, pause_ns, now_ns);
}

/* --- Beginning ---------------------------------------------------------------------------------------------------- */

static void set_up(struct runner *runner)
{
    const struct runner_group *group = runner->group;
    recorder_begin(group->recorder, runner->ticket.intended_ns);
    runner->active = true;
    runner->rng = stream_of(group, &runner->ticket);
    if (runner->ticket.client)
        runner->ticket.client->turns++;
    runner->entry = choose(runner);
    runner->transaction = mix_transaction(group->mix, runner->entry);
    runner->step = runner->attempts = 0;
    runner->statement = -1;
    runner->cut_off = runner->pipeline.begun_by_step = runner->pipeline.failed = false;
    runner->first_sent_ns = runner->attempt_sent_ns = runner->backoff_ns = runner->wasted_ns = 0;
}

/* Its own link was free at once, unless it was lost. */
static void begin_own(struct runner *runner, int64_t now_ns)
{
    bool superfluous = runner->warm && !runner->has_client;
    if (superfluous || runner->ticket.intended_ns >= window_end(runner->group->window)) {
        finish(runner);
        return;
    }
    if (runner->group->dealt) {
        become_idle(runner, now_ns);
        return;
    }
    if (runner->warm && runner->group->rests_when_warm) {
        wait_for_link(runner, begin_own); /* or runner_deal() */
        return;
    }
    runner->free_ns = now_ns;
    set_up(runner);
    attempt_begin(runner, now_ns);
}

void runner_begin(struct runner *runner, const struct ticket *ticket, int64_t now_ns)
{
    runner->group->n_running++;
    runner->ticket = *ticket;
    runner->free_ns = runner->link->free_ns;
    set_up(runner);
    runner->state = RUNNER_ACQUIRING;
    if (pool_take(runner->link, now_ns))
        attempt_begin(runner, now_ns);
}

COLD void runner_link_taken(struct runner *runner, int64_t now_ns)
{
    runner->free_ns = now_ns;
    attempt_begin(runner, now_ns);
}

COLD void runner_link_refused(struct runner *runner, int64_t now_ns)
{
    char buf[512];
    const struct conn *conn = &runner->link->conn;
    sqlstate code = conn->code ? conn->code : CODE_NO_CONNECTION; /* nobody answered; nothing was lost */
    runner->free_ns = now_ns;
    attempt_note_error(runner, code, "connecting for a transaction", conn_error(conn, buf, sizeof buf), now_ns);
    runner_done(runner, false, now_ns);
}

/* --- From outside ------------------------------------------------------------------------------------------------- */

void runner_link_ready(struct runner *runner, int64_t now_ns)
{
    if (runner->state == RUNNER_WAITING)
        runner->on_wake(runner, now_ns);
    else if (runner->state == RUNNER_IDLE && runner->group->dealt)
        pool_release(runner->link, now_ns);
}

void runner_start(struct runner *runner, int64_t now_ns)
{
    if (runner->state != RUNNER_WAITING)
        return;
    runner->ticket = (struct ticket){.intended_ns = now_ns, .client = &runner->self};
    runner->on_wake = begin_own;
    if (runner->link->state == LINK_READY)
        begin_own(runner, now_ns);
}

void runner_deal(struct runner *runner, int64_t now_ns)
{
    if (runner->state == RUNNER_WAITING && !runner->active)
        become_idle(runner, now_ns);
}

void runner_end_thought(struct runner *runner)
{
    bool thinks = runner->state == RUNNER_RESTING && !runner->active;
    if (thinks && runner->ticket.intended_ns >= window_end(runner->group->window))
        finish(runner);
}

void runner_give_up(struct runner_group *group, struct ticket *ticket, enum record_status status, int64_t waited_ns)
{
    struct rng rng = stream_of(group, ticket);
    struct outcome outcome = {
        .transaction = group->mix->entries[mix_choose(group->mix, &rng)].transaction,
        .status = status,
        .intended_ns = ticket->intended_ns,
        .pool_wait_ns = waited_ns,
    };
    if (ticket->client)
        ticket->client->rng = rng;
    recorder_begin(group->recorder, ticket->intended_ns);
    recorder_outcome(group->recorder, &outcome);
}

void runner_reply(struct runner *runner, int64_t now_ns)
{
    if (runner->state == RUNNER_RUNNING) /* and not amid queueing, when what libpq sent early is answered */
        runner->on_reply(runner, now_ns);
}

/* An own transaction that waits for a lost connection has been wanted since the end of the one before. */
bool runner_cut(struct runner *runner, int64_t now_ns)
{
    bool in_service = runner->state == RUNNER_RUNNING && runner->link->state == LINK_READY;
    if (runner->active && runner->state == RUNNER_ACQUIRING)
        runner->free_ns = now_ns;
    if (runner->active)
        record(runner, RECORD_CENSORED, now_ns);
    else if (runner->state == RUNNER_WAITING && runner->on_wake == begin_own)
        runner_give_up(runner->group, &runner->ticket, RECORD_CENSORED, later(now_ns - runner->ticket.intended_ns, 0));
    if (runner->state != RUNNER_FINISHED && runner->state != RUNNER_IDLE)
        finish(runner);
    return in_service;
}

bool runner_init(struct runner *runner, struct runner_group *group, struct link *link, int number, bool has_client,
                 bool warms)
{
    *runner = (struct runner){.group = group,
                              .link = link,
                              .self = {.number = number, .rng = rng_of(group->streams.warm_up, (uint64_t)number)},
                              .state = warms ? RUNNER_WAITING : RUNNER_IDLE,
                              .warm = !warms,
                              .timer.fire = on_timer};
    link->runner = runner;
    runner->has_client = has_client;
    group->n_running += warms;
    group->n_warming += warms;
    runner->slots = cacheline_array((size_t)group->mix->max_slots + 1, sizeof *runner->slots);
    runner->params = cacheline_array((size_t)group->mix->max_params + 1, sizeof *runner->params);
    runner->slots_after_lets = cacheline_array((size_t)group->mix->max_slots + 1, sizeof *runner->slots);
    runner->copy_cells = cacheline_array((size_t)group->mix->max_copied + 1, sizeof *runner->copy_cells);
    runner->loops = cacheline_array((size_t)group->mix->max_loops + 1, sizeof *runner->loops);
    return scratch_init(&runner->scratch, SCRATCH_BYTES) && runner->slots && runner->params &&
           runner->slots_after_lets && runner->copy_cells && runner->loops;
}

void runner_deinit(struct runner *runner)
{
    scratch_deinit(&runner->scratch);
    str_deinit(&runner->copy_text);
    free(runner->slots_after_lets);
    free(runner->copy_cells);
    free(runner->loops);
    free(runner->slots);
    free(runner->params);
    *runner = (struct runner){0};
}

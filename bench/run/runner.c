#include "run/runner.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "run/cacheline.h"
#include "run/cold.h"
#include "run/retry.h"
#include "run/wire.h"

enum {
    SCRATCH_BYTES = 64 * 1024
};
#define LOCAL_FAILURE_PAUSE_NS NS_PER_MS /* a mistake that no server slows down must not spin */

/* Codes for what fails on our side, as PL/pgSQL's INTO STRICT and the server's arithmetic have them. */
#define CODE_NO_DATA       SQLSTATE('P', '0', '0', '0', '2')
#define CODE_TOO_MANY_ROWS SQLSTATE('P', '0', '0', '0', '3')
#define CODE_DATA          SQLSTATE('2', '2', '0', '0', '0')
#define CODE_TOO_LONG      SQLSTATE('5', '4', '0', '0', '0')
#define CODE_NO_CONNECTION SQLSTATE('0', '8', '0', '0', '1')

static void attempt(struct runner *runner, int64_t now_ns);
static void advance(struct runner *runner, int64_t now_ns);
static void attempt_failed(struct runner *runner, int64_t now_ns);

/* --- Waiting ------------------------------------------------------------------------------------------------------ */

static void wait_for_link(struct runner *runner, runner_step_fn *then)
{
    runner->state = RUNNER_WAITING;
    runner->on_wake = then;
}

static void rest(struct runner *runner, int64_t until_ns, runner_step_fn *then)
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
    if (runner->link->state == LINK_READY)
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
}

static void begin_own(struct runner *runner, int64_t now_ns);

/* Nobody waited for a transaction that we held back. */
static void begin_after_pause(struct runner *runner, int64_t now_ns)
{
    runner->ticket.intended_ns = now_ns;
    begin_own(runner, now_ns);
}

/* Transactions that never reached the server pass through the loop, which else would not get its turn. */
static void next_own(struct runner *runner, bool sent, int64_t now_ns)
{
    int64_t think_ns = runner->warm && runner->group->thinks ? runner->group->workload->load.think_ns : 0;
    runner->ticket.intended_ns = now_ns + think_ns;
    if (runner->ticket.intended_ns >= window_end(runner->group->window))
        finish(runner);
    else if (!sent)
        rest(runner, now_ns + LOCAL_FAILURE_PAUSE_NS, begin_after_pause);
    else if (think_ns > 0)
        rest(runner, now_ns + think_ns, begin_own);
    else if (runner->link->state == LINK_READY)
        begin_own(runner, now_ns);
    else
        wait_for_link(runner, begin_own);
}

static void next_dealt(struct runner *runner, bool sent, int64_t now_ns)
{
    struct runner_group *group = runner->group;
    struct ticket next = {.client = runner->ticket.client};
    runner->state = RUNNER_IDLE;
    group->n_running--;
    pool_release(runner->link, now_ns);
    if (next.client)
        next.intended_ns = now_ns + group->workload->load.think_ns + (sent ? 0 : LOCAL_FAILURE_PAUSE_NS);
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

static void done(struct runner *runner, bool ok, int64_t now_ns)
{
    bool sent = runner->first_sent_ns != 0;
    struct client *client = runner->ticket.client;
    record(runner, ok ? RECORD_OK : RECORD_FAILED, now_ns);
    if (client)
        client->rng = runner->rng;
    if (client != &runner->self)
        next_dealt(runner, sent, now_ns);
    else if (runner->group->dealt)
        become_idle(runner, now_ns);
    else
        next_own(runner, sent, now_ns);
}

/* --- Failing ------------------------------------------------------------------------------------------------------ */

COLD static void note_error(struct runner *runner, sqlstate code, const char *where, const char *text, int64_t now_ns)
{
    runner->code = code;
    recorder_error(runner->group->recorder, runner->group->mix->entries[runner->entry].transaction,
                   runner->ticket.intended_ns, now_ns, code, where, text);
}

static const char *place(const struct runner *runner)
{
    if (runner->statement < 0 || runner->statement >= runner->transaction->n_statements)
        return runner->transaction->name;
    return runner->transaction->statements[runner->statement].where;
}

COLD static void note_server_error(struct runner *runner, int64_t now_ns)
{
    char buf[512];
    const struct conn *conn = &runner->link->conn;
    note_error(runner, conn->code, place(runner), conn_error(conn, buf, sizeof buf), now_ns);
}

COLD static void again(struct runner *runner, int64_t now_ns)
{
    runner->backoff_ns += now_ns - runner->rest_from_ns;
    attempt(runner, now_ns);
}

/* Of this transaction alone: how long a client waits does not depend on how often others had to. */
static struct rng jitter_of(const struct runner *runner)
{
    const struct ticket *ticket = &runner->ticket;
    uint64_t number = ticket->client ? (uint64_t)ticket->client->number << 40 | (uint64_t)ticket->client->turns
                                     : (uint64_t)ticket->number;
    return rng_of(runner->group->streams.back_off, number);
}

/* The attempt is over and the server holds nothing of it any more. The connection is kept through the back-off, as by
 * an application that tries again inside its unit of work. */
COLD static void retry_or_give_up(struct runner *runner, int64_t now_ns)
{
    const struct retry_policy *policy = &runner->group->workload->retry;
    if (runner->attempt_sent_ns != 0)
        runner->wasted_ns += now_ns - runner->attempt_sent_ns;
    if (!retry_is_transient(runner->code) || runner->attempts >= policy->max_tries) {
        done(runner, false, now_ns);
        return;
    }
    if (runner->attempts == 1)
        runner->jitter = jitter_of(runner);
    runner->rest_from_ns = now_ns;
    rest(runner, now_ns + retry_backoff_ns(policy, runner->attempts, &runner->jitter), again);
}

COLD static void rolled_back(struct runner *runner, int64_t now_ns)
{
    runner->group->recorder->rollbacks++;
    retry_or_give_up(runner, now_ns);
}

COLD void runner_link_lost(struct runner *runner, int64_t now_ns)
{
    if (runner->state != RUNNER_RUNNING)
        return;
    note_server_error(runner, now_ns);
    runner->code = 0; /* never retried: whether a COMMIT took place is unknown */
    retry_or_give_up(runner, now_ns);
}

/* --- Sending ------------------------------------------------------------------------------------------------------ */

static void stamp(struct runner *runner, runner_step_fn *then)
{
    runner->sent_ns = clock_now_ns();
    runner->state = RUNNER_RUNNING;
    runner->on_reply = then;
    if (runner->attempt_sent_ns == 0)
        runner->attempt_sent_ns = runner->sent_ns;
    if (runner->first_sent_ns == 0)
        runner->first_sent_ns = runner->sent_ns;
}

/* BEGIN, COMMIT, ROLLBACK: simple queries under every protocol, one message each. */
static void send_text(struct runner *runner, const char *sql, runner_step_fn *then)
{
    stamp(runner, then);
    link_sent(runner->link, conn_send_query(&runner->link->conn, sql), runner->sent_ns);
}

COLD static void local_failure(struct runner *runner, sqlstate code, const char *text, int64_t now_ns)
{
    note_error(runner, code, place(runner), text, now_ns);
    attempt_failed(runner, now_ns);
}

static bool put_statement(struct runner *runner, const struct statement *statement)
{
    struct conn *conn = &runner->link->conn;
    switch (runner->group->protocol) {
    case PROTOCOL_PREPARED:
        return conn_send_prepared(conn, statement->prepared_name, statement->n_params, runner->params);
    case PROTOCOL_EXTENDED:
        return conn_send_params(conn, statement->sql, statement->n_params, runner->params);
    default:
        return conn_send_query(conn, runner->params[0]);
    }
}

/* Into runner->params: for the simple protocol the whole text is the first of them. */
static bool bind_statement(struct runner *runner, const struct statement *statement)
{
    if (runner->group->protocol != PROTOCOL_SIMPLE)
        return wire_params(statement, runner->slots, &runner->scratch, runner->params) == MAKE_OK;
    runner->params[0] = wire_text(statement, runner->slots, &runner->scratch);
    return runner->params[0] != NULL;
}

/* --- Steps of a transaction --------------------------------------------------------------------------------------- */

static void committed(struct runner *runner, int64_t now_ns)
{
    if (runner->link->conn.failed) {
        note_server_error(runner, now_ns);
        rolled_back(runner, now_ns);
        return;
    }
    runner->group->recorder->commits++;
    done(runner, true, now_ns);
}

COLD static void attempt_failed(struct runner *runner, int64_t now_ns)
{
    if (runner->link->state == LINK_READY && conn_in_transaction(&runner->link->conn))
        send_text(runner, "ROLLBACK", rolled_back);
    else
        retry_or_give_up(runner, now_ns);
}

static bool keep_row(struct runner *runner, const struct statement *statement, int64_t now_ns)
{
    const PGresult *result = runner->link->conn.result;
    int rows = result ? PQntuples(result) : 0;
    if (rows == 1 && wire_into(statement, result, &runner->scratch, runner->slots))
        return true;
    if (rows == 1)
        local_failure(runner, CODE_TOO_LONG, "the row does not fit: `into` keeps 64 kB a transaction", now_ns);
    else if (rows > 1)
        local_failure(runner, CODE_TOO_MANY_ROWS, "`into` wants exactly one row, and got more", now_ns);
    else
        local_failure(runner, CODE_NO_DATA, "`into` wants exactly one row, and got none", now_ns);
    return false;
}

static void statement_done(struct runner *runner, int64_t now_ns)
{
    const struct statement *statement = &runner->transaction->statements[runner->statement];
    struct recorder *recorder = runner->group->recorder;
    const struct mix_entry *entry = &runner->group->mix->entries[runner->entry];
    if (runner->link->conn.failed) {
        recorder->rollbacks += !runner->transaction->block;
        note_server_error(runner, now_ns);
        attempt_failed(runner, now_ns);
        return;
    }
    recorder->commits += !runner->transaction->block;
    recorder_statement(recorder, entry->transaction, runner->statement, runner->attempts, runner->ticket.intended_ns,
                       now_ns - runner->sent_ns);
    link_count_run(runner->link, entry->first_statement + runner->statement);
    if (statement->keep == KEEP_INTO && !keep_row(runner, statement, now_ns))
        return;
    runner->step++;
    advance(runner, now_ns);
}

static void send_statement(struct runner *runner, int number, int64_t now_ns)
{
    const struct statement *statement = &runner->transaction->statements[number];
    size_t mark = runner->scratch.used;
    runner->statement = number;
    if (!bind_statement(runner, statement)) {
        local_failure(runner, CODE_TOO_LONG, "the parameters do not fit: 64 kB a transaction", now_ns);
        return;
    }
    stamp(runner, statement_done);
    bool sent = put_statement(runner, statement);
    runner->scratch.used = mark;
    link_sent(runner->link, sent, runner->sent_ns);
}

static bool condition_holds(struct runner *runner, const struct program *condition, bool *holds, int64_t now_ns)
{
    struct eval_scope scope = {.rng = &runner->rng, .slots = runner->slots, .scratch = &runner->scratch};
    enum make_status status = eval_condition(condition, &scope, holds);
    if (status != MAKE_OK)
        local_failure(runner, CODE_DATA, make_status_text(status), now_ns);
    return status == MAKE_OK;
}

/* The steps that need no server, up to one that does. */
static void advance(struct runner *runner, int64_t now_ns)
{
    const struct transaction *transaction = runner->transaction;
    while (runner->step < transaction->n_steps) {
        const struct step *step = &transaction->steps[runner->step];
        bool holds = false;
        if (step->kind == STEP_SQL) {
            send_statement(runner, step->statement, now_ns);
            return;
        }
        if (step->kind == STEP_JUMP_UNLESS && !condition_holds(runner, step->value, &holds, now_ns))
            return;
        runner->step = holds ? runner->step + 1 : step->target;
    }
    if (transaction->block)
        send_text(runner, "COMMIT", committed);
    else
        done(runner, true, now_ns);
}

static void begun(struct runner *runner, int64_t now_ns)
{
    if (runner->link->conn.failed) {
        note_server_error(runner, now_ns);
        attempt_failed(runner, now_ns);
        return;
    }
    advance(runner, now_ns);
}

/* --- Attempts ----------------------------------------------------------------------------------------------------- */

static void forget_rows(struct runner *runner)
{
    for (int i = runner->transaction->n_lets; i < runner->transaction->n_variables; i++)
        runner->slots[i] = (struct value){.type = VALUE_NULL};
}

/* A block starts over with the same parameters. Without one, what went before the failed statement is committed: the
 * attempt goes on where it was. */
static void attempt(struct runner *runner, int64_t now_ns)
{
    runner->attempts++;
    runner->attempt_sent_ns = 0;
    if (!runner->transaction->block) {
        advance(runner, now_ns);
        return;
    }
    runner->step = 0;
    runner->statement = -1;
    runner->rng = runner->rng_after_lets;
    runner->scratch.used = runner->scratch_after_lets;
    forget_rows(runner);
    send_text(runner, runner->group->begin_sql, begun);
}

static enum make_status make_parameters(struct runner *runner)
{
    const struct transaction *transaction = runner->transaction;
    struct eval_scope scope = {.rng = &runner->rng, .slots = runner->slots, .scratch = &runner->scratch};
    runner->scratch.used = 0;
    for (int i = 0; i < transaction->n_lets; i++) {
        enum make_status status = eval(transaction->lets[i].value, &scope, &runner->slots[transaction->lets[i].slot]);
        if (status != MAKE_OK)
            return status;
    }
    forget_rows(runner);
    runner->scratch_after_lets = runner->scratch.used;
    runner->rng_after_lets = runner->rng;
    return MAKE_OK;
}

/* The ticket's transaction, on a link that is READY since free_ns. */
static void begin_transaction(struct runner *runner, int64_t now_ns)
{
    enum make_status status = make_parameters(runner);
    if (status == MAKE_OK) {
        attempt(runner, now_ns);
        return;
    }
    runner->attempts = 1;
    note_error(runner, CODE_DATA, runner->transaction->name, make_status_text(status), now_ns);
    done(runner, false, now_ns);
}

static void set_up(struct runner *runner)
{
    const struct runner_group *group = runner->group;
    recorder_begin(group->recorder, runner->ticket.intended_ns);
    runner->active = true;
    runner->rng = stream_of(group, &runner->ticket);
    if (runner->ticket.client)
        runner->ticket.client->turns++;
    runner->entry = choose(runner);
    runner->transaction = &group->workload->transactions[group->mix->entries[runner->entry].transaction];
    runner->step = runner->attempts = 0;
    runner->statement = -1;
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
    begin_transaction(runner, now_ns);
}

void runner_begin(struct runner *runner, const struct ticket *ticket, int64_t now_ns)
{
    runner->group->n_running++;
    runner->ticket = *ticket;
    runner->free_ns = runner->link->free_ns;
    set_up(runner);
    runner->state = RUNNER_ACQUIRING;
    if (pool_take(runner->link, now_ns))
        begin_transaction(runner, now_ns);
}

COLD void runner_link_taken(struct runner *runner, int64_t now_ns)
{
    runner->free_ns = now_ns;
    begin_transaction(runner, now_ns);
}

COLD void runner_link_refused(struct runner *runner, int64_t now_ns)
{
    char buf[512];
    const struct conn *conn = &runner->link->conn;
    sqlstate code = conn->code ? conn->code : CODE_NO_CONNECTION; /* nobody answered; nothing was lost */
    runner->free_ns = now_ns;
    note_error(runner, code, "connecting for a transaction", conn_error(conn, buf, sizeof buf), now_ns);
    done(runner, false, now_ns);
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
    return scratch_init(&runner->scratch, SCRATCH_BYTES) && runner->slots && runner->params;
}

void runner_deinit(struct runner *runner)
{
    scratch_deinit(&runner->scratch);
    free(runner->slots);
    free(runner->params);
    *runner = (struct runner){0};
}

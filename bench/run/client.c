#include "run/client.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
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

static void begin_transaction(struct client *client, int64_t now_ns);
static void attempt(struct client *client, int64_t now_ns);
static void advance(struct client *client, int64_t now_ns);
static void attempt_failed(struct client *client, int64_t now_ns);

/* --- Waiting ------------------------------------------------------------------------------------------------------ */

static void wait_for_link(struct client *client, client_step_fn *then)
{
    client->state = CLIENT_WAITING;
    client->on_wake = then;
}

static void rest(struct client *client, int64_t until_ns, client_step_fn *then)
{
    client->state = CLIENT_RESTING;
    client->on_wake = then;
    loop_arm(client->group->loop, &client->timer, until_ns);
}

static void on_timer(struct timer *timer, int64_t now_ns)
{
    struct client *client = (struct client *)(void *)((char *)timer - offsetof(struct client, timer));
    if (client->state != CLIENT_RESTING)
        return;
    if (client->link->state == LINK_READY)
        client->on_wake(client, now_ns);
    else
        wait_for_link(client, client->on_wake);
}

void client_link_ready(struct client *client, int64_t now_ns)
{
    if (client->group->started && client->state == CLIENT_WAITING)
        client->on_wake(client, now_ns);
}

static void finish(struct client *client)
{
    client->state = CLIENT_FINISHED;
    client->group->n_running--;
}

/* --- Choosing ----------------------------------------------------------------------------------------------------- */

static struct rng stream(const struct client *client, const char *purpose)
{
    const struct client_group *group = client->group;
    return rng_at(group->seed, str_hash(purpose, strlen(purpose)), (uint64_t)group->block, (uint64_t)client->number);
}

COLD static void become_warm(struct client *client)
{
    struct client_group *group = client->group;
    int cold = link_cold_statement(client->link);
    client->warm = true;
    group->n_warming--;
    if (cold < 0)
        return;
    group->cold_statement = cold;
    group->n_cold++;
}

/* Each transaction six times, the clients starting at different ones; then those with a statement that an `if` kept
 * from running six times, each followed by one of the mix: what the window finds in the caches is the mix's doing. -1:
 * one of the mix. */
COLD static int warm_choice(struct client *client)
{
    int n = client->group->mix->n;
    client->warm_pause = !client->warm_pause && client->warm_turn > n * LINK_WARM_RUNS;
    if (client->warm_pause && link_cold_statement(client->link) >= 0)
        return -1;
    while (client->warm_turn < n * CLIENT_WARM_TURNS) {
        int turn = client->warm_turn++, entry = (turn + client->number) % n;
        if (turn < n * LINK_WARM_RUNS || link_is_cold(client->link, entry))
            return entry;
    }
    become_warm(client);
    return -1;
}

/* The window has a stream of its own, so that its transactions are the same under every variant, however many of them
 * the warm-up took. */
static int choose(struct client *client)
{
    const struct client_group *group = client->group;
    if (!client->measuring && client->intended_ns >= window_start(group->window)) {
        client->measuring = true;
        if (!client->warm)
            become_warm(client);
        client->rng = stream(client, "window");
    }
    int entry = client->warm ? -1 : warm_choice(client);
    return entry >= 0 ? entry : mix_choose(group->mix, &client->rng);
}

/* --- Ending ------------------------------------------------------------------------------------------------------- */

/* Nobody waited for a transaction that we held back. */
static void begin_after_pause(struct client *client, int64_t now_ns)
{
    client->intended_ns = now_ns;
    begin_transaction(client, now_ns);
}

/* Transactions that never reached the server pass through the loop, which else would not get its turn. */
static void done(struct client *client, bool ok, int64_t now_ns)
{
    bool sent = client->first_sent_ns != 0;
    struct outcome outcome = {
        .transaction = client->group->mix->entries[client->entry].transaction,
        .ok = ok,
        .attempts = client->attempts,
        .intended_ns = client->intended_ns,
        .done_ns = now_ns,
        .backoff_ns = client->backoff_ns,
        .wasted_ns = client->wasted_ns,
    };
    if (sent) {
        int64_t ready_ns = client->intended_ns > client->free_ns ? client->intended_ns : client->free_ns;
        outcome.lag_ns = client->first_sent_ns - ready_ns;
        outcome.service_ns = now_ns - client->first_sent_ns - client->backoff_ns;
    }
    recorder_outcome(client->group->recorder, &outcome);
    client->active = false;
    client->intended_ns = now_ns;
    if (!sent)
        rest(client, now_ns + LOCAL_FAILURE_PAUSE_NS, begin_after_pause);
    else if (client->link->state == LINK_READY)
        begin_transaction(client, now_ns);
    else
        wait_for_link(client, begin_transaction);
}

/* --- Failing ------------------------------------------------------------------------------------------------------ */

COLD static void note_error(struct client *client, sqlstate code, const char *where, const char *text, int64_t now_ns)
{
    client->code = code;
    recorder_error(client->group->recorder, client->group->mix->entries[client->entry].transaction, client->intended_ns,
                   now_ns, code, where, text);
}

static const char *place(const struct client *client)
{
    if (client->statement < 0 || client->statement >= client->transaction->n_statements)
        return client->transaction->name;
    return client->transaction->statements[client->statement].where;
}

COLD static void note_server_error(struct client *client, int64_t now_ns)
{
    char buf[512];
    const struct conn *conn = &client->link->conn;
    note_error(client, conn->code, place(client), conn_error(conn, buf, sizeof buf), now_ns);
}

COLD static void again(struct client *client, int64_t now_ns)
{
    client->backoff_ns += now_ns - client->rest_from_ns;
    attempt(client, now_ns);
}

/* The attempt is over and the server holds nothing of it any more. */
COLD static void retry_or_give_up(struct client *client, int64_t now_ns)
{
    const struct retry_policy *policy = &client->group->workload->retry;
    if (client->attempt_sent_ns != 0)
        client->wasted_ns += now_ns - client->attempt_sent_ns;
    if (!retry_is_transient(client->code) || client->attempts >= policy->max_tries) {
        done(client, false, now_ns);
        return;
    }
    client->rest_from_ns = now_ns;
    rest(client, now_ns + retry_backoff_ns(policy, client->attempts, &client->jitter), again);
}

COLD static void rolled_back(struct client *client, int64_t now_ns)
{
    client->group->recorder->rollbacks++;
    retry_or_give_up(client, now_ns);
}

COLD void client_link_lost(struct client *client, int64_t now_ns)
{
    if (client->state != CLIENT_RUNNING)
        return;
    note_server_error(client, now_ns);
    client->code = 0; /* never retried: whether a COMMIT took place is unknown */
    retry_or_give_up(client, now_ns);
}

/* --- Sending ------------------------------------------------------------------------------------------------------ */

static void stamp(struct client *client, client_step_fn *then)
{
    client->sent_ns = clock_now_ns();
    client->state = CLIENT_RUNNING;
    client->on_reply = then;
    if (client->attempt_sent_ns == 0)
        client->attempt_sent_ns = client->sent_ns;
    if (client->first_sent_ns == 0)
        client->first_sent_ns = client->sent_ns;
}

/* BEGIN, COMMIT, ROLLBACK: simple queries under every protocol, one message each. */
static void send_text(struct client *client, const char *sql, client_step_fn *then)
{
    stamp(client, then);
    link_sent(client->link, conn_send_query(&client->link->conn, sql), client->sent_ns);
}

COLD static void local_failure(struct client *client, sqlstate code, const char *text, int64_t now_ns)
{
    note_error(client, code, place(client), text, now_ns);
    attempt_failed(client, now_ns);
}

static bool put_statement(struct client *client, const struct statement *statement)
{
    struct conn *conn = &client->link->conn;
    switch (client->group->protocol) {
    case PROTOCOL_PREPARED:
        return conn_send_prepared(conn, statement->prepared_name, statement->n_params, client->params);
    case PROTOCOL_EXTENDED:
        return conn_send_params(conn, statement->sql, statement->n_params, client->params);
    default:
        return conn_send_query(conn, client->params[0]);
    }
}

/* Into client->params: for the simple protocol the whole text is the first of them. */
static bool bind_statement(struct client *client, const struct statement *statement)
{
    if (client->group->protocol != PROTOCOL_SIMPLE)
        return wire_params(statement, client->slots, &client->scratch, client->params) == MAKE_OK;
    client->params[0] = wire_text(statement, client->slots, &client->scratch);
    return client->params[0] != NULL;
}

/* --- Steps of a transaction --------------------------------------------------------------------------------------- */

static void committed(struct client *client, int64_t now_ns)
{
    if (client->link->conn.failed) {
        note_server_error(client, now_ns);
        rolled_back(client, now_ns);
        return;
    }
    client->group->recorder->commits++;
    done(client, true, now_ns);
}

COLD static void attempt_failed(struct client *client, int64_t now_ns)
{
    if (client->link->state == LINK_READY && conn_in_transaction(&client->link->conn))
        send_text(client, "ROLLBACK", rolled_back);
    else
        retry_or_give_up(client, now_ns);
}

static bool keep_row(struct client *client, const struct statement *statement, int64_t now_ns)
{
    const PGresult *result = client->link->conn.result;
    int rows = result ? PQntuples(result) : 0;
    if (rows == 1 && wire_into(statement, result, &client->scratch, client->slots))
        return true;
    if (rows == 1)
        local_failure(client, CODE_TOO_LONG, "the row does not fit: `into` keeps 64 kB a transaction", now_ns);
    else if (rows > 1)
        local_failure(client, CODE_TOO_MANY_ROWS, "`into` wants exactly one row, and got more", now_ns);
    else
        local_failure(client, CODE_NO_DATA, "`into` wants exactly one row, and got none", now_ns);
    return false;
}

static void statement_done(struct client *client, int64_t now_ns)
{
    const struct statement *statement = &client->transaction->statements[client->statement];
    struct recorder *recorder = client->group->recorder;
    const struct mix_entry *entry = &client->group->mix->entries[client->entry];
    if (client->link->conn.failed) {
        recorder->rollbacks += !client->transaction->block;
        note_server_error(client, now_ns);
        attempt_failed(client, now_ns);
        return;
    }
    recorder->commits += !client->transaction->block;
    recorder_statement(recorder, entry->transaction, client->statement, client->attempts, client->intended_ns,
                       now_ns - client->sent_ns);
    link_count_run(client->link, entry->first_statement + client->statement);
    if (statement->n_into > 0 && !keep_row(client, statement, now_ns))
        return;
    client->step++;
    advance(client, now_ns);
}

static void send_statement(struct client *client, int number, int64_t now_ns)
{
    const struct statement *statement = &client->transaction->statements[number];
    size_t mark = client->scratch.used;
    client->statement = number;
    if (!bind_statement(client, statement)) {
        local_failure(client, CODE_TOO_LONG, "the parameters do not fit: 64 kB a transaction", now_ns);
        return;
    }
    stamp(client, statement_done);
    bool sent = put_statement(client, statement);
    client->scratch.used = mark;
    link_sent(client->link, sent, client->sent_ns);
}

static bool condition_holds(struct client *client, const struct program *condition, bool *holds, int64_t now_ns)
{
    struct eval_scope scope = {.rng = &client->rng, .slots = client->slots, .scratch = &client->scratch};
    enum make_status status = eval_condition(condition, &scope, holds);
    if (status != MAKE_OK)
        local_failure(client, CODE_DATA, make_status_text(status), now_ns);
    return status == MAKE_OK;
}

/* The steps that need no server, up to one that does. */
static void advance(struct client *client, int64_t now_ns)
{
    const struct transaction *transaction = client->transaction;
    while (client->step < transaction->n_steps) {
        const struct step *step = &transaction->steps[client->step];
        bool holds = false;
        if (step->kind == STEP_SQL) {
            send_statement(client, step->statement, now_ns);
            return;
        }
        if (step->kind == STEP_JUMP_UNLESS && !condition_holds(client, step->condition, &holds, now_ns))
            return;
        client->step = holds ? client->step + 1 : step->target;
    }
    if (transaction->block)
        send_text(client, "COMMIT", committed);
    else
        done(client, true, now_ns);
}

static void begun(struct client *client, int64_t now_ns)
{
    if (client->link->conn.failed) {
        note_server_error(client, now_ns);
        attempt_failed(client, now_ns);
        return;
    }
    advance(client, now_ns);
}

/* --- Attempts ----------------------------------------------------------------------------------------------------- */

static void forget_rows(struct client *client)
{
    for (int i = client->transaction->n_lets; i < client->transaction->n_variables; i++)
        client->slots[i] = (struct value){.type = VALUE_NULL};
}

/* A block starts over with the same parameters. Without one, what went before the failed statement is committed: the
 * attempt goes on where it was. */
static void attempt(struct client *client, int64_t now_ns)
{
    client->attempts++;
    client->attempt_sent_ns = 0;
    if (!client->transaction->block) {
        advance(client, now_ns);
        return;
    }
    client->step = 0;
    client->statement = -1;
    client->rng = client->rng_after_lets;
    client->scratch.used = client->scratch_after_lets;
    forget_rows(client);
    send_text(client, client->group->begin_sql, begun);
}

static enum make_status make_parameters(struct client *client)
{
    const struct transaction *transaction = client->transaction;
    struct eval_scope scope = {.rng = &client->rng, .slots = client->slots, .scratch = &client->scratch};
    client->scratch.used = 0;
    for (int i = 0; i < transaction->n_lets; i++) {
        enum make_status status = eval(transaction->lets[i].value, &scope, &client->slots[transaction->lets[i].slot]);
        if (status != MAKE_OK)
            return status;
    }
    forget_rows(client);
    client->scratch_after_lets = client->scratch.used;
    client->rng_after_lets = client->rng;
    return MAKE_OK;
}

/* With as many clients as connections the link is the client's own: it was free at once, unless it was lost. */
static void begin_transaction(struct client *client, int64_t now_ns)
{
    const struct client_group *group = client->group;
    if (client->intended_ns >= window_end(group->window)) {
        finish(client);
        return;
    }
    client->free_ns = now_ns;
    client->active = true;
    client->entry = choose(client);
    client->transaction = &group->workload->transactions[group->mix->entries[client->entry].transaction];
    client->step = client->attempts = 0;
    client->statement = -1;
    client->first_sent_ns = client->attempt_sent_ns = client->backoff_ns = client->wasted_ns = 0;
    enum make_status status = make_parameters(client);
    if (status == MAKE_OK) {
        attempt(client, now_ns);
        return;
    }
    client->attempts = 1;
    note_error(client, CODE_DATA, client->transaction->name, make_status_text(status), now_ns);
    done(client, false, now_ns);
}

/* --- From outside ------------------------------------------------------------------------------------------------- */

void client_start(struct client *client, int64_t now_ns)
{
    client->intended_ns = now_ns;
    if (client->link->state == LINK_READY)
        begin_transaction(client, now_ns);
    else
        wait_for_link(client, begin_transaction);
}

void client_reply(struct client *client, int64_t now_ns)
{
    client->on_reply(client, now_ns);
}

void client_cut(struct client *client, int64_t now_ns)
{
    if (client->active)
        recorder_censored(client->group->recorder, client->group->mix->entries[client->entry].transaction,
                          client->intended_ns, now_ns - client->intended_ns);
    if (client->state == CLIENT_RUNNING && client->link->state == LINK_READY)
        conn_cancel(&client->link->conn);
    if (client->state != CLIENT_FINISHED)
        finish(client);
}

bool client_init(struct client *client, struct client_group *group, struct link *link, int number)
{
    *client = (struct client){.group = group, .link = link, .number = number, .timer.fire = on_timer};
    link->client = client;
    group->n_running++;
    group->n_warming++;
    client->rng = stream(client, "warm-up");
    client->jitter = stream(client, "back-off");
    client->slots = cacheline_array((size_t)group->mix->max_slots + 1, sizeof *client->slots);
    client->params = cacheline_array((size_t)group->mix->max_params + 1, sizeof *client->params);
    return scratch_init(&client->scratch, SCRATCH_BYTES) && client->slots && client->params;
}

void client_deinit(struct client *client)
{
    scratch_deinit(&client->scratch);
    free(client->slots);
    free(client->params);
    *client = (struct client){0};
}

/* One attempt of a transaction after the other: from its parameters to its commit, or to giving up. */
#include "attempt.h"

#include "base/clock.h"
#include "run/cold.h"
#include "run/retry.h"

/* What fails on our side, as the server's arithmetic has it. */
#define CODE_DATA SQLSTATE('2', '2', '0', '0', '0')

static void attempt(struct runner *runner, int64_t now_ns);

/* --- Sending ------------------------------------------------------------------------------------------------------ */

void attempt_stamp(struct runner *runner, runner_step_fn *then)
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
    attempt_stamp(runner, then);
    link_sent(runner->link, conn_send_query(&runner->link->conn, sql), runner->sent_ns);
}

/* --- Failing ------------------------------------------------------------------------------------------------------ */

COLD void attempt_note_error(struct runner *runner, sqlstate code, const char *where, const char *text,
                             int64_t now_ns)
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

COLD void attempt_note_server_error(struct runner *runner, int64_t now_ns)
{
    char buf[512];
    const struct conn *conn = &runner->link->conn;
    attempt_note_error(runner, conn->code, place(runner), conn_error(conn, buf, sizeof buf), now_ns);
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
        runner_done(runner, false, now_ns);
        return;
    }
    if (runner->attempts == 1)
        runner->jitter = jitter_of(runner);
    runner->rest_from_ns = now_ns;
    runner_rest(runner, now_ns + retry_backoff_ns(policy, runner->attempts, &runner->jitter), again);
}

COLD static void rolled_back(struct runner *runner, int64_t now_ns)
{
    runner->group->recorder->rollbacks++;
    retry_or_give_up(runner, now_ns);
}

COLD void attempt_failed(struct runner *runner, int64_t now_ns)
{
    if (runner->link->state == LINK_READY && conn_in_transaction(&runner->link->conn))
        send_text(runner, "ROLLBACK", rolled_back);
    else
        retry_or_give_up(runner, now_ns);
}

COLD void attempt_fail(struct runner *runner, sqlstate code, const char *text, int64_t now_ns)
{
    attempt_note_error(runner, code, place(runner), text, now_ns);
    attempt_failed(runner, now_ns);
}

COLD void runner_link_lost(struct runner *runner, int64_t now_ns)
{
    if (runner->state != RUNNER_RUNNING)
        return;
    attempt_note_server_error(runner, now_ns);
    runner->code = 0; /* never retried: whether a COMMIT took place is unknown */
    retry_or_give_up(runner, now_ns);
}

/* --- Beginning and ending ----------------------------------------------------------------------------------------- */

static void committed(struct runner *runner, int64_t now_ns)
{
    if (runner->link->conn.failed) {
        attempt_note_server_error(runner, now_ns);
        rolled_back(runner, now_ns);
        return;
    }
    runner->group->recorder->commits++;
    runner_done(runner, true, now_ns);
}

void attempt_end(struct runner *runner, int64_t now_ns)
{
    if (runner->transaction->block)
        send_text(runner, "COMMIT", committed);
    else
        runner_done(runner, true, now_ns);
}

static void begun(struct runner *runner, int64_t now_ns)
{
    if (runner->link->conn.failed) {
        attempt_note_server_error(runner, now_ns);
        attempt_failed(runner, now_ns);
        return;
    }
    steps_advance(runner, now_ns);
}

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
        steps_advance(runner, now_ns);
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

void attempt_begin(struct runner *runner, int64_t now_ns)
{
    enum make_status status = make_parameters(runner);
    if (status == MAKE_OK) {
        attempt(runner, now_ns);
        return;
    }
    runner->attempts = 1;
    attempt_note_error(runner, CODE_DATA, runner->transaction->name, make_status_text(status), now_ns);
    runner_done(runner, false, now_ns);
}

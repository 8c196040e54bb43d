/* One attempt of a transaction after the other: from its parameters to its commit, or to giving up. */
#include "attempt.h"

#include <string.h>

#include "base/clock.h"
#include "run/cold.h"
#include "run/retry.h"
#include "workloads/eval.h"

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

/* Transactions of the server, for the comparison with its own counters: whoever sent BEGIN and COMMIT, it is the
 * server's word that none is open any more. */
void attempt_count(struct runner *runner)
{
    const struct conn *conn = &runner->link->conn;
    if (conn_in_transaction(conn))
        return;
    if (conn->failed || conn->tag == CONN_TAG_ROLLBACK)
        runner->group->recorder->rollbacks++;
    else
        runner->group->recorder->commits++;
}

/* --- Failing ------------------------------------------------------------------------------------------------------ */

COLD void attempt_note_error(struct runner *runner, sqlstate code, const char *where, const char *text, int64_t now_ns)
{
    runner->code = code;
    recorder_error(runner->group->recorder, runner->group->mix->entries[runner->entry].transaction,
                   runner->ticket.intended_ns, now_ns, code, where, text);
}

static const char *statement_place(const struct runner *runner)
{
    if (runner->statement < 0 || runner->statement >= runner->transaction->n_statements)
        return runner->transaction->name;
    return runner->transaction->statements[runner->statement].where;
}

static const char *step_place(const struct runner *runner)
{
    const struct transaction *transaction = runner->transaction;
    const char *where = runner->step < transaction->n_steps ? transaction->steps[runner->step].where : NULL;
    return where ? where : statement_place(runner);
}

COLD void attempt_note_server_error(struct runner *runner, int64_t now_ns)
{
    char buf[512];
    const struct conn *conn = &runner->link->conn;
    attempt_note_error(runner, conn->code, statement_place(runner), conn_error(conn, buf, sizeof buf), now_ns);
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
    attempt_count(runner);
    retry_or_give_up(runner, now_ns);
}

COLD void attempt_failed(struct runner *runner, int64_t now_ns)
{
    if (runner->link->state != LINK_READY) {
        retry_or_give_up(runner, now_ns);
    } else if (pipeline_is_open(runner)) {
        runner->pipeline.failed = true;
        pipeline_wait(runner, attempt_failed);
    } else if (conn_in_transaction(&runner->link->conn)) {
        send_text(runner, "ROLLBACK", rolled_back);
    } else {
        retry_or_give_up(runner, now_ns);
    }
}

COLD void attempt_fail(struct runner *runner, sqlstate code, const char *text, int64_t now_ns)
{
    attempt_note_error(runner, code, step_place(runner), text, now_ns);
    attempt_failed(runner, now_ns);
}

/* Whoever sleeps learns of it when it wakes and would send. Never retried: whether a COMMIT took place is unknown. */
COLD void runner_link_lost(struct runner *runner, int64_t now_ns)
{
    bool asleep = steps_is_asleep(runner);
    if (runner->state != RUNNER_RUNNING && !asleep)
        return;
    if (!runner->pipeline.failed)
        attempt_note_server_error(runner, now_ns);
    runner->code = 0;
    runner->cut_off = asleep;
    if (!asleep)
        retry_or_give_up(runner, now_ns);
}

/* --- Beginning and ending ----------------------------------------------------------------------------------------- */

static void well_ended(struct runner *runner, int64_t now_ns)
{
    runner_done(runner, true, now_ns);
}

static void ended(struct runner *runner, int64_t now_ns)
{
    attempt_count(runner);
    if (!runner->link->conn.failed) {
        well_ended(runner, now_ns);
        return;
    }
    attempt_note_server_error(runner, now_ns);
    retry_or_give_up(runner, now_ns);
}

static void end_block(struct runner *runner, const char *sql)
{
    if (!pipeline_is_open(runner))
        send_text(runner, sql, ended);
    else if (pipeline_put_text(runner, sql))
        pipeline_wait(runner, well_ended);
}

/* pgbench stops a client whose script ends so. */
COLD static void fail_open_end(struct runner *runner, int64_t now_ns)
{
    if (runner->pipeline.begun_by_step)
        attempt_fail(runner, CODE_OPEN_END, "the end is reached with the pipeline open: \\endpipeline is missing",
                     now_ns);
    else
        attempt_fail(runner, CODE_OPEN_END, "the end is reached with a transaction open: END is missing", now_ns);
}

void attempt_end(struct runner *runner, int64_t now_ns)
{
    runner->statement = -1; /* what fails from here on is none of theirs */
    if (runner->transaction->block)
        end_block(runner, "COMMIT");
    else if (__builtin_expect(runner->pipeline.begun_by_step, 0))
        fail_open_end(runner, now_ns);
    else if (__builtin_expect(pipeline_is_open(runner), 0))
        pipeline_wait(runner, attempt_end);
    else if (__builtin_expect(conn_in_transaction(&runner->link->conn), 0))
        fail_open_end(runner, now_ns);
    else
        runner_done(runner, true, now_ns);
}

void attempt_end_without_effect(struct runner *runner, int64_t now_ns)
{
    runner->statement = -1;
    if (runner->transaction->block || conn_in_transaction(&runner->link->conn))
        end_block(runner, "ROLLBACK");
    else
        attempt_end(runner, now_ns);
}

static void begun(struct runner *runner, int64_t now_ns)
{
    if (runner->link->conn.failed) {
        attempt_count(runner);
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

void attempt_forget_loops(struct runner *runner)
{
    for (int i = 0; i < runner->transaction->n_loops; i++) {
        PQclear(runner->loops[i].rows);
        runner->loops[i].rows = NULL;
    }
}

static bool starts_over(const struct transaction *transaction)
{
    return transaction->block || transaction->pipeline || transaction->script;
}

static void from_the_first_step(struct runner *runner)
{
    runner->step = 0;
    runner->statement = -1;
    runner->pipeline.begun_by_step = runner->pipeline.failed = false;
    if (runner->attempts == 1)
        return;
    runner->rng = runner->rng_after_lets;
    runner->scratch.used = runner->scratch_after_lets;
    memcpy(runner->slots, runner->slots_after_lets, (size_t)runner->transaction->n_variables * sizeof *runner->slots);
    attempt_forget_loops(runner);
}

/* A block starts over with the same parameters and draws, as does what a pipeline sends without one. So does a script,
 * although parts of it may be committed: as with pgbench, "successful transactions can be performed several times".
 * Else what went before the failed statement is committed, and the attempt goes on where it was. */
static void attempt(struct runner *runner, int64_t now_ns)
{
    const struct transaction *transaction = runner->transaction;
    runner->attempts++;
    runner->attempt_sent_ns = 0;
    if (starts_over(transaction))
        from_the_first_step(runner);
    if (transaction->block && !transaction->pipeline)
        send_text(runner, runner->group->begin_sql, begun);
    else if (!transaction->block || pipeline_put_text(runner, runner->group->begin_sql))
        steps_advance(runner, now_ns);
}

static enum make_status make_parameters(struct runner *runner)
{
    const struct transaction *transaction = runner->transaction;
    struct eval_scope scope = {.rng = &runner->rng, .slots = runner->slots, .scratch = &runner->scratch};
    runner->scratch.used = 0;
    forget_rows(runner);
    for (int i = 0; i < transaction->n_lets; i++) {
        enum make_status status = eval(transaction->lets[i].value, &scope, &runner->slots[transaction->lets[i].slot]);
        if (status != MAKE_OK)
            return status;
    }
    runner->scratch_after_lets = runner->scratch.used;
    runner->rng_after_lets = runner->rng;
    if (starts_over(transaction))
        memcpy(runner->slots_after_lets, runner->slots, (size_t)transaction->n_variables * sizeof *runner->slots);
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

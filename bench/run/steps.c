/* The steps of a transaction, up to one that has to wait. */
#include "attempt.h"
#include "run/cold.h"
#include "run/wire.h"
#include "workloads/eval.h"

/* Codes for what fails on our side, as PL/pgSQL's INTO STRICT and the server's arithmetic have them. */
#define CODE_NO_DATA       SQLSTATE('P', '0', '0', '0', '2')
#define CODE_TOO_MANY_ROWS SQLSTATE('P', '0', '0', '0', '3')
#define CODE_DATA          SQLSTATE('2', '2', '0', '0', '0')
#define CODE_TOO_LONG      SQLSTATE('5', '4', '0', '0', '0')

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

static bool keep_row(struct runner *runner, const struct statement *statement, int64_t now_ns)
{
    const PGresult *result = runner->link->conn.result;
    int rows = result ? PQntuples(result) : 0;
    if (rows == 1 && wire_into(statement, result, &runner->scratch, runner->slots))
        return true;
    if (rows == 1)
        attempt_fail(runner, CODE_TOO_LONG, "the row does not fit: `into` keeps 64 kB a transaction", now_ns);
    else if (rows > 1)
        attempt_fail(runner, CODE_TOO_MANY_ROWS, "`into` wants exactly one row, and got more", now_ns);
    else
        attempt_fail(runner, CODE_NO_DATA, "`into` wants exactly one row, and got none", now_ns);
    return false;
}

static void statement_done(struct runner *runner, int64_t now_ns)
{
    const struct statement *statement = &runner->transaction->statements[runner->statement];
    struct recorder *recorder = runner->group->recorder;
    const struct mix_entry *entry = &runner->group->mix->entries[runner->entry];
    if (runner->link->conn.failed) {
        recorder->rollbacks += !runner->transaction->block;
        attempt_note_server_error(runner, now_ns);
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
    steps_advance(runner, now_ns);
}

static void send_statement(struct runner *runner, int number, int64_t now_ns)
{
    const struct statement *statement = &runner->transaction->statements[number];
    size_t mark = runner->scratch.used;
    runner->statement = number;
    if (!bind_statement(runner, statement)) {
        attempt_fail(runner, CODE_TOO_LONG, "the parameters do not fit: 64 kB a transaction", now_ns);
        return;
    }
    attempt_stamp(runner, statement_done);
    bool sent = put_statement(runner, statement);
    runner->scratch.used = mark;
    link_sent(runner->link, sent, runner->sent_ns);
}

static bool condition_holds(struct runner *runner, const struct program *condition, bool *holds, int64_t now_ns)
{
    struct eval_scope scope = {.rng = &runner->rng, .slots = runner->slots, .scratch = &runner->scratch};
    enum make_status status = eval_condition(condition, &scope, holds);
    if (status != MAKE_OK)
        attempt_fail(runner, CODE_DATA, make_status_text(status), now_ns);
    return status == MAKE_OK;
}

void steps_advance(struct runner *runner, int64_t now_ns)
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
    attempt_end(runner, now_ns);
}

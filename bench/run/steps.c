/* The steps of a transaction, up to one that has to wait: one function a kind. */
#include "attempt.h"
#include "base/clock.h"
#include "generators/copy.h"
#include "run/cold.h"
#include "run/retry.h"
#include "run/wire.h"
#include "workloads/eval.h"

enum {
    /* Then the thread's loop has its turn: rounds without a server must not keep it from other connections, or from a
     * stop. */
    JUMPS_AT_ONCE = 1000,
    COPY_CHUNK = 16 * 1024,
    COPY_ROWS_AT_ONCE = 1000
};

/* True: go on with the next step. False: it waits, or the attempt is over, and the runner is not to be touched. */
typedef bool step_fn(struct runner *runner, const struct step *step, int64_t now_ns);

/* --- Values ------------------------------------------------------------------------------------------------------- */

/* Texts that no variable has any more make room. */
COLD static void reclaim(struct runner *runner)
{
    wire_reclaim(&runner->scratch, runner->scratch_after_lets, runner->slots, runner->transaction->n_variables);
}

static enum make_status evaluate(struct runner *runner, const struct program *program, struct value *out)
{
    struct eval_scope scope = {.rng = &runner->rng, .slots = runner->slots, .scratch = &runner->scratch};
    struct rng before = runner->rng;
    enum make_status status = eval(program, &scope, out);
    if (__builtin_expect(status != MAKE_FULL, 1))
        return status;
    reclaim(runner);
    runner->rng = before;
    return eval(program, &scope, out);
}

static enum make_status evaluate_condition(struct runner *runner, const struct program *program, bool *out)
{
    struct value value;
    enum make_status status = evaluate(runner, program, &value);
    return status == MAKE_OK ? value_condition(&value, out) : status;
}

COLD static bool bad_value(struct runner *runner, enum make_status status, int64_t now_ns)
{
    bool full = status == MAKE_FULL;
    attempt_fail(runner, full ? CODE_TOO_LONG : CODE_DATA,
                 full ? "the texts do not fit: variables have 64 kB a transaction" : make_status_text(status), now_ns);
    return false;
}

/* NULL is 0. */
static bool evaluate_number(struct runner *runner, const struct program *program, double *out, int64_t now_ns)
{
    struct value value;
    size_t mark = runner->scratch.used;
    enum make_status status = evaluate(runner, program, &value);
    *out = 0;
    if (status == MAKE_OK && value.type != VALUE_NULL)
        status = value_double(&value, out);
    if (status != MAKE_OK)
        return bad_value(runner, status, now_ns);
    if (runner->scratch.used > mark)
        runner->scratch.used = mark;
    return true;
}

/* --- Statements --------------------------------------------------------------------------------------------------- */

static bool put_statement(struct runner *runner, const struct statement *statement)
{
    struct conn *conn = &runner->link->conn;
    switch (runner->group->protocol) {
    case PROTOCOL_PREPARED:
        if (__builtin_expect(!statement->late, 1))
            return conn_send_prepared(conn, statement->prepared_name, statement->n_params, runner->params);
        return conn_send_params(conn, statement->sql, statement->n_params, runner->params);
    case PROTOCOL_EXTENDED:
        return conn_send_params(conn, statement->sql, statement->n_params, runner->params);
    default:
        return conn_send_query(conn, runner->params[0]);
    }
}

/* Into runner->params: for the simple protocol, which knows no pipeline, the whole text is the first of them. */
static bool bind_once(struct runner *runner, const struct statement *statement)
{
    if (runner->group->protocol != PROTOCOL_SIMPLE || pipeline_wanted(runner))
        return wire_params(statement, runner->slots, &runner->scratch, runner->params) == MAKE_OK;
    runner->params[0] = wire_text(statement, runner->slots, &runner->scratch);
    return runner->params[0] != NULL;
}

/* False after a failure. What was taken from the scratch is not needed once it is sent: the caller gives it back. */
static bool bind(struct runner *runner, const struct statement *statement, size_t *mark, int64_t now_ns)
{
    *mark = runner->scratch.used;
    if (__builtin_expect(bind_once(runner, statement), 1))
        return true;
    runner->scratch.used = *mark;
    reclaim(runner);
    *mark = runner->scratch.used;
    if (bind_once(runner, statement))
        return true;
    attempt_fail(runner, CODE_TOO_LONG, "the parameters do not fit: 64 kB a transaction", now_ns);
    return false;
}

static bool store_row(struct runner *runner, const struct statement *statement, const PGresult *rows, int row)
{
    if (statement->keep == KEEP_INTO)
        return wire_row(rows, row, statement->into, statement->n_into, &runner->scratch, runner->slots);
    return wire_named_row(rows, row, statement->prefix, runner->transaction, &runner->scratch, runner->slots);
}

/* The last row of each of several queries, as their answers come. */
static void keep_earlier(void *user, const PGresult *rows)
{
    struct runner *runner = user;
    if (runner->statement < 0)
        return;
    const struct statement *statement = &runner->transaction->statements[runner->statement];
    int n = PQntuples(rows);
    if (n == 0 || store_row(runner, statement, rows, n - 1))
        return;
    reclaim(runner);
    runner->row_lost = runner->row_lost || !store_row(runner, statement, rows, n - 1);
}

/* Of \gset and `into` only the last query's rows count. */
static void watch_earlier(struct runner *runner, const struct statement *statement)
{
    struct conn *conn = &runner->link->conn;
    bool wanted = statement->several && statement->keep == KEEP_ASET;
    conn->earlier = wanted ? keep_earlier : NULL;
    conn->earlier_user = runner;
    runner->row_lost = false;
}

static const char *keep_row(struct runner *runner, const struct statement *statement, sqlstate *code)
{
    const PGresult *rows = runner->link->conn.result;
    int n = rows ? PQntuples(rows) : 0;
    bool into = statement->keep == KEEP_INTO;
    if (n == 0 && statement->keep == KEEP_ASET && !runner->row_lost)
        return NULL;
    if (n == 0 && !runner->row_lost) {
        *code = CODE_NO_DATA;
        return into ? "`into` wants exactly one row, and got none" : "\\gset wants exactly one row, and got none";
    }
    if (n > 1 && statement->keep != KEEP_ASET) {
        *code = CODE_TOO_MANY_ROWS;
        return into ? "`into` wants exactly one row, and got more" : "\\gset wants exactly one row, and got more";
    }
    if (!runner->row_lost && store_row(runner, statement, rows, n - 1))
        return NULL;
    reclaim(runner);
    if (!runner->row_lost && store_row(runner, statement, rows, n - 1))
        return NULL;
    *code = CODE_TOO_LONG;
    return "the row does not fit: variables have 64 kB a transaction";
}

static void keep_rows(struct runner *runner, const struct statement *statement)
{
    struct runner_loop *loop = &runner->loops[statement->loop];
    PQclear(loop->rows);
    *loop = (struct runner_loop){.rows = conn_take_rows(&runner->link->conn)};
}

const char *steps_keep(struct runner *runner, int statement, int64_t now_ns, sqlstate *code)
{
    const struct statement *this = &runner->transaction->statements[statement];
    const struct mix_entry *entry = &runner->group->mix->entries[runner->entry];
    recorder_statement(runner->group->recorder, entry->transaction, statement, runner->attempts,
                       runner->ticket.intended_ns, now_ns - runner->sent_ns);
    link_count_run(runner->link, entry->first_statement + statement);
    if (this->keep == KEEP_NOTHING)
        return NULL;
    if (this->keep != KEEP_ROWS)
        return keep_row(runner, this, code);
    keep_rows(runner, this);
    return NULL;
}

/* What fails each time has been run too, and the warm-up need not wait for better. */
COLD void steps_count_failure(struct runner *runner, int statement)
{
    if (!retry_is_transient(runner->link->conn.code))
        link_count_run(runner->link, runner->group->mix->entries[runner->entry].first_statement + statement);
}

static void statement_done(struct runner *runner, int64_t now_ns)
{
    sqlstate code = 0;
    attempt_count(runner);
    if (runner->link->conn.failed) {
        steps_count_failure(runner, runner->statement);
        attempt_note_server_error(runner, now_ns);
        attempt_failed(runner, now_ns);
        return;
    }
    const char *wrong = steps_keep(runner, runner->statement, now_ns, &code);
    if (wrong) {
        attempt_fail(runner, code, wrong, now_ns);
        return;
    }
    runner->step++;
    steps_advance(runner, now_ns);
}

/* Up to one whose rows are needed. */
static bool queue_statement(struct runner *runner, const struct statement *statement, int64_t now_ns)
{
    size_t mark;
    if (pipeline_is_full(runner)) {
        pipeline_flush(runner, steps_advance);
        return false;
    }
    if (!bind(runner, statement, &mark, now_ns))
        return false;
    bool put = pipeline_put(runner, runner->statement);
    runner->scratch.used = mark;
    if (!put)
        return false;
    runner->step++;
    if (statement->keep == KEEP_NOTHING)
        return true;
    pipeline_wait(runner, steps_advance);
    return false;
}

static bool step_sql(struct runner *runner, const struct step *step, int64_t now_ns)
{
    const struct statement *statement = &runner->transaction->statements[step->statement];
    size_t mark;
    runner->statement = step->statement;
    if (__builtin_expect(pipeline_wanted(runner), 0))
        return queue_statement(runner, statement, now_ns);
    if (!bind(runner, statement, &mark, now_ns))
        return false;
    if (__builtin_expect(statement->several, 0) || __builtin_expect(runner->link->conn.earlier != NULL, 0))
        watch_earlier(runner, statement);
    attempt_stamp(runner, statement_done);
    bool sent = put_statement(runner, statement);
    runner->scratch.used = mark;
    link_sent(runner->link, sent, runner->sent_ns);
    return false;
}

/* --- COPY --------------------------------------------------------------------------------------------------------- */

static enum make_status copy_one_row(struct runner *runner)
{
    struct value *cells = runner->copy_cells;
    struct eval_scope scope = {.rng = &runner->rng, .slots = runner->slots, .scratch = &runner->scratch};
    size_t mark = runner->scratch.used;
    enum make_status status = MAKE_OK;
    for (int i = 0; i < runner->copy->n_values && status == MAKE_OK; i++)
        status = eval(runner->copy->values[i], &scope, &cells[i]);
    if (status == MAKE_OK && !copy_row(&runner->copy_text, cells, (size_t)runner->copy->n_values))
        status = MAKE_BAD_ARGUMENT;
    runner->scratch.used = mark;
    return status;
}

COLD static void copy_abandoned(struct runner *runner, int64_t now_ns)
{
    attempt_count(runner);
    attempt_failed(runner, now_ns);
}

/* The server is to forget the rows; its error says only that. */
COLD static void abandon_copy(struct runner *runner, enum make_status status, int64_t now_ns)
{
    attempt_note_error(runner, status == MAKE_FULL ? CODE_TOO_LONG : CODE_DATA,
                       runner->transaction->statements[runner->statement].where, make_status_text(status), now_ns);
    runner->on_reply = copy_abandoned;
    link_copy_end(runner->link, "a row could not be made", now_ns);
}

static void copy_on(struct runner *runner, int64_t now_ns)
{
    if (runner->cut_off) {
        attempt_failed(runner, now_ns);
        return;
    }
    runner->state = RUNNER_RUNNING;
    runner_copy(runner, now_ns);
}

static enum make_status fill_copy_text(struct runner *runner)
{
    enum make_status status = MAKE_OK;
    str_clear(&runner->copy_text);
    for (int n = 0; n < COPY_ROWS_AT_ONCE && runner->copy_left >= 1 && runner->copy_text.len < COPY_CHUNK; n++) {
        status = copy_one_row(runner);
        if (status != MAKE_OK)
            break;
        runner->copy_left--;
    }
    return status;
}

/* A chunk a turn: a COPY must not keep other connections of its thread waiting. Between two it looks asleep. */
void runner_copy(struct runner *runner, int64_t now_ns)
{
    struct conn *conn = &runner->link->conn;
    if (runner->state == RUNNER_RESTING)
        return;
    enum make_status status = fill_copy_text(runner);
    if (status != MAKE_OK) {
        abandon_copy(runner, status, now_ns);
        return;
    }
    const struct str *text = &runner->copy_text;
    if (!link_sent(runner->link, text->len == 0 || conn_copy_put(conn, text->data, text->len), now_ns))
        return;
    if (runner->copy_left < 1)
        link_copy_end(runner->link, NULL, now_ns);
    else if (!(conn->want & CONN_WANT_WRITE))
        runner_rest(runner, now_ns + 1, copy_on);
}

/* A pipeline cannot hold a COPY. */
static bool step_copy(struct runner *runner, const struct step *step, int64_t now_ns)
{
    if (pipeline_is_open(runner)) {
        pipeline_wait(runner, steps_advance);
        return false;
    }
    if (!evaluate_number(runner, step->copy->rows, &runner->copy_left, now_ns))
        return false;
    reclaim(runner);
    runner->statement = step->statement;
    runner->copy = step->copy;
    attempt_stamp(runner, statement_done);
    link_sent(runner->link, conn_send_copy(&runner->link->conn, runner->transaction->statements[step->statement].sql),
              runner->sent_ns);
    return false;
}

/* --- Going elsewhere ---------------------------------------------------------------------------------------------- */

static void go_on(struct runner *runner, int64_t now_ns)
{
    if (runner->cut_off)
        attempt_failed(runner, now_ns);
    else
        steps_advance(runner, now_ns);
}

bool steps_is_asleep(const struct runner *runner)
{
    return runner->state == RUNNER_RESTING && (runner->on_wake == go_on || runner->on_wake == copy_on);
}

static bool step_jump_unless(struct runner *runner, const struct step *step, int64_t now_ns)
{
    bool holds;
    size_t mark = runner->scratch.used;
    enum make_status status = evaluate_condition(runner, step->value, &holds);
    if (status != MAKE_OK)
        return bad_value(runner, status, now_ns);
    if (runner->scratch.used > mark)
        runner->scratch.used = mark;
    runner->step = holds ? runner->step + 1 : step->target;
    return true;
}

static bool step_jump(struct runner *runner, const struct step *step, int64_t now_ns)
{
    bool back = step->target <= runner->step;
    runner->step = step->target;
    if (!back || ++runner->n_jumps < JUMPS_AT_ONCE)
        return true;
    runner->n_jumps = 0;
    runner_rest(runner, now_ns + 1, go_on);
    return false;
}

static bool step_repeat(struct runner *runner, const struct step *step, int64_t now_ns)
{
    if (!evaluate_number(runner, step->value, &runner->loops[step->loop].left, now_ns))
        return false;
    runner->step++;
    return true;
}

static bool step_round(struct runner *runner, const struct step *step, int64_t now_ns)
{
    (void)now_ns;
    struct runner_loop *loop = &runner->loops[step->loop];
    bool more = loop->left >= 1;
    loop->left -= more;
    runner->step = more ? runner->step + 1 : step->target;
    return true;
}

static bool each_row(struct runner *runner, const struct step *step, const struct runner_loop *loop)
{
    if (wire_row(loop->rows, loop->next, step->into, step->n_into, &runner->scratch, runner->slots))
        return true;
    reclaim(runner);
    return wire_row(loop->rows, loop->next, step->into, step->n_into, &runner->scratch, runner->slots);
}

static bool step_each(struct runner *runner, const struct step *step, int64_t now_ns)
{
    struct runner_loop *loop = &runner->loops[step->loop];
    if (!loop->rows || loop->next == PQntuples(loop->rows)) {
        PQclear(loop->rows);
        loop->rows = NULL;
        runner->step = step->target;
        return true;
    }
    if (!each_row(runner, step, loop)) {
        attempt_fail(runner, CODE_TOO_LONG, "the row does not fit: variables have 64 kB a transaction", now_ns);
        return false;
    }
    loop->next++;
    runner->step++;
    return true;
}

/* --- The rest ----------------------------------------------------------------------------------------------------- */

static bool step_set(struct runner *runner, const struct step *step, int64_t now_ns)
{
    struct value value;
    enum make_status status = evaluate(runner, step->value, &value);
    if (status != MAKE_OK)
        return bad_value(runner, status, now_ns);
    runner->slots[step->slot] = value;
    runner->step++;
    return true;
}

static bool step_client(struct runner *runner, const struct step *step, int64_t now_ns)
{
    (void)now_ns;
    const struct client *client = runner->ticket.client ? runner->ticket.client : &runner->self;
    runner->slots[step->slot] = (struct value){.type = VALUE_INT, .integer = client->number};
    runner->step++;
    return true;
}

/* The client's own doing in the middle of its transaction: service, from its first step on. */
static bool step_sleep(struct runner *runner, const struct step *step, int64_t now_ns)
{
    double number;
    if (pipeline_is_open(runner)) {
        pipeline_wait(runner, steps_advance);
        return false;
    }
    if (!evaluate_number(runner, step->value, &number, now_ns))
        return false;
    runner->step++;
    double ns = number * (double)step->unit_ns;
    if (!(ns >= 1))
        return true;
    attempt_stamp(runner, NULL);
    runner_rest(runner, runner->sent_ns + (ns < 1e18 ? (int64_t)ns : INT64_C(1000000000000000000)), go_on);
    return false;
}

static bool step_rollback(struct runner *runner, const struct step *step, int64_t now_ns)
{
    (void)step;
    attempt_end_without_effect(runner, now_ns);
    return false;
}

static bool step_pipeline(struct runner *runner, const struct step *step, int64_t now_ns)
{
    (void)step, (void)now_ns;
    runner->pipeline.begun_by_step = true;
    runner->step++;
    return true;
}

static bool step_sync(struct runner *runner, const struct step *step, int64_t now_ns)
{
    (void)step, (void)now_ns;
    runner->step++;
    return !pipeline_is_open(runner) || pipeline_sync(runner);
}

static bool step_pipeline_end(struct runner *runner, const struct step *step, int64_t now_ns)
{
    (void)step, (void)now_ns;
    runner->pipeline.begun_by_step = false;
    runner->step++;
    if (!pipeline_is_open(runner))
        return true;
    pipeline_wait(runner, steps_advance);
    return false;
}

static step_fn *const step_fns[] = {
    [STEP_SQL] = step_sql,
    [STEP_COPY] = step_copy,
    [STEP_JUMP_UNLESS] = step_jump_unless,
    [STEP_JUMP] = step_jump,
    [STEP_SET] = step_set,
    [STEP_CLIENT] = step_client,
    [STEP_SLEEP] = step_sleep,
    [STEP_REPEAT] = step_repeat,
    [STEP_ROUND] = step_round,
    [STEP_EACH] = step_each,
    [STEP_ROLLBACK] = step_rollback,
    [STEP_PIPELINE] = step_pipeline,
    [STEP_SYNC] = step_sync,
    [STEP_PIPELINE_END] = step_pipeline_end,
};

void steps_advance(struct runner *runner, int64_t now_ns)
{
    const struct transaction *transaction = runner->transaction;
    while (runner->step < transaction->n_steps) {
        const struct step *step = &transaction->steps[runner->step];
        if (!step_fns[step->kind](runner, step, now_ns))
            return;
    }
    attempt_end(runner, now_ns);
}

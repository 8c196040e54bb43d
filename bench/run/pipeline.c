/* Statements that are sent without waiting for the answers of those before: queued in libpq, sent with a sync point,
 * and counted as their answers come. The first that fails is the cause; the server skips the rest up to the sync. */
#include <string.h>

#include "attempt.h"
#include "run/cold.h"

enum {
    NO_STATEMENT = -1 /* BEGIN, COMMIT, ROLLBACK */
};

/* --- Sending ------------------------------------------------------------------------------------------------------ */

static void all_answered(struct runner *runner, int64_t now_ns);

/* The transaction's time runs from its first byte for libpq on, which may go out long before a sync. */
static bool begin(struct runner *runner)
{
    struct runner_pipeline *pipeline = &runner->pipeline;
    runner->state = RUNNER_RUNNING; /* from here on a lost link is this transaction's */
    if (pipeline_is_open(runner))
        return true;
    attempt_stamp(runner, all_answered);
    pipeline->first = pipeline->n = pipeline->n_sent = 0;
    pipeline->in_block = pipeline->in_transaction = conn_in_transaction(&runner->link->conn);
    pipeline->transaction_failed = pipeline->unsynced = false;
    return conn_pipeline_begin(&runner->link->conn);
}

static bool put(struct runner *runner, int entry, bool sent)
{
    struct runner_pipeline *pipeline = &runner->pipeline;
    if (!sent)
        return link_sent(runner->link, false, runner->sent_ns);
    pipeline->entries[(pipeline->first + pipeline->n++) % RUNNER_PIPELINE] = entry;
    pipeline->unsynced = true;
    return true;
}

bool pipeline_put(struct runner *runner, int statement)
{
    const struct statement *this = &runner->transaction->statements[statement];
    struct conn *conn = &runner->link->conn;
    bool sent = begin(runner);
    if (sent && runner->group->protocol == PROTOCOL_PREPARED && !this->late)
        sent = conn_send_prepared(conn, this->prepared_name, this->n_params, runner->params);
    else if (sent)
        sent = conn_send_params(conn, this->sql, this->n_params, runner->params);
    return put(runner, statement, sent);
}

bool pipeline_put_text(struct runner *runner, const char *sql)
{
    return put(runner, NO_STATEMENT, begin(runner) && conn_send_params(&runner->link->conn, sql, 0, NULL));
}

static void all_answered(struct runner *runner, int64_t now_ns)
{
    struct runner_pipeline *pipeline = &runner->pipeline;
    if (pipeline->unsynced && pipeline->failed) {
        pipeline_wait(runner, pipeline->then);
        return;
    }
    if (!pipeline->unsynced && !conn_pipeline_end(&runner->link->conn)) {
        link_sent(runner->link, false, now_ns);
        return;
    }
    if (pipeline->failed) {
        pipeline->failed = false;
        attempt_failed(runner, now_ns);
        return;
    }
    pipeline->then(runner, now_ns);
}

/* A statement's time runs from here to its own answer, with what was before it; if others of the pipeline are under way
 * already, from when those were sent. */
static void stamp(struct runner *runner)
{
    struct runner_pipeline *pipeline = &runner->pipeline;
    int64_t before_ns = runner->sent_ns;
    attempt_stamp(runner, all_answered);
    if (pipeline->n_sent > 0)
        runner->sent_ns = before_ns;
    pipeline->n_sent = pipeline->n;
}

bool pipeline_sync(struct runner *runner)
{
    stamp(runner);
    runner->pipeline.unsynced = false;
    return link_sent(runner->link, conn_sync(&runner->link->conn), runner->sent_ns);
}

void pipeline_wait(struct runner *runner, runner_step_fn *then)
{
    runner->pipeline.then = then;
    pipeline_sync(runner);
}

void pipeline_flush(struct runner *runner, runner_step_fn *then)
{
    runner->pipeline.then = then;
    stamp(runner);
    link_sent(runner->link, conn_flush(&runner->link->conn), runner->sent_ns);
}

/* --- Answers ------------------------------------------------------------------------------------------------------ */

/* What stands in no block is one transaction of the server's, up to the sync. Whether a block is open, libpq knows at
 * the last sync only: a COMMIT may have failed. */
static void synced(struct runner *runner)
{
    struct runner_pipeline *pipeline = &runner->pipeline;
    struct recorder *recorder = runner->group->recorder;
    const struct conn *conn = &runner->link->conn;
    if (conn->due == 0)
        pipeline->in_block = conn_in_transaction(conn);
    if (pipeline->in_block || !pipeline->in_transaction)
        return;
    recorder->rollbacks += pipeline->transaction_failed;
    recorder->commits += !pipeline->transaction_failed;
    pipeline->in_transaction = pipeline->transaction_failed = false;
}

static bool is_to_savepoint(const struct runner *runner, int entry)
{
    return entry != NO_STATEMENT && strcasestr(runner->transaction->statements[entry].text, " to ");
}

/* COMMIT of what has failed says ROLLBACK. */
static void note_tag(struct runner *runner, int entry)
{
    struct runner_pipeline *pipeline = &runner->pipeline;
    struct recorder *recorder = runner->group->recorder;
    enum conn_tag tag = runner->link->conn.tag;
    bool ends = tag == CONN_TAG_COMMIT || (tag == CONN_TAG_ROLLBACK && !is_to_savepoint(runner, entry));
    recorder->commits += ends && tag == CONN_TAG_COMMIT;
    recorder->rollbacks += ends && tag == CONN_TAG_ROLLBACK;
    pipeline->in_block = !ends && (pipeline->in_block || tag == CONN_TAG_BEGIN);
    pipeline->in_transaction = !ends;
    pipeline->transaction_failed = !ends && pipeline->transaction_failed;
}

static void answered_well(struct runner *runner, int entry, int64_t now_ns)
{
    struct runner_pipeline *pipeline = &runner->pipeline;
    sqlstate code;
    note_tag(runner, entry);
    if (entry == NO_STATEMENT)
        return;
    const char *wrong = steps_keep(runner, entry, now_ns, &code);
    if (!wrong || pipeline->failed)
        return;
    attempt_note_error(runner, code, runner->transaction->statements[entry].where, wrong, now_ns);
    pipeline->failed = true;
}

COLD static void answered_badly(struct runner *runner, int entry, int64_t now_ns)
{
    struct runner_pipeline *pipeline = &runner->pipeline;
    pipeline->in_transaction = pipeline->transaction_failed = true;
    if (pipeline->failed)
        return;
    pipeline->failed = true;
    runner->statement = entry;
    if (entry != NO_STATEMENT)
        steps_count_failure(runner, entry);
    attempt_note_server_error(runner, now_ns);
}

void runner_answer(struct runner *runner, int64_t now_ns)
{
    struct runner_pipeline *pipeline = &runner->pipeline;
    const struct conn *conn = &runner->link->conn;
    if (conn->synced) {
        synced(runner);
        return;
    }
    int entry = pipeline->entries[pipeline->first];
    pipeline->first = (pipeline->first + 1) % RUNNER_PIPELINE;
    pipeline->n--;
    pipeline->n_sent -= pipeline->n_sent > 0;
    if (conn->failed)
        answered_badly(runner, entry, now_ns);
    else if (!conn->aborted)
        answered_well(runner, entry, now_ns);
}

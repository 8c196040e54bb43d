/* What runner.c, attempt.c, steps.c and pipeline.c know of each other: a runner's life between transactions, the
 * attempts of one, the steps of an attempt, and those that are sent without waiting. */
#ifndef RUN_ATTEMPT_H
#define RUN_ATTEMPT_H

#include "run/runner.h"

/* --- runner.c --- */

/* Go on with `then` at `until_ns`, or later when the link is READY again. */
void runner_rest(struct runner *runner, int64_t until_ns, runner_step_fn *then);
/* The transaction has ended: record it, and on to the next. */
void runner_done(struct runner *runner, bool ok, int64_t now_ns);

/* --- attempt.c --- */

/* The ticket's transaction, on a link that is READY since free_ns. */
void attempt_begin(struct runner *runner, int64_t now_ns);
/* No steps are left. */
void attempt_end(struct runner *runner, int64_t now_ns);
/* The step `rollback`: the transaction ends here, without effect and well. */
void attempt_end_without_effect(struct runner *runner, int64_t now_ns);
/* To be called before each send; `then` gets the reply. */
void attempt_stamp(struct runner *runner, runner_step_fn *then);
/* A reply has come: count the server's transaction if it ended with it. */
void attempt_count(struct runner *runner);
/* The attempt has failed and runner->code says why: roll back, then try again or give up. */
void attempt_failed(struct runner *runner, int64_t now_ns);
/* The same of a failure of our own, at the step under way. */
void attempt_fail(struct runner *runner, sqlstate code, const char *text, int64_t now_ns);
/* Count the link's error, as that of runner->statement. */
void attempt_note_server_error(struct runner *runner, int64_t now_ns);
/* Count any error. */
void attempt_note_error(struct runner *runner, sqlstate code, const char *where, const char *text, int64_t now_ns);
/* The rows that loops kept are wanted no more. */
void attempt_forget_loops(struct runner *runner);

/* --- steps.c --- */

/* The steps that need no server, up to one that does. */
void steps_advance(struct runner *runner, int64_t now_ns);
/* Does it sleep, or only give way to the thread's loop, in the middle of an attempt? */
bool steps_is_asleep(const struct runner *runner);
/* One statement ended well: count it, and keep of its rows what is to be kept. NULL, or what is wrong with them. */
const char *steps_keep(struct runner *runner, int statement, int64_t now_ns, sqlstate *code);
/* One failed. */
void steps_count_failure(struct runner *runner, int statement);

/* --- pipeline.c --- */

/* Are statements sent without waiting here? */
static inline bool pipeline_wanted(const struct runner *runner)
{
    return runner->transaction->pipeline || runner->pipeline.begun_by_step;
}
/* Is anything under way that pipeline_wait() should be called for, before another kind of request? */
static inline bool pipeline_is_open(const struct runner *runner)
{
    return runner->link->conn.pipeline;
}
/* Queue a statement, whose parameters are in runner->params; or a text without any. False: the link is lost. */
bool pipeline_put(struct runner *runner, int statement);
bool pipeline_put_text(struct runner *runner, const char *sql);
/* There is no room: wait for answers first. */
static inline bool pipeline_is_full(const struct runner *runner)
{
    return runner->pipeline.n >= RUNNER_PIPELINE - 1; /* COMMIT has always room */
}
/* A sync point; nothing waits for it. False: the link is lost. */
bool pipeline_sync(struct runner *runner);
/* Sync, go on with `then` when all is answered and nothing failed; else with attempt_failed(). */
void pipeline_wait(struct runner *runner, runner_step_fn *then);
/* The same without a sync point: a transaction goes on. */
void pipeline_flush(struct runner *runner, runner_step_fn *then);

/* What fails on our side, as PL/pgSQL's INTO STRICT and the server have it. */
#define CODE_NO_DATA       SQLSTATE('P', '0', '0', '0', '2')
#define CODE_TOO_MANY_ROWS SQLSTATE('P', '0', '0', '0', '3')
#define CODE_DATA          SQLSTATE('2', '2', '0', '0', '0')
#define CODE_TOO_LONG      SQLSTATE('5', '4', '0', '0', '0')
#define CODE_OPEN_END      SQLSTATE('2', 'D', '0', '0', '0')

#endif

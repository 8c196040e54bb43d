/* What runner.c, attempt.c and steps.c know of each other: a runner's life between transactions, the attempts of one,
 * and the steps of an attempt. */
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
/* To be called before each send; `then` gets the reply. */
void attempt_stamp(struct runner *runner, runner_step_fn *then);
/* The attempt has failed and runner->code says why: roll back, then try again or give up. */
void attempt_failed(struct runner *runner, int64_t now_ns);
/* The same of a failure of our own, at the statement or step under way. */
void attempt_fail(struct runner *runner, sqlstate code, const char *text, int64_t now_ns);
/* Count the link's error. */
void attempt_note_server_error(struct runner *runner, int64_t now_ns);
/* Count any error. */
void attempt_note_error(struct runner *runner, sqlstate code, const char *where, const char *text, int64_t now_ns);

/* --- steps.c --- */

/* The steps that need no server, up to one that does. */
void steps_advance(struct runner *runner, int64_t now_ns);

#endif

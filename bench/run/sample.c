/* Plans, taken outside any trial: of every statement, under the variant that is in place, with the settings that its
 * sessions will have, and with parameters such as the transactions will draw. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "generators/rng.h"
#include "pg/plan.h"
#include "session.h"
#include "workloads/eval.h"

enum {
    SCRATCH_BYTES = 1 << 16
};

/* One transaction's variables, evaluated once. Those that rows fill are unknown, since no transaction has run, and so
 * is what is set after the first of them. */
struct sample {
    struct value *values; /* n_variables */
    bool *known;
    struct scratch scratch;
};

static void sample_deinit(struct sample *sample)
{
    free(sample->values);
    free(sample->known);
    scratch_deinit(&sample->scratch);
}

static void sample_value(struct sample *sample, int slot, const struct program *program, struct eval_scope *scope)
{
    struct value value = {.type = VALUE_NULL};
    if (sample->known[slot] || eval(program, scope, &value) != MAKE_OK)
        return;
    sample->known[slot] = true;
    sample->values[slot] = value;
}

/* What `set` gives, each variable once; whichever way an `if` goes. */
static void sample_steps(struct sample *sample, const struct transaction *transaction, struct eval_scope *scope)
{
    for (int i = 0; i < transaction->n_steps; i++) {
        const struct step *step = &transaction->steps[i];
        if (step->kind == STEP_SQL && transaction->statements[step->statement].keep != KEEP_NOTHING)
            return;
        if (step->kind == STEP_SET)
            sample_value(sample, step->slot, step->value, scope);
        if (step->kind == STEP_CLIENT) {
            sample->known[step->slot] = true;
            sample->values[step->slot] = (struct value){.type = VALUE_INT};
        }
    }
}

static bool sample_init(struct sample *sample, const struct transaction *transaction, uint64_t seed, struct err *err)
{
    size_t n = (size_t)transaction->n_variables + 1;
    *sample = (struct sample){.values = calloc(n, sizeof *sample->values), .known = calloc(n, sizeof *sample->known)};
    if (!sample->values || !sample->known || !scratch_init(&sample->scratch, SCRATCH_BYTES))
        return err_memory(err);
    struct rng rng = rng_at(seed, str_hash(transaction->name, strlen(transaction->name)), 0, 0);
    struct eval_scope scope = {.rng = &rng, .slots = sample->values, .scratch = &sample->scratch};
    for (int i = 0; i < transaction->n_lets; i++)
        sample_value(sample, transaction->lets[i].slot, transaction->lets[i].value, &scope);
    sample_steps(sample, transaction, &scope);
    return true;
}

/* Texts of a statement's parameters, NULL-terminated each; *out is NULL if one of them is not known. */
static bool sample_texts(struct sample *sample, const struct statement *statement, char ***out, struct err *err)
{
    char buf[VALUE_TEXT_MAX];
    const char *data;
    *out = NULL;
    for (int i = 0; i < statement->n_params; i++)
        if (!sample->known[statement->params[i]])
            return true;
    char **texts = calloc((size_t)statement->n_params + 1, sizeof *texts);
    if (!texts)
        return err_memory(err);
    for (int i = 0; i < statement->n_params; i++) {
        const struct value *value = &sample->values[statement->params[i]];
        if (value->type == VALUE_NULL)
            continue;
        size_t len = value_text(value, buf, &data);
        texts[i] = strndup(data, len);
    }
    *out = texts;
    return true;
}

static void free_texts(char **texts, int count)
{
    for (int i = 0; texts && i < count; i++)
        free(texts[i]);
    free(texts);
}

/* A statement that cannot be planned does not end the run: it is reported, and its trials still tell what it costs. */
static bool capture(struct session *session, const struct transaction *transaction, const struct statement *statement,
                    char *const *texts, struct plan *plan, bool *have, struct err *err)
{
    char what[128];
    struct err mine = {0};
    const struct variant *variant = &session->workload->variants[session->current.variant];
    snprintf(what, sizeof what, "transaction %.64s, statement %d", transaction->name, statement->number);
    if (!db_exec(session->db, what, "SAVEPOINT pgdyno_plan", err))
        return false;
    *have =
        plan_capture(session->db, what, statement->sql, statement->n_params, (const char *const *)texts, plan, &mine);
    if (*have)
        return db_exec(session->db, what, "RELEASE SAVEPOINT pgdyno_plan", err);
    if (mine.kind == ERR_STOPPED || PQstatus(db_handle(session->db)) != CONNECTION_OK)
        return err_set(err, mine.kind, mine.where, "%s", mine.text);
    bool said = plan->error == SQLSTATE_NOT_PERMITTED && variant_role(variant); /* by the rehearsal */
    bool any_text = statement->verbatim && session->workload->measure.protocol == PROTOCOL_SIMPLE;
    if (!said && !any_text && !statement->late)
        log_warning(session->options.log, "no plan of %s under variant %s: %s", what, variant->name, mine.text);
    return db_exec(session->db, what, "ROLLBACK TO SAVEPOINT pgdyno_plan", err);
}

/* As the variant in force has it. */
static const struct transaction *current_transaction(const struct session *session, int transaction)
{
    return &session->workload->variants[session->current.variant].transactions[transaction];
}

static bool sample_statement(struct session *session, int transaction, int statement, struct sample *sample,
                             const struct run_sink *sink, struct err *err)
{
    const struct transaction *owner = current_transaction(session, transaction);
    const struct statement *this = &owner->statements[statement];
    struct plan plan = {0};
    char **texts;
    bool have = false;
    if (!sample_texts(sample, this, &texts, err))
        return false;
    bool ok = capture(session, owner, this, texts, &plan, &have, err);
    free_texts(texts, this->n_params);
    if (ok && have) {
        struct plan_result result = {
            .variant = session->current.variant, .transaction = transaction, .statement = this->number, .plan = &plan};
        session->writes = session->writes || plan.writes;
        session->parallel = session->parallel || plan.parallel;
        ok = !sink->plan || sink->plan(sink->user, &result, err);
    }
    plan_deinit(&plan);
    return ok;
}

/* BEGIN and END of a script, several queries in one. */
static bool has_no_plan(const struct statement *statement)
{
    return statement->control || statement->several;
}

static bool sample_transaction(struct session *session, int transaction, const struct run_sink *sink, struct err *err)
{
    const struct transaction *owner = current_transaction(session, transaction);
    struct sample sample;
    bool ok = sample_init(&sample, owner, session->workload->measure.seed, err);
    for (int s = 0; ok && s < owner->n_statements; s++)
        ok = has_no_plan(&owner->statements[s]) || sample_statement(session, transaction, s, &sample, sink, err);
    sample_deinit(&sample);
    return ok;
}

bool sample_plans(struct session *session, const struct run_sink *sink, struct err *err)
{
    const struct workload *workload = session->workload;
    const struct variant *variant = &workload->variants[session->current.variant];
    session_progress(session, PHASE_PLANS, variant->name, 0, 0);
    bool ok = db_exec(session->db, "plans", "BEGIN", err) &&
              session_settings(session, workload->session, workload->n_session, true, err) &&
              session_settings(session, variant->settings, variant->n_settings, true, err);
    for (size_t t = 0; ok && t < workload->n_transactions; t++)
        ok = sample_transaction(session, (int)t, sink, err);
    session_exec_anyway(session, "ROLLBACK");
    return ok;
}

static bool plans_of(struct session *session, int variant, const struct run_sink *sink, struct err *err)
{
    return session_not_stopped(err) && variant_enter(session, variant, err) && sample_plans(session, sink, err) &&
           variant_leave(session, err);
}

bool session_plans(struct session *session, const struct run_sink *sink, struct err *err)
{
    bool ok = true;
    variants_begin(session);
    for (size_t v = 0; ok && v < session->workload->n_variants; v++)
        ok = plans_of(session, (int)v, sink, err);
    variants_end(session);
    return ok;
}

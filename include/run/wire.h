/* Between a transaction's variables and the wire. Nothing is allocated: text lives in the scratch of the transaction.
 */
#ifndef PGDYNO_RUN_WIRE_H
#define PGDYNO_RUN_WIRE_H

#include <libpq-fe.h>

#include "generators/table.h"
#include "generators/value.h"
#include "workloads/spec.h"

/* The statement's parameters in text format, as libpq takes them: params[k] is NULL or a NUL-terminated text. */
enum make_status wire_params(const struct statement *statement, const struct value *slots, struct scratch *scratch,
                             const char **params);

/* The statement with its parameters written into it, for the simple protocol. Each becomes a quoted literal of unknown
 * type or NULL, so that the server finds the same types as for $1; in a script (`verbatim`) they go in as they are.
 * Needs standard_conforming_strings = on. NULL when the scratch is full. */
const char *wire_text(const struct statement *statement, const struct value *slots, struct scratch *scratch);

/* One row's first columns into the slots `into`, typed as the server says, text copied. False when the scratch is full.
 */
bool wire_row(const PGresult *rows, int row, const int *into, int n_into, struct scratch *scratch, struct value *slots);
/* As pgbench's \gset: each column into the variable prefix ‖ column, if there is such a one, as text; NULL is "". */
bool wire_named_row(const PGresult *rows, int row, const char *prefix, const struct transaction *transaction,
                    struct scratch *scratch, struct value *slots);

/* Drop what lies behind `mark` in the scratch but for the slots' texts, which move together; a value outside of the
 * slots must not be there. */
void wire_reclaim(struct scratch *scratch, size_t mark, struct value *slots, int n_slots);

#endif

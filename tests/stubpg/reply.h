/* Messages to the client, appended to a buffer. Memory that runs out shows in str.failed. */
#ifndef PGDYNO_TESTS_STUBPG_REPLY_H
#define PGDYNO_TESTS_STUBPG_REPLY_H

#include "base/str.h"

enum {
    OID_INT4 = 23,
    OID_TEXT = 25
};

/* One of the messages without a body: '1' ParseComplete, '2' BindComplete, '3' CloseComplete, 'n' NoData,
 * 'I' EmptyQueryResponse. */
void reply_bare(struct str *out, char type);
void reply_auth_ok(struct str *out);
void reply_parameter(struct str *out, const char *name, const char *value);
void reply_key(struct str *out, uint32_t pid, uint32_t key);
void reply_ready(struct str *out, char status);
/* The newest minor version is 0, and no protocol option is known. */
void reply_negotiate(struct str *out);
void reply_row_description(struct str *out, int n, const char *const *names, int32_t oid);
void reply_row(struct str *out, int n, const char *const *values);
void reply_complete(struct str *out, const char *tag);
void reply_parameter_description(struct str *out, int n);
void reply_error(struct str *out, const char *severity, const char *sqlstate, const char *message);

#endif

#include "pg/conn.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static void drop_notice(void *user, const PGresult *result)
{
    (void)user;
    (void)result;
}

static void forget_reply(struct conn *conn)
{
    if (conn->result) {
        PQclear(conn->result);
        conn->result = NULL;
    }
    conn->failed = conn->aborted = conn->synced = conn->wants_copy = false;
    conn->tag = CONN_TAG_OTHER;
    conn->code = 0;
}

/* libpq keeps the SQLSTATE of a refused connection to itself, but verbose messages carry it: "FATAL:  53300: sorry". */
static sqlstate code_in_message(const char *message)
{
    for (const char *p = strstr(message, ":  "); p; p = strstr(p + 1, ":  ")) {
        char code[6];
        if (strlen(p) < 9 || p[8] != ':')
            continue;
        memcpy(code, p + 3, 5);
        code[5] = '\0';
        sqlstate found = sqlstate_parse(code);
        if (found)
            return found;
    }
    return 0;
}

static enum conn_status refused(struct conn *conn)
{
    conn->failed = true;
    conn->code = conn->pg ? code_in_message(PQerrorMessage(conn->pg)) : 0;
    return CONN_LOST;
}

enum conn_status conn_open(struct conn *conn, const struct target *target, const char *app)
{
    const char *keywords[TARGET_KEYWORDS], *values[TARGET_KEYWORDS];
    target_keywords(target, app, keywords, values);
    *conn = (struct conn){.want = CONN_WANT_WRITE};
    conn->pg = PQconnectStartParams(keywords, values, 1);
    if (!conn->pg || PQstatus(conn->pg) == CONNECTION_BAD)
        return refused(conn);
    PQsetErrorVerbosity(conn->pg, PQERRORS_VERBOSE);
    PQsetNoticeReceiver(conn->pg, drop_notice, NULL);
    return CONN_PENDING;
}

static enum conn_status established(struct conn *conn)
{
    PQsetErrorVerbosity(conn->pg, PQERRORS_DEFAULT);
    conn->tls = PQsslInUse(conn->pg);
    conn->want = CONN_WANT_READ;
    return PQsetnonblocking(conn->pg, 1) == 0 ? CONN_DONE : refused(conn);
}

enum conn_status conn_connect(struct conn *conn)
{
    switch (PQconnectPoll(conn->pg)) {
    case PGRES_POLLING_OK:
        return established(conn);
    case PGRES_POLLING_READING:
        conn->want = CONN_WANT_READ;
        return CONN_PENDING;
    case PGRES_POLLING_WRITING:
        conn->want = CONN_WANT_WRITE;
        return CONN_PENDING;
    default:
        return refused(conn);
    }
}

void conn_close(struct conn *conn)
{
    if (conn->result)
        PQclear(conn->result);
    PQfinish(conn->pg);
    *conn = (struct conn){0};
}

int conn_socket(const struct conn *conn)
{
    return PQsocket(conn->pg);
}

const char *conn_error(const struct conn *conn, char *buf, size_t size)
{
    const char *primary = conn->result ? PQresultErrorField(conn->result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    if (conn->unanswered_s > 0) {
        snprintf(buf, size, "no answer within %d s", conn->unanswered_s);
        return buf;
    }
    if (primary)
        return primary;
    snprintf(buf, size, "%s", conn->pg ? PQerrorMessage(conn->pg) : "out of memory");
    /* Verbose while connecting, for the SQLSTATE; where in the server's source it happened helps nobody. */
    char *location = strstr(buf, "\nLOCATION: ");
    if (location)
        *location = '\0';
    for (size_t len = strlen(buf); len > 0 && buf[len - 1] == '\n'; len--)
        buf[len - 1] = '\0';
    return buf[0] ? buf : "the server closed the connection";
}

static bool sent_out(struct conn *conn, int unsent)
{
    if (__builtin_expect(unsent == 0, 1))
        return true;
    if (unsent > 0) {
        conn->want = CONN_WANT_READ | CONN_WANT_WRITE;
        return true;
    }
    conn->failed = true;
    return false;
}

static bool after_send(struct conn *conn, int sent)
{
    conn->awaiting = true;
    if (!conn->pipeline || !sent)
        return sent_out(conn, sent ? PQflush(conn->pg) : -1);
    conn->due++;
    return true;
}

/* An edge that told of data and of the end together comes once only: sending would wait for a reply for ever. */
static bool before_send(struct conn *conn)
{
    forget_reply(conn);
    conn->failed = conn->hung_up;
    return !conn->hung_up;
}

bool conn_send_query(struct conn *conn, const char *sql)
{
    return before_send(conn) && after_send(conn, PQsendQuery(conn->pg, sql));
}

bool conn_send_params(struct conn *conn, const char *sql, int n_params, const char *const *params)
{
    return before_send(conn) &&
           after_send(conn, PQsendQueryParams(conn->pg, sql, n_params, NULL, params, NULL, NULL, 0));
}

bool conn_send_prepare(struct conn *conn, const char *name, const char *sql)
{
    return before_send(conn) && after_send(conn, PQsendPrepare(conn->pg, name, sql, 0, NULL));
}

bool conn_send_prepared(struct conn *conn, const char *name, int n_params, const char *const *params)
{
    return before_send(conn) && after_send(conn, PQsendQueryPrepared(conn->pg, name, n_params, params, NULL, NULL, 0));
}

/* --- COPY --------------------------------------------------------------------------------------------------------- */

bool conn_send_copy(struct conn *conn, const char *sql)
{
    bool sent = conn_send_query(conn, sql);
    conn->wants_copy = true;
    return sent;
}

bool conn_copy_put(struct conn *conn, const char *data, size_t len)
{
    bool put = !conn->hung_up && PQputCopyData(conn->pg, data, (int)len) == 1;
    return sent_out(conn, put ? PQflush(conn->pg) : -1);
}

bool conn_copy_end(struct conn *conn, const char *why)
{
    bool put = !conn->hung_up && PQputCopyEnd(conn->pg, why) == 1;
    conn->copying = conn->wants_copy = false;
    return sent_out(conn, put ? PQflush(conn->pg) : -1);
}

/* --- Pipelines ---------------------------------------------------------------------------------------------------- */

bool conn_pipeline_begin(struct conn *conn)
{
    conn->pipeline = before_send(conn) && PQenterPipelineMode(conn->pg);
    conn->answered = false;
    conn->due = 0;
    conn->failed = !conn->pipeline;
    return conn->pipeline;
}

bool conn_sync(struct conn *conn)
{
    bool sent = !conn->hung_up && PQpipelineSync(conn->pg);
    conn->awaiting = true;
    conn->due++;
    return sent_out(conn, sent ? PQflush(conn->pg) : -1);
}

bool conn_flush(struct conn *conn)
{
    bool sent = !conn->hung_up && PQsendFlushRequest(conn->pg);
    conn->awaiting = true;
    return sent_out(conn, sent ? PQflush(conn->pg) : -1);
}

bool conn_pipeline_end(struct conn *conn)
{
    conn->pipeline = !PQexitPipelineMode(conn->pg);
    return !conn->pipeline;
}

/* --- Receiving ---------------------------------------------------------------------------------------------------- */

static void keep_error(struct conn *conn, PGresult *result)
{
    if (conn->failed) { /* the first one is the cause */
        PQclear(result);
        return;
    }
    forget_reply(conn);
    conn->failed = true;
    conn->code = sqlstate_parse(PQresultErrorField(result, PG_DIAG_SQLSTATE));
    conn->result = result;
}

static enum conn_tag tag_of(PGresult *result)
{
    static const struct {
        const char *text;
        enum conn_tag tag;
    } tags[] = {{"COMMIT", CONN_TAG_COMMIT},
                {"BEGIN", CONN_TAG_BEGIN},
                {"ROLLBACK", CONN_TAG_ROLLBACK},
                {"START TRANSACTION", CONN_TAG_BEGIN}};
    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++)
        if (strcmp(PQcmdStatus(result), tags[i].text) == 0)
            return tags[i].tag;
    return CONN_TAG_OTHER;
}

/* Rows are kept for whoever wants them; what has none is dropped. False: a COPY. */
static bool keep(struct conn *conn, PGresult *result)
{
    switch (PQresultStatus(result)) {
    case PGRES_TUPLES_OK:
        if (conn->failed)
            break;
        if (conn->result && conn->earlier)
            conn->earlier(conn->earlier_user, conn->result);
        if (conn->result)
            PQclear(conn->result);
        conn->result = result;
        return true;
    case PGRES_COMMAND_OK:
        conn->tag = tag_of(result);
        break;
    case PGRES_EMPTY_QUERY:
        break;
    case PGRES_PIPELINE_ABORTED:
        conn->aborted = true;
        break;
    case PGRES_COPY_IN:
        conn->copying = conn->wants_copy;
        PQclear(result);
        return false;
    case PGRES_COPY_OUT:
    case PGRES_COPY_BOTH:
        PQclear(result);
        return false;
    default:
        keep_error(conn, result);
        return true;
    }
    PQclear(result);
    return true;
}

/* A request's results end with a NULL, a sync is one result without. */
static enum conn_status collect_answer(struct conn *conn)
{
    if (!conn->answered)
        forget_reply(conn);
    while (!PQisBusy(conn->pg)) {
        PGresult *result = PQgetResult(conn->pg);
        if (!result && (PQstatus(conn->pg) == CONNECTION_BAD || !conn->answered))
            return CONN_LOST;
        conn->synced = result && PQresultStatus(result) == PGRES_PIPELINE_SYNC;
        if (!result || conn->synced) {
            PQclear(result);
            conn->answered = false;
            conn->due--;
            return CONN_ANSWER;
        }
        if (!keep(conn, result))
            return CONN_LOST;
        conn->answered = true;
    }
    return CONN_PENDING;
}

static enum conn_status collect_pipeline(struct conn *conn)
{
    if (conn->due > 0)
        return collect_answer(conn);
    conn->awaiting = false;
    return CONN_DONE;
}

static enum conn_status collect(struct conn *conn)
{
    if (__builtin_expect(conn->pipeline, 0))
        return collect_pipeline(conn);
    while (!PQisBusy(conn->pg)) {
        PGresult *result = PQgetResult(conn->pg);
        if (!result) {
            if (PQstatus(conn->pg) == CONNECTION_BAD)
                return CONN_LOST;
            conn->awaiting = false;
            return CONN_DONE;
        }
        if (!keep(conn, result))
            return conn->copying ? CONN_COPY_IN : CONN_LOST;
    }
    return CONN_PENDING;
}

/* Asking the socket costs a call, but only replies that came in pieces get here. The end of file is there to be read.
 */
static bool more_to_read(const struct conn *conn)
{
    char byte;
    return recv(PQsocket(conn->pg), &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 ||
           (errno != EAGAIN && errno != EWOULDBLOCK);
}

static enum conn_status read_once(struct conn *conn)
{
    if (!PQconsumeInput(conn->pg))
        return CONN_LOST;
    if (!conn->awaiting)
        return PQisBusy(conn->pg) || PQstatus(conn->pg) != CONNECTION_BAD ? CONN_PENDING : CONN_LOST;
    if (__builtin_expect(conn->copying, 0)) /* an error waits in libpq until the end of the rows */
        return CONN_PENDING;
    return collect(conn);
}

static enum conn_status flush_rest(struct conn *conn)
{
    int unsent = PQflush(conn->pg);
    if (unsent == 0)
        conn->want = CONN_WANT_READ;
    return unsent < 0 ? CONN_LOST : CONN_PENDING;
}

enum conn_status conn_receive(struct conn *conn)
{
    enum conn_status status = read_once(conn);
    while (status == CONN_PENDING && more_to_read(conn))
        status = read_once(conn);
    /* A TLS record larger than libpq's free buffer leaves its rest inside the TLS layer, where no event tells of it. */
    if (status == CONN_PENDING && conn->tls)
        status = read_once(conn);
    if (status == CONN_PENDING && conn->want & CONN_WANT_WRITE)
        status = flush_rest(conn);
    if (status == CONN_PENDING && conn->copying && !(conn->want & CONN_WANT_WRITE))
        status = CONN_COPY_IN;
    if (status == CONN_LOST)
        conn->failed = true;
    return status;
}

enum conn_status conn_next(struct conn *conn)
{
    enum conn_status status = collect(conn);
    if (status == CONN_LOST)
        conn->failed = true;
    return status;
}

PGresult *conn_take_rows(struct conn *conn)
{
    PGresult *rows = conn->failed ? NULL : conn->result;
    if (rows)
        conn->result = NULL;
    return rows;
}

bool conn_in_transaction(const struct conn *conn)
{
    PGTransactionStatusType status = PQtransactionStatus(conn->pg);
    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

#include "protocol.h"

#include <arpa/inet.h>
#include <string.h>

#include "conn.h"
#include "reply.h"
#include "statement.h"

enum {
    MESSAGE_LIMIT = 1 << 20,
    CODE_CANCEL = 80877102,
    CODE_SSL = 80877103,
    CODE_GSS = 80877104,
    MAJOR_3 = 3
};

/* A message's body, read from its front; `bad` once it was too short. */
struct body {
    const char *p, *end;
    bool bad;
};

static uint32_t get_int32(const char *p)
{
    uint32_t wire;
    memcpy(&wire, p, sizeof wire);
    return ntohl(wire);
}

static uint32_t take_int32(struct body *body)
{
    if (body->end - body->p < 4) {
        body->bad = true;
        return 0;
    }
    body->p += 4;
    return get_int32(body->p - 4);
}

static const char *take_string(struct body *body)
{
    const char *text = body->p, *nul = memchr(text, '\0', (size_t)(body->end - text));
    if (!nul) {
        body->bad = true;
        return "";
    }
    body->p = nul + 1;
    return text;
}

static void fatal(struct conn *conn, const char *sqlstate, const char *message)
{
    reply_error(&conn->out, "FATAL", sqlstate, message);
    conn_flush(conn);
    conn_die(conn);
}

static void ready(struct conn *conn)
{
    conn->failed = false;
    reply_ready(&conn->out, conn->status);
    conn_flush(conn);
}

/* --- Messages: false while the message must stay in the buffer ---------------------------------------------------- */

typedef bool message_fn(struct conn *conn, struct body *body, int64_t at_ns);

/* query_pos is one more than the offset, so that it is never 0 inside a query. */
static bool on_query(struct conn *conn, struct body *body, int64_t at_ns)
{
    const char *text = take_string(body);
    size_t len = strlen(text);
    bool empty = conn->query_pos == 0;
    if (empty)
        conn->query_pos = 1;
    while (!conn->failed && conn->query_pos <= len) {
        const char *from = text + conn->query_pos - 1, *rest;
        struct sql sql = sql_first(from, len - (size_t)(from - text), &rest);
        conn->query_pos = (size_t)(rest - text) + 1;
        if (sql.kind == SQL_EMPTY)
            continue;
        empty = false;
        str_clear(&conn->portal);
        str_append_n(&conn->portal, sql.text, sql.len);
        if (statement_run(conn, &sql, at_ns))
            return false;
    }
    if (empty)
        reply_bare(&conn->out, 'I');
    conn->query_pos = 0;
    ready(conn);
    return true;
}

static bool on_parse(struct conn *conn, struct body *body, int64_t at_ns)
{
    (void)at_ns;
    const char *name = take_string(body), *text = take_string(body);
    struct prepared *prepared = statement_find(conn, name);
    if (prepared && *name) {
        statement_fail(conn, "42P05", "prepared statement already exists");
        return true;
    }
    if (!prepared)
        prepared = statement_add(conn, name);
    if (!prepared) {
        conn_die(conn);
        return true;
    }
    str_clear(&prepared->text);
    str_append(&prepared->text, text);
    reply_bare(&conn->out, '1');
    return true;
}

static bool on_bind(struct conn *conn, struct body *body, int64_t at_ns)
{
    (void)at_ns;
    take_string(body); /* there is one portal, whatever its name */
    struct prepared *prepared = statement_find(conn, take_string(body));
    if (!prepared) {
        statement_fail(conn, "26000", "prepared statement does not exist");
        return true;
    }
    str_clear(&conn->portal);
    str_append_n(&conn->portal, str_text(&prepared->text), prepared->text.len);
    reply_bare(&conn->out, '2');
    return true;
}

static bool on_describe(struct conn *conn, struct body *body, int64_t at_ns)
{
    (void)at_ns;
    char what = body->p < body->end ? *body->p++ : '\0';
    const struct str *text = &conn->portal;
    if (what == 'S') {
        struct prepared *prepared = statement_find(conn, take_string(body));
        if (!prepared) {
            statement_fail(conn, "26000", "prepared statement does not exist");
            return true;
        }
        text = &prepared->text;
        reply_parameter_description(&conn->out, sql_params(str_text(text), text->len));
    }
    struct sql sql = sql_first(str_text(text), text->len, NULL);
    if (sql.rows)
        statement_describe(conn, sql.kind);
    else
        reply_bare(&conn->out, 'n');
    return true;
}

static bool on_execute(struct conn *conn, struct body *body, int64_t at_ns)
{
    (void)body;
    struct sql sql = statement_of_portal(conn);
    if (sql.kind == SQL_EMPTY)
        reply_bare(&conn->out, 'I');
    else
        statement_run(conn, &sql, at_ns);
    return true;
}

static bool on_close(struct conn *conn, struct body *body, int64_t at_ns)
{
    (void)at_ns;
    bool statement = body->p < body->end && *body->p++ == 'S';
    struct prepared *prepared = statement ? statement_find(conn, take_string(body)) : NULL;
    if (prepared)
        statement_forget(conn, (size_t)(prepared - conn->prepared));
    reply_bare(&conn->out, '3');
    return true;
}

static bool on_sync(struct conn *conn, struct body *body, int64_t at_ns)
{
    (void)body;
    (void)at_ns;
    ready(conn);
    return true;
}

static bool on_flush(struct conn *conn, struct body *body, int64_t at_ns)
{
    (void)body;
    (void)at_ns;
    conn_flush(conn);
    return true;
}

static bool on_terminate(struct conn *conn, struct body *body, int64_t at_ns)
{
    (void)body;
    (void)at_ns;
    conn_die(conn);
    return true;
}

static const struct {
    char type;
    message_fn *run;
} messages[] = {
    {'B', on_bind},  {'D', on_describe}, {'E', on_execute}, {'S', on_sync},      {'Q', on_query},
    {'P', on_parse}, {'C', on_close},    {'H', on_flush},   {'X', on_terminate},
};

static bool on_message(struct conn *conn, char type, struct body *body, int64_t at_ns)
{
    if (conn->failed && conn->query_pos == 0 && type != 'S' && type != 'X')
        return true;
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++)
        if (messages[i].type == type)
            return messages[i].run(conn, body, at_ns);
    fatal(conn, "08P01", "the stub does not know this message");
    return true;
}

/* --- Startup ------------------------------------------------------------------------------------------------------ */

static void on_cancel(struct conn *conn, struct body *body, int64_t now_ns)
{
    uint32_t pid = take_int32(body), key = take_int32(body);
    for (struct conn *other = conn->server->conns; other; other = other->next)
        if (other->pid == pid && other->key == key && !other->dead && other->request.state != REQUEST_NONE)
            statement_cancel(other, now_ns);
    conn_die(conn);
}

static void welcome(struct conn *conn, uint32_t minor)
{
    static const char *const parameters[][2] = {
        {"server_version", "15.0"},     {"server_encoding", "UTF8"},
        {"client_encoding", "UTF8"},    {"standard_conforming_strings", "on"},
        {"integer_datetimes", "on"},    {"DateStyle", "ISO, MDY"},
        {"IntervalStyle", "postgres"},  {"TimeZone", "UTC"},
        {"is_superuser", "on"},         {"session_authorization", "stub"},
        {"in_hot_standby", "off"},      {"default_transaction_read_only", "off"},
        {"application_name", "stubpg"},
    };
    if (minor > 0)
        reply_negotiate(&conn->out);
    reply_auth_ok(&conn->out);
    for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++)
        reply_parameter(&conn->out, parameters[i][0], parameters[i][1]);
    reply_key(&conn->out, conn->pid, conn->key);
    conn->started = true;
    conn->server->counters.connects++;
    ready(conn);
}

static void on_startup(struct conn *conn, struct body *body, int64_t now_ns)
{
    uint32_t code = take_int32(body);
    int64_t most = conn->server->service.model.connections;
    if (code == CODE_SSL || code == CODE_GSS) {
        str_append_char(&conn->out, 'N');
        conn_flush(conn);
    } else if (code == CODE_CANCEL) {
        on_cancel(conn, body, now_ns);
    } else if (code >> 16 != MAJOR_3) {
        fatal(conn, "0A000", "the stub speaks protocol 3");
    } else if (most > 0 && conn->server->n_conns > most) {
        conn->server->counters.refused++;
        fatal(conn, "53300", "sorry, too many clients already");
    } else {
        welcome(conn, code & 0xffff);
    }
}

/* --- The buffer's messages ---------------------------------------------------------------------------------------- */

/* One message, if it has come in full. False: nothing more to do now. */
static bool step(struct conn *conn, int64_t at_ns)
{
    size_t head = conn->started ? 1 : 0, n = conn->in_end - conn->in_start;
    const char *message = conn->in + conn->in_start;
    if (conn->dead || conn->request.state != REQUEST_NONE || n < head + 4)
        return false;
    uint32_t len = get_int32(message + head);
    if (len < 4 || len > MESSAGE_LIMIT) {
        fatal(conn, "08P01", "a message of an impossible length");
        return false;
    }
    if (n < head + len)
        return false;
    struct body body = {.p = message + head + 4, .end = message + head + len};
    bool eaten = true;
    if (conn->started)
        eaten = on_message(conn, message[0], &body, at_ns);
    else
        on_startup(conn, &body, at_ns);
    if (body.bad)
        fatal(conn, "08P01", "a message ends too early");
    if (eaten)
        conn->in_start += head + len;
    return eaten && !conn->dead;
}

void protocol_process(struct conn *conn, int64_t at_ns)
{
    while (step(conn, at_ns))
        continue;
}

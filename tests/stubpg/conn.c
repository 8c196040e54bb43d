#include "conn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "command.h"
#include "generators/rng.h"
#include "reply.h"
#include "sql.h"

enum {
    FIRST_ROOM = 4096,
    MESSAGE_LIMIT = 1 << 20,
    OUT_LIMIT = 8192, /* PostgreSQL, too, sends a full buffer without waiting for Sync */
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

/* --- Opening and closing ------------------------------------------------------------------------------------------ */

struct conn *conn_open(struct server *server, int fd)
{
    struct conn *conn = calloc(1, sizeof *conn);
    if (!conn) {
        close(fd);
        return NULL;
    }
    conn->server = server;
    conn->fd = fd;
    conn->status = 'I';
    conn->pid = ++server->last_pid;
    conn->key = (uint32_t)rng_mix(conn->pid);
    return conn;
}

static void forget_prepared(struct conn *conn, size_t i)
{
    str_deinit(&conn->prepared[i].name);
    str_deinit(&conn->prepared[i].text);
    conn->prepared[i] = conn->prepared[--conn->n_prepared];
}

static void forget_all_prepared(struct conn *conn)
{
    while (conn->n_prepared > 0)
        forget_prepared(conn, conn->n_prepared - 1);
}

void conn_free(struct conn *conn, int64_t now_ns)
{
    service_drop(&conn->server->service, &conn->request, now_ns);
    forget_all_prepared(conn);
    free(conn->prepared);
    free(conn->in);
    str_deinit(&conn->out);
    str_deinit(&conn->portal);
    close(conn->fd);
    free(conn);
}

static void die(struct conn *conn)
{
    conn->dead = true;
    conn->server->any_dead = true;
}

/* --- Bytes -------------------------------------------------------------------------------------------------------- */

static void want_write(struct conn *conn, bool wanted)
{
    if (conn->wants_write == wanted)
        return;
    struct epoll_event event = {.events = EPOLLIN | (wanted ? (uint32_t)EPOLLOUT : 0), .data.ptr = conn};
    conn->wants_write = wanted;
    if (epoll_ctl(conn->server->epoll_fd, EPOLL_CTL_MOD, conn->fd, &event) != 0)
        die(conn);
}

static void stamp_sent(struct conn *conn)
{
    int64_t now_ns = clock_now_ns();
    for (int i = 0; i < conn->n_unsent; i++) {
        struct stub_record *logged = journal_at(&conn->server->service.journal, conn->unsent[i]);
        if (logged)
            logged->send_ns = now_ns;
    }
    conn->n_unsent = 0;
}

static void flush(struct conn *conn)
{
    if (conn->n_unsent > 0)
        stamp_sent(conn);
    while (!conn->dead && !conn->out.failed && conn->out_sent < conn->out.len) {
        ssize_t n = send(conn->fd, conn->out.data + conn->out_sent, conn->out.len - conn->out_sent,
                         MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0) {
            conn->out_sent += (size_t)n;
        } else if (errno == EAGAIN) {
            want_write(conn, true);
            return;
        } else if (errno != EINTR) {
            die(conn);
        }
    }
    if (conn->out.failed)
        die(conn);
    want_write(conn, false);
    str_clear(&conn->out);
    conn->out_sent = 0;
}

static bool make_room(struct conn *conn)
{
    if (conn->in_start > 0) {
        memmove(conn->in, conn->in + conn->in_start, conn->in_end - conn->in_start);
        conn->in_end -= conn->in_start;
        conn->in_start = 0;
    }
    if (conn->in_end < conn->in_cap)
        return true;
    size_t cap = conn->in_cap ? 2 * conn->in_cap : FIRST_ROOM;
    char *in = cap <= 2 * MESSAGE_LIMIT ? realloc(conn->in, cap) : NULL;
    if (!in)
        return false;
    conn->in = in;
    conn->in_cap = cap;
    return true;
}

static void receive(struct conn *conn, int64_t now_ns)
{
    if (!make_room(conn)) {
        die(conn);
        return;
    }
    ssize_t n = recv(conn->fd, conn->in + conn->in_end, conn->in_cap - conn->in_end, MSG_DONTWAIT);
    if (n > 0) {
        conn->in_end += (size_t)n;
        conn->recv_ns = now_ns;
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        die(conn);
    }
}

/* --- Answers ------------------------------------------------------------------------------------------------------ */

static void fail(struct conn *conn, const char *sqlstate, const char *message)
{
    reply_error(&conn->out, "ERROR", sqlstate, message);
    conn->failed = true;
    conn->server->counters.errors++;
    if (conn->status == 'T')
        conn->status = 'E';
}

static void fatal(struct conn *conn, const char *sqlstate, const char *message)
{
    reply_error(&conn->out, "FATAL", sqlstate, message);
    flush(conn);
    die(conn);
}

static void ready(struct conn *conn)
{
    conn->failed = false;
    reply_ready(&conn->out, conn->status);
    flush(conn);
}

static void describe_row(struct conn *conn, enum sql_kind kind)
{
    static const char *const names[] = {"stub"};
    reply_row_description(&conn->out, 1, names, kind == SQL_DATA ? OID_INT4 : OID_TEXT);
}

static const char *value_of(const struct sql *sql)
{
    static const char *const shown[][2] = {
        {"transaction_isolation", "read committed"},
        {"default_transaction_isolation", "read committed"},
        {"server_version_num", "150000"},
        {"server_version", "15.0"},
        {"max_connections", "100"},
    };
    if (sql->kind == SQL_DATA)
        return "1";
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        if (memmem(sql->text, sql->len, shown[i][0], strlen(shown[i][0])))
            return shown[i][1];
    return "on";
}

/* In the extended protocol Describe has told of the row already. */
static void complete(struct conn *conn, const struct sql *sql)
{
    const char *value = value_of(sql);
    if (sql->rows && conn->query_pos > 0)
        describe_row(conn, sql->kind);
    if (sql->rows)
        reply_row(&conn->out, 1, &value);
    reply_complete(&conn->out, sql->tag);
}

static struct prepared *find_prepared(struct conn *conn, const char *name)
{
    for (size_t i = 0; i < conn->n_prepared; i++)
        if (strcmp(str_text(&conn->prepared[i].name), name) == 0)
            return &conn->prepared[i];
    return NULL;
}

/* DEALLOCATE name; DEALLOCATE ALL; DISCARD ALL. */
static void forget_named(struct conn *conn, const struct sql *sql)
{
    char name[64];
    size_t len = 0;
    while (len < sql->len && len < sizeof name - 1 && !strchr(" \t\n\"", sql->text[sql->len - len - 1]))
        len++;
    memcpy(name, sql->text + sql->len - len, len);
    name[len] = '\0';
    struct prepared *prepared = find_prepared(conn, name);
    if (prepared)
        forget_prepared(conn, (size_t)(prepared - conn->prepared));
    else if (strcasecmp(name, "all") == 0)
        forget_all_prepared(conn);
}

/* --- Statements --------------------------------------------------------------------------------------------------- */

static void end_block(struct conn *conn, const struct sql *sql)
{
    bool commits = sql->kind == SQL_COMMIT && conn->status != 'E';
    if (conn->status != 'I')
        (*(commits ? &conn->server->counters.commits : &conn->server->counters.rollbacks))++;
    conn->status = 'I';
    reply_complete(&conn->out, commits ? sql->tag : "ROLLBACK");
}

static void run_stub(struct conn *conn, const struct sql *sql)
{
    struct status status;
    struct err err = {0};
    if (conn->query_pos == 0) {
        fail(conn, "0A000", "STUB statements are for the simple protocol");
        return;
    }
    if (!command_run(conn->server, sql, &status, &err)) {
        char text[512];
        snprintf(text, sizeof text, "STUB %.100s: %.380s", err.where, err.text);
        fail(conn, "22023", text);
        return;
    }
    if (status.n > 0) {
        reply_row_description(&conn->out, status.n, status.names, OID_TEXT);
        reply_row(&conn->out, status.n, status.values);
    }
    reply_complete(&conn->out, sql->tag);
}

static void run_at_once(struct conn *conn, const struct sql *sql)
{
    switch (sql->kind) {
    case SQL_STUB:
        run_stub(conn, sql);
        return;
    case SQL_BEGIN:
        conn->status = 'T';
        break;
    case SQL_COMMIT:
    case SQL_ROLLBACK:
        end_block(conn, sql);
        return;
    case SQL_ROLLBACK_TO:
        conn->status = 'T';
        break;
    case SQL_FORGET:
        forget_named(conn, sql);
        break;
    case SQL_COPY:
        fail(conn, "0A000", "the stub does not know COPY");
        return;
    default:
        break;
    }
    complete(conn, sql);
}

/* True if a service has begun, or waits to. */
static bool run(struct conn *conn, const struct sql *sql, int64_t at_ns)
{
    bool ends = sql->kind == SQL_COMMIT || sql->kind == SQL_ROLLBACK || sql->kind == SQL_ROLLBACK_TO;
    if (conn->status == 'E' && !ends && sql->kind != SQL_STUB) {
        fail(conn, "25P02", "current transaction is aborted, commands ignored until end of transaction block");
        return false;
    }
    if (sql->kind != SQL_DATA) {
        run_at_once(conn, sql);
        return false;
    }
    conn->server->counters.requests++;
    service_request(&conn->server->service, &conn->request, conn->pid, conn->recv_ns, at_ns);
    return true;
}

/* The statement under way: of the query at the front of the buffer, or of the portal. */
static struct sql statement_now(const struct conn *conn)
{
    return sql_first(str_text(&conn->portal), conn->portal.len, NULL);
}

static void count_alone(struct conn *conn, bool ok)
{
    if (conn->status != 'I')
        return;
    if (ok)
        conn->server->counters.commits++;
    else
        conn->server->counters.rollbacks++;
}

static void end_service(struct conn *conn, const char *sqlstate)
{
    if (conn->n_unsent == CONN_UNSENT || conn->out.len > OUT_LIMIT)
        flush(conn);
    conn->unsent[conn->n_unsent++] = conn->request.slot;
    count_alone(conn, !*sqlstate);
    if (*sqlstate) {
        fail(conn, sqlstate, "the stub was told to fail");
    } else {
        struct sql sql = statement_now(conn);
        complete(conn, &sql);
    }
}

void conn_served(struct request *request, int64_t at_ns)
{
    struct conn *conn = (struct conn *)(void *)request;
    end_service(conn, request->record.sqlstate);
    conn_process(conn, at_ns);
}

static void cancel(struct conn *conn, int64_t now_ns)
{
    static const char code[] = "57014";
    memcpy(conn->request.record.sqlstate, code, sizeof code);
    service_drop(&conn->server->service, &conn->request, now_ns);
    conn->server->counters.cancels++;
    end_service(conn, code);
    conn_process(conn, now_ns);
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
        if (run(conn, &sql, at_ns))
            return false;
    }
    if (empty)
        reply_bare(&conn->out, 'I');
    conn->query_pos = 0;
    ready(conn);
    return true;
}

static struct prepared *add_prepared(struct conn *conn, const char *name)
{
    struct prepared *more = realloc(conn->prepared, (conn->n_prepared + 1) * sizeof *more);
    if (!more)
        return NULL;
    conn->prepared = more;
    more[conn->n_prepared] = (struct prepared){0};
    str_append(&more[conn->n_prepared].name, name);
    return &more[conn->n_prepared++];
}

static bool on_parse(struct conn *conn, struct body *body, int64_t at_ns)
{
    (void)at_ns;
    const char *name = take_string(body), *text = take_string(body);
    struct prepared *prepared = find_prepared(conn, name);
    if (prepared && *name) {
        fail(conn, "42P05", "prepared statement already exists");
        return true;
    }
    if (!prepared)
        prepared = add_prepared(conn, name);
    if (!prepared) {
        die(conn);
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
    struct prepared *prepared = find_prepared(conn, take_string(body));
    if (!prepared) {
        fail(conn, "26000", "prepared statement does not exist");
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
        struct prepared *prepared = find_prepared(conn, take_string(body));
        if (!prepared) {
            fail(conn, "26000", "prepared statement does not exist");
            return true;
        }
        text = &prepared->text;
        reply_parameter_description(&conn->out, sql_params(str_text(text), text->len));
    }
    struct sql sql = sql_first(str_text(text), text->len, NULL);
    if (sql.rows)
        describe_row(conn, sql.kind);
    else
        reply_bare(&conn->out, 'n');
    return true;
}

static bool on_execute(struct conn *conn, struct body *body, int64_t at_ns)
{
    (void)body;
    struct sql sql = statement_now(conn);
    if (sql.kind == SQL_EMPTY)
        reply_bare(&conn->out, 'I');
    else
        run(conn, &sql, at_ns);
    return true;
}

static bool on_close(struct conn *conn, struct body *body, int64_t at_ns)
{
    (void)at_ns;
    bool statement = body->p < body->end && *body->p++ == 'S';
    struct prepared *prepared = statement ? find_prepared(conn, take_string(body)) : NULL;
    if (prepared)
        forget_prepared(conn, (size_t)(prepared - conn->prepared));
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
    flush(conn);
    return true;
}

static bool on_terminate(struct conn *conn, struct body *body, int64_t at_ns)
{
    (void)body;
    (void)at_ns;
    die(conn);
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
            cancel(other, now_ns);
    die(conn);
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
        flush(conn);
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

void conn_process(struct conn *conn, int64_t at_ns)
{
    while (step(conn, at_ns))
        continue;
}

static void hold(struct conn *conn)
{
    struct server *server = conn->server;
    if (conn->held)
        return;
    conn->held = true;
    conn->next_held = NULL;
    *server->last_held = conn;
    server->last_held = &conn->next_held;
}

void conn_event(struct conn *conn, uint32_t events, int64_t now_ns)
{
    if (conn->dead)
        return;
    if (events & EPOLLOUT)
        flush(conn);
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        receive(conn, now_ns);
    if (service_stalled(&conn->server->service))
        hold(conn);
    else
        conn_process(conn, now_ns);
}

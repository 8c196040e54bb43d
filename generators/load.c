#include "generators/load.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/stop.h"
#include "base/str.h"
#include "generators/copy.h"
#include "generators/copy_in.h"
#include "generators/rejection.h"
#include "pg/query.h"

enum {
    CHUNK_ROWS = 10000, /* at most; smaller tables are divided among the connections */
    SMALLEST_CHUNK = 250,
    ONE_PIECE_ROWS = 20000,
    COPY_MAX_CHUNKS = 500, /* then the COPY ends and another begins: a bound on what is sent after an unseen error */
    PIECE_BYTES = 64 * 1024,
    PROGRESS_MS = 100
};

/* What the connections share of one table. */
struct table_load {
    _Atomic int64_t next; /* first row that nobody took */
    _Atomic int64_t done;
    _Atomic int64_t bytes;
    int64_t chunk_rows;
};

struct loading {
    const struct target *target;
    const struct table_spec *tables;
    size_t n_tables;
    const struct load_options *options;
    struct table_load *loads; /* one a table */
    atomic_bool stop;         /* a connection failed */
    atomic_int first_failed;  /* its number, -1 for none */
    pthread_mutex_t mutex;
    pthread_cond_t ended;
    int running; /* under mutex */
};

/* One connection and its thread. */
struct loader {
    struct loading *loading;
    int number;
    pthread_t thread;
    struct db *db;
    struct copy_in copy;
    struct row_maker *maker;
    const struct table_spec *table;
    struct table_load *load;
    struct str sql;
    struct str piece;
    int64_t piece_rows;
    struct sent_rows sent; /* of the COPY that is open */
    struct err err;
};

/* --- One COPY ----------------------------------------------------------------------------------------------------- */

static bool fail_stopped(struct loader *loader)
{
    copy_in_abandon(&loader->copy, "loading was stopped");
    return err_set(&loader->err, ERR_STOPPED, loader->table->name, "stopped while loading; rows were being sent");
}

/* Whatever is not COPY_IN_OK. */
static bool fail_copy(struct loader *loader, enum copy_in_status status)
{
    if (status == COPY_IN_STOPPED)
        return fail_stopped(loader);
    const struct rejection rejection = {
        .db = loader->db,
        .result = loader->copy.rejected,
        .table = loader->table,
        .maker = loader->maker,
        .sent = &loader->sent,
    };
    return rejection_set(&rejection, &loader->err);
}

static bool end_copy(struct loader *loader)
{
    enum copy_in_status status = copy_in_end(&loader->copy);
    return status == COPY_IN_OK || fail_copy(loader, status);
}

static bool begin_copy(struct loader *loader)
{
    loader->sent.count = 0;
    enum copy_in_status status = copy_in_begin(&loader->copy, str_text(&loader->sql));
    return status == COPY_IN_OK || fail_copy(loader, status);
}

/* Something was said in the middle, usually an error. If it was harmless (a parameter changed, TLS talked to itself)
 * the rows are in, and the next ones go with a COPY of their own. */
static bool send_piece(struct loader *loader)
{
    enum copy_in_status status = copy_in_send(&loader->copy, loader->piece.data, loader->piece.len);
    if (status == COPY_IN_STOPPED)
        return fail_stopped(loader);
    if (status == COPY_IN_REJECTED) {
        copy_in_abandon(&loader->copy, "out of memory");
        return err_memory(&loader->err);
    }
    if (status == COPY_IN_SPOKEN && !end_copy(loader))
        return false;
    atomic_fetch_add_explicit(&loader->load->done, loader->piece_rows, memory_order_relaxed);
    atomic_fetch_add_explicit(&loader->load->bytes, (int64_t)loader->piece.len, memory_order_relaxed);
    str_clear(&loader->piece);
    loader->piece_rows = 0;
    return status == COPY_IN_OK || begin_copy(loader);
}

/* --- Rows --------------------------------------------------------------------------------------------------------- */

static bool fail_value(struct loader *loader, int64_t row, size_t column, const char *why)
{
    copy_in_abandon(&loader->copy, "a value could not be made");
    struct str where = {0};
    str_printf(&where, "%s.%s, row %" PRId64, loader->table->name, loader->table->columns[column].name, row);
    err_set(&loader->err, ERR_INPUT, str_text(&where), "the value could not be made: %s", why);
    str_deinit(&where);
    return false;
}

static bool fail_encoding(struct loader *loader, int64_t row, const struct value *cells)
{
    for (size_t i = 0; i < loader->table->n_columns; i++) {
        if (cells[i].type == VALUE_TEXT && memchr(cells[i].text.data, '\0', cells[i].text.len))
            return fail_value(loader, row, i, "it holds a NUL byte, which PostgreSQL cannot store");
    }
    copy_in_abandon(&loader->copy, "out of memory");
    return err_memory(&loader->err);
}

static bool send_row(struct loader *loader, int64_t row)
{
    const struct value *cells;
    size_t bad_column;
    enum make_status status = row_maker_row(loader->maker, row, &cells, &bad_column);
    if (status != MAKE_OK)
        return fail_value(loader, row, bad_column, make_status_text(status));
    if (!copy_row(&loader->piece, cells, loader->table->n_columns))
        return fail_encoding(loader, row, cells);
    loader->piece_rows++;
    return loader->piece.len < PIECE_BYTES || send_piece(loader);
}

static bool send_chunk(struct loader *loader, int64_t first, int64_t last)
{
    if (!sent_rows_add(&loader->sent, first, last)) {
        copy_in_abandon(&loader->copy, "out of memory");
        return err_memory(&loader->err);
    }
    for (int64_t row = first; row <= last; row++) {
        if (!send_row(loader, row))
            return false;
    }
    return loader->piece.len == 0 || send_piece(loader);
}

static bool take_chunk(struct loader *loader, int64_t *first, int64_t *last)
{
    struct table_load *load = loader->load;
    int64_t rows = loader->table->rows;
    if (atomic_load_explicit(&load->next, memory_order_relaxed) > rows)
        return false;
    *first = atomic_fetch_add_explicit(&load->next, load->chunk_rows, memory_order_relaxed);
    if (*first > rows)
        return false;
    *last = rows - *first < load->chunk_rows ? rows : *first + load->chunk_rows - 1;
    return true;
}

static bool send_chunks(struct loader *loader, int64_t first, int64_t last)
{
    for (int chunks = 1;; chunks++) {
        if (!send_chunk(loader, first, last))
            return false;
        if (chunks % COPY_MAX_CHUNKS == 0 && (!end_copy(loader) || !begin_copy(loader)))
            return false;
        if (atomic_load_explicit(&loader->loading->stop, memory_order_relaxed) || stop_requested())
            return fail_stopped(loader);
        if (!take_chunk(loader, &first, &last))
            return true;
    }
}

/* --- Tables ------------------------------------------------------------------------------------------------------- */

static void append_ident(struct str *sql, PGconn *conn, const char *name)
{
    char *quoted = PQescapeIdentifier(conn, name, strlen(name));
    if (quoted)
        str_append(sql, quoted);
    else
        sql->failed = true;
    PQfreemem(quoted);
}

static bool make_sql(struct loader *loader)
{
    PGconn *conn = db_handle(loader->db);
    struct str *sql = &loader->sql;
    const struct table_spec *table = loader->table;
    str_clear(sql);
    str_append(sql, "COPY ");
    if (loader->loading->options->schema) {
        append_ident(sql, conn, loader->loading->options->schema);
        str_append_char(sql, '.');
    }
    append_ident(sql, conn, table->name);
    for (size_t i = 0; i < table->n_columns; i++) {
        str_append(sql, i == 0 ? " (" : ", ");
        append_ident(sql, conn, table->columns[i].name);
    }
    str_append(sql, ") FROM STDIN");
    return !sql->failed || err_memory(&loader->err);
}

static bool load_table(struct loader *loader, size_t index)
{
    int64_t first, last;
    loader->table = &loader->loading->tables[index];
    loader->load = &loader->loading->loads[index];
    if (!take_chunk(loader, &first, &last))
        return true;
    bool ok = make_sql(loader) && row_maker_new(loader->table, &loader->maker, &loader->err) && begin_copy(loader) &&
              send_chunks(loader, first, last) && end_copy(loader);
    row_maker_free(loader->maker);
    loader->maker = NULL;
    return ok;
}

/* What functions in constraints and triggers name is looked for where the measured sessions will look. */
static bool search_schema(struct loader *loader)
{
    struct str sql = {0};
    if (!loader->loading->options->schema)
        return true;
    str_append(&sql, "SET search_path = ");
    append_ident(&sql, db_handle(loader->db), loader->loading->options->schema);
    bool ok = sql.failed ? err_memory(&loader->err) : db_exec(loader->db, "loading", str_text(&sql), &loader->err);
    str_deinit(&sql);
    return ok;
}

static bool open_connection(struct loader *loader)
{
    /* Time limits are meant for what is measured; transaction_timeout is there from 17 on. */
    static const char settings[] =
        "SET client_encoding = 'UTF8'; SET datestyle = 'ISO'; SELECT set_config(name, '0', false) FROM pg_settings "
        "WHERE name IN ('statement_timeout', 'lock_timeout', 'transaction_timeout')";
    if (!db_open(loader->loading->target, &loader->db, &loader->err) ||
        !db_exec(loader->db, "loading", settings, &loader->err) || !search_schema(loader))
        return false;
    if (!copy_in_init(&loader->copy, db_handle(loader->db), &loader->loading->stop))
        return db_set_error(loader->db, NULL, "loading", NULL, &loader->err);
    return true;
}

static bool load_all(struct loader *loader)
{
    bool ok = open_connection(loader);
    for (size_t i = 0; ok && i < loader->loading->n_tables; i++)
        ok = load_table(loader, i);
    copy_in_deinit(&loader->copy);
    db_close(loader->db);
    str_deinit(&loader->sql);
    str_deinit(&loader->piece);
    sent_rows_deinit(&loader->sent);
    return ok;
}

/* --- Threads ------------------------------------------------------------------------------------------------------ */

static void *loader_main(void *arg)
{
    struct loader *loader = arg;
    struct loading *loading = loader->loading;
    if (!load_all(loader)) {
        int none = -1;
        atomic_compare_exchange_strong(&loading->first_failed, &none, loader->number);
        atomic_store(&loading->stop, true);
    }
    pthread_mutex_lock(&loading->mutex);
    loading->running--;
    pthread_cond_signal(&loading->ended);
    pthread_mutex_unlock(&loading->mutex);
    return NULL;
}

static bool start_loader(struct loading *loading, struct loader *loader, int number, struct err *err)
{
    *loader = (struct loader){.loading = loading, .number = number};
    pthread_mutex_lock(&loading->mutex);
    loading->running++;
    pthread_mutex_unlock(&loading->mutex);
    errno = pthread_create(&loader->thread, NULL, loader_main, loader);
    if (errno == 0)
        return true;
    err_system(err, NULL, "cannot start a thread for loading");
    pthread_mutex_lock(&loading->mutex);
    loading->running--;
    pthread_mutex_unlock(&loading->mutex);
    atomic_store(&loading->stop, true);
    return false;
}

static void report_table(const struct loading *loading, size_t index)
{
    const struct table_load *load = &loading->loads[index];
    const struct load_options *options = loading->options;
    if (options->progress)
        options->progress(options->user, loading->tables[index].name, atomic_load(&load->done),
                          loading->tables[index].rows, atomic_load(&load->bytes));
}

/* The table at work, after a last word on each one that is complete. */
static void report_progress(const struct loading *loading, size_t *current)
{
    while (*current < loading->n_tables) {
        report_table(loading, *current);
        if (atomic_load(&loading->loads[*current].done) < loading->tables[*current].rows)
            return;
        ++*current;
    }
}

static void wait_for_loaders(struct loading *loading)
{
    size_t current = 0;
    pthread_mutex_lock(&loading->mutex);
    while (loading->running > 0) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        int64_t ns = until.tv_nsec + PROGRESS_MS * NS_PER_MS;
        until.tv_sec += ns / NS_PER_S;
        until.tv_nsec = ns % NS_PER_S;
        pthread_cond_timedwait(&loading->ended, &loading->mutex, &until);
        pthread_mutex_unlock(&loading->mutex);
        report_progress(loading, &current);
        pthread_mutex_lock(&loading->mutex);
    }
    pthread_mutex_unlock(&loading->mutex);
    report_progress(loading, &current);
}

static bool run_loaders(struct loading *loading, struct loader *loaders, int n_loaders, struct err *err)
{
    int started = 0;
    while (started < n_loaders && start_loader(loading, &loaders[started], started, err))
        started++;
    wait_for_loaders(loading);
    for (int i = 0; i < started; i++)
        pthread_join(loaders[i].thread, NULL);
    int failed = atomic_load(&loading->first_failed);
    if (started == n_loaders && failed >= 0 && err)
        *err = loaders[failed].err;
    return started == n_loaders && failed < 0;
}

/* --- The whole ---------------------------------------------------------------------------------------------------- */

static int64_t chunk_rows_for(int64_t rows, int connections)
{
    int64_t share = rows / (32 * (int64_t)connections) + 1; /* a late connection displaces no large part of the rows */
    if (rows < ONE_PIECE_ROWS) /* pieces side by side would leave no physical order, and save no time */
        return rows + 1;
    return share < SMALLEST_CHUNK ? SMALLEST_CHUNK : share > CHUNK_ROWS ? CHUNK_ROWS : share;
}

/* Sets up the tables' counters; returns how many connections have something to do. */
static int plan_chunks(struct loading *loading)
{
    int64_t chunks = 0;
    for (size_t i = 0; i < loading->n_tables; i++) {
        int64_t rows = loading->tables[i].rows;
        int64_t chunk_rows = chunk_rows_for(rows, loading->options->connections);
        atomic_init(&loading->loads[i].next, 1);
        loading->loads[i].chunk_rows = chunk_rows;
        chunks += rows / chunk_rows + (rows % chunk_rows != 0);
    }
    return chunks < loading->options->connections ? (int)chunks : loading->options->connections;
}

static void sum_result(const struct loading *loading, int64_t started_ns, struct load_result *out)
{
    *out = (struct load_result){.elapsed_ns = clock_now_ns() - started_ns};
    for (size_t i = 0; i < loading->n_tables; i++) {
        out->rows += atomic_load(&loading->loads[i].done);
        out->bytes += atomic_load(&loading->loads[i].bytes);
    }
}

static void init_locks(struct loading *loading)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&loading->ended, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&loading->mutex, NULL);
}

bool load_tables(const struct target *target, const struct table_spec *tables, size_t n_tables,
                 const struct load_options *options, struct load_result *out, struct err *err)
{
    struct loading loading = {
        .target = target,
        .tables = tables,
        .n_tables = n_tables,
        .options = options,
        .loads = calloc(n_tables + 1, sizeof(struct table_load)),
        .first_failed = -1,
    };
    int64_t started_ns = clock_now_ns();
    int n_loaders = loading.loads ? plan_chunks(&loading) : 0;
    struct loader *loaders = calloc((size_t)n_loaders + 1, sizeof(*loaders));
    init_locks(&loading);
    bool ok = loading.loads && loaders ? run_loaders(&loading, loaders, n_loaders, err) : err_memory(err);
    if (loading.loads)
        sum_result(&loading, started_ns, out);
    pthread_cond_destroy(&loading.ended);
    pthread_mutex_destroy(&loading.mutex);
    free(loaders);
    free(loading.loads);
    return ok;
}

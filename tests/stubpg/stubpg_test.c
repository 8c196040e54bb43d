/* The stub must be what it says, or nothing that is checked against it is checked. */
#include <math.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/proc.h"
#include "support/stub.h"

enum {
    PIPELINE = 500
};

static struct stub stub;

static int start(void **state)
{
    (void)state;
    stub_start(&stub, NULL);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    stub_stop(&stub);
    return 0;
}

static int reset(void **state)
{
    (void)state;
    stub_tell(&stub, "reset");
    return 0;
}

/* --- Helpers ------------------------------------------------------------------------------------------------------ */

static void expect(PGresult *result, ExecStatusType status)
{
    if (PQresultStatus(result) != status)
        fail_msg("%s instead of %s: %s", PQresStatus(PQresultStatus(result)), PQresStatus(status),
                 PQresultErrorMessage(result));
    PQclear(result);
}

static void expect_error(PGresult *result, const char *sqlstate)
{
    assert_int_equal(PQresultStatus(result), PGRES_FATAL_ERROR);
    assert_string_equal(PQresultErrorField(result, PG_DIAG_SQLSTATE), sqlstate);
    PQclear(result);
}

static void open_many(PGconn **pg, int n)
{
    for (int i = 0; i < n; i++)
        pg[i] = stub_connect(&stub);
}

static void close_many(PGconn **pg, int n)
{
    for (int i = 0; i < n; i++)
        PQfinish(pg[i]);
}

/* The last result; those before it are dropped. */
static PGresult *take(PGconn *pg)
{
    PGresult *result, *last = NULL;
    while ((result = PQgetResult(pg))) {
        PQclear(last);
        last = result;
    }
    return last;
}

/* One request on each connection, received by the stub in this order (as its log proves), and then the replies. */
static void send_all(PGconn **pg, int n)
{
    for (int i = 0; i < n; i++)
        assert_int_equal(PQsendQuery(pg[i], "SELECT 1"), 1);
}

static void take_all(PGconn **pg, int n)
{
    for (int i = 0; i < n; i++)
        expect(take(pg[i]), PGRES_TUPLES_OK);
}

/* `n` requests, one after another in a pipeline. */
static void work(PGconn *pg, int n)
{
    assert_int_equal(PQenterPipelineMode(pg), 1);
    for (int done = 0; done < n; done += PIPELINE) {
        int now = n - done < PIPELINE ? n - done : PIPELINE;
        for (int i = 0; i < now; i++)
            assert_int_equal(PQsendQueryParams(pg, "SELECT $1", 0, NULL, NULL, NULL, NULL, 0), 1);
        assert_int_equal(PQpipelineSync(pg), 1);
        for (int i = 0; i < now; i++)
            expect(take(pg), PGRES_TUPLES_OK);
        expect(PQgetResult(pg), PGRES_PIPELINE_SYNC);
    }
    assert_int_equal(PQexitPipelineMode(pg), 1);
}

/* Bounded, so that a stub that never gets there fails the test. */
static void await(const char *figure, int64_t value)
{
    int64_t until_ns = clock_now_ns() + 10 * NS_PER_S;
    while (stub_figure(&stub, figure) != value)
        if (clock_now_ns() > until_ns)
            fail_msg("%s is not %d after 10 s", figure, (int)value);
}

static struct stub_record *log_of(size_t expected)
{
    size_t n;
    struct stub_record *records = stub_log(&stub, &n);
    assert_int_equal(n, expected);
    for (size_t i = 0; i < n; i++) {
        const struct stub_record *r = &records[i];
        assert_int_equal(r->request, i + 1);
        assert_true(r->recv_ns <= r->begin_ns && r->begin_ns + r->service_ns <= r->due_ns && r->due_ns <= r->send_ns);
    }
    return records;
}

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Service times of `n` requests under this setting, sorted, for the caller to free. */
static int64_t *services(const char *setting, size_t n)
{
    int64_t *sorted = calloc(n, sizeof *sorted);
    PGconn *pg = stub_connect(&stub);
    assert_non_null(sorted);
    stub_tell(&stub, "clear");
    stub_tell(&stub, setting);
    work(pg, (int)n);
    struct stub_record *records = log_of(n);
    for (size_t i = 0; i < n; i++)
        sorted[i] = records[i].service_ns;
    qsort(sorted, n, sizeof *sorted, ascending);
    free(records);
    PQfinish(pg);
    return sorted;
}

static double mean_of(const int64_t *values, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)values[i];
    return sum / (double)n;
}

static void expect_near(double value, double expected, double share)
{
    if (fabs(value - expected) > share * expected)
        fail_msg("%g is not within %g of %g", value, share, expected);
}

/* --- Protocol ----------------------------------------------------------------------------------------------------- */

static void test_simple(void **state)
{
    (void)state;
    PGconn *pg = stub_connect(&stub);
    PGresult *result = PQexec(pg, "-- why\n/* not */ SELECT ';' || $$;$$");
    assert_string_equal(PQgetvalue(result, 0, 0), "1");
    expect(result, PGRES_TUPLES_OK);
    result = PQexec(pg, "UPDATE t SET a = 1 WHERE b = 'x;y'");
    assert_string_equal(PQcmdTuples(result), "1");
    expect(result, PGRES_COMMAND_OK);
    expect(PQexec(pg, "INSERT INTO t VALUES (1) RETURNING a"), PGRES_TUPLES_OK);
    expect(PQexec(pg, ""), PGRES_EMPTY_QUERY);
    expect(PQexec(pg, " ; -- nothing"), PGRES_EMPTY_QUERY);
    expect(PQexec(pg, "SELECT set_config(E'search_path', E'\"it''s\", pg_temp', false); SET a = 'b'; VACUUM"),
           PGRES_COMMAND_OK);
    result = PQexec(pg, "SHOW transaction_isolation");
    assert_string_equal(PQgetvalue(result, 0, 0), "read committed");
    expect(result, PGRES_TUPLES_OK);
    expect_error(PQexec(pg, "COPY t FROM STDIN"), "0A000");
    assert_int_equal(PQserverVersion(pg), 150000);
    assert_int_equal(stub_figure(&stub, "requests"), 3);
    PQfinish(pg);
}

static void test_extended(void **state)
{
    (void)state;
    PGconn *pg = stub_connect(&stub);
    const char *params[] = {"1", "two"};
    expect(PQexecParams(pg, "SELECT $1, $2", 2, NULL, params, NULL, NULL, 0), PGRES_TUPLES_OK);
    expect(PQexecParams(pg, "DELETE FROM t WHERE a = $1", 1, NULL, params, NULL, NULL, 0), PGRES_COMMAND_OK);
    expect(PQexecParams(pg, "", 0, NULL, NULL, NULL, NULL, 0), PGRES_EMPTY_QUERY);
    expect(PQprepare(pg, "p", "SELECT $1, $2", 0, NULL), PGRES_COMMAND_OK);
    expect_error(PQprepare(pg, "p", "SELECT 2", 0, NULL), "42P05");
    PGresult *result = PQdescribePrepared(pg, "p");
    assert_int_equal(PQnparams(result), 2);
    assert_int_equal(PQnfields(result), 1);
    expect(result, PGRES_COMMAND_OK);
    expect(PQexecPrepared(pg, "p", 2, params, NULL, NULL, 0), PGRES_TUPLES_OK);
    expect(PQexec(pg, "DEALLOCATE p"), PGRES_COMMAND_OK);
    expect_error(PQexecPrepared(pg, "p", 2, params, NULL, NULL, 0), "26000");
    assert_int_equal(stub_figure(&stub, "requests"), 3);
    PQfinish(pg);
}

static void test_block(void **state)
{
    (void)state;
    PGconn *pg = stub_connect(&stub);
    expect(PQexec(pg, "BEGIN ISOLATION LEVEL SERIALIZABLE"), PGRES_COMMAND_OK);
    assert_int_equal(PQtransactionStatus(pg), PQTRANS_INTRANS);
    expect(PQexec(pg, "SELECT 1"), PGRES_TUPLES_OK);
    expect(PQexec(pg, "COMMIT"), PGRES_COMMAND_OK);
    assert_int_equal(PQtransactionStatus(pg), PQTRANS_IDLE);
    stub_tell(&stub, "error 40001 1");
    expect_error(PQexec(pg, "BEGIN; SELECT 1; SELECT 2"), "40001");
    assert_int_equal(PQtransactionStatus(pg), PQTRANS_INERROR);
    expect_error(PQexec(pg, "SELECT 1"), "25P02");
    expect_error(PQexecParams(pg, "SELECT 1", 0, NULL, NULL, NULL, NULL, 0), "25P02");
    PGresult *result = PQexec(pg, "COMMIT");
    assert_string_equal(PQcmdStatus(result), "ROLLBACK");
    expect(result, PGRES_COMMAND_OK);
    assert_int_equal(PQtransactionStatus(pg), PQTRANS_IDLE);
    expect_error(PQexec(pg, "SELECT 1"), "40001");
    assert_int_equal(PQtransactionStatus(pg), PQTRANS_IDLE);
    assert_int_equal(stub_figure(&stub, "requests"), 3);
    assert_int_equal(stub_figure(&stub, "commits"), 1);
    assert_int_equal(stub_figure(&stub, "rollbacks"), 2);
    PQfinish(pg);
}

static void test_cancel(void **state)
{
    (void)state;
    char text[256];
    PGconn *pg = stub_connect(&stub);
    stub_tell(&stub, "service constant 60s");
    int64_t before_ns = clock_now_ns();
    assert_int_equal(PQsendQuery(pg, "SELECT 1"), 1);
    await("in_service", 1);
    PGcancel *cancel = PQgetCancel(pg);
    assert_int_equal(PQcancel(cancel, text, sizeof text), 1);
    PQfreeCancel(cancel);
    expect_error(take(pg), "57014");
    assert_true(clock_now_ns() - before_ns < 30 * NS_PER_S);
    assert_int_equal(stub_figure(&stub, "in_service"), 0);
    PQfinish(pg);
}

static void test_connections(void **state)
{
    (void)state;
    PGconn *pg[2];
    stub_tell(&stub, "connections 2");
    pg[0] = stub_connect(&stub);
    const char *keywords[TARGET_KEYWORDS], *values[TARGET_KEYWORDS];
    target_keywords(&stub.target, "test", keywords, values);
    pg[1] = PQconnectdbParams(keywords, values, 1);
    assert_int_equal(PQstatus(pg[1]), CONNECTION_BAD);
    assert_non_null(strstr(PQerrorMessage(pg[1]), "too many clients"));
    assert_int_equal(stub_figure(&stub, "refused"), 1);
    close_many(pg, 2);
}

static int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    close(fd);
    return ntohs(address.sin_port);
}

static void test_tcp(void **state)
{
    (void)state;
    char option[32];
    snprintf(option, sizeof option, "--port=%d", free_port());
    struct stub other;
    stub_start(&other, (const char *const[]){"--tcp", option, "--service=constant 1ms", NULL});
    struct target target = other.target;
    other.target.host = "127.0.0.1";
    PGconn *pg = stub_connect(&other);
    other.target = target;
    expect(PQexec(pg, "SELECT 1"), PGRES_TUPLES_OK);
    assert_int_equal(stub_figure(&other, "requests"), 1);
    PQfinish(pg);
    stub_stop(&other);
}

static void test_bad_lines(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "STUB",
        "STUB servce none",
        "STUB service",
        "STUB service constant",
        "STUB limit -1",
        "STUB service sine 1ms",
        "STUB error 4000 1",
        "STUB error 40001 1.5",
        "STUB stall 1ms at",
        "STUB delay 5ms",
        "STUB factor 1.05",
        "STUB log here",
        "STUB contention 0 1",
        "STUB delay 5ms request 1 every 2",
    };
    PGconn *pg = stub_connect(&stub);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        expect_error(PQexec(pg, lines[i]), "22023");
    expect_error(PQexecParams(pg, "STUB reset", 0, NULL, NULL, NULL, NULL, 0), "0A000");
    PQfinish(pg);
}

/* --- Service times ------------------------------------------------------------------------------------------------ */

enum {
    DRAWS = 5000
};

static void test_exponential(void **state)
{
    (void)state;
    int64_t *sorted = services("service exponential 20us", DRAWS);
    expect_near(mean_of(sorted, DRAWS), 20e3, 0.05);
    expect_near((double)sorted[DRAWS / 2], 20e3 * log(2), 0.06);
    expect_near((double)sorted[DRAWS * 99 / 100], 20e3 * log(100), 0.12);
    free(sorted);
}

static void test_lognormal(void **state)
{
    (void)state;
    int64_t *sorted = services("service lognormal 20us 0.5", DRAWS);
    expect_near((double)sorted[DRAWS / 2], 20e3, 0.05);
    expect_near((double)sorted[(size_t)(DRAWS * 0.8413)], 20e3 * exp(0.5), 0.06);
    expect_near((double)sorted[(size_t)(DRAWS * 0.1587)], 20e3 * exp(-0.5), 0.06);
    free(sorted);
}

static void test_bimodal(void **state)
{
    (void)state;
    int64_t *sorted = services("service bimodal 10us 100us 90%", DRAWS);
    int64_t n_long = 0;
    for (int i = 0; i < DRAWS; i++) {
        assert_true(sorted[i] == 10 * NS_PER_US || sorted[i] == 100 * NS_PER_US);
        n_long += sorted[i] == 100 * NS_PER_US;
    }
    expect_near((double)n_long, 0.1 * DRAWS, 0.2);
    free(sorted);
}

static void test_seed_and_factor(void **state)
{
    (void)state;
    int64_t *first = services("service exponential 10us", PIPELINE), *again = services("seed 1", PIPELINE),
            *longer = services("factor 5%", PIPELINE), *other = services("seed 2", PIPELINE);
    assert_memory_equal(first, again, PIPELINE * sizeof *first);
    for (int i = 0; i < PIPELINE; i++)
        assert_true(llabs(longer[i] - llround((double)first[i] * 1.05)) <= 1);
    assert_memory_not_equal(longer, other, PIPELINE * sizeof *first);
    free(first);
    free(again);
    free(longer);
    free(other);
}

/* The client cannot see less than the log says; how late the stub wakes is this machine's affair. */
static void test_accuracy(void **state)
{
    (void)state;
    enum {
        N = 200
    };
    int64_t took_ns[N], late_ns[N];
    PGconn *pg = stub_connect(&stub);
    stub_tell(&stub, "service constant 1ms");
    for (int i = 0; i < N; i++) {
        int64_t sent_ns = clock_now_ns();
        expect(PQexec(pg, "SELECT 1"), PGRES_TUPLES_OK);
        took_ns[i] = clock_now_ns() - sent_ns;
    }
    struct stub_record *records = log_of(N);
    for (int i = 0; i < N; i++) {
        const struct stub_record *r = &records[i];
        assert_int_equal(r->begin_ns, r->recv_ns);
        assert_int_equal(r->due_ns, r->begin_ns + NS_PER_MS);
        assert_true(r->send_ns - r->recv_ns <= took_ns[i]);
        late_ns[i] = r->send_ns - r->due_ns;
    }
    qsort(late_ns, N, sizeof *late_ns, ascending);
    assert_true(late_ns[N / 2] < NS_PER_MS);
    free(records);
    PQfinish(pg);
}

static void test_limit_is_a_line(void **state)
{
    (void)state;
    enum {
        N = 7,
        LIMIT = 2
    };
    PGconn *pg[N];
    open_many(pg, N);
    stub_tellf(&stub, "limit %d", LIMIT);
    stub_tell(&stub, "service constant 20ms");
    for (int round = 0; round < 2; round++) {
        send_all(pg, N);
        take_all(pg, N);
    }
    struct stub_record *records = log_of(2 * N);
    for (int i = 0; i < 2 * N; i++) {
        int64_t free_ns = i % N < LIMIT ? 0 : records[i - LIMIT].due_ns;
        assert_int_equal(records[i].begin_ns, free_ns > records[i].recv_ns ? free_ns : records[i].recv_ns);
        assert_in_range(records[i].in_service, 1, LIMIT);
    }
    assert_true(records[N - 1].begin_ns - records[N - 1].recv_ns > 10 * NS_PER_MS);
    free(records);
    close_many(pg, N);
}

static void test_gone_client_leaves_its_place(void **state)
{
    (void)state;
    PGconn *pg[3];
    open_many(pg, 3);
    stub_tell(&stub, "limit 1");
    stub_tell(&stub, "service constant 60s");
    send_all(pg, 2);
    await("requests", 2);
    stub_tell(&stub, "service constant 1ms");
    send_all(pg + 2, 1);
    close_many(pg, 2); /* one in service, one in line */
    take_all(pg + 2, 1);
    PQfinish(pg[2]);
    size_t n;
    struct stub_record *records = stub_log(&stub, &n);
    assert_int_equal(n, 3);
    assert_int_equal(records[0].send_ns, 0);
    assert_int_equal(records[1].send_ns, 0);
    assert_true(records[2].send_ns > 0);
    free(records);
}

static void test_contention(void **state)
{
    (void)state;
    static const int64_t expected_us[] = {50000, 50000, 112500, 200000}; /* n / 2 * (1 + 0.5 * (n - 2)) */
    PGconn *pg[4];
    open_many(pg, 4);
    stub_tell(&stub, "service constant 50ms");
    stub_tell(&stub, "contention 2 0.5");
    send_all(pg, 4);
    take_all(pg, 4);
    struct stub_record *records = log_of(4);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(records[i].in_service, i + 1);
        assert_int_equal(records[i].service_ns, expected_us[i] * NS_PER_US);
    }
    free(records);
    close_many(pg, 4);
}

/* --- Trouble ------------------------------------------------------------------------------------------------------ */

static void test_stall(void **state)
{
    (void)state;
    PGconn *pg[4];
    open_many(pg, 4);
    stub_tell(&stub, "service constant 150ms");
    send_all(pg, 2);
    await("in_service", 2);
    stub_tell(&stub, "stall 250ms"); /* the first two are under way, the third comes while it stands still */
    int64_t stalled_ns = clock_now_ns();
    send_all(pg + 2, 1);
    expect(PQexec(pg[3], "BEGIN"), PGRES_COMMAND_OK);
    assert_true(clock_now_ns() - stalled_ns > 100 * NS_PER_MS);
    take_all(pg, 3);
    struct stub_record *records = log_of(3);
    for (int i = 0; i < 2; i++)
        assert_int_equal(records[i].due_ns, records[i].begin_ns + 400 * NS_PER_MS);
    assert_true(records[2].begin_ns > records[2].recv_ns + 100 * NS_PER_MS);
    assert_int_equal(records[2].due_ns, records[2].begin_ns + 150 * NS_PER_MS);
    free(records);
    close_many(pg, 4);
}

static void test_stall_at(void **state)
{
    (void)state;
    enum {
        N = 20
    };
    PGconn *pg = stub_connect(&stub);
    stub_tell(&stub, "service constant 5ms");
    stub_tell(&stub, "stall 80ms at 32ms");
    for (int i = 0; i < N; i++)
        expect(PQexec(pg, "SELECT 1"), PGRES_TUPLES_OK);
    struct stub_record *records = log_of(N);
    int64_t stood_ns = 0, begin_ns = records[0].recv_ns + 32 * NS_PER_MS;
    for (int i = 0; i < N; i++) {
        const struct stub_record *r = &records[i];
        stood_ns += r->due_ns - r->service_ns - r->recv_ns;
        assert_false(r->due_ns > begin_ns && r->due_ns < begin_ns + 80 * NS_PER_MS);
    }
    assert_in_range(stood_ns, 40 * NS_PER_MS, 80 * NS_PER_MS); /* less where it found nobody waiting */
    free(records);
    PQfinish(pg);
}

static void test_delay(void **state)
{
    (void)state;
    PGconn *pg[3];
    open_many(pg, 3);
    stub_tell(&stub, "service constant 1ms");
    stub_tell(&stub, "delay 30ms connection 2 request 3");
    stub_tell(&stub, "delay 2ms every 4");
    for (int round = 0; round < 5; round++) {
        send_all(pg, 3);
        take_all(pg, 3);
    }
    struct stub_record *records = log_of(15);
    int64_t nth[4] = {0};
    for (int i = 0; i < 15; i++) {
        const struct stub_record *r = &records[i];
        assert_in_range(r->connection, 1, 3);
        int64_t n = ++nth[r->connection];
        int64_t expected_ms = 1 + (r->connection == 2 && n == 3 ? 30 : 0) + (n == 4 ? 2 : 0);
        assert_int_equal(r->service_ns, expected_ms * NS_PER_MS);
    }
    free(records);
    close_many(pg, 3);
}

static void test_errors(void **state)
{
    (void)state;
    enum {
        N = 3000
    };
    int failed = 0, deadlocks = 0, logged = 0;
    PGconn *pg = stub_connect(&stub);
    stub_tell(&stub, "error 40001 30%");
    stub_tell(&stub, "error 40P01 0.1");
    for (int i = 0; i < N; i++) {
        PGresult *result = PQexec(pg, "BEGIN; SELECT 1; COMMIT");
        bool ok = PQresultStatus(result) == PGRES_COMMAND_OK;
        failed += !ok;
        deadlocks += !ok && strcmp(PQresultErrorField(result, PG_DIAG_SQLSTATE), "40P01") == 0;
        PQclear(result);
        if (!ok)
            expect(PQexec(pg, "ROLLBACK"), PGRES_COMMAND_OK);
    }
    expect_near(failed, 0.4 * N, 0.1);
    expect_near(deadlocks, 0.1 * N, 0.25);
    assert_int_equal(stub_figure(&stub, "commits"), N - failed);
    assert_int_equal(stub_figure(&stub, "rollbacks"), failed);
    struct stub_record *records = log_of(N);
    for (int i = 0; i < N; i++)
        logged += records[i].sqlstate[0] != '\0';
    assert_int_equal(logged, failed);
    free(records);
    PQfinish(pg);
}

/* --- pgbench ------------------------------------------------------------------------------------------------------ */

static void write_script(const char *path)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs("\\set a random(1, 1000)\nBEGIN;\nSELECT 1 FROM t WHERE a = :a;\nUPDATE t SET b = b + :a;\nEND;\n", file);
    assert_int_equal(fclose(file), 0);
}

static void test_pgbench(void **state)
{
    (void)state;
    static const char *const protocols[] = {"simple", "extended", "prepared"};
    char pgbench[256], script[64];
    if (!proc_find("pgbench", pgbench, sizeof pgbench))
        skip();
    snprintf(script, sizeof script, "%s/script", stub.folder);
    write_script(script);
    for (int i = 0; i < 3; i++) {
        struct err err = {0};
        const char *argv[] = {pgbench, "-n", "-h",         stub.folder, "-p", stub.port, "-U",  "stub", "-f",
                              script,  "-M", protocols[i], "-c",        "4",  "-t",      "100", "stub", NULL};
        stub_tell(&stub, "reset");
        if (!proc_run(argv, NULL, (uid_t)-1, 0, 20 * NS_PER_S, NULL, &err))
            fail_msg("%s", err.text);
        assert_int_equal(stub_figure(&stub, "requests"), 800);
        assert_int_equal(stub_figure(&stub, "commits"), 400);
        assert_int_equal(stub_figure(&stub, "errors"), 0);
    }
    unlink(script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_simple, reset),
        cmocka_unit_test_setup(test_extended, reset),
        cmocka_unit_test_setup(test_block, reset),
        cmocka_unit_test_setup(test_cancel, reset),
        cmocka_unit_test_setup(test_connections, reset),
        cmocka_unit_test_setup(test_tcp, reset),
        cmocka_unit_test_setup(test_bad_lines, reset),
        cmocka_unit_test_setup(test_exponential, reset),
        cmocka_unit_test_setup(test_lognormal, reset),
        cmocka_unit_test_setup(test_bimodal, reset),
        cmocka_unit_test_setup(test_seed_and_factor, reset),
        cmocka_unit_test_setup(test_accuracy, reset),
        cmocka_unit_test_setup(test_limit_is_a_line, reset),
        cmocka_unit_test_setup(test_gone_client_leaves_its_place, reset),
        cmocka_unit_test_setup(test_contention, reset),
        cmocka_unit_test_setup(test_stall, reset),
        cmocka_unit_test_setup(test_stall_at, reset),
        cmocka_unit_test_setup(test_delay, reset),
        cmocka_unit_test_setup(test_errors, reset),
        cmocka_unit_test_setup(test_pgbench, reset),
    };
    return cmocka_run_group_tests(tests, start, stop);
}

#include "pg/target.h"

#include <libpq-fe.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/units.h"

enum {
    CONNECT_TIMEOUT_S = 10
};

void target_keywords(const struct target *target, const char *app, const char *keywords[TARGET_KEYWORDS],
                     const char *values[TARGET_KEYWORDS])
{
    /* psql's order: what a connection string in dbname says wins over what stands before it. libpq expands the first
     * dbname only, hence "" (which means nothing else) in front of a `database` that must not be expanded. */
    const struct {
        const char *keyword, *value;
    } rows[] = {
        {"host", target->host},
        {"port", target->port},
        {"user", target->user},
        {"dbname", target->dbname ? target->dbname : ""},
        {"dbname", target->database},
        {"fallback_application_name", app},
        {"client_encoding", "UTF8"}, /* workload files are UTF-8, and so are our reports */
    };
    const size_t count = sizeof rows / sizeof *rows;
    _Static_assert(sizeof rows / sizeof *rows < TARGET_KEYWORDS, "room for the final NULL");
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (!rows[i].value)
            continue;
        keywords[n] = rows[i].keyword;
        values[n++] = rows[i].value;
    }
    keywords[n] = values[n] = NULL;
}

bool target_is_given(const struct target *target)
{
    static const char *const variables[] = {"PGHOST", "PGHOSTADDR", "PGPORT", "PGSERVICE", "PGDATABASE", "PGUSER"};
    if (target->host || target->port || target->user || target->dbname || target->database)
        return true;
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *value = getenv(variables[i]);
        if (value && *value)
            return true;
    }
    return false;
}

/* A socket can be bound only to an address that the machine has. */
static bool is_own_address(const struct addrinfo *address)
{
    int fd = socket(address->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool own = bind(fd, address->ai_addr, address->ai_addrlen) == 0;
    close(fd);
    return own;
}

static bool is_own_host(const char *host)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM};
    struct addrinfo *addresses = NULL;
    bool own = false;
    if (*host == '\0' || *host == '/' || *host == '@') /* a Unix socket: the default one, a folder, an abstract name */
        return true;
    if (getaddrinfo(host, NULL, &hints, &addresses) != 0)
        return false;
    for (const struct addrinfo *address = addresses; address && !own; address = address->ai_next)
        own = is_own_address(address);
    freeaddrinfo(addresses);
    return own;
}

/* `hosts` as libpq has them: separated by commas. Cut into pieces. */
static bool has_own_host(char *hosts)
{
    const char *host;
    while ((host = strsep(&hosts, ",")))
        if (is_own_host(host))
            return true;
    return false;
}

/* NULL if it is not set. */
static char *option_of(PQconninfoOption *options, const char *keyword)
{
    for (PQconninfoOption *option = options; option && option->keyword; option++)
        if (strcmp(option->keyword, keyword) == 0 && option->val && *option->val)
            return option->val;
    return NULL;
}

/* Only libpq knows what connection strings, variables and service files come to together. It gathers all of that before
 * it finds that there is no such sslmode, and then stops: nothing is opened. If it could gather nothing, our sslmode is
 * not there either, and the answer is NULL. PQconninfoFree() it. */
static PQconninfoOption *resolve(const struct target *target)
{
    static const char no_such_mode[] = "resolve only";
    const char *keywords[TARGET_KEYWORDS + 1], *values[TARGET_KEYWORDS + 1];
    size_t n = 0;
    target_keywords(target, NULL, keywords, values);
    while (keywords[n])
        n++;
    keywords[n] = "sslmode";
    values[n] = no_such_mode;
    keywords[n + 1] = values[n + 1] = NULL;
    PGconn *conn = PQconnectStartParams(keywords, values, 1);
    PQconninfoOption *options = PQconninfo(conn);
    const char *mode = option_of(options, "sslmode");
    PQfinish(conn);
    if (mode && strcmp(mode, no_such_mode) == 0)
        return options;
    PQconninfoFree(options);
    return NULL;
}

bool target_is_local(const struct target *target)
{
    PQconninfoOption *options = resolve(target);
    char *hosts = option_of(options, "hostaddr");
    if (!hosts)
        hosts = option_of(options, "host");
    bool local = options && (!hosts || has_own_host(hosts));
    PQconninfoFree(options);
    return local;
}

/* What is no number libpq refuses when it connects. */
int target_connect_timeout_s(const struct target *target)
{
    int64_t seconds = CONNECT_TIMEOUT_S;
    PQconninfoOption *options = resolve(target);
    const char *text = option_of(options, "connect_timeout");
    if (text)
        units_parse_int(text, &seconds);
    PQconninfoFree(options);
    return seconds > 0 && seconds < 1000000 ? (int)seconds : 0;
}

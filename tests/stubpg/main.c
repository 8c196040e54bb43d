/* stubpg: a server that speaks PostgreSQL's protocol, takes scripted times, and knows the truth about them.
 *
 *     main       options                                   server     sockets, the loop
 *     conn       one client's bytes                        protocol   messages in
 *     sql        what a statement is                       statement  running it
 *     service    requests in time: line, limit, stalls     reply      messages out
 *     model      settings, and what is drawn from them     command    STUB statements
 *     journal    the log (record.h)
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/units.h"
#include "server.h"

enum {
    LOG_RECORDS = 16 * 1000 * 1000 /* reserved, not used: 64 bytes each as they come */
};

struct options {
    struct listen_options listen;
    const char *log;
    int64_t port, log_records;
    bool realtime, help;
};

/* --- Options ------------------------------------------------------------------------------------------------------ */

static void print_help(void)
{
    const char *name, *words, *help;
    printf("usage: stubpg --host=FOLDER [OPTION…]\n\n"
           "  --host=FOLDER, -h          where the Unix socket goes\n"
           "  --port=N, -p               5432\n"
           "  --tcp                      listen on 127.0.0.1 as well\n"
           "  --realtime                 run before all else on this machine, if it may (CAP_SYS_NICE)\n"
           "  --log=FILE                 write the log when ended (CSV if it ends in .csv)\n"
           "  --log-records=N            no more than so many; 64 bytes each\n\n"
           "Settings, also as statements: STUB NAME VALUE\n\n");
    for (int row = 0; (help = model_help(row, &name, &words)); row++)
        printf("  --%s='%s'\n        %s\n", name, words, help);
}

static bool set_option(struct options *options, struct model *model, const char *name, const char *value,
                       struct err *err)
{
    bool host = strcmp(name, "--host") == 0 || strcmp(name, "-h") == 0;
    bool port = strcmp(name, "--port") == 0 || strcmp(name, "-p") == 0;
    if (host)
        options->listen.host = value;
    else if (strcmp(name, "--log") == 0)
        options->log = value;
    else if (port && (!units_parse_int(value, &options->port) || options->port < 1 || options->port > 65535))
        return err_set(err, ERR_USAGE, name, "cannot use \"%s\"; wanted: 1 … 65535", value);
    else if (strcmp(name, "--log-records") == 0) {
        if (!units_parse_int(value, &options->log_records) || options->log_records < 1 ||
            options->log_records >= UINT32_MAX)
            return err_set(err, ERR_USAGE, name, "cannot use \"%s\"; wanted: a number of records", value);
    } else if (!port)
        return strncmp(name, "--", 2) == 0 ? model_set(model, name + 2, value, err)
                                           : err_set(err, ERR_USAGE, NULL, "there is no option %s", name);
    return true;
}

/* The member that a flag sets; NULL if `name` is none. */
static bool *flag_of(struct options *options, const char *name)
{
    const struct {
        const char *name;
        bool *flag;
    } rows[] = {{"--tcp", &options->listen.tcp}, {"--realtime", &options->realtime}, {"--help", &options->help}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].name, name) == 0)
            return rows[i].flag;
    return NULL;
}

static bool read_options(int argc, char **argv, struct options *options, struct model *model, struct err *err)
{
    for (int i = 1; i < argc; i++) {
        char *name = argv[i], *value = name[0] == '-' && name[1] == '-' ? strchr(name, '=') : NULL;
        bool *flag = flag_of(options, name);
        if (flag) {
            *flag = true;
            continue;
        }
        if (value)
            *value++ = '\0';
        else
            value = argv[++i];
        if (!value)
            return err_set(err, ERR_USAGE, name, "needs a value");
        if (!set_option(options, model, name, value, err))
            return false;
    }
    for (int i = 0; i < model->n_stalls; i++) /* nobody is there yet for whom it could be at once */
        model->stalls[i].at_ns = model->stalls[i].at_ns < 0 ? 0 : model->stalls[i].at_ns;
    return options->listen.host || options->help ||
           err_set(err, ERR_USAGE, "--host", "is needed: the folder of the socket");
}

/* Late replies are logged as they were, but on a busy machine there would be many. Where it is not allowed, the stub
 * is still right, only later. */
static void be_prompt(bool realtime)
{
    struct sched_param first = {.sched_priority = 1};
    prctl(PR_SET_TIMERSLACK, 1UL);
    if (realtime && sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &first) != 0)
        fprintf(stderr, "stubpg: --realtime: %s; going on without\n", strerror(errno));
}

int main(int argc, char **argv)
{
    struct err err = {0};
    struct options options = {.port = 5432, .log_records = LOG_RECORDS};
    struct server server = {0};
    model_init(&server.first);
    bool ok = read_options(argc, argv, &options, &server.first, &err);
    if (ok && options.help) {
        print_help();
        return 0;
    }
    options.listen.port = (int)options.port;
    options.listen.log_records = (size_t)options.log_records;
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    be_prompt(options.realtime);
    ok = ok && server_open(&server, &options.listen, &err);
    if (ok) {
        printf("ready: host=%s port=%d\n", options.listen.host, (int)options.port);
        fflush(stdout);
        server_run(&server);
        ok = !options.log || journal_write(&server.service.journal, options.log, &err);
    }
    if (!ok)
        fprintf(stderr, "stubpg: %s%s%s\n", err.where, err.where[0] ? ": " : "", err.text);
    server_close(&server, &options.listen);
    return ok ? 0 : 1;
}

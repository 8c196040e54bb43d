/* clang-format off */
/* pgdyno, a dynamometer for PostgreSQL. Where to find what; each room includes only rooms above it. (tests/house checks
 * that every source file is named here.)
 *
 *   bench/base/ arena    memory that goes together    err       what went wrong           heap    the timers' order
 *               json     jansson's helpers            log       notices                   proc    programs, this machine
 *               stop     Ctrl-C                       str       growable text             units   250ms, 31,988
 *   bench/pg/   target   which server                 query     blocking set-up SQL       sqlerror  shown with a caret
 *               conn     asynchronous libpq           sqlstate  codes and names           index   built, timed, sized
 *               plan     EXPLAIN, plan shapes         serverstat  the server's counters
 *               cluster  the private server           keeper    its guardian process      folder  where it lives
 *               settings  what it runs with           binaries  where initdb is
 *   generators/ dist     random distributions         text      words, letters            value   typed values
 *               table    row n, a pure function       csv_source  CSV files               copy    COPY's text format
 *               copy_in  one COPY                     load      many, in parallel         rejection  the row at fault
 *               calendar, interval  moved moments     numeric   fixed point               document  JSON and arrays
 *   workloads/  loader   from a file to a workload    doc       YAML with places          schema, keys  keys as rows
 *               bind_tables, bind_transactions, bind_variants, spec   nodes to structs    sqltext  :name in SQL
 *               builder, text_origin  one transaction         bind_steps, step_walk, bind_rewrites  in YAML
 *               lexer, expr, names, fold, hints, program   expressions, compiled          problems  underlined
 *               eval, operators, format, permute, function_table, functions, functions_data,
 *               functions_random, functions_document, mixed   and run    claims  what columns promise
 *               rates    500/s, 80%                   check, check_load  is it sound        catalog  finds what is there
 *               script, script_commands, script_builtins, bind_script, scripts  pgbench's
 *               key_help, json_schema  keys for people and editors
 *   bench/run/  session  reach the server             preflight, setting_match  what must be so
 *               rehearse, reverted  all SQL once      seed      fill, reuse, clean        settle  vacuum, checkpoint
 *               restore  the seeded state             variant   enter, leave              sample  plans
 *               order, sweep  all trials              trial     one of them               judge   is it valid
 *               replay   a perfect queue's waits    steady    long enough, no drift    balance  Little, overload
 *               estimate  what a run would do         result    what one yields       column_stats  pg_stats
 *               driver, worker, crew  a trial's load  pool, link  connections
 *               runner, attempt, steps, pipeline  a transaction
 *               tickets, schedule  who is next        collect   what the threads saw      outage  and what was missing
 *               loop, timing  epoll, timers, spin     setup     a session's SQL           mix     which transaction
 *               wire     parameters and rows          retry     again, and when           hist    histograms
 *               recorder, records  one thread's       timeline  second by second
 *   reports/    store, store_head, fields, raw  into a folder                         facts, facts_folder, facts_head,
 *               facts_trials, facts_hists, facts_raw  and back
 *               figures  of one cell                  stats, compare  before and after
 *               pools, pool_size  how many            words    names of cells             csv     the tables
 *               text, text_table, text_ratio, text_ledger, text_truth, text_verdicts, text_warnings   the terminal's
 *               alike, grid, text_wrap  their helpers
 *               markdown  report.md                   hlog, hgrm  histogram files         output  files, checked
 *               plot, picture, plot_percentiles, plot_pools, plot_ratios, plot_time, plot_ledger   gnuplot
 *               report   all of it
 *   bench/cli/  main     this                         opt       options as rows           help, help_topics  --help, help, man
 *               job      what commands share          view      progress                  redact  no passwords
 *               folder   where results go             report_step  report and table       plan_text, plan_load, plan_table
 *               column_table  what seed says
 *               existing  scripts on what is there    cmd_run, cmd_seed, cmd_check, cmd_report, cmd_compare, cmd_list, cmd_clean
 */
/* clang-format on */
#include <stdio.h>
#include <string.h>

#include "base/proc.h"
#include "cli/help.h"
#include "cli/job.h"
#include "cli/redact.h"
#include "pg/query.h"
#include "workloads/script.h"

static int cmd_help(const struct options *options, const char *command_line);

static const struct command commands[] = {
    {"run", FOR_RUN, "WORKLOAD [URI]", 1, 1, cmd_run, "seed, sweep, report: the main job",
     "pgdyno run tasks                                       # on a private server\n"
     "pgdyno run tasks --pool=4,8,16 --isolation=rc,ser      # over pool sizes and isolation levels\n"
     "pgdyno run tasks --rate=500,80% --arrivals=poisson     # at rates that do not wait for the server\n"
     "pgdyno run tasks -c 200 --acquire-timeout=2s           # more clients than connections\n"
     "pgdyno run my.yaml -d 'host=db1 dbname=bench'          # on a server of yours\n"
     "pgdyno run tasks --variant=none,partial -T 30 --blocks=20\n"
     "pgdyno run bank --dry-run                              # what it would do, and how long\n"
     "pgdyno run -b tpcb-like -s 10 -c 8                     # pgbench's script on pgbench's tables\n"
     "pgdyno run -f mine.sql@3 -b select-only -d bench       # scripts on the tables that are there",
     "WORKLOAD is a file, or the name of one that `pgdyno list` shows. Without it, scripts (-f, -b) run on the tables that a "
     "given server has, or on pgbench's own on a private one. Ctrl-C once reports what was measured, twice "
     "ends at once."},
    {"seed", FOR_SEED, "WORKLOAD [URI]", 1, 1, cmd_seed, "only create and fill the tables",
     "pgdyno seed tasks -d bench --scale=10\n"
     "pgdyno seed tasks --keep                               # a private server whose folder stays",
     "Tables that are already as they would be made are kept. Then pg_stats is shown beside what the file promises of a "
     "column: how many values, NULLs, the most common value, the physical order."},
    {"check", FOR_CHECK, "WORKLOAD [URI]", 1, 1, cmd_check, "try everything and measure nothing",
     "pgdyno check my.yaml\n"
     "pgdyno check my.yaml -d bench                          # leaves nothing there",
     "Reads the file, prepares every statement under every variant, and prints what a run would do: its trials, time, "
     "disk and, on a private server, plans."},
    {"report", FOR_REPORT, "DIR", 1, 1, cmd_report, "write the reports of a run again",
     "pgdyno report pgdyno-results/latest\n"
     "pgdyno report pgdyno-results/latest --plots=png --latency-percentiles=50,99,99.9",
     "Works on interrupted runs too, and needs no server."},
    {"compare", FOR_COMPARE, "BASE HEAD", 2, 2, cmd_compare, "two finished runs (not supported yet)",
     "pgdyno compare results-before results-after", NULL},
    {"list", FOR_LIST, "", 0, 0, cmd_list, "the workloads that come with it", "pgdyno list", NULL},
    {"clean", FOR_CLEAN, "WORKLOAD [URI]", 1, 1, cmd_clean, "drop what seed created", "pgdyno clean tasks -d bench",
     "Refuses a schema that pgdyno did not make."},
    {"help", FOR_HELP, "[TOPIC]", 0, 1, cmd_help, "a command, or the language of workload files",
     "pgdyno help run                                        # the same as pgdyno run --help\n"
     "pgdyno help workload                                   # every key of the file, with defaults and limits\n"
     "pgdyno help expressions                                # every function and operator\n"
     "pgdyno help schema > pgdyno.schema.json                # for an editor that completes and checks",
     "TOPIC is a command, workload, expressions or schema."},
    {0},
};

static int print(struct str *text)
{
    fputs(str_text(text), stdout);
    str_deinit(text);
    return finish_output(EXIT_OK);
}

static int cmd_help(const struct options *options, const char *command_line)
{
    (void)command_line;
    struct str text = {0};
    struct err err = {0};
    if (help_topic(commands, options->n_operands > 0 ? options->operands[0] : NULL, &text, &err))
        return print(&text);
    str_deinit(&text);
    return error_print(&err);
}

static int print_version(void)
{
    int libpq = db_client_version();
    printf("pgdyno %s (libpq %d.%d, for PostgreSQL 14 to 18)\n", PGDYNO_VERSION, libpq / 10000, libpq % 10000);
    return finish_output(EXIT_OK);
}

static int usage(const struct err *err, const struct command *command)
{
    error_print(err);
    fprintf(stderr, "try `pgdyno %s%s--help`\n", command ? command->name : "", command ? " " : "");
    return EXIT_USAGE;
}

static const struct command *find(const char *name)
{
    for (const struct command *command = commands; command->name; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

static int unknown_command(const char *word)
{
    const char *names[sizeof commands / sizeof *commands] = {0};
    struct err err = {0};
    for (size_t i = 0; commands[i].name; i++)
        names[i] = commands[i].name;
    const char *nearest = str_nearest(word, names);
    if (word[0] == '-')
        err_set(&err, ERR_USAGE, NULL, "options come after the command: pgdyno run WORKLOAD %s", word);
    else if (nearest)
        err_set(&err, ERR_USAGE, NULL, "unknown command `%s` (did you mean `%s`?)", word, nearest);
    else
        err_set(&err, ERR_USAGE, NULL, "unknown command `%s`", word);
    return usage(&err, NULL);
}

static void list_builtins(struct str *out)
{
    str_append(out, "Available builtin scripts:\n");
    for (const struct script_builtin *each = script_builtins; each->name; each++)
        str_printf(out, "  %13s: %s\n", each->name, each->about);
}

static int execute(const struct command *command, struct options *options, const char *command_line)
{
    struct str text = {0};
    struct err err = {0};
    if (options->help) {
        help_command(command, &text);
        return print(&text);
    }
    if (options->version)
        return print_version();
    if (options->list_builtins) {
        list_builtins(&text);
        return print(&text);
    }
    if (options->n_operands < command->min_operands && options->n_scripts == 0) {
        err_set(&err, ERR_USAGE, NULL, "%s needs %s%s", command->name, command->operands,
                command->bit & (FOR_RUN | FOR_CHECK) ? ", or pgbench scripts with -f or -b" : "");
        return usage(&err, command);
    }
    return command->run(options, command_line);
}

/* Options are copied before argv is cleared of passwords, and errors are shown after. */
static int run_command(const struct command *command, int argc, char **argv)
{
    struct options options;
    struct err err = {0};
    struct str command_line = {0};
    bool parsed = options_parse(&options, command->bit, command->max_operands, argc - 2, argv + 2, &err);
    bool had_password = redact_argv(argc, argv);
    redact_command_line(argc, argv, &command_line);
    if (had_password)
        fputs("warning: a password on the command line can be seen by others on this machine; keep it in ~/.pgpass\n",
              stderr);
    int status = parsed ? execute(command, &options, str_text(&command_line)) : usage(&err, command);
    str_deinit(&command_line);
    options_deinit(&options);
    return status;
}

static int general(const char *word, bool *done)
{
    struct str text = {0};
    *done = true;
    if (strcmp(word, "--help") == 0 || strcmp(word, "-?") == 0)
        help_program(commands, &text);
    else if (strcmp(word, "--mdoc") == 0) /* for the build */
        help_man(commands, &text);
    else if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0)
        return print_version();
    else
        *done = false;
    return *done ? print(&text) : EXIT_USAGE;
}

int main(int argc, char **argv)
{
    bool done = false;
    proc_open_stdio();
    if (argc < 2) {
        struct str text = {0};
        help_program(commands, &text);
        fputs(str_text(&text), stderr);
        str_deinit(&text);
        return EXIT_USAGE;
    }
    int status = general(argv[1], &done);
    if (done)
        return status;
    const struct command *command = find(argv[1]);
    return command ? run_command(command, argc, argv) : unknown_command(argv[1]);
}

/* What pgbench makes of expressions. debug() prints a value together with the number of its command, so one process
 * answers for many; an error ends a client, so that each expression which is likely to fail gets a client of its own.
 */
#ifndef TESTS_WORKLOADS_PGBENCH_ORACLE_H
#define TESTS_WORKLOADS_PGBENCH_ORACLE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/proc.h"
#include "pg/cluster.h"
#include "unit.h"

enum {
    ORACLE_CLIENTS = 80,
    ORACLE_ARGS = 160,
    ANSWER_BYTES = 48
};

struct oracle {
    struct cluster *cluster;
    char folder[64];
    char script[96];
    char pgbench[4096];
};

typedef char answer[ANSWER_BYTES]; /* "int 5", "double 1.5", "boolean true", "null"; "error" */

static int oracle_start(void **state)
{
    static struct oracle oracle;
    struct err err = {0};
    struct cluster_options options = {.max_connections = ORACLE_CLIENTS + 10, .fast_unsafe = true};
    if (!cluster_open(&options, &oracle.cluster, &err)) {
        print_error("%s\n", err.text);
        return -1;
    }
    snprintf(oracle.pgbench, sizeof oracle.pgbench, "%s/pgbench", cluster_bindir(oracle.cluster));
    snprintf(oracle.folder, sizeof oracle.folder, "/tmp/pgdyno-expr-XXXXXX");
    if (access(oracle.pgbench, X_OK) != 0 || !mkdtemp(oracle.folder))
        return -1;
    snprintf(oracle.script, sizeof oracle.script, "%s/script.sql", oracle.folder);
    *state = &oracle;
    return 0;
}

static int oracle_stop(void **state)
{
    struct oracle *oracle = *state;
    cluster_close(oracle->cluster);
    return proc_remove_tree(oracle->folder, NULL) ? 0 : -1;
}

/* pgbench on the script with these options (NULL-terminated). Its status is of no use: one error of many sets it. */
static bool oracle_run(const struct oracle *oracle, const char *const *options, struct str *output)
{
    const struct target *target = cluster_target(oracle->cluster);
    const char *argv[ORACLE_ARGS + 16] = {oracle->pgbench,
                                          "-n",
                                          "--random-seed=20260",
                                          "-f",
                                          oracle->script,
                                          "-h",
                                          target->host,
                                          "-p",
                                          target->port ? target->port : "5432",
                                          "-U",
                                          target->user};
    size_t n = 11;
    for (; *options; options++) {
        assert_true(n < ORACLE_ARGS);
        argv[n++] = *options;
    }
    argv[n] = target->database ? target->database : target->dbname;
    return proc_run(argv, NULL, (uid_t)-1, (gid_t)-1, 0, output, NULL);
}

/* One script being written: which command is which expression. */
struct oracle_script {
    FILE *file;
    int commands;
    int clients;
    size_t *texts; /* by command, from 1; SIZE_MAX: none */
};

static void script_command(struct oracle_script *script, size_t text, const char *before, const char *line)
{
    fprintf(script->file, "%s%s%s\n", before, line, text == SIZE_MAX ? "" : ")");
    script->texts[++script->commands] = text;
}

static void script_open(struct oracle_script *script, const struct oracle *oracle, size_t count)
{
    *script = (struct oracle_script){.file = fopen(oracle->script, "w")};
    script->texts = malloc((3 * count + 3) * sizeof *script->texts);
    assert_non_null(script->file);
    assert_non_null(script->texts);
}

/* The next client's own block. */
static void script_begin(struct oracle_script *script)
{
    char number[32];
    snprintf(number, sizeof number, "%d", script->clients++);
    script_command(script, SIZE_MAX, "\\if :client_id = ", number);
}

/* "debug(script=0,command=7): int 5" and "client 3 aborted in command 7 (set) of script 0", counted from 1 and 0. */
static void read_answers(const struct oracle_script *script, const char *output, answer *answers)
{
    for (const char *line = output; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        const char *debug = strstr(line, "command=");
        const char *aborted = strstr(line, "aborted in command ");
        const char *end = line + strcspn(line, "\n");
        int command = debug && debug < end       ? atoi(debug + strlen("command="))
                      : aborted && aborted < end ? atoi(aborted + strlen("aborted in command ")) + 1
                                                 : 0;
        if (command < 1 || command > script->commands || script->texts[command] == SIZE_MAX)
            continue;
        const char *value = debug && debug < end ? strstr(debug, "): ") + 3 : "error\n";
        snprintf(answers[script->texts[command]], ANSWER_BYTES, "%.*s", (int)strcspn(value, "\n"), value);
    }
}

static void script_run(struct oracle_script *script, const struct oracle *oracle, const char *const *defines,
                       answer *answers)
{
    char clients[16];
    struct str output = {0};
    const char *options[ORACLE_ARGS] = {"-t", "1", "-c", clients};
    snprintf(clients, sizeof clients, "%d", script->clients);
    for (size_t i = 0; defines && defines[i] && i + 6 < ORACLE_ARGS; i++)
        options[i + 4] = defines[i];
    assert_int_equal(fclose(script->file), 0);
    oracle_run(oracle, options, &output);
    read_answers(script, str_text(&output), answers);
    if (strstr(str_text(&output), "syntax error") || strstr(str_text(&output), "unexpected"))
        fail_msg("%.2000s", str_text(&output));
    str_deinit(&output);
    free(script->texts);
}

/* Writes what has no answer yet, as far as there are clients. False: all have one. */
static bool script_fill(struct oracle_script *script, const char *const *texts, const bool *fails, size_t count,
                        answer *answers)
{
    bool any = false;
    script_begin(script);
    for (size_t i = 0; i < count; i++) {
        if (!fails[i] && !answers[i][0])
            script_command(script, i, "\\set v debug(", texts[i]);
        any = any || !answers[i][0];
    }
    script_command(script, SIZE_MAX, "\\endif", "");
    for (size_t i = 0; i < count && script->clients < ORACLE_CLIENTS; i++) {
        if (!fails[i] || answers[i][0])
            continue;
        script_begin(script);
        script_command(script, i, "\\set v debug(", texts[i]);
        script_command(script, SIZE_MAX, "\\endif", "");
    }
    return any;
}

/* Answers to all texts; fails[i]: it is likely to be an error. One that is an error nevertheless costs a further run.
 * `defines` (-D, name=value, …) may be NULL. */
static void oracle_ask(const struct oracle *oracle, const char *const *texts, const bool *fails, size_t count,
                       const char *const *defines, answer *answers)
{
    size_t most_runs = 50 + count / ORACLE_CLIENTS;
    memset(answers, 0, count * sizeof *answers);
    for (size_t run = 0; run < most_runs; run++) {
        struct oracle_script script;
        script_open(&script, oracle, count);
        bool more = script_fill(&script, texts, fails, count, answers);
        if (more) {
            script_run(&script, oracle, defines, answers);
            continue;
        }
        fclose(script.file);
        free(script.texts);
        return;
    }
    for (size_t i = 0; i < count; i++)
        if (!answers[i][0])
            fail_msg("pgbench gives no answer to %s", texts[i]);
}

/* A process for one expression that may be no expression at all. */
static bool oracle_accepts(const struct oracle *oracle, const char *text)
{
    FILE *file = fopen(oracle->script, "w");
    assert_non_null(file);
    fprintf(file, "\\set v %s\n", text);
    assert_int_equal(fclose(file), 0);
    return oracle_run(oracle, (const char *const[]){"-t", "1", NULL}, NULL);
}

#endif

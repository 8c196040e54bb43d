/* truth [--full] [--output=FOLDER] [--list] [ID …]: run acceptance tests and print their table. */
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/stop.h"
#include "sentinel.h"
#include "stub_log.h"
#include "truth.h"

enum {
    MOST_ROWS = 64,
    ATTEMPTS = 3,
    POSTGRES = 1,
    STUB = 2
};

enum verdict_shown {
    PASS,
    FAIL,
    SKIPPED,
    NOTE
};
static const char *const verdict_words[] = {"pass", "FAIL", "skipped", "–"};

struct row {
    enum verdict_shown verdict;
    enum claim claim;
    char setup[TRUTH_TEXT], measured[TRUTH_TEXT], expected[TRUTH_TEXT];
};

static const struct {
    const char *id;
    truth_fn *run;
    int needs;
} tests[] = {
    {"T1", truth_t1, POSTGRES | STUB},
    {"T2", truth_t2, POSTGRES | STUB},
    {"T3", truth_t3, POSTGRES | STUB},
    {"T4", truth_t4, STUB},
    {"T5", truth_t5, POSTGRES | STUB},
    {"T6", truth_t6, STUB},
    {"T7", truth_t7, STUB},
    {"T8", truth_t8, STUB},
    {"T9", truth_t9, STUB},
    {"T10", truth_t10, 0},
    {"T11", truth_t11, POSTGRES | STUB},
    {"T12", truth_t12, POSTGRES | STUB},
    {"T18", truth_t18, STUB},
    {"T19", truth_t19, POSTGRES},
    {"T21", truth_t21, STUB},
};
#define N_TESTS (sizeof tests / sizeof *tests)

/* --- The table ---------------------------------------------------------------------------------------------------- */

char *truth_text(char *buf, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(buf, TRUTH_TEXT, fmt, args);
    va_end(args);
    return buf;
}

bool truth_judges_timing(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(undefined_behavior_sanitizer)
    return false;
#endif
#endif
    return true;
}

static void add(struct truth *truth, enum verdict_shown verdict, const char *setup, const char *measured,
                const char *expected)
{
    if (truth->n_rows == MOST_ROWS) {
        truth->failed_exact++;
        return;
    }
    struct row *row = &truth->rows[truth->n_rows++];
    row->verdict = verdict;
    snprintf(row->setup, sizeof row->setup, "%s", setup);
    snprintf(row->measured, sizeof row->measured, "%s", measured);
    snprintf(row->expected, sizeof row->expected, "%s", expected);
}

bool truth_check(struct truth *truth, enum claim claim, bool ok, const char *setup, const char *measured,
                 const char *expected)
{
    if (claim == TIMING && !truth_judges_timing()) {
        add(truth, SKIPPED, setup, measured, "timing is not judged under a sanitizer");
        return true;
    }
    add(truth, ok ? PASS : FAIL, setup, measured, expected);
    if (truth->n_rows < MOST_ROWS)
        truth->rows[truth->n_rows - 1].claim = claim;
    if (!ok)
        ++*(claim == EXACT ? &truth->failed_exact : &truth->failed_timing);
    return ok;
}

void truth_note(struct truth *truth, const char *setup, const char *measured, const char *expected)
{
    add(truth, NOTE, setup, measured, expected);
}

void truth_skip(struct truth *truth, const char *setup, const char *why)
{
    add(truth, SKIPPED, setup, "", why);
}

void truth_broken(struct truth *truth, const char *setup, const struct err *err)
{
    add(truth, FAIL, setup, err->text, "no error");
    truth->failed_exact++;
}

/* Columns of a UTF-8 text. */
static int columns(const char *text)
{
    int n = 0;
    for (; *text; text++)
        n += (*text & 0xc0) != 0x80;
    return n;
}

struct line {
    const char *id, *setup, *measured, *expected, *verdict;
};

static void cell(FILE *file, const char *text, int width)
{
    fprintf(file, " %s%*s |", text, width > columns(text) ? width - columns(text) : 0, "");
}

static void print(FILE *file, const struct line *line)
{
    fputc('|', file);
    cell(file, line->id, 3);
    cell(file, line->setup, 56);
    cell(file, line->measured, 56);
    cell(file, line->expected, 48);
    cell(file, line->verdict, 7);
    fputc('\n', file);
    fflush(file);
}

/* To the terminal, and into the folder's table. */
static void say(const struct truth *truth, const struct line *line)
{
    print(stdout, line);
    if (truth->table)
        print(truth->table, line);
}

static void show(const struct truth *truth)
{
    for (int i = 0; i < truth->n_rows; i++) {
        const struct row *row = &truth->rows[i];
        say(truth, &(struct line){truth->id, row->setup, row->measured, row->expected, verdict_words[row->verdict]});
    }
}

static void show_head(const struct truth *truth)
{
    say(truth, &(struct line){"id", "set-up", "measured", "expected", "verdict"});
    say(truth, &(struct line){"---", "---", "---", "---", "---"});
}

static bool open_table(struct truth *truth, struct err *err)
{
    char path[512];
    if (!truth->folder)
        return true;
    mkdir(truth->folder, 0777); /* what is wrong with it shows in the next line */
    snprintf(path, sizeof path, "%s/table.md", truth->folder);
    truth->table = fopen(path, "w");
    return truth->table || err_system(err, path, "cannot be written");
}

/* --- Running ------------------------------------------------------------------------------------------------------ */

static bool open_servers(struct truth *truth, int needs, struct err *err)
{
    static const struct setting settings[] = {{"autovacuum", "off"}}; /* T11 counts commits */
    struct cluster_options options = {
        .settings = settings, .n_settings = 1, .max_connections = 60, .fast_unsafe = true};
    if (needs & STUB)
        stub_start(truth->stub, NULL);
    return !(needs & POSTGRES) ||
           (cluster_open(&options, &truth->cluster, err) && db_open(cluster_target(truth->cluster), &truth->db, err));
}

static void close_servers(struct truth *truth)
{
    stub_stop(truth->stub);
    db_close(truth->db);
    cluster_close(truth->cluster);
}

/* Times that were off while this machine let anyone wait prove nothing. */
static void excuse(struct truth *truth, const struct sentinel *sentinel)
{
    for (int i = 0; i < truth->n_rows; i++) {
        struct row *row = &truth->rows[i];
        if (row->verdict != FAIL || row->claim != TIMING)
            continue;
        row->verdict = SKIPPED;
        snprintf(row->expected, sizeof row->expected, "busy machine: a sleep of 1 ms was %.1f ms late (p99)",
                 sentinel->p99_ms);
    }
    truth->failed_timing = 0;
}

static void attempt_once(struct truth *truth, truth_fn *test, struct sentinel *sentinel)
{
    truth->n_rows = truth->failed_exact = truth->failed_timing = 0;
    sentinel_begin(sentinel);
    test(truth);
    sentinel_end(sentinel);
    if (truth->full)
        truth_note(truth, "this machine meanwhile",
                   TEXT("a sleep of 1 ms was late by p50 %.2f, p99 %.2f, max %.1f ms", sentinel->p50_ms,
                        sentinel->p99_ms, sentinel->max_ms),
                   sentinel->disturbed ? "other work disturbed it" : "quiet");
}

/* True unless a claim failed. */
static bool run(struct truth *truth, truth_fn *test)
{
    struct sentinel sentinel;
    for (int attempt = 1;; attempt++) {
        attempt_once(truth, test, &sentinel);
        bool off = !truth->full && truth->failed_exact == 0 && truth->failed_timing > 0;
        if (off && attempt == ATTEMPTS && sentinel.disturbed)
            excuse(truth, &sentinel);
        if (!off || attempt == ATTEMPTS || stop_requested())
            break;
        show(truth);
        printf("# %s: a time was off; once more, in case it was this machine's doing\n", truth->id);
    }
    show(truth);
    return truth->failed_exact + truth->failed_timing == 0;
}

static bool wanted(const char *id, char **ids)
{
    for (char **wanted = ids; *wanted; wanted++)
        if (strcmp(*wanted, id) == 0)
            return true;
    return !*ids;
}

static bool known(const char *id)
{
    for (size_t i = 0; i < N_TESTS; i++)
        if (strcmp(tests[i].id, id) == 0)
            return true;
    return false;
}

static int run_all(struct truth *truth, char **ids)
{
    struct err err = {0};
    int needs = 0, failed = 0;
    for (size_t i = 0; i < N_TESTS; i++)
        needs |= wanted(tests[i].id, ids) ? tests[i].needs : 0;
    truth->rows = calloc(MOST_ROWS, sizeof *truth->rows);
    if (!truth->rows || !open_table(truth, &err) || !open_servers(truth, needs, &err)) {
        fprintf(stderr, "truth: %s\n", truth->rows ? err.text : "out of memory");
        failed = 1;
        goto out;
    }
    show_head(truth);
    for (size_t i = 0; i < N_TESTS && !stop_requested(); i++) {
        truth->id = tests[i].id;
        failed += wanted(tests[i].id, ids) && !run(truth, tests[i].run);
    }
    printf("\n%s\n", stop_requested() ? "stopped" : failed ? "what failed is marked FAIL" : "all claims hold");
out:
    close_servers(truth);
    if (truth->table)
        fclose(truth->table);
    free(truth->rows);
    return failed || stop_requested() ? 1 : 0;
}

static int usage(void)
{
    fprintf(stderr, "usage: truth [--full] [--output=FOLDER] [--list] [ID …]\n"
                    "Acceptance tests of the harness; README.md of this folder tells what each is.\n");
    return 2;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"full", no_argument, NULL, 'f'},
                                            {"output", required_argument, NULL, 'o'},
                                            {"list", no_argument, NULL, 'l'},
                                            {0}};
    struct stub stub = {0};
    struct truth truth = {.stub = &stub};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'f')
            truth.full = true;
        else if (option == 'o')
            truth.folder = optarg;
        else if (option != 'l')
            return usage();
        for (size_t i = 0; option == 'l' && i < N_TESTS; i++)
            puts(tests[i].id);
        if (option == 'l')
            return 0;
    }
    for (int i = optind; i < argc; i++)
        if (!known(argv[i]))
            return usage();
    stop_install();
    return run_all(&truth, argv + optind);
}

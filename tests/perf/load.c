/* load [FILE…]: milliseconds to read, check and bind a workload file, CPU time, median of 51 loads; without arguments
 * each file of the catalog. No server. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/proc.h"
#include "workloads/workload.h"

enum {
    LOADS = 51
};

static int by_number(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void load_once(const char *path, size_t *bytes)
{
    struct workload *workload = NULL;
    struct problems problems = {0};
    struct str shown = {0};
    if (!workload_load(path, NULL, 0, &workload, &problems)) {
        problems_print(&problems, false, &shown);
        fprintf(stderr, "%s", str_text(&shown));
        exit(1);
    }
    *bytes = strlen(workload->text);
    problems_deinit(&problems);
    workload_free(workload);
}

static double load_ms(const char *path, size_t *bytes)
{
    double ms[LOADS];
    for (int i = 0; i < LOADS; i++) {
        int64_t started_ns = proc_cpu_ns();
        load_once(path, bytes);
        ms[i] = (double)(proc_cpu_ns() - started_ns) / 1e6;
    }
    qsort(ms, LOADS, sizeof *ms, by_number);
    return ms[LOADS / 2];
}

static void print_one(const char *path)
{
    size_t bytes;
    const char *slash = strrchr(path, '/');
    double ms = load_ms(path, &bytes);
    printf("%-24s %6zu bytes %8.3f ms\n", slash ? slash + 1 : path, bytes, ms);
}

int main(int argc, char **argv)
{
    struct catalog_entry *entries = NULL;
    size_t count = 0;
    struct err err = {0};
    for (int i = 1; i < argc; i++)
        print_one(argv[i]);
    if (argc > 1)
        return 0;
    if (!catalog_list(&entries, &count, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    for (size_t i = 0; i < count; i++)
        print_one(entries[i].path);
    catalog_free(entries, count);
    return 0;
}

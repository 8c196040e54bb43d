#include "plot.h"

#include <stdlib.h>

#include "base/proc.h"

static const char *const names[PLOT_SERIES] = {"pgdyno, 200/s", "pgdyno, no rate (closed loop)", "pgbench -R 200"};

void plot_point(struct plot *plot, enum plot_series which, double time_s, double response_ms)
{
    if (!plot)
        return;
    struct plot_series_data *series = &plot->series[which];
    if (series->n == series->capacity) {
        size_t capacity = 2 * series->capacity + 1000;
        void *points = realloc(series->points, capacity * sizeof *series->points);
        if (!points)
            return;
        series->points = points;
        series->capacity = capacity;
    }
    series->points[series->n++] = (struct plot_at){time_s, response_ms};
}

static int by_response(const void *a, const void *b)
{
    double x = ((const struct plot_at *)a)->response_ms, y = ((const struct plot_at *)b)->response_ms;
    return (x > y) - (x < y);
}

/* A block a series, as gnuplot's `index` wants them: time, response, and 1/(1 − the response's rank). */
static bool write_data(const char *path, struct plot *plot)
{
    FILE *file = fopen(path, "w");
    if (!file)
        return false;
    fprintf(file, "# time_s response_ms one_in\n");
    for (int s = 0; s < PLOT_SERIES; s++) {
        struct plot_series_data *series = &plot->series[s];
        if (series->n > 0)
            qsort(series->points, series->n, sizeof *series->points, by_response);
        fprintf(file, "# %s\n", names[s]);
        for (size_t i = 0; i < series->n; i++)
            fprintf(file, "%.6f %.6f %.6f\n", series->points[i].time_s, series->points[i].response_ms,
                    (double)series->n / (double)(series->n - i));
        fprintf(file, "%s\n\n", series->n ? "" : "NaN NaN NaN");
    }
    return fclose(file) == 0;
}

static bool write_script(const char *path)
{
    FILE *file = fopen(path, "w");
    if (!file)
        return false;
    fprintf(file, "set terminal pngcairo size 1100,900 font ',11'\nset output 'T1.png'\n"
                  "set multiplot layout 2,1 title 'The server stands still for 0.5 s in the middle of 20 s'\n"
                  "set grid\nset logscale y\nset yrange [0.01:1000]\nset ylabel 'response, ms'\nset key top left\n"
                  "set xlabel 'intended start, s'\nset xrange [0:20]\nplot ");
    for (int s = 0; s < PLOT_SERIES; s++)
        fprintf(file, "'T1.dat' index %d using 1:2 with points pt 7 ps 0.4 title '%s'%s", s, names[s],
                s + 1 < PLOT_SERIES ? ", " : "\n");
    fprintf(file, "set xlabel 'percentile of response'\nset xrange [1:10000]\nset logscale x\n"
                  "set xtics ('0' 1, '50' 2, '90' 10, '95' 20, '99' 100, '99.9' 1000, '99.99' 10000)\nplot ");
    for (int s = 0; s < PLOT_SERIES; s++)
        fprintf(file, "'T1.dat' index %d using 3:2 with lines lw 2 title '%s'%s", s, names[s],
                s + 1 < PLOT_SERIES ? ", " : "\n");
    return fclose(file) == 0;
}

static bool draw(const char *folder, struct plot *plot, struct err *err)
{
    char data[512], script[512], gnuplot[512];
    snprintf(data, sizeof data, "%s/T1.dat", folder);
    snprintf(script, sizeof script, "%s/T1.gp", folder);
    if (!write_data(data, plot) || !write_script(script))
        return err_system(err, folder, "cannot write there");
    if (!proc_find("gnuplot", gnuplot, sizeof gnuplot))
        return err_set(err, ERR_SYSTEM, "gnuplot", "is not installed");
    const char *const argv[] = {gnuplot, "T1.gp", NULL};
    return proc_run(argv, folder, (uid_t)-1, (gid_t)-1, 60 * NS_PER_S, NULL, err);
}

void plot_draw(struct truth *truth, struct plot *plot)
{
    struct err err = {0};
    if (!truth->folder)
        return;
    if (draw(truth->folder, plot, &err))
        truth_note(truth, "the picture", "T1.png, from T1.dat and T1.gp", "");
    else
        truth_skip(truth, "the picture", err.text);
}

void plot_deinit(struct plot *plot)
{
    for (int s = 0; s < PLOT_SERIES; s++)
        free(plot->series[s].points);
}

/* One picture in the making: its script and data files, and what all plots share. */
#ifndef PGDYNO_REPORTS_PICTURE_H
#define PGDYNO_REPORTS_PICTURE_H

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"
#include "output.h"
#include "reports/compare.h"
#include "reports/facts.h"
#include "reports/plot.h"

/* What every plot needs to know. */
struct plot_context {
    const struct facts *facts;
    const struct comparisons *comparisons;
    const char *format;  /* "svg" or "png" */
    const char *gnuplot; /* NULL: scripts and data only */
    int64_t limit_ns;    /* for each picture */
    bool stopped_before; /* a stop that came earlier does not count */
    bool *given_up;      /* after a stop or a time-out the other pictures are not drawn */
    const struct log *log;
    struct plots *out;
};

struct picture {
    const struct plot_context *context;
    char name[FACTS_NAME_BYTES];
    const char *title;
    struct output script, data;
    FILE *gp, *dat;    /* of the above */
    int width, height; /* pixels */
    int legend_rows;
    int blocks;   /* data blocks so far: gnuplot's `index` */
    bool any;     /* something to see */
    bool crosses; /* somewhere in it a check broke: set before the panels begin */
    bool rings;   /* somewhere in it the rate was too much: the same */
    struct err err;
};

/* Each draws its pictures; one that has nothing to show makes none. */
void plot_percentiles(const struct plot_context *context);
void plot_pools(const struct plot_context *context);
void plot_time(const struct plot_context *context);
void plot_ratios(const struct plot_context *context);
void plot_ledger(const struct plot_context *context);

/* Opens plots/NAME.gp and .dat and writes the script's head. False: noticed, nothing to close. */
bool picture_begin(const struct plot_context *context, const char *name, const char *title, int width, int height,
                   struct picture *out);
/* Closes and draws. Without `any` the files are removed again. */
void picture_end(struct picture *picture);

/* Several panels under one title, with room for a legend below it; the panels follow in reading order. */
void picture_panels(struct picture *picture, int rows, int columns);
/* The next panel draws the legend of all (first), or none. */
void picture_legend(struct picture *picture, bool first);

/* A block of data begins; its number is returned. gnuplot would not count an empty block: this one never is. */
int picture_block(struct picture *picture, const char *comment);
void picture_value(struct picture *picture, double value); /* then a space */
void picture_end_row(struct picture *picture);

/* 'text' quoted for gnuplot; in a tic's label per cent signs are format directives. */
void picture_quote(FILE *file, const char *text, bool tic);
/* A name of the legend: quoted, cut. */
void picture_title(FILE *file, const char *name);
void picture_number(FILE *file, double value); /* decimal point whatever the locale */

/* The style number of a variant: 1 is the baseline's. More variants than styles begin again. */
int picture_style(int variant);

/* A logarithmic axis ("x" or "y") around the values that were added, with tics that people read. */
struct axis {
    double low, high;
};
void axis_add(struct axis *axis, double value); /* ignores what is not positive */
bool axis_empty(const struct axis *axis);
/* Sets range and tics. `margin` widens it, as a factor. */
void axis_log(const struct axis *axis, const char *which, double margin, FILE *gp);
/* From 0 to a little above. */
void axis_linear(const struct axis *axis, const char *which, FILE *gp);

/* "pool 8 · read committed · 500 tx/s", axes of −1 left out; with " · BROKEN", or " · BROKEN: covering" when not all
 * variants are, and the same of OVERLOADED where
 * one pool is meant. */
void picture_point_name(const struct facts *facts, struct point point, char *buf, size_t size);
/* Only that ending; "" when no check broke and nothing was overloaded. −1: any. */
void picture_marks(const struct facts *facts, struct point point, char *buf, size_t size);
/* Does the run have anything but closed loops: then files and titles carry the rate. */
bool picture_has_rates(const struct facts *facts);

/* Where a check broke a cross stands over the point, in every kind of picture; a plot clause ends so. It reaches beyond
 * the point, so that it shows on a dark one. */
#define PICTURE_CROSS(size) "with points pt 2 ps " size " lw 1.6 lc rgb '#000000'"
/* And a ring where it was overloaded, in pictures whose panels hold several points. */
#define PICTURE_RING "with points pt 6 ps 2 lw 1.6 lc rgb '#D55E00'"
/* The legend's entries for crosses and rings, if the picture has any: clauses after others. */
void picture_cross_title(const struct picture *picture);

#endif

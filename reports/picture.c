#include "picture.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/proc.h"
#include "base/stop.h"
#include "base/units.h"
#include "figures.h"
#include "grid.h"
#include "words.h"

/* --- Styles ------------------------------------------------------------------------------------------------------- */

/* Okabe and Ito's colours, which the colour-blind tell apart; dash and point differ too, for print in grey. */
static const struct {
    const char *colour;
    int dash, point;
} styles[] = {
    {"#404040", 1, 7},  {"#0072B2", 2, 5}, {"#D55E00", 4, 9}, {"#009E73", 3, 11},
    {"#CC79A7", 5, 13}, {"#E69F00", 1, 6}, {"#56B4E9", 2, 4}, {"#8C510A", 4, 8},
};
enum {
    N_STYLES = sizeof styles / sizeof styles[0]
};

int picture_style(int variant)
{
    return variant % N_STYLES + 1;
}

static void write_styles(FILE *gp)
{
    for (int i = 0; i < N_STYLES; i++)
        fprintf(gp, "set linetype %d lc rgb '%s' lw 1.8 dt %d pt %d ps 0.7\n", i + 1, styles[i].colour, styles[i].dash,
                styles[i].point);
}

static void write_head(struct picture *picture, int width, int height)
{
    FILE *gp = picture->gp;
    bool png = strcmp(picture->context->format, "png") == 0;
    fprintf(gp, "# `gnuplot %s.gp` in this folder draws %s.%s from %s.dat: change what you like and run it again.\n",
            picture->name, picture->name, picture->context->format, picture->name);
    if (png)
        fprintf(gp, "set terminal pngcairo noenhanced size %d,%d font 'DejaVu Sans,9' background '#ffffff'\n", width,
                height);
    else
        fprintf(gp, "set terminal svg noenhanced size %d,%d font 'DejaVu Sans,12' background '#ffffff'\n", width,
                height);
    fprintf(gp, "set output '%s.%s'\n", picture->name, picture->context->format);
    fputs("set encoding utf8\n", gp);
    write_styles(gp);
    fputs("set datafile missing 'NaN'\n"
          "set border 3 lc rgb '#606060'\n"
          "set tics nomirror out scale 0.6\n"
          "set grid lc rgb '#dddddd' lt 1 lw 0.7 dt 1\n"
          "set key noautotitle\n",
          gp);
}

/* --- Files -------------------------------------------------------------------------------------------------------- */

static bool open_part(struct picture *picture, const char *ending, struct output *out)
{
    char name[FACTS_NAME_BYTES + 32];
    snprintf(name, sizeof name, "plots/%s.%s", picture->name, ending);
    return output_open(out, picture->context->facts->folder, name, &picture->err);
}

bool picture_begin(const struct plot_context *context, const char *name, const char *title, int width, int height,
                   struct picture *out)
{
    *out = (struct picture){.context = context, .title = title, .width = width, .height = height};
    snprintf(out->name, sizeof out->name, "%s", name);
    if (!open_part(out, "gp", &out->script) || !open_part(out, "dat", &out->data)) {
        log_warning(context->log, "no plot %s: %s: %s", name, out->err.where, out->err.text);
        if (out->script.file)
            output_close(&out->script, NULL);
        return false;
    }
    out->gp = out->script.file;
    out->dat = out->data.file;
    write_head(out, width, height);
    return true;
}

static void remove_all(const struct picture *picture)
{
    char path[sizeof picture->script.path + 32];
    snprintf(path, sizeof path, "%s/plots/%s.%s", picture->context->facts->folder, picture->name,
             picture->context->format);
    unlink(picture->script.path);
    unlink(picture->data.path);
    unlink(path);
}

static bool draw(struct picture *picture)
{
    const struct plot_context *context = picture->context;
    char folder[sizeof picture->script.path], script[FACTS_NAME_BYTES + 8],
        image[sizeof folder + FACTS_NAME_BYTES + 16];
    snprintf(folder, sizeof folder, "%s/plots", context->facts->folder);
    snprintf(script, sizeof script, "%s.gp", picture->name);
    snprintf(image, sizeof image, "%s/%s.%s", folder, picture->name, context->format);
    const char *const argv[] = {context->gnuplot, script, NULL};
    int64_t start_ns = clock_now_ns();
    if (!proc_run(argv, folder, (uid_t)-1, (gid_t)-1, context->limit_ns, NULL, &picture->err)) {
        unlink(image); /* half a picture is worse than none */
        *context->given_up = picture->err.kind == ERR_STOPPED || clock_now_ns() - start_ns >= context->limit_ns;
        return false;
    }
    return access(image, R_OK) == 0 || err_system(&picture->err, image, "gnuplot made no picture");
}

static void tell_given_up(const struct plot_context *context)
{
    log_notice(context->log, "no more plots are drawn; their scripts and data are there: `pgdyno report %s` draws them",
               context->facts->folder);
}

static void remember(struct picture *picture)
{
    struct plots *out = picture->context->out;
    if (out->n == PLOTS_MAX)
        return;
    struct plot_file *file = &out->list[out->n++];
    snprintf(file->path, sizeof file->path, "plots/%s.%s", picture->name, picture->context->format);
    snprintf(file->title, sizeof file->title, "%s", picture->title);
}

/* A stop between two pictures ended no gnuplot, but it was asked for all the same. */
static bool wants_drawing(const struct plot_context *context)
{
    if (!context->gnuplot || *context->given_up)
        return false;
    *context->given_up = !context->stopped_before && stop_requested();
    if (*context->given_up)
        tell_given_up(context);
    return !*context->given_up;
}

static void draw_and_tell(struct picture *picture)
{
    if (draw(picture)) {
        remember(picture);
        return;
    }
    log_warning(picture->context->log, "no plot %s: %s", picture->name, picture->err.text);
    if (*picture->context->given_up)
        tell_given_up(picture->context);
}

void picture_end(struct picture *picture)
{
    bool ok = output_close(&picture->script, &picture->err);
    ok = output_close(&picture->data, &picture->err) && ok;
    if (!picture->any)
        remove_all(picture);
    else if (!ok)
        log_warning(picture->context->log, "no plot %s: %s", picture->name, picture->err.text);
    else if (wants_drawing(picture->context))
        draw_and_tell(picture);
}

/* --- Panels ------------------------------------------------------------------------------------------------------- */

enum {
    TITLE_PIXELS = 30,
    LEGEND_LETTERS = 24
};

/* gnuplot gives each entry the widest one's room. */
static int legend_rows(const struct facts *facts, int width, int marks)
{
    enum {
        LETTER = 8,
        SAMPLE = 60
    };
    size_t longest = marks > 0 ? strlen("a check broke") : 0;
    for (size_t v = 0; v < facts->n_variants; v++)
        longest = grid_width(facts->variants[v].name) > longest ? grid_width(facts->variants[v].name) : longest;
    longest = longest > LEGEND_LETTERS ? LEGEND_LETTERS : longest;
    int columns = width / ((int)longest * LETTER + SAMPLE);
    columns = columns > 0 ? columns : 1;
    return ((int)facts->n_variants + marks + columns - 1) / columns;
}

void picture_panels(struct picture *picture, int rows, int columns)
{
    fprintf(picture->gp, "set multiplot layout %d,%d title ", rows, columns);
    picture_quote(picture->gp, picture->title, false);
    picture->legend_rows = legend_rows(picture->context->facts, picture->width, picture->crosses + picture->rings);
    for (int i = 0; i < picture->legend_rows; i++)
        fputs(".\"\\n \"", picture->gp); /* the lines below the title are the legend's place */
    fputs(" font ',14'\n", picture->gp);
}

void picture_legend(struct picture *picture, bool first)
{
    if (!first) {
        fputs("unset key\n", picture->gp);
        return;
    }
    fputs("set key at screen 0.5, screen ", picture->gp);
    picture_number(picture->gp, 1 - (double)TITLE_PIXELS / picture->height);
    fprintf(picture->gp, " center top vertical maxrows %d reverse Left samplen 3\n", picture->legend_rows);
}

/* --- Data --------------------------------------------------------------------------------------------------------- */

int picture_block(struct picture *picture, const char *comment)
{
    if (picture->blocks > 0)
        fputs("\n\n", picture->dat);
    fprintf(picture->dat, "# %s\nNaN NaN NaN NaN\n", comment);
    return picture->blocks++;
}

void picture_title(FILE *file, const char *name)
{
    struct str cut = {0};
    grid_append_cut(&cut, name, LEGEND_LETTERS);
    picture_quote(file, str_text(&cut), false);
    str_deinit(&cut);
}

void picture_number(FILE *file, double value)
{
    char text[64];
    units_format_number(text, sizeof text, value);
    fputs(*text ? text : "NaN", file);
}

void picture_value(struct picture *picture, double value)
{
    picture_number(picture->dat, value);
    fputc(' ', picture->dat);
    picture->any |= isfinite(value);
}

void picture_end_row(struct picture *picture)
{
    fputc('\n', picture->dat);
}

void picture_quote(FILE *file, const char *text, bool tic)
{
    struct str cut = {0};
    grid_append_cut(&cut, text, 110);
    fputc('\'', file);
    for (const char *c = str_text(&cut); *c; c++) {
        if (*c == '\'' || (tic && *c == '%'))
            fputc(*c, file);
        fputc((unsigned char)*c < ' ' ? ' ' : *c, file);
    }
    fputc('\'', file);
    str_deinit(&cut);
}

/* --- Axes --------------------------------------------------------------------------------------------------------- */

void axis_add(struct axis *axis, double value)
{
    if (!isfinite(value) || value <= 0)
        return;
    if (axis->high == 0 || value < axis->low)
        axis->low = value;
    if (value > axis->high)
        axis->high = value;
}

bool axis_empty(const struct axis *axis)
{
    return axis->high == 0;
}

static void write_tic(FILE *gp, double value, bool *first)
{
    char text[64];
    units_format_number(text, sizeof text, value);
    fprintf(gp, "%s'%s' %s", *first ? "" : ", ", text, text);
    *first = false;
}

/* 1, 2 or 5 times a power of ten, at least `value`. */
static double nice_step(double value)
{
    double power = pow(10, floor(log10(value)));
    double lead = value / power;
    return power * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10);
}

static void even_tics(FILE *gp, double low, double high, double step)
{
    bool first = true;
    for (double k = ceil(low / step - 1e-9); k * step <= high * (1 + 1e-9); k++)
        write_tic(gp, round(k * step / step * 1e9) / 1e9 * step, &first);
}

static void decade_tics(FILE *gp, double low, double high, bool powers_only)
{
    static const double leads[] = {1, 2, 5};
    bool first = true;
    for (int e = (int)floor(log10(low)) - 1; e <= (int)ceil(log10(high)); e++)
        for (int i = 0; i < (powers_only ? 1 : 3); i++) {
            double value = leads[i] * pow(10, e);
            if (value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9))
                write_tic(gp, value, &first);
        }
}

void axis_log(const struct axis *axis, const char *which, double margin, FILE *gp)
{
    double low = axis_empty(axis) ? 1 : axis->low / margin, high = axis_empty(axis) ? 10 : axis->high * margin;
    fprintf(gp, "set logscale %s\nset %srange [", which, which);
    picture_number(gp, low);
    fputs(":", gp);
    picture_number(gp, high);
    fprintf(gp, "]\nset %stics (", which);
    if (high / low < 5)
        even_tics(gp, low, high, nice_step((high - low) / 5));
    else
        decade_tics(gp, low, high, high / low > 2000);
    fputs(")\n", gp);
}

void axis_linear(const struct axis *axis, const char *which, FILE *gp)
{
    double high = axis_empty(axis) ? 1 : axis->high * 1.12;
    fprintf(gp, "unset logscale %s\nset %srange [0:", which, which);
    picture_number(gp, high);
    fprintf(gp, "]\nset %stics (", which);
    even_tics(gp, 0, high, nice_step(high / 5));
    fputs(")\n", gp);
}

static void append_mark(const struct facts *facts, const char *mark, int n, int last, struct str *out)
{
    if (n == 0)
        return;
    str_printf(out, " · %s", mark);
    if (n == 1 && facts->n_variants > 1) {
        str_append(out, ": ");
        grid_append_cut(out, facts->variants[last].name, 16);
    } else if ((size_t)n < facts->n_variants) {
        str_printf(out, ": %d of %zu variants", n, facts->n_variants);
    }
}

void picture_marks(const struct facts *facts, struct point point, char *buf, size_t size)
{
    int broken = 0, last_broken = 0, overloaded = 0, last_overloaded = 0;
    struct str marks = {0};
    for (size_t v = 0; v < facts->n_variants; v++) {
        if (figures_broken(facts, (int)v, point, NULL, NULL) > 0) {
            broken++;
            last_broken = (int)v;
        }
        if (point.pool >= 0 && figures_overloaded(facts, (int)v, point)) {
            overloaded++;
            last_overloaded = (int)v;
        }
    }
    append_mark(facts, "BROKEN", broken, last_broken, &marks);
    append_mark(facts, "OVERLOADED", overloaded, last_overloaded, &marks);
    snprintf(buf, size, "%s", str_text(&marks));
    str_deinit(&marks);
}

void picture_point_name(const struct facts *facts, struct point point, char *buf, size_t size)
{
    char marks[160];
    struct str name = {0};
    picture_marks(facts, point, marks, sizeof marks);
    text_point(facts, point, &name);
    snprintf(buf, size, "%s%s", str_text(&name), marks);
    str_deinit(&name);
}

bool picture_has_rates(const struct facts *facts)
{
    return facts->n_rates > 1 || facts->rates[0].kind != RATE_CLOSED;
}

void picture_cross_title(const struct picture *picture)
{
    if (picture->crosses)
        fputs(", NaN " PICTURE_CROSS("1.1") " title 'a check broke'", picture->gp);
    if (picture->rings)
        fputs(", NaN " PICTURE_RING " title 'overloaded'", picture->gp);
}

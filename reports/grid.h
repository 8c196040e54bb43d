/* A table of text: the same cells for the terminal and for Markdown. */
#ifndef PGDYNO_REPORTS_GRID_H
#define PGDYNO_REPORTS_GRID_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

enum paint {
    PAINT_NONE,
    PAINT_GOOD,
    PAINT_BAD,
    PAINT_DIM,
    PAINT_BOLD
};

struct grid;

/* Columns of which bit k of `right` aligns column k to the right. NULL without memory. */
struct grid *grid_new(int n_columns, unsigned right);
void grid_free(struct grid *grid); /* NULL is fine */

void grid_header(struct grid *grid);                                   /* the next row is the header */
void grid_row(struct grid *grid);                                      /* starts a row */
void grid_cell(struct grid *grid, enum paint paint, const char *text); /* the row's next cell */
void grid_heading(struct grid *grid, const char *text);                /* a line across */
void grid_rule(struct grid *grid);                                     /* an empty line (none in Markdown) */

/* As text, columns two spaces apart; the last column is cut with "…" to keep within `max_width` (0: no limit). */
bool grid_text(const struct grid *grid, bool colour, int max_width, struct str *out);
/* As one Markdown table a heading, the header repeated. */
bool grid_markdown(const struct grid *grid, struct str *out);

/* Characters that grid_text would leave the last column; INT_MAX if it is not cut. */
int grid_last_room(const struct grid *grid, int max_width);

/* Characters of UTF-8 text. */
size_t grid_width(const char *text);
/* `text` with at most `width` characters, the last one "…" if it was cut. */
void grid_append_cut(struct str *out, const char *text, size_t width);
/* Escaped for a Markdown table's cell or a heading. */
void grid_append_markdown(struct str *out, const char *text);
void grid_paint(struct str *out, bool colour, enum paint paint, const char *text);

#endif

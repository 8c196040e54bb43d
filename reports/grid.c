#include "grid.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

enum row_kind {
    ROW_HEADER,
    ROW_DATA,
    ROW_HEADING,
    ROW_RULE
};

struct grid_cell {
    const char *text;
    enum paint paint;
};

struct grid_row {
    enum row_kind kind;
    struct grid_cell *cells; /* one, across, for a heading */
    int used;
    struct grid_row *next;
};

struct grid {
    struct arena *arena;
    int n_columns;
    unsigned right;
    bool next_is_header;
    bool failed;
    struct grid_row *first, *last;
};

struct grid *grid_new(int n_columns, unsigned right)
{
    struct arena *arena = arena_new();
    struct grid *grid = arena ? ARENA_NEW(arena, struct grid) : NULL;
    if (!grid) {
        arena_free(arena);
        return NULL;
    }
    grid->arena = arena;
    grid->n_columns = n_columns;
    grid->right = right;
    return grid;
}

void grid_free(struct grid *grid)
{
    if (grid)
        arena_free(grid->arena);
}

static void add_row(struct grid *grid, enum row_kind kind)
{
    struct grid_row *row = ARENA_NEW(grid->arena, struct grid_row);
    struct grid_cell *cells = ARENA_ARRAY(grid->arena, struct grid_cell, (size_t)grid->n_columns);
    if (!row || !cells) {
        grid->failed = true;
        return;
    }
    for (int i = 0; i < grid->n_columns; i++)
        cells[i].text = "";
    row->kind = kind;
    row->cells = cells;
    *(grid->last ? &grid->last->next : &grid->first) = row;
    grid->last = row;
}

void grid_header(struct grid *grid)
{
    grid->next_is_header = true;
}

void grid_row(struct grid *grid)
{
    add_row(grid, grid->next_is_header ? ROW_HEADER : ROW_DATA);
    grid->next_is_header = false;
}

void grid_cell(struct grid *grid, enum paint paint, const char *text)
{
    struct grid_row *row = grid->last;
    if (grid->failed || !row || row->used == grid->n_columns)
        return;
    const char *copy = arena_strdup(grid->arena, text);
    grid->failed |= !copy;
    row->cells[row->used++] = (struct grid_cell){copy ? copy : "", paint};
}

void grid_heading(struct grid *grid, const char *text)
{
    add_row(grid, ROW_HEADING);
    grid_cell(grid, PAINT_BOLD, text);
}

void grid_rule(struct grid *grid)
{
    add_row(grid, ROW_RULE);
}

/* --- Text --------------------------------------------------------------------------------------------------------- */

size_t grid_width(const char *text)
{
    size_t width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

void grid_append_cut(struct str *out, const char *text, size_t width)
{
    if (grid_width(text) <= width) {
        str_append(out, text);
        return;
    }
    size_t seen = 0;
    const char *end = text;
    for (; *end; end++) {
        bool starts = ((unsigned char)*end & 0xc0) != 0x80;
        if (starts && ++seen >= width)
            break;
    }
    str_append_n(out, text, (size_t)(end - text));
    if (width > 0)
        str_append(out, "…");
}

void grid_paint(struct str *out, bool colour, enum paint paint, const char *text)
{
    static const char *const codes[] = {[PAINT_NONE] = "",
                                        [PAINT_GOOD] = "\033[32m",
                                        [PAINT_BAD] = "\033[31m",
                                        [PAINT_DIM] = "\033[2m",
                                        [PAINT_BOLD] = "\033[1m"};
    bool painted = colour && paint != PAINT_NONE && *text;
    if (painted)
        str_append(out, codes[paint]);
    str_append(out, text);
    if (painted)
        str_append(out, "\033[0m");
}

static void measure(const struct grid *grid, size_t *widths)
{
    for (int i = 0; i < grid->n_columns; i++)
        widths[i] = 0;
    for (const struct grid_row *row = grid->first; row; row = row->next)
        for (int i = 0; row->kind <= ROW_DATA && i < grid->n_columns; i++)
            if (grid_width(row->cells[i].text) > widths[i])
                widths[i] = grid_width(row->cells[i].text);
}

static void limit_last(const struct grid *grid, size_t *widths, int max_width)
{
    size_t used = 0;
    int last = grid->n_columns - 1;
    for (int i = 0; i < last; i++)
        used += widths[i] + 2;
    enum {
        LEAST = 8
    };
    if (max_width > 0 && used + widths[last] > (size_t)max_width)
        widths[last] = (size_t)max_width > used + LEAST ? (size_t)max_width - used : LEAST;
}

int grid_last_room(const struct grid *grid, int max_width)
{
    size_t *widths = calloc((size_t)grid->n_columns, sizeof *widths);
    if (!widths || max_width <= 0) {
        free(widths);
        return INT_MAX;
    }
    measure(grid, widths);
    size_t needed = widths[grid->n_columns - 1];
    limit_last(grid, widths, max_width);
    size_t room = widths[grid->n_columns - 1];
    free(widths);
    return room == needed ? INT_MAX : (int)room;
}

static void append_spaces(struct str *out, size_t n)
{
    while (n-- > 0)
        str_append_char(out, ' ');
}

static void append_row(const struct grid *grid, const struct grid_row *row, const size_t *widths, bool colour,
                       struct str *out)
{
    size_t pending = 0; /* spaces are written only before something, so that no line ends in them */
    for (int i = 0; i < grid->n_columns; i++) {
        struct str text = {0};
        grid_append_cut(&text, row->cells[i].text, widths[i]);
        size_t width = grid_width(str_text(&text)), pad = widths[i] > width ? widths[i] - width : 0;
        bool right = grid->right >> i & 1;
        pending += right ? pad : 0;
        if (width > 0) {
            append_spaces(out, pending);
            pending = 0;
            grid_paint(out, colour, row->kind == ROW_HEADER ? PAINT_DIM : row->cells[i].paint, str_text(&text));
        }
        pending += (right ? 0 : pad) + 2;
        out->failed |= text.failed;
        str_deinit(&text);
    }
    str_append_char(out, '\n');
}

bool grid_text(const struct grid *grid, bool colour, int max_width, struct str *out)
{
    size_t *widths = calloc((size_t)grid->n_columns, sizeof *widths);
    if (!widths || grid->failed) {
        free(widths);
        return false;
    }
    measure(grid, widths);
    limit_last(grid, widths, max_width);
    for (const struct grid_row *row = grid->first; row; row = row->next) {
        if (row->kind <= ROW_DATA) {
            append_row(grid, row, widths, colour, out);
        } else {
            grid_paint(out, colour, PAINT_BOLD, row->kind == ROW_HEADING ? row->cells[0].text : "");
            str_append_char(out, '\n');
        }
    }
    free(widths);
    return !out->failed;
}

/* --- Markdown ----------------------------------------------------------------------------------------------------- */

void grid_append_markdown(struct str *out, const char *text)
{
    for (; *text; text++) {
        if (strchr("|\\`*<[", *text))
            str_append_char(out, '\\');
        str_append_char(out, *text == '\n' ? ' ' : *text);
    }
}

static void markdown_row(const struct grid *grid, const struct grid_row *row, struct str *out)
{
    for (int i = 0; i < grid->n_columns; i++) {
        str_append(out, i ? " | " : "| ");
        grid_append_markdown(out, row->cells[i].text);
    }
    str_append(out, " |\n");
}

static void markdown_header(const struct grid *grid, const struct grid_row *header, struct str *out)
{
    if (!header)
        return;
    markdown_row(grid, header, out);
    for (int i = 0; i < grid->n_columns; i++)
        str_append(out, grid->right >> i & 1 ? "|---:" : "|:---");
    str_append(out, "|\n");
}

bool grid_markdown(const struct grid *grid, struct str *out)
{
    const struct grid_row *header = NULL;
    bool open = false;
    for (const struct grid_row *row = grid->first; row; row = row->next) {
        if (row->kind == ROW_HEADER) {
            header = row;
        } else if (row->kind == ROW_HEADING) {
            str_append(out, open ? "\n**" : "**");
            grid_append_markdown(out, row->cells[0].text);
            str_append(out, "**\n\n");
            open = false;
        } else if (row->kind == ROW_DATA) {
            if (!open)
                markdown_header(grid, header, out);
            markdown_row(grid, row, out);
            open = true;
        }
    }
    str_append_char(out, '\n');
    return !grid->failed && !out->failed;
}

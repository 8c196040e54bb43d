#include "cli/column_table.h"

#include <stdio.h>
#include <string.h>

#include "base/units.h"

enum {
    TABLE_WIDTH = 16, /* at most, so that a line has 80 columns; longer names push the rest to the right */
    COLUMN_WIDTH = 19,
    FIGURE_BYTES = 32
};

static const char *const trait_names[TRAIT_COUNT] = {
    [TRAIT_DISTINCT] = "distinct",
    [TRAIT_NULLS] = "NULL",
    [TRAIT_COMMON] = "most common",
    [TRAIT_ORDER] = "order",
};

static const char *figure(enum column_trait trait, double value, char buf[FIGURE_BYTES])
{
    if (trait == TRAIT_DISTINCT)
        return units_format_count(buf, FIGURE_BYTES, value, 0);
    if (trait == TRAIT_ORDER)
        snprintf(buf, FIGURE_BYTES, "%.2f", value);
    else if (trait == TRAIT_COMMON && value <= 0)
        snprintf(buf, FIGURE_BYTES, "none");
    else
        snprintf(buf, FIGURE_BYTES, value < 0.01 ? "%.3f%%" : "%.1f%%", value * 100);
    return buf;
}

struct widths {
    int table;
    int column;
};

static int wider(int width, const char *name, int most)
{
    int len = (int)strlen(name);
    return len < width ? width : len < most ? len : most;
}

static struct widths measure(const struct column_facts *facts, size_t count)
{
    struct widths widths = {5, 6};
    for (size_t i = 0; i < count; i++) {
        widths.table = wider(widths.table, facts[i].table->name, TABLE_WIDTH);
        widths.column = wider(widths.column, facts[i].table->columns[facts[i].column].name, COLUMN_WIDTH);
    }
    return widths;
}

static void print_trait(const struct widths *widths, const char *table, const char *column, enum column_trait trait,
                        const struct trait *is, bool color, struct str *out)
{
    char declared[FIGURE_BYTES], seen[FIGURE_BYTES];
    str_printf(out, "  %-*s  %-*s  %-11s  %11s  %11s", widths->table, table, widths->column, column, trait_names[trait],
               figure(trait, is->declared, declared), figure(trait, is->seen, seen));
    str_append(out, !is->differs ? "\n" : color ? " \033[31m!\033[0m\n" : " !\n");
}

/* A table's and a column's name stand in the first of their lines only. */
void column_table_print(const struct column_facts *facts, size_t count, bool color, struct str *out)
{
    struct widths widths = measure(facts, count);
    const struct table_spec *table = NULL;
    bool differs = false;
    if (count == 0)
        return;
    str_printf(out, "\n  %-*s  %-*s  %-11s  %11s  %11s\n", widths.table, "table", widths.column, "column", "what",
               "declared", "pg_stats");
    for (size_t i = 0; i < count; i++) {
        const char *column = facts[i].table->columns[facts[i].column].name;
        for (int t = 0; t < TRAIT_COUNT; t++) {
            const struct trait *trait = &facts[i].traits[t];
            if (!trait->listed)
                continue;
            print_trait(&widths, facts[i].table == table ? "" : facts[i].table->name, column, (enum column_trait)t,
                        trait, color, out);
            differs = differs || trait->differs;
            table = facts[i].table;
            column = "";
        }
    }
    if (differs)
        str_append(out, "\n  ! differs by more than the sample of ANALYZE explains\n");
}

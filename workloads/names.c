/* What a name in an expression means: a variable, a column, a param, a cell of a table. */
#include <string.h>

#include "base/str.h"
#include "parser.h"

static bool add_cell(struct parser *parser, const struct table_spec *table, size_t column)
{
    struct cell_ref *cell = parser_alloc(parser, sizeof *cell);
    if (!cell)
        return false;
    *cell = (struct cell_ref){table, column, parser->cells};
    parser->cells = cell;
    return true;
}

static void undefined_variable(struct parser *parser, const struct token *token)
{
    const struct expr_scope *scope = parser->scope;
    size_t columns = scope->row ? scope->row->n_columns : 0, n = 0;
    const char **names =
        ARENA_ARRAY(parser->arena, const char *, columns + (size_t)scope->n_variables + scope->n_params + 1);
    const char *name = parser_token_text(parser, token, 1);
    if (!names || !name) {
        parser->failed = true;
        return;
    }
    for (size_t i = 0; i < scope->n_later; i++) {
        if (strcmp(scope->later[i], name) != 0)
            continue;
        parser_problem_at(parser, token->offset, token->offset + token->len,
                          "`:%s` is used before the step that sets it", name);
        return;
    }
    for (size_t i = 0; i < columns; i++)
        names[n++] = scope->row->columns[i].name;
    for (int i = 0; i < scope->n_variables; i++)
        names[n++] = scope->variables[i];
    for (size_t i = 0; i < scope->n_params; i++)
        names[n++] = scope->params[i].name;
    char hint[160];
    const char *kind = scope->row ? "column or param" : scope->constant ? "param" : "variable or param";
    parser_problem_at(parser, token->offset, token->offset + token->len, "no %s `:%s`%s", kind, name,
                      parser_hint(hint, sizeof hint, str_nearest(name, names), ":"));
}

/* Text in a script's param counts as what it looks like, as in its variables. */
static struct piece param_piece(struct parser *parser, const struct expr_param *param, size_t offset)
{
    struct value value = param->value;
    if (parser->scope->script && value.type == VALUE_TEXT && value_of_text(&value) != MAKE_OK) {
        parser_problem_at(parser, offset, parser->end, "`%s` is '%.*s', which is no number, boolean or null",
                          param->name, (int)param->value.text.len, param->value.text.data);
        return parser_unknown(parser, offset);
    }
    return parser_constant(parser, value, offset);
}

/* No node, and nothing reported, when there is no such name. */
static struct piece find_variable(struct parser *parser, const char *name, size_t len, size_t offset)
{
    const struct expr_scope *scope = parser->scope;
    for (size_t i = 0; scope->row && i < scope->row->n_columns; i++) {
        if (!parser_same_name(scope->row->columns[i].name, name, len))
            continue;
        struct piece piece = parser_leaf(parser, eval_column, offset);
        if (piece.node && add_cell(parser, scope->row, i))
            piece.node->index = (int)i;
        return piece;
    }
    for (int i = 0; i < scope->n_variables; i++) {
        if (!parser_same_name(scope->variables[i], name, len))
            continue;
        struct piece piece = parser_leaf(parser, scope->script ? eval_script_variable : eval_variable, offset);
        if (piece.node)
            piece.node->index = i;
        return piece;
    }
    for (size_t i = 0; i < scope->n_params; i++)
        if (parser_same_name(scope->params[i].name, name, len))
            return param_piece(parser, &scope->params[i], offset);
    return no_piece;
}

struct piece names_variable(struct parser *parser)
{
    struct token token = parser->token;
    parser_advance(parser);
    struct piece piece = find_variable(parser, parser->text + token.offset + 1, token.len - 1, token.offset);
    if (piece.node)
        return piece;
    undefined_variable(parser, &token);
    return parser_unknown(parser, token.offset);
}

struct piece names_default_seed(struct parser *parser)
{
    static const char name[] = "default_seed";
    struct piece piece = find_variable(parser, name, sizeof name - 1, parser->end);
    if (piece.node)
        return piece;
    struct value seed = {.type = VALUE_INT, .integer = (int64_t)parser->scope->default_seed};
    return parser_constant(parser, seed, parser->end);
}

/* The table's index, or n_tables after reporting. */
static size_t find_table(struct parser *parser, const struct token *token)
{
    const struct expr_scope *scope = parser->scope;
    size_t i = 0;
    while (i < scope->n_tables && !parser_same_name(scope->tables[i]->name, parser->text + token->offset, token->len))
        i++;
    if (i < scope->n_tables)
        return i;
    const char **names = ARENA_ARRAY(parser->arena, const char *, scope->n_tables + 1);
    const char *name = parser_token_text(parser, token, 0);
    if (!names || !name) {
        parser->failed = true;
        return i;
    }
    for (size_t k = 0; k < scope->n_tables; k++)
        names[k] = scope->tables[k]->name;
    char hint[160];
    parser_problem_at(parser, token->offset, token->offset + token->len, "no table or source `%s`%s", name,
                      parser_hint(hint, sizeof hint, str_nearest(name, names), ""));
    return i;
}

/* The column's index, or n_columns after reporting; a relation without any was reported itself. */
static size_t find_column(struct parser *parser, const struct table_spec *table, const struct token *token)
{
    size_t i = 0;
    while (i < table->n_columns && !parser_same_name(table->columns[i].name, parser->text + token->offset, token->len))
        i++;
    if (i < table->n_columns || table->n_columns == 0)
        return i;
    const char **names = ARENA_ARRAY(parser->arena, const char *, table->n_columns + 1);
    const char *name = parser_token_text(parser, token, 0);
    if (!names || !name) {
        parser->failed = true;
        return i;
    }
    for (size_t k = 0; k < table->n_columns; k++)
        names[k] = table->columns[k].name;
    char hint[160];
    parser_problem_at(parser, token->offset, token->offset + token->len, "`%s` has no column `%s`%s", table->name, name,
                      parser_hint(hint, sizeof hint, str_nearest(name, names), ""));
    return i;
}

/* table.column[row] */
struct piece names_cell(struct parser *parser, const struct token *table_token)
{
    const struct expr_scope *scope = parser->scope;
    size_t table = find_table(parser, table_token);
    parser_advance(parser);
    struct token column_token = parser->token;
    if (column_token.kind != TOKEN_NAME)
        return parser_unexpected(parser, "a column");
    size_t column = table < scope->n_tables ? find_column(parser, scope->tables[table], &column_token) : 0;
    parser_advance(parser);
    if (!parser_accept(parser, "["))
        return parser_unexpected(parser, "the row's number in brackets, `[…]`,");
    struct piece row = parser_level(parser, LEVEL_ANY);
    if (!row.node)
        return row;
    if (!parser_accept(parser, "]"))
        return parser_unexpected(parser, "`]`");
    if (scope->constant)
        parser_problem_at(parser, table_token->offset, parser->end, "rows of tables cannot be read here");
    if (table == scope->n_tables || column == scope->tables[table]->n_columns || scope->constant)
        return parser_unknown(parser, table_token->offset);
    struct piece cell = parser_leaf(parser, eval_cell, table_token->offset);
    const struct node **args = parser_alloc(parser, sizeof *args);
    if (!cell.node || !args || !add_cell(parser, scope->tables[table], column))
        return no_piece;
    args[0] = row.node;
    cell.node->args = args;
    cell.node->n_args = 1;
    cell.node->depth = row.node->depth + 1;
    cell.node->table = scope->tables[table];
    cell.node->index = (int)column;
    return cell;
}

/* rows(table); the opening parenthesis is next. */
struct piece names_rows(struct parser *parser, const struct token *name)
{
    parser_advance(parser);
    struct token table_token = parser->token;
    if (table_token.kind != TOKEN_NAME)
        return parser_unexpected(parser, "the name of a table or source");
    parser_advance(parser);
    size_t table = find_table(parser, &table_token);
    if (!parser_accept(parser, ")"))
        return parser_unexpected(parser, "`)`");
    int64_t rows = 0;
    if (table == parser->scope->n_tables || !parser->scope->rows(parser->scope->user, table, &rows))
        return parser_unknown(parser, name->offset);
    return parser_constant(parser, (struct value){.type = VALUE_INT, .integer = rows}, name->offset);
}

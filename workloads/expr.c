/* The parser: precedence climbing, straight into nodes. Levels are pgbench's, from loosest to tightest:
 *
 *     OR   AND   NOT   IS ISNULL NOTNULL   < > = <= >= <> !=   | # & << >> ~ ||   + -   * / %   unary + -
 *
 * A syntax error ends the expression; unknown names and wrong arguments are reported and parsing goes on. */
#include "workloads/expr.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "hints.h"
#include "parser.h"

enum {
    NESTING_MAX = 60, /* parentheses, calls, prefixes: the parser's own stack */
    TOLD_MAX = 20     /* mistakes of one expression: what made so many is not helped by more */
};

const struct piece no_piece = {0};

bool parser_problem_at(struct parser *parser, size_t offset, size_t end, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    parser->failed = true;
    if (parser->told++ < TOLD_MAX)
        parser->scope->problem(parser->scope->user, offset, end - offset, text);
    return false;
}

static bool report_arg(struct parser *parser, int arg, const char *fmt, va_list args)
{
    char text[512];
    vsnprintf(text, sizeof text, fmt, args);
    const struct call *call = parser->call;
    if (arg >= 0)
        return parser_problem_at(parser, call->args[arg].offset, call->args[arg].end, "%s", text);
    return parser_problem_at(parser, call->offset, call->end, "%s", text);
}

bool parser_problem(struct parser *parser, int arg, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    report_arg(parser, arg, fmt, args);
    va_end(args);
    return false;
}

bool parser_doubt(struct parser *parser, int arg, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    if (parser->conditional == 0)
        report_arg(parser, arg, fmt, args);
    va_end(args);
    return parser->conditional > 0;
}

void *parser_alloc(struct parser *parser, size_t size)
{
    void *memory = arena_alloc(parser->arena, size);
    if (!memory)
        parser->failed = true;
    return memory;
}

const struct expr_scope *parser_scope(const struct parser *parser)
{
    return parser->scope;
}

void parser_advance(struct parser *parser)
{
    parser->end = parser->token.offset + parser->token.len;
    parser->token = lexer_next(parser->text, parser->end);
}

bool parser_at(const struct parser *parser, const char *word)
{
    return token_is(parser->text, &parser->token, word);
}

bool parser_accept(struct parser *parser, const char *word)
{
    bool found = parser_at(parser, word);
    if (found)
        parser_advance(parser);
    return found;
}

struct piece parser_unexpected(struct parser *parser, const char *expected)
{
    const struct token *token = &parser->token;
    size_t end = token->offset + token->len;
    if (token->kind == TOKEN_BAD && token->problem)
        parser_problem_at(parser, token->offset, end, "%s", token->problem);
    else if (token->kind == TOKEN_BAD)
        parser_problem_at(parser, token->offset, end, "`%.*s` means nothing here%s%s", (int)token->len,
                          parser->text + token->offset, token->remedy ? "; " : "", token->remedy ? token->remedy : "");
    else if (token->kind == TOKEN_END)
        parser_problem_at(parser, token->offset, end, "the expression ends where %s should come", expected);
    else if (token->kind == TOKEN_NAME && hint_word(parser->text + token->offset, token->len))
        parser_problem_at(parser, token->offset, end, "`%.*s` is no operator here; %s", (int)token->len,
                          parser->text + token->offset, hint_word(parser->text + token->offset, token->len));
    else
        parser_problem_at(parser, token->offset, end, "`%.*s` stands where %s should come", (int)token->len,
                          parser->text + token->offset, expected);
    return no_piece;
}

char *parser_token_text(struct parser *parser, const struct token *token, size_t skip)
{
    char *text = arena_strndup(parser->arena, parser->text + token->offset + skip, token->len - skip);
    if (!text)
        parser->failed = true;
    return text;
}

struct piece parser_leaf(struct parser *parser, node_fn *fn, size_t offset)
{
    struct node *node = parser_alloc(parser, sizeof *node);
    if (!node)
        return no_piece;
    node->eval = fn;
    return (struct piece){node, offset, parser->end};
}

struct piece parser_constant(struct parser *parser, struct value value, size_t offset)
{
    struct piece piece = parser_leaf(parser, eval_constant, offset);
    if (piece.node)
        piece.node->value = value;
    return piece;
}

struct piece parser_unknown(struct parser *parser, size_t offset)
{
    parser->failed = true;
    return parser_constant(parser, (struct value){.type = VALUE_NULL}, offset);
}

/* The node of a function or operator; call->args become its arguments. */
static struct piece apply(struct parser *parser, const struct function *function, const struct call *call)
{
    struct node *node = parser_alloc(parser, sizeof *node);
    const struct node **args = parser_alloc(parser, (size_t)call->n_args * sizeof *args);
    if (!node || !args)
        return no_piece;
    *node =
        (struct node){.eval = function->eval, .args = args, .n_args = call->n_args, .depth = 1, .function = function};
    for (int i = 0; i < call->n_args; i++) {
        args[i] = call->args[i].node;
        node->depth = args[i]->depth + 1 > node->depth ? args[i]->depth + 1 : node->depth;
    }
    struct piece piece = {node, call->offset, call->end};
    const struct call *outer = parser->call;
    parser->call = call;
    if (node->depth > NODE_DEPTH_MAX)
        parser_problem(parser, -1, "the expression is too deep; split it over several columns or variables");
    if (!parser->failed && function->compile)
        function->compile(parser, node);
    if (!parser->failed && (function->flags & FUNCTION_PURE))
        parser_fold(parser, node);
    parser->call = outer;
    return piece;
}

static const struct function *find_function(const struct function *rows, const char *name, size_t len)
{
    for (; rows->name; rows++)
        if (strlen(rows->name) == len && strncasecmp(rows->name, name, len) == 0)
            return rows;
    return NULL;
}

/* `name` is a row's, in lower case. */
static const struct function *find_operator(const char *name)
{
    const struct operator_row *row = operator_rows;
    while (strcmp(row->call.name, name) != 0)
        row++;
    return &row->call;
}

static struct piece apply_operator(struct parser *parser, const char *name, struct piece left, struct piece right)
{
    struct call call = {.n_args = right.node ? 2 : 1, .offset = left.offset, .end = parser->end};
    call.args[0] = left;
    call.args[1] = right;
    return apply(parser, find_operator(name), &call);
}

bool parser_same_name(const char *name, const char *text, size_t len)
{
    return strlen(name) == len && memcmp(name, text, len) == 0;
}

const char *parser_hint(char *buf, size_t size, const char *nearest, const char *before)
{
    buf[0] = '\0';
    if (nearest)
        snprintf(buf, size, " (did you mean `%s%s`?)", before, nearest);
    return buf;
}

/* --- Calls ----------------------------------------------------------------------------------------------------------
 */

static bool parse_args(struct parser *parser, struct call *call)
{
    if (parser_accept(parser, ")"))
        return true;
    do {
        struct piece arg = parser_level(parser, LEVEL_ANY);
        if (!arg.node)
            return false;
        if (call->n_args == NODE_ARGS_MAX)
            return parser_problem_at(parser, arg.offset, arg.end, "more than %d arguments", NODE_ARGS_MAX);
        call->args[call->n_args++] = arg;
    } while (parser_accept(parser, ","));
    bool closed = parser_accept(parser, ")");
    if (!closed)
        parser_unexpected(parser, "`,` or `)`");
    return closed;
}

static void undefined_function(struct parser *parser, const struct token *token)
{
    const char *names[64] = {0};
    for (size_t i = 0; function_rows[i].name && i + 1 < sizeof names / sizeof names[0]; i++)
        names[i] = function_rows[i].name;
    const char *name = parser_token_text(parser, token, 0);
    const char *remedy = hint_function(parser->text + token->offset, token->len);
    char hint[160];
    if (!name)
        return;
    if (remedy)
        snprintf(hint, sizeof hint, "; %s", remedy);
    else if (!*parser_hint(hint, sizeof hint, str_nearest(name, names), ""))
        snprintf(hint, sizeof hint, "; `pgdyno help expressions` shows all");
    parser_problem_at(parser, token->offset, token->offset + token->len, "no function `%s`%s", name, hint);
}

static bool count_fits(const struct function *function, const struct call *call)
{
    return call->n_args >= function->min_args && (function->max_args < 0 || call->n_args <= function->max_args);
}

/* hash(x) is hash(x, :default_seed). */
static bool add_seed(struct parser *parser, const struct function *function, struct call *call)
{
    if (!(function->flags & FUNCTION_SEEDED) || call->n_args + 1 != function->max_args)
        return true;
    call->args[call->n_args] = names_default_seed(parser);
    return call->args[call->n_args++].node != NULL;
}

static void wrong_count(struct parser *parser, const struct function *function, const struct call *call)
{
    char wanted[64];
    int least = function->min_args, most = function->max_args;
    if (least == most)
        snprintf(wanted, sizeof wanted, "%d", least);
    else if (most == least + 1)
        snprintf(wanted, sizeof wanted, "%d or %d", least, most);
    else
        snprintf(wanted, sizeof wanted, "at least %d", least);
    parser_problem_at(parser, call->offset, call->end, "%s() takes %s argument%s, not %d: %s", function->name, wanted,
                      most == 1 || (most < 0 && least == 1) ? "" : "s", call->n_args, function->usage);
}

static struct piece parse_call(struct parser *parser, const struct token *name)
{
    const struct function *function = find_function(function_rows, parser->text + name->offset, name->len);
    struct call call = {.offset = name->offset};
    size_t end = name->offset + name->len;
    bool lazy = function && (function->flags & FUNCTION_LAZY);
    parser_advance(parser);
    parser->conditional += lazy;
    bool parsed = parse_args(parser, &call);
    parser->conditional -= lazy;
    if (!parsed)
        return no_piece;
    call.end = parser->end;
    if (!function)
        undefined_function(parser, name);
    else if (!function->eval)
        parser_problem_at(parser, name->offset, end, "%s() is not supported yet", function->name);
    else if (!count_fits(function, &call))
        wrong_count(parser, function, &call);
    else if (parser->scope->constant && (function->flags & FUNCTION_RANDOM))
        parser_problem_at(parser, name->offset, call.end, "%s() is random, and this must be a constant",
                          function->name);
    else
        return add_seed(parser, function, &call) ? apply(parser, function, &call) : no_piece;
    return parser_unknown(parser, name->offset);
}

static struct piece parse_name(struct parser *parser)
{
    struct token name = parser->token;
    parser_advance(parser);
    const char *text = parser->text + name.offset;
    if (parser_at(parser, "(") && name.len == 4 && strncasecmp("rows", text, 4) == 0)
        return names_rows(parser, &name);
    if (parser_at(parser, "("))
        return parse_call(parser, &name);
    if (parser_at(parser, "."))
        return names_cell(parser, &name);
    if (parser_same_name("row", text, name.len)) {
        if (parser->scope->row)
            return parser_leaf(parser, eval_row, name.offset);
        parser_problem_at(parser, name.offset, parser->end, "`row` has a meaning only in a table's column");
    } else {
        parser_problem_at(parser, name.offset, parser->end,
                          "`%.*s` is no function call; a variable is written `:%.*s`, a text `'%.*s'`", (int)name.len,
                          text, (int)name.len, text, (int)name.len, text);
    }
    return parser_unknown(parser, name.offset);
}

/* --- Operands -------------------------------------------------------------------------------------------------------
 */

static struct piece parse_number(struct parser *parser, bool negated)
{
    struct token token = parser->token;
    struct value value = {.type = VALUE_DOUBLE, .real = token.real};
    parser_advance(parser);
    if (token.kind == TOKEN_INT) {
        value = (struct value){.type = VALUE_INT, .integer = (int64_t)token.integer};
        if (token.integer > (uint64_t)INT64_MAX && !negated)
            parser_problem_at(parser, token.offset, parser->end,
                              "an integer out of range; the largest is 9223372036854775807");
    }
    return parser_constant(parser, value, token.offset);
}

static struct piece parse_text(struct parser *parser)
{
    struct token token = parser->token;
    const char *from = parser->text + token.offset + 1, *end = parser->text + token.offset + token.len - 1;
    char *text = parser_alloc(parser, token.len);
    if (!text)
        return no_piece;
    size_t len = 0;
    for (; from < end; from += *from == '\'' ? 2 : 1)
        text[len++] = *from;
    parser_advance(parser);
    struct value value = {.type = VALUE_TEXT};
    value.text.data = text;
    value.text.len = len;
    return parser_constant(parser, value, token.offset);
}

/* What remains of CASE WHEN … THEN … [ELSE …] END behind CASE, without END. Branches that a node has no room for make
 * another, which is its ELSE. */
static struct piece parse_branches(struct parser *parser, size_t offset)
{
    struct call call = {.offset = offset};
    parser->conditional++;
    while (call.n_args + 2 < NODE_ARGS_MAX && parser_accept(parser, "when")) {
        for (int half = 0; half < 2; half++) {
            struct piece part = parser_level(parser, LEVEL_ANY);
            if (!part.node)
                return part;
            call.args[call.n_args++] = part;
            if (half == 0 && !parser_accept(parser, "then"))
                return parser_unexpected(parser, "THEN");
        }
    }
    if (call.n_args == 0)
        return parser_unexpected(parser, "WHEN (`CASE x WHEN 1` is written `CASE WHEN x = 1`)");
    struct piece otherwise = parser_constant(parser, (struct value){.type = VALUE_NULL}, parser->end);
    if (parser_at(parser, "when")) {
        parser->nesting++;
        otherwise = parse_branches(parser, parser->token.offset);
        parser->nesting--;
    } else if (parser_accept(parser, "else")) {
        otherwise = parser_level(parser, LEVEL_ANY);
    }
    if (!otherwise.node)
        return otherwise;
    call.args[call.n_args++] = otherwise;
    call.end = parser->end;
    parser->conditional--;
    return apply(parser, find_operator("case"), &call);
}

/* CASE is next. */
static struct piece parse_case(struct parser *parser)
{
    size_t offset = parser->token.offset;
    parser_advance(parser);
    struct piece piece = parse_branches(parser, offset);
    if (piece.node && !parser_accept(parser, "end"))
        return parser_unexpected(parser, "WHEN, ELSE or END");
    piece.end = parser->end;
    return piece;
}

static struct piece parse_keyword(struct parser *parser)
{
    size_t offset = parser->token.offset;
    if (parser_at(parser, "case"))
        return parse_case(parser);
    if (parser_accept(parser, "null"))
        return parser_constant(parser, (struct value){.type = VALUE_NULL}, offset);
    bool truth = parser_at(parser, "true");
    if (!parser_accept(parser, "true") && !parser_accept(parser, "false"))
        return parser_unexpected(parser, "a value");
    return parser_constant(parser, (struct value){.type = VALUE_BOOL, .boolean = truth}, offset);
}

static struct piece parse_parentheses(struct parser *parser)
{
    size_t offset = parser->token.offset;
    parser_advance(parser);
    struct piece inner = parser_level(parser, LEVEL_ANY);
    if (inner.node && !parser_accept(parser, ")"))
        return parser_unexpected(parser, "`)`");
    inner.offset = offset;
    inner.end = parser->end;
    return inner;
}

static struct piece parse_primary(struct parser *parser)
{
    switch (parser->token.kind) {
    case TOKEN_INT:
    case TOKEN_DOUBLE:
        return parse_number(parser, false);
    case TOKEN_TEXT:
        return parse_text(parser);
    case TOKEN_VARIABLE:
        return names_variable(parser);
    case TOKEN_NAME:
        return parse_name(parser);
    case TOKEN_KEYWORD:
        return parse_keyword(parser);
    default:
        return parser_at(parser, "(") ? parse_parentheses(parser) : parser_unexpected(parser, "a value");
    }
}

/* -x is 0 - x and ~x is -1 # x, as in pgbench. The smallest integer exists only with its minus. */
static struct piece parse_prefix(struct parser *parser)
{
    size_t offset = parser->token.offset;
    struct piece zero = {0};
    if (parser_accept(parser, "+"))
        return parser_level(parser, LEVEL_UNARY);
    if (parser_accept(parser, "not")) {
        zero = parser_level(parser, LEVEL_IS);
        return zero.node ? apply_operator(parser, "not", (struct piece){zero.node, offset, zero.end}, no_piece) : zero;
    }
    if (parser_accept(parser, "~")) {
        zero = parser_constant(parser, (struct value){.type = VALUE_INT, .integer = -1}, offset);
        struct piece bits = parser_level(parser, LEVEL_SUM);
        return bits.node && zero.node ? apply_operator(parser, "#", zero, bits) : no_piece;
    }
    if (!parser_accept(parser, "-"))
        return parse_primary(parser);
    if (parser->token.kind == TOKEN_INT && parser->token.integer == (uint64_t)INT64_MAX + 1) {
        struct piece least = parse_number(parser, true);
        least.offset = offset;
        return least;
    }
    zero = parser_constant(parser, (struct value){.type = VALUE_INT}, offset);
    struct piece amount = parser_level(parser, LEVEL_UNARY);
    return amount.node && zero.node ? apply_operator(parser, "-", zero, amount) : no_piece;
}

/* --- Infix and postfix ----------------------------------------------------------------------------------------------
 */

static const char *infix_at(const struct parser *parser, enum level *level)
{
    const struct operator_row *row = operator_rows;
    while (row->call.name && (row->level == LEVEL_IS || row->call.min_args != 2 || !parser_at(parser, row->call.name)))
        row++;
    *level = row->level;
    return row->call.name;
}

/* IS [NOT] NULL|TRUE|FALSE, ISNULL, NOTNULL. */
static struct piece parse_is(struct parser *parser, struct piece left)
{
    bool negated = parser_at(parser, "notnull");
    struct value what = {.type = VALUE_NULL};
    if (parser_accept(parser, "is")) {
        negated = parser_accept(parser, "not");
        if (parser_at(parser, "true") || parser_at(parser, "false"))
            what = (struct value){.type = VALUE_BOOL, .boolean = parser_at(parser, "true")};
        else if (!parser_at(parser, "null"))
            return parser_unexpected(parser, "NULL, TRUE or FALSE");
    }
    parser_advance(parser);
    struct piece right = parser_constant(parser, what, parser->end);
    struct piece is = right.node ? apply_operator(parser, "is", left, right) : no_piece;
    return is.node && negated ? apply_operator(parser, "not", is, no_piece) : is;
}

static struct piece parse_infix(struct parser *parser, struct piece left, const char *name, enum level level)
{
    bool lazy = level == LEVEL_OR || level == LEVEL_AND;
    parser_advance(parser);
    parser->conditional += lazy;
    struct piece right = parser_level(parser, level + 1);
    parser->conditional -= lazy;
    return right.node ? apply_operator(parser, name, left, right) : right;
}

static struct piece parse_operators(struct parser *parser, enum level lowest)
{
    struct piece left = parse_prefix(parser);
    bool compared = false;
    while (left.node) {
        enum level level = LEVEL_ANY;
        const char *name = infix_at(parser, &level);
        if (parser_at(parser, "is") || parser_at(parser, "isnull") || parser_at(parser, "notnull")) {
            if (lowest > LEVEL_IS)
                break;
            left = parse_is(parser, left);
            compared = false;
            continue;
        }
        if (!name || level < lowest)
            break;
        if (level == LEVEL_COMPARE && compared)
            return parser_unexpected(parser, "AND or parentheses (comparisons do not chain)");
        compared = level == LEVEL_COMPARE;
        left = parse_infix(parser, left, name, level);
    }
    return left;
}

struct piece parser_level(struct parser *parser, enum level lowest)
{
    if (parser->nesting == NESTING_MAX) {
        parser_problem_at(parser, parser->token.offset, parser->token.offset + parser->token.len,
                          "nested more than %d deep; split it over several columns or variables", NESTING_MAX);
        return no_piece;
    }
    parser->nesting++;
    struct piece piece = parse_operators(parser, lowest);
    parser->nesting--;
    return piece;
}

const struct program *expr_compile(struct arena *arena, const char *text, const struct expr_scope *scope)
{
    struct parser parser = {.arena = arena, .text = text, .scope = scope, .token = lexer_next(text, 0)};
    struct piece piece = parser_level(&parser, LEVEL_ANY);
    if (piece.node && parser.token.kind != TOKEN_END)
        piece = parser_unexpected(&parser, "an operator or the end");
    struct program *program = parser.failed || !piece.node ? NULL : ARENA_NEW(arena, struct program);
    if (program)
        *program = (struct program){piece.node, parser.cells};
    return program;
}

bool expr_is_name(const char *text)
{
    if (!lexer_name_start(*text))
        return false;
    while (lexer_name_char(*text))
        text++;
    return *text == '\0';
}

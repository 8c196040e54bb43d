#include "accounts.h"

#include <string.h>

#include "base/str.h"
#include "generators/text.h"

enum opcode {
    OP_ROW,
    OP_CONST,
    OP_ADD,
    OP_SUBTRACT,
    OP_DIVIDE,
    OP_LETTERS,
    OP_END
};

struct instruction {
    enum opcode code;
    struct value operand;
};

static enum make_status arithmetic(enum opcode code, struct value *left, const struct value *right)
{
    bool overflow = false;
    if (left->type != VALUE_INT || right->type != VALUE_INT)
        return MAKE_BAD_TYPE;
    if (code == OP_ADD)
        overflow = __builtin_add_overflow(left->integer, right->integer, &left->integer);
    else if (code == OP_SUBTRACT)
        overflow = __builtin_sub_overflow(left->integer, right->integer, &left->integer);
    else if (right->integer == 0)
        return MAKE_DIVISION_BY_ZERO;
    else
        left->integer /= right->integer;
    return overflow ? MAKE_OVERFLOW : MAKE_OK;
}

static enum make_status run_program(const void *program, struct row_scope *scope, struct value *out)
{
    struct value stack[8];
    int top = -1;
    enum make_status status = MAKE_OK;
    for (const struct instruction *at = program; status == MAKE_OK; at++) {
        switch (at->code) {
        case OP_ROW:
            stack[++top] = (struct value){.type = VALUE_INT, .integer = scope->row};
            break;
        case OP_CONST:
            stack[++top] = at->operand;
            break;
        case OP_LETTERS:
            status = text_letters(&scope->rng, at->operand.integer, at->operand.integer, scope->scratch, &stack[++top]);
            break;
        case OP_END:
            *out = stack[top];
            return MAKE_OK;
        default:
            top--;
            status = arithmetic(at->code, &stack[top], &stack[top + 1]);
        }
    }
    return status;
}

#define INT(n)                                                                                                         \
    {                                                                                                                  \
        .type = VALUE_INT, .integer = (n)                                                                              \
    }

static const struct instruction aid[] = {{OP_ROW}, {OP_END}};
static const struct instruction bid[] = {{OP_ROW},    {OP_CONST, INT(1)}, {OP_SUBTRACT}, {OP_CONST, INT(100000)},
                                         {OP_DIVIDE}, {OP_CONST, INT(1)}, {OP_ADD},      {OP_END}};
static const struct instruction abalance[] = {{OP_CONST, INT(0)}, {OP_END}};
static const struct instruction no_filler[] = {{OP_CONST, {.type = VALUE_TEXT, .text = {"", 0}}}, {OP_END}};
static const struct instruction letters_filler[] = {{OP_LETTERS, INT(84)}, {OP_END}};

static struct column_spec as_pgbench[] = {
    {"aid", run_program, aid},
    {"bid", run_program, bid},
    {"abalance", run_program, abalance},
    {"filler", run_program, no_filler},
};
static struct column_spec with_letters[] = {
    {"aid", run_program, aid},
    {"bid", run_program, bid},
    {"abalance", run_program, abalance},
    {"filler", run_program, letters_filler},
};

void accounts_table(struct table_spec *table, int64_t scale, bool letters)
{
    *table = (struct table_spec){
        .name = "pgbench_accounts",
        .key = str_hash("pgbench_accounts", strlen("pgbench_accounts")),
        .seed = 42,
        .rows = 100000 * scale,
        .columns = letters ? with_letters : as_pgbench,
        .n_columns = 4,
    };
}

/* format('%s-%05d', …): the template is cut into pieces when it is compiled. */
#include <stdio.h>
#include <string.h>

#include "functions.h"

enum {
    WIDTH_MAX = 1000,
    PRECISION_MAX = 30,
    DOUBLE_BYTES = 400 /* 1e308 with all its digits, and PRECISION_MAX more */
};

/* Text to copy, then one argument (or, at the end, none). */
struct piece {
    const char *text;
    size_t len;
    char conversion; /* s, d, f; 0: none */
    bool zeros;
    bool left;
    int width;
    int precision;
};

struct template
{
    int n_pieces;
    struct piece pieces[];
};

static enum make_status append(struct scratch *scratch, const char *data, size_t len)
{
    char *room = scratch_take(scratch, len);
    if (!room)
        return MAKE_FULL;
    memcpy(room, data, len);
    return MAKE_OK;
}

static enum make_status append_fill(struct scratch *scratch, char c, int count)
{
    char *room = scratch_take(scratch, count > 0 ? (size_t)count : 0);
    if (!room)
        return MAKE_FULL;
    memset(room, c, count > 0 ? (size_t)count : 0);
    return MAKE_OK;
}

static int count_chars(const char *data, size_t len)
{
    int chars = 0;
    for (size_t i = 0; i < len; i++)
        chars += ((unsigned char)data[i] & 0xC0) != 0x80;
    return chars;
}

static enum make_status append_padded(struct scratch *scratch, const struct piece *piece, const char *data, size_t len)
{
    int fill = piece->width > 0 ? piece->width - count_chars(data, len) : 0;
    bool negative = len > 0 && *data == '-' && piece->conversion != 's';
    enum make_status status = MAKE_OK;
    if (piece->zeros && fill > 0) {
        status = append(scratch, data, negative);
        data += negative;
        len -= negative;
    }
    if (status == MAKE_OK && !piece->left)
        status = append_fill(scratch, piece->zeros ? '0' : ' ', fill);
    if (status == MAKE_OK)
        status = append(scratch, data, len);
    if (status == MAKE_OK && piece->left)
        status = append_fill(scratch, ' ', fill);
    return status;
}

static enum make_status append_value(struct scratch *scratch, const struct piece *piece, const struct value *value)
{
    char buf[DOUBLE_BYTES];
    const char *data = buf;
    size_t len;
    if (piece->conversion == 'f')
        len = (size_t)snprintf(buf, sizeof buf, "%.*f", piece->precision, value->real);
    else
        len = value_text(value, buf, &data);
    return append_padded(scratch, piece, data, len);
}

static enum make_status eval_piece_arg(const struct node *node, int i, const struct piece *piece,
                                       struct eval_scope *scope, struct value *out, bool *null)
{
    enum make_status status;
    if (piece->conversion == 'd') {
        out->type = VALUE_INT;
        return eval_int(node, i, scope, &out->integer, null);
    }
    if (piece->conversion == 'f') {
        out->type = VALUE_DOUBLE;
        return eval_double(node, i, scope, &out->real, null);
    }
    status = eval_arg(node, i, scope, out);
    *null = *null || (status == MAKE_OK && out->type == VALUE_NULL);
    return status;
}

/* All arguments first: what they take of the scratch must not come between the pieces. */
enum make_status function_format(const struct node *node, struct eval_scope *scope, struct value *out)
{
    const struct template *template = node->data;
    struct value values[NODE_ARGS_MAX];
    enum make_status status = MAKE_OK;
    bool null = false;
    for (int i = 1; i < node->n_args && status == MAKE_OK; i++)
        status = eval_piece_arg(node, i, &template->pieces[i - 1], scope, &values[i], &null);
    if (status != MAKE_OK)
        return status;
    *out = (struct value){.type = VALUE_NULL};
    if (null)
        return MAKE_OK;
    size_t start = scope->scratch->used;
    for (int i = 0; i < template->n_pieces && status == MAKE_OK; i++) {
        status = append(scope->scratch, template->pieces[i].text, template->pieces[i].len);
        if (status == MAKE_OK && template->pieces[i].conversion)
            status = append_value(scope->scratch, &template->pieces[i], &values[i + 1]);
    }
    out->type = VALUE_TEXT;
    out->text.data = scope->scratch->data + start;
    out->text.len = scope->scratch->used - start;
    return status;
}

static size_t read_digits(const char *text, const char *end, int *out)
{
    size_t len = 0;
    for (*out = 0; text + len < end && text[len] >= '0' && text[len] <= '9' && *out < 100000; len++)
        *out = *out * 10 + (text[len] - '0');
    return len;
}

/* "%-05d": the length of the conversion at `text`, 0 if it is none. */
static size_t read_conversion(const char *text, const char *end, struct piece *piece)
{
    const char *at = text + 1;
    for (; at < end && (*at == '-' || *at == '0'); at++)
        *(*at == '-' ? &piece->left : &piece->zeros) = true;
    at += read_digits(at, end, &piece->width);
    piece->precision = 6;
    bool precise = at < end && *at == '.';
    if (precise) {
        at++;
        at += read_digits(at, end, &piece->precision);
    }
    if (at == end || !strchr("sdf", *at) || (precise && *at != 'f') || piece->width > WIDTH_MAX ||
        piece->precision > PRECISION_MAX)
        return 0;
    piece->conversion = *at;
    piece->zeros = piece->zeros && !piece->left && *at != 's';
    return (size_t)(at + 1 - text);
}

static struct piece *last_piece(struct template *template)
{
    return &template->pieces[template->n_pieces - 1];
}

/* Reads the template into pieces; `literal` is the room for their text, %% made single. */
static bool read_template(struct parser *parser, const struct value *text, char *literal, struct template *template)
{
    const char *at = text->text.data, *end = at + text->text.len;
    *(template->n_pieces = 1, last_piece(template)) = (struct piece){.text = literal};
    while (at < end) {
        struct piece *piece = last_piece(template);
        if (*at != '%' || (at + 1 < end && at[1] == '%')) {
            literal[piece->len++] = *at;
            at += *at == '%' ? 2 : 1;
            continue;
        }
        size_t len = read_conversion(at, end, piece);
        if (len == 0)
            return parser_problem(parser, 0, "format() knows %%s, %%d, %%f with width and precision, and %%%%");
        at += len;
        literal += piece->len;
        if (template->n_pieces == NODE_ARGS_MAX)
            return parser_problem(parser, 0, "format() takes at most %d arguments", NODE_ARGS_MAX - 1);
        *(template->n_pieces++, last_piece(template)) = (struct piece){.text = literal};
    }
    return true;
}

bool compile_format(struct parser *parser, struct node *node)
{
    const struct value *text = &node->args[0]->value;
    if (!node_is_constant(node->args[0]) || text->type != VALUE_TEXT)
        return parser_problem(parser, 0, "format() wants a text in quotes first");
    struct template *template =
        parser_alloc(parser, sizeof *template + (NODE_ARGS_MAX + 1) * sizeof template->pieces[0]);
    char *literal = parser_alloc(parser, text->text.len + 1);
    if (!template || !literal || !read_template(parser, text, literal, template))
        return false;
    int wanted = template->n_pieces - 1, given = node->n_args - 1;
    if (wanted != given)
        return parser_problem(parser, 0, "format() has %d place%s to fill, but %d argument%s", wanted,
                              wanted == 1 ? "" : "s", given, given == 1 ? "" : "s");
    node->data = template;
    return true;
}

#include "reply.h"

#include <arpa/inet.h>
#include <string.h>

static void put_int32(struct str *out, uint32_t value)
{
    uint32_t wire = htonl(value);
    str_append_n(out, (const char *)&wire, sizeof wire);
}

static void put_int16(struct str *out, uint16_t value)
{
    uint16_t wire = htons(value);
    str_append_n(out, (const char *)&wire, sizeof wire);
}

static void put_string(struct str *out, const char *text)
{
    str_append_n(out, text, strlen(text) + 1);
}

/* Returns where the message's length stands; message_end fills it in. */
static size_t message_begin(struct str *out, char type)
{
    str_append_char(out, type);
    put_int32(out, 0);
    return out->len - 4;
}

static void message_end(struct str *out, size_t begin)
{
    if (out->failed)
        return;
    uint32_t len = htonl((uint32_t)(out->len - begin));
    memcpy(out->data + begin, &len, sizeof len);
}

void reply_bare(struct str *out, char type)
{
    message_end(out, message_begin(out, type));
}

void reply_auth_ok(struct str *out)
{
    size_t begin = message_begin(out, 'R');
    put_int32(out, 0);
    message_end(out, begin);
}

void reply_parameter(struct str *out, const char *name, const char *value)
{
    size_t begin = message_begin(out, 'S');
    put_string(out, name);
    put_string(out, value);
    message_end(out, begin);
}

void reply_key(struct str *out, uint32_t pid, uint32_t key)
{
    size_t begin = message_begin(out, 'K');
    put_int32(out, pid);
    put_int32(out, key);
    message_end(out, begin);
}

void reply_ready(struct str *out, char status)
{
    size_t begin = message_begin(out, 'Z');
    str_append_char(out, status);
    message_end(out, begin);
}

void reply_negotiate(struct str *out)
{
    size_t begin = message_begin(out, 'v');
    put_int32(out, 3 << 16);
    put_int32(out, 0);
    message_end(out, begin);
}

void reply_row_description(struct str *out, int n, const char *const *names, int32_t oid)
{
    size_t begin = message_begin(out, 'T');
    put_int16(out, (uint16_t)n);
    for (int i = 0; i < n; i++) {
        put_string(out, names[i]);
        put_int32(out, 0); /* of no table */
        put_int16(out, 0);
        put_int32(out, (uint32_t)oid);
        put_int16(out, oid == OID_INT4 ? 4 : (uint16_t)-1);
        put_int32(out, (uint32_t)-1);
        put_int16(out, 0); /* text format */
    }
    message_end(out, begin);
}

void reply_row(struct str *out, int n, const char *const *values)
{
    size_t begin = message_begin(out, 'D');
    put_int16(out, (uint16_t)n);
    for (int i = 0; i < n; i++) {
        size_t len = strlen(values[i]);
        put_int32(out, (uint32_t)len);
        str_append_n(out, values[i], len);
    }
    message_end(out, begin);
}

void reply_complete(struct str *out, const char *tag)
{
    size_t begin = message_begin(out, 'C');
    put_string(out, tag);
    message_end(out, begin);
}

void reply_parameter_description(struct str *out, int n)
{
    size_t begin = message_begin(out, 't');
    put_int16(out, (uint16_t)n);
    for (int i = 0; i < n; i++)
        put_int32(out, OID_TEXT);
    message_end(out, begin);
}

static void put_field(struct str *out, char field, const char *text)
{
    str_append_char(out, field);
    put_string(out, text);
}

void reply_error(struct str *out, const char *severity, const char *sqlstate, const char *message)
{
    size_t begin = message_begin(out, 'E');
    put_field(out, 'S', severity);
    put_field(out, 'V', severity);
    put_field(out, 'C', sqlstate);
    put_field(out, 'M', message);
    str_append_char(out, '\0');
    message_end(out, begin);
}

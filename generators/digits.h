/* Writing numbers into a buffer that has room: each returns where the next byte goes. */
#ifndef GENERATORS_DIGITS_H
#define GENERATORS_DIGITS_H

#include <stdint.h>
#include <string.h>

/* 00 … 99 */
static inline char *put_pair(char *p, unsigned value)
{
    static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
                                "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
                                "8081828384858687888990919293949596979899";
    memcpy(p, pairs + 2 * value, 2);
    return p + 2;
}

/* At most 20 digits. */
static inline char *put_unsigned(char *p, uint64_t value)
{
    char backwards[20];
    char *start = backwards + sizeof(backwards);
    while (value >= 100) {
        start -= 2;
        put_pair(start, (unsigned)(value % 100));
        value /= 100;
    }
    if (value >= 10) {
        start -= 2;
        put_pair(start, (unsigned)value);
    } else {
        *--start = (char)('0' + value);
    }
    size_t len = (size_t)(backwards + sizeof(backwards) - start);
    memcpy(p, start, len);
    return p + len;
}

static inline char *put_integer(char *p, int64_t value)
{
    if (value < 0)
        *p++ = '-';
    return put_unsigned(p, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

static inline char *put_string(char *p, const char *s)
{
    size_t len = strlen(s);
    memcpy(p, s, len);
    return p + len;
}

/* ".5", ".123456", nothing for 0: up to 999999 millionths. */
static inline char *put_fraction(char *p, unsigned us)
{
    if (us == 0)
        return p;
    *p++ = '.';
    p = put_pair(p, us / 10000);
    p = put_pair(p, us / 100 % 100);
    p = put_pair(p, us % 100);
    while (p[-1] == '0')
        p--;
    return p;
}

#endif

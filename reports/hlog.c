/* The V2 encoding, big-endian:
 *
 *     0x1c849314  length  zlib( 0x1c849313  payload length  index offset 0  digits 3  lowest 1  highest  ratio 1.0
 * counts … )
 *
 * counts run from counter 0 to that of the maximum, each as ZigZag LEB128 of at most nine bytes; n zeros in a row (n >
 * 1) are the one number −n. */
#include "reports/hlog.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "base/clock.h"
#include "base/units.h"

enum {
    COOKIE = 0x1c849303 | 0x10,
    COMPRESSED_COOKIE = 0x1c849304 | 0x10,
    HEADER_BYTES = 40,
    LEB128_BYTES = 9,
    MAX_PLAIN_BYTES = HEADER_BYTES + HIST_COUNTERS * LEB128_BYTES
};

static void put_u32(uint8_t *to, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void put_u64(uint8_t *to, uint64_t value)
{
    put_u32(to, (uint32_t)(value >> 32));
    put_u32(to + 4, (uint32_t)value);
}

static uint32_t get_u32(const uint8_t *from)
{
    return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

static uint64_t get_u64(const uint8_t *from)
{
    return (uint64_t)get_u32(from) << 32 | get_u32(from + 4);
}

/* --- Counts ------------------------------------------------------------------------------------------------------- */

static size_t put_zigzag(uint8_t *to, int64_t value)
{
    uint64_t bits = ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
    size_t n = 0;
    while (bits > 0x7f && n < LEB128_BYTES - 1) {
        to[n++] = (uint8_t)(bits | 0x80);
        bits >>= 7;
    }
    to[n++] = (uint8_t)bits;
    return n;
}

/* Bytes read, 0 at the end of the data in mid-number. */
static size_t get_zigzag(const uint8_t *from, const uint8_t *end, int64_t *out)
{
    uint64_t bits = 0;
    for (size_t n = 0; n < LEB128_BYTES && from + n < end; n++) {
        bool last = n == LEB128_BYTES - 1 || !(from[n] & 0x80);
        bits |= (uint64_t)(from[n] & (n == LEB128_BYTES - 1 ? 0xff : 0x7f)) << (7 * n);
        if (!last)
            continue;
        *out = (int64_t)(bits >> 1) ^ -(int64_t)(bits & 1);
        return n + 1;
    }
    return 0;
}

static size_t put_counts(uint8_t *to, const struct hist *hist)
{
    size_t used = 0;
    int limit = hist->total > 0 ? hist_index(hist->max) + 1 : 0;
    for (int i = 0; i < limit;) {
        int zeros = 0;
        while (i + zeros < limit && hist->counts[i + zeros] == 0)
            zeros++;
        used += put_zigzag(to + used, zeros > 1 ? -zeros : hist->counts[i]);
        i += zeros > 1 ? zeros : 1;
    }
    return used;
}

static bool get_counts(const uint8_t *from, const uint8_t *end, struct hist *into)
{
    int64_t index = 0;
    while (from < end) {
        int64_t value;
        size_t n = get_zigzag(from, end, &value);
        if (n == 0 || value == INT64_MIN)
            return false;
        from += n;
        if (value < 0) {
            index += -value;
        } else {
            if (value > 0 && index < HIST_COUNTERS)
                hist_add(into, (int)index, value);
            index++;
        }
        if (index > HIST_COUNTERS)
            return false;
    }
    return true;
}

/* --- Base64 ------------------------------------------------------------------------------------------------------- */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void put_base64(struct str *out, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i += 3) {
        size_t left = len - i;
        uint32_t bits =
            (uint32_t)data[i] << 16 | (left > 1 ? (uint32_t)data[i + 1] << 8 : 0) | (left > 2 ? data[i + 2] : 0);
        str_append_char(out, alphabet[bits >> 18]);
        str_append_char(out, alphabet[bits >> 12 & 63]);
        str_append_char(out, left > 1 ? alphabet[bits >> 6 & 63] : '=');
        str_append_char(out, left > 2 ? alphabet[bits & 63] : '=');
    }
}

/* Bytes written; (size_t)-1 for a foreign character. `to` has room for 3/4 of len. */
static size_t get_base64(const char *text, size_t len, uint8_t *to)
{
    size_t used = 0;
    uint32_t bits = 0;
    int n_bits = 0;
    while (len > 0 && text[len - 1] == '=')
        len--;
    for (size_t i = 0; i < len; i++) {
        const char *at = text[i] ? strchr(alphabet, text[i]) : NULL;
        if (!at)
            return (size_t)-1;
        bits = bits << 6 | (uint32_t)(at - alphabet);
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            to[used++] = (uint8_t)(bits >> n_bits);
        }
    }
    return used;
}

/* --- The whole ---------------------------------------------------------------------------------------------------- */

static size_t encode_plain(const struct hist *hist, uint8_t *plain)
{
    size_t payload = put_counts(plain + HEADER_BYTES, hist);
    double ratio = 1.0;
    uint64_t ratio_bits;
    memcpy(&ratio_bits, &ratio, sizeof ratio_bits);
    put_u32(plain, COOKIE);
    put_u32(plain + 4, (uint32_t)payload);
    put_u32(plain + 8, 0);
    put_u32(plain + 12, 3);
    put_u64(plain + 16, 1);
    put_u64(plain + 24, (uint64_t)HIST_MAX_NS);
    put_u64(plain + 32, ratio_bits);
    return HEADER_BYTES + payload;
}

bool hlog_encode(const struct hist *hist, struct str *out)
{
    bool ok = false;
    uLongf packed_len = compressBound(MAX_PLAIN_BYTES);
    uint8_t *plain = malloc(MAX_PLAIN_BYTES), *packed = malloc(8 + packed_len);
    if (!plain || !packed)
        goto done;
    size_t plain_len = encode_plain(hist, plain);
    if (compress2(packed + 8, &packed_len, plain, plain_len, Z_DEFAULT_COMPRESSION) != Z_OK)
        goto done;
    put_u32(packed, COMPRESSED_COOKIE);
    put_u32(packed + 4, (uint32_t)packed_len);
    put_base64(out, packed, 8 + packed_len);
    ok = !out->failed;
done:
    free(packed);
    free(plain);
    return ok;
}

static bool decode_plain(const uint8_t *plain, size_t len, struct hist *into, struct err *err)
{
    if (len < HEADER_BYTES || get_u32(plain) != COOKIE)
        return err_set(err, ERR_INPUT, NULL, "not an HdrHistogram of encoding V2");
    if (get_u32(plain + 12) != 3 || get_u64(plain + 16) != 1)
        return err_set(err, ERR_INPUT, NULL, "not a histogram of 3 significant digits from 1 ns");
    size_t payload = get_u32(plain + 4);
    if (payload > len - HEADER_BYTES)
        return err_set(err, ERR_INPUT, NULL, "the histogram is cut short");
    if (!get_counts(plain + HEADER_BYTES, plain + HEADER_BYTES + payload, into))
        return err_set(err, ERR_INPUT, NULL, "the histogram's counts are damaged");
    return true;
}

bool hlog_decode(const char *base64, size_t len, struct hist *into, struct err *err)
{
    bool ok = false;
    uLongf plain_len = MAX_PLAIN_BYTES;
    uint8_t *packed = malloc(len + 1), *plain = malloc(MAX_PLAIN_BYTES);
    if (!packed || !plain) {
        err_memory(err);
        goto done;
    }
    size_t packed_len = get_base64(base64, len, packed);
    if (packed_len == (size_t)-1 || packed_len < 8 || get_u32(packed) != COMPRESSED_COOKIE)
        err_set(err, ERR_INPUT, NULL, "not a compressed HdrHistogram of encoding V2");
    else if (get_u32(packed + 4) > packed_len - 8 ||
             uncompress(plain, &plain_len, packed + 8, get_u32(packed + 4)) != Z_OK)
        err_set(err, ERR_INPUT, NULL, "the compressed histogram is damaged");
    else
        ok = decode_plain(plain, plain_len, into, err);
done:
    free(plain);
    free(packed);
    return ok;
}

void hlog_header(FILE *file, int64_t started_wall_ns)
{
    char date[64] = "", seconds[64];
    time_t whole = (time_t)(started_wall_ns / NS_PER_S);
    struct tm utc;
    if (gmtime_r(&whole, &utc))
        strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &utc);
    units_format_number(seconds, sizeof seconds, (double)started_wall_ns / 1e9);
    fprintf(file,
            "#[pgdyno: values in ns, maximum in ms]\n"
            "#[Histogram log format version 1.3]\n"
            "#[StartTime: %s (seconds since epoch), %s]\n"
            "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n",
            seconds, date);
}

bool hlog_line(FILE *file, const char *tag, double start_s, double length_s, const struct hist *hist)
{
    char start[64], length[64], max[64];
    struct str packed = {0};
    bool ok = hlog_encode(hist, &packed);
    units_format_number(start, sizeof start, start_s);
    units_format_number(length, sizeof length, length_s);
    units_format_number(max, sizeof max, (double)hist->max / 1e6);
    if (ok)
        fprintf(file, "Tag=%s,%s,%s,%s,%s\n", tag, start, length, max, str_text(&packed));
    str_deinit(&packed);
    return ok;
}

/* Ends the field at the next comma and returns what follows; NULL if there is none. */
static char *next_field(char *at)
{
    char *comma = at ? strchr(at, ',') : NULL;
    if (comma)
        *comma++ = '\0';
    return comma;
}

bool hlog_parse(char *line, struct hlog_entry *out)
{
    *out = (struct hlog_entry){.tag = ""};
    if (*line == '#' || *line == '"' || *line == '\0')
        return false;
    char *at = line;
    if (strncmp(at, "Tag=", 4) == 0) {
        out->tag = at + 4;
        at = next_field(at);
    }
    char *start = at, *length = next_field(start), *max = next_field(length), *base64 = next_field(max);
    if (!base64)
        return false;
    base64[strcspn(base64, "\r\n")] = '\0';
    out->base64 = base64;
    return units_parse_double(start, &out->start_s) && units_parse_double(length, &out->length_s);
}

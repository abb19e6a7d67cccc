#include "CTabular.h"

#include <math.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

static const char pairs[201] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657"
    "585960616263646566676869707172737475767778798081828384858687888990919293949596979899";

static inline size_t digits_of(uint64_t value) {
    size_t digits = 1;
    for (;;) {
        if (value < 10) return digits;
        if (value < 100) return digits + 1;
        if (value < 1000) return digits + 2;
        if (value < 10000) return digits + 3;
        value /= 10000;
        digits += 4;
    }
}

static inline size_t put_digits(uint8_t *out, uint64_t value) {
    const size_t digits = digits_of(value);
    size_t at = digits;
    while (value >= 100) {
        at -= 2;
        memcpy(out + at, pairs + 2 * (value % 100), 2);
        value /= 100;
    }
    if (value >= 10) {
        memcpy(out, pairs + 2 * value, 2);
    } else {
        out[0] = (uint8_t)('0' + value);
    }
    return digits;
}

size_t datavault_put_int64(uint8_t *out, int64_t value) {
    if (value >= 0) return put_digits(out, (uint64_t)value);
    out[0] = '-';
    return 1 + put_digits(out + 1, 0 - (uint64_t)value);
}

static inline void put_pair(uint8_t *out, unsigned value) { memcpy(out, pairs + 2 * value, 2); }

size_t datavault_put_date(uint8_t *out, int32_t days) {
    // Days from the first of March of the year 0, in eras of 400 years (Howard Hinnant, "chrono-Compatible Low-Level
    // Date Algorithms").
    const int64_t shifted = (int64_t)days + 719468;
    const int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    const unsigned day_of_era = (unsigned)(shifted - era * 146097);
    const unsigned year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const unsigned shifted_month = (5 * day_of_year + 2) / 153;
    const unsigned day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    const unsigned month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    const unsigned year = (unsigned)((int64_t)year_of_era + era * 400 + (month <= 2)) % 10000;
    put_pair(out, year / 100);
    put_pair(out + 2, year % 100);
    out[4] = '-';
    put_pair(out + 5, month);
    out[7] = '-';
    put_pair(out + 8, day);
    return 10;
}

size_t datavault_put_timestamp(uint8_t *out, int64_t microseconds) {
    const int64_t day = 86400000000;
    int64_t days = microseconds / day, rest = microseconds % day;
    if (rest < 0) {
        days--;
        rest += day;
    }
    datavault_put_date(out, (int32_t)days);
    const unsigned seconds = (unsigned)(rest / 1000000), fraction = (unsigned)(rest % 1000000);
    out[10] = 'T';
    put_pair(out + 11, seconds / 3600);
    out[13] = ':';
    put_pair(out + 14, seconds / 60 % 60);
    out[16] = ':';
    put_pair(out + 17, seconds % 60);
    size_t length = 19;
    if (fraction != 0) {
        out[19] = '.';
        put_pair(out + 20, fraction / 10000);
        put_pair(out + 22, fraction / 100 % 100);
        put_pair(out + 24, fraction % 100);
        length = fraction % 1000 == 0 ? 23 : 26;
    }
    out[length] = 'Z';
    return length + 1;
}

size_t datavault_put_short_double(uint8_t *out, double value) {
    static const double powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000};
    const double magnitude = fabs(value);
    // Also no NaN. A number of fifteen digits has no shorter form than these digits, and division by a power of ten is
    // rounded as reading those digits is: where it gives the number back, they are its digits.
    if (!(magnitude < 1e9)) return 0;
    for (int places = 0; places <= 6; places++) {
        const uint64_t scaled = (uint64_t)(magnitude * powers[places] + 0.5);
        if ((double)scaled / powers[places] != magnitude) continue;
        size_t length = 0;
        if (signbit(value)) out[length++] = '-';
        const uint64_t power = (uint64_t)powers[places], whole = scaled / power;
        uint64_t fraction = scaled % power;
        length += put_digits(out + length, whole);
        out[length++] = '.';
        if (places == 0) {
            out[length++] = '0';
            return length;
        }
        for (int place = places - 1; place >= 0; place--, fraction /= 10) {
            out[length + (size_t)place] = (uint8_t)('0' + fraction % 10);
        }
        return length + (size_t)places;
    }
    return 0;
}

size_t datavault_put_csv_text(uint8_t *out, const uint8_t *text, size_t length, uint8_t delimiter) {
    // At the beginning of a file a reader would take U+FEFF for a byte order mark.
    bool is_plain = length > 0 && !(length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0);
    size_t at = 0;
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"'), newline = _mm_set1_epi8('\n'), carriage = _mm_set1_epi8('\r'),
                  comma = _mm_set1_epi8((char)delimiter);
    for (; at + 16 <= length; at += 16) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)(text + at));
        const __m128i marks = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, newline)),
                                           _mm_or_si128(_mm_cmpeq_epi8(bytes, carriage), _mm_cmpeq_epi8(bytes, comma)));
        if (_mm_movemask_epi8(marks) != 0) is_plain = false;
        _mm_storeu_si128((__m128i *)(out + at), bytes);
    }
#endif
    for (; at < length; at++) {
        const uint8_t byte = text[at];
        if (byte == '"' || byte == '\n' || byte == '\r' || byte == delimiter) is_plain = false;
        out[at] = byte;
    }
    if (is_plain) return length;
    uint8_t *next = out;
    *next++ = '"';
    for (at = 0; at < length; at++) {
        if (text[at] == '"') *next++ = '"';
        *next++ = text[at];
    }
    *next++ = '"';
    return (size_t)(next - out);
}

size_t datavault_put_json_text(uint8_t *out, const uint8_t *text, size_t length) {
    static const char hex[] = "0123456789abcdef";
    uint8_t *next = out;
    *next++ = '"';
    for (size_t at = 0; at < length; at++) {
        const uint8_t byte = text[at];
        if (byte >= 0x20 && byte != '"' && byte != '\\') {
            *next++ = byte;
            continue;
        }
        *next++ = '\\';
        switch (byte) {
        case '"': case '\\': *next++ = byte; break;
        case '\n': *next++ = 'n'; break;
        case '\r': *next++ = 'r'; break;
        case '\t': *next++ = 't'; break;
        default:
            memcpy(next, "u00", 3);
            next[3] = (uint8_t)hex[byte >> 4];
            next[4] = (uint8_t)hex[byte & 15];
            next += 5;
        }
    }
    *next++ = '"';
    return (size_t)(next - out);
}

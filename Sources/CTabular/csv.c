#include "CTabular.h"

#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define ESCAPED 0x40000000U

/// Where quotes, delimiters and ends of lines stand in 64 bytes, a bit a byte.
typedef struct {
    uint64_t quotes;
    uint64_t ends;
    uint64_t newlines;
} marks;

static inline marks marks_of(const uint8_t *text, uint8_t delimiter) {
    marks found = {0, 0, 0};
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"'), newline = _mm_set1_epi8('\n'), comma = _mm_set1_epi8((char)delimiter);
    for (int part = 0; part < 4; part++) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)(text + 16 * part));
        const __m128i lines = _mm_cmpeq_epi8(bytes, newline);
        const __m128i ends = _mm_or_si128(lines, _mm_cmpeq_epi8(bytes, comma));
        found.quotes |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, quote)) << (16 * part);
        found.newlines |= (uint64_t)(uint32_t)_mm_movemask_epi8(lines) << (16 * part);
        found.ends |= (uint64_t)(uint32_t)_mm_movemask_epi8(ends) << (16 * part);
    }
#else
    for (int bit = 0; bit < 64; bit++) {
        found.quotes |= (uint64_t)(text[bit] == '"') << bit;
        found.newlines |= (uint64_t)(text[bit] == '\n') << bit;
        found.ends |= (uint64_t)(text[bit] == '\n' || text[bit] == delimiter) << bit;
    }
#endif
    return found;
}

/// The marks of the bytes from `at` on, of which only those before `length` count.
static inline marks marks_at(const uint8_t *text, size_t length, size_t at, uint8_t delimiter) {
    if (at + 64 <= length) return marks_of(text + at, delimiter);
    uint8_t rest[64] = {0};
    memcpy(rest, text + at, length - at);
    marks found = marks_of(rest, delimiter);
    const uint64_t inside = ~0ULL >> (64 - (length - at));
    found.quotes &= inside;
    found.ends &= inside;
    found.newlines &= inside;
    return found;
}

/// What is known of the record that is being read.
typedef struct {
    size_t start;
    size_t field;
    size_t cells;
    size_t closing;
    bool is_quoted;
    bool is_open;
    bool has_escapes;
    bool field_has_escapes;
    datavault_record_fault fault;
} record;

static inline void begin_record(record *now, size_t at) {
    memset(now, 0, sizeof *now);
    now->start = now->field = at;
}

/// Ends a cell before `at`.
static inline void end_cell(record *now, const uint8_t *text, size_t at, bool is_line_end, uint32_t maximum_cell,
                            datavault_cell *row, size_t columns) {
    size_t end = at;
    if (is_line_end && end > now->field && text[end - 1] == '\r') end--;
    size_t start = now->field, length = end - start;
    uint32_t flags = 0;
    if (now->is_quoted) {
        if (now->closing + 1 != end && now->fault == 0) now->fault = datavault_record_text_after_quote;
        start++;
        length = now->closing - start;
        flags = DATAVAULT_CELL_QUOTED | (now->field_has_escapes ? ESCAPED : 0);
    }
    if (length > maximum_cell && now->fault == 0) now->fault = datavault_record_cell_too_long;
    if (now->cells < columns) {
        row[now->cells].start = (uint32_t)start;
        row[now->cells].length = (uint32_t)(length & DATAVAULT_CELL_LENGTH) | flags;
    }
    now->cells++;
    now->field = at + 1;
    now->is_quoted = now->field_has_escapes = false;
}

/// Makes doubled quotes single.
static void unescape(uint8_t *text, datavault_cell *cell) {
    uint8_t *out = text + cell->start;
    const uint8_t *in = out, *end = out + (cell->length & DATAVAULT_CELL_LENGTH);
    while (in < end) {
        if (*in == '"') in++;
        *out++ = *in++;
    }
    cell->length = (uint32_t)(out - (text + cell->start)) | DATAVAULT_CELL_QUOTED;
    // What is left over might begin inside a character.
    memset(out, '"', (size_t)(end - out));
}

/// Ends the record before `at`, takes it into the table or the list of bad ones, and says whether one of them is full now.
static inline datavault_table_status end_record(record *now, uint8_t *text, size_t at, size_t next,
                                                size_t maximum_record, datavault_table *table) {
    if (at - now->start > maximum_record) return datavault_table_record_too_long;
    datavault_cell *row = table->cells + table->records * table->columns;
    const bool is_blank = now->cells == 1 && table->columns != 1 && row[0].length == 0;
    if (now->cells != table->columns && now->fault == 0) now->fault = datavault_record_ragged;
    if (is_blank) {
        // An empty line is no record.
    } else if (now->fault != 0) {
        datavault_bad_record *bad = table->bad + table->bad_count++;
        bad->start = (uint32_t)now->start;
        bad->end = (uint32_t)at;
        bad->before = (uint32_t)table->records;
        bad->cells = (uint32_t)now->cells;
        bad->fault = now->fault;
    } else {
        if (now->has_escapes) {
            for (size_t cell = 0; cell < table->columns; cell++) {
                if (row[cell].length & ESCAPED) unescape(text, row + cell);
            }
        }
        table->starts[table->records++] = (uint32_t)now->start;
    }
    table->consumed = next;
    begin_record(now, next);
    return table->records < table->maximum_records && table->bad_count < table->maximum_bad ? datavault_table_end_of_text
                                                                                           : datavault_table_full;
}

datavault_table_status datavault_csv_index(uint8_t *text, size_t length, size_t from, bool is_last, uint8_t delimiter,
                                           uint32_t maximum_cell, size_t maximum_record, datavault_table *table) {
    record now;
    begin_record(&now, from);
    table->records = table->bad_count = 0;
    table->consumed = from;
    table->is_quote_open = false;
    // A quote that the one before it has doubled.
    size_t doubled = SIZE_MAX;
    for (size_t at = from; at < length; at += 64) {
        marks found = marks_at(text, length, at, delimiter);
        if (found.quotes == 0) {
            // Most text: nothing but whole cells, or nothing but the inside of one.
            if (now.is_open) continue;
            for (uint64_t left = found.ends; left != 0; left &= left - 1) {
                const size_t position = at + (size_t)__builtin_ctzll(left);
                const bool is_line_end = (found.newlines & (left & (0 - left))) != 0;
                end_cell(&now, text, position, is_line_end, maximum_cell,
                         table->cells + table->records * table->columns, table->columns);
                if (!is_line_end) continue;
                const datavault_table_status status =
                    end_record(&now, text, position, position + 1, maximum_record, table);
                if (status != datavault_table_end_of_text) return status;
            }
            continue;
        }
        for (uint64_t left = found.quotes | found.ends; left != 0; left &= left - 1) {
            const size_t position = at + (size_t)__builtin_ctzll(left);
            const uint64_t bit = left & (0 - left);
            if (found.quotes & bit) {
                if (position == doubled) continue;
                if (now.is_open) {
                    if (position + 1 < length && text[position + 1] == '"') {
                        doubled = position + 1;
                        now.has_escapes = now.field_has_escapes = true;
                    } else {
                        now.is_open = false;
                        now.closing = position;
                    }
                } else if (position == now.field) {
                    now.is_open = now.is_quoted = true;
                }
                // Elsewhere a quote is text: RFC 4180 forbids it, and all readers take it.
            } else if (!now.is_open) {
                const bool is_line_end = (found.newlines & bit) != 0;
                end_cell(&now, text, position, is_line_end, maximum_cell,
                         table->cells + table->records * table->columns, table->columns);
                if (!is_line_end) continue;
                const datavault_table_status status =
                    end_record(&now, text, position, position + 1, maximum_record, table);
                if (status != datavault_table_end_of_text) return status;
            }
        }
    }
    table->is_quote_open = now.is_open;
    if (is_last && now.start < length) {
        if (now.is_open) return datavault_table_unclosed_quote;
        end_cell(&now, text, length, true, maximum_cell, table->cells + table->records * table->columns,
                 table->columns);
        const datavault_table_status status = end_record(&now, text, length, length, maximum_record, table);
        if (status == datavault_table_record_too_long) return status;
    }
    return datavault_table_end_of_text;
}

ptrdiff_t datavault_csv_count_cells(const uint8_t *text, size_t length, size_t from, bool is_last, uint8_t delimiter,
                                    size_t maximum) {
    size_t cells = 1, field = from;
    bool is_open = false;
    for (size_t at = from; at < length; at++) {
        const uint8_t byte = text[at];
        if (byte == '"') {
            if (is_open && at + 1 < length && text[at + 1] == '"') {
                at++;
            } else if (is_open || at == field) {
                is_open = !is_open;
            }
        } else if (!is_open && byte == delimiter) {
            if (++cells > maximum) return (ptrdiff_t)cells;
            field = at + 1;
        } else if (!is_open && byte == '\n') {
            return (ptrdiff_t)cells;
        }
    }
    return is_last ? (ptrdiff_t)cells : -1;
}

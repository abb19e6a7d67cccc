// Finds fields in delimited text, sixteen bytes at a time; writes cells as text; sums bytes for checksums.
#ifndef DATAVAULT_CTABULAR_H
#define DATAVAULT_CTABULAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// CRC-32C (Castagnoli, RFC 3720) of bytes, continued from `seed` (0 to begin).
uint32_t datavault_crc32c(uint32_t seed, const uint8_t *bytes, size_t length);

/// Where a cell's content lies, without the quotes around it.
typedef struct {
    uint32_t start;
    /// The length in the low 30 bits, and whether the cell stood in quotes in the highest.
    uint32_t length;
} datavault_cell;

#define DATAVAULT_CELL_QUOTED 0x80000000U
#define DATAVAULT_CELL_LENGTH 0x3FFFFFFFU

typedef enum {
    datavault_record_ragged = 1,
    datavault_record_cell_too_long,
    datavault_record_text_after_quote,
} datavault_record_fault;

/// A record that is left out of the table, and why.
typedef struct {
    uint32_t start;
    uint32_t end;
    /// How many records of the table stand before it.
    uint32_t before;
    /// How many cells it has.
    uint32_t cells;
    datavault_record_fault fault;
} datavault_bad_record;

typedef enum {
    /// All whole records of the text are in the table.
    datavault_table_end_of_text = 0,
    /// The table or the list of bad records is full: go on from `consumed`.
    datavault_table_full,
    /// The text ended, `is_last` was said, and a quote is open.
    datavault_table_unclosed_quote,
    /// The record that begins at `consumed` has an end, and is longer than a record may be.
    datavault_table_record_too_long,
} datavault_table_status;

/// A table of cells, row by row, each row with the same number of cells. The caller owns all memory.
typedef struct {
    datavault_cell *cells;
    /// Where each record of the table starts.
    uint32_t *starts;
    size_t columns;
    size_t maximum_records;
    size_t records;
    datavault_bad_record *bad;
    size_t maximum_bad;
    size_t bad_count;
    /// Where the first record begins that is not in the table; where text remains, it has no end yet.
    size_t consumed;
    /// Whether the text ended inside quotes.
    bool is_quote_open;
} datavault_table;

/// Takes the records of `text`, at least `length` bytes and less than 1 GiB, from `from` on into the table. Doubled quotes
/// inside quotes are made single in place, in records that are taken. `is_last` says that the text's end ends a record.
datavault_table_status datavault_csv_index(uint8_t *text, size_t length, size_t from, bool is_last, uint8_t delimiter,
                                           uint32_t maximum_cell, size_t maximum_record, datavault_table *table);

/// Counts the cells of the first record, or gives -1 where the text does not hold its end. At most `maximum` + 1.
ptrdiff_t datavault_csv_count_cells(const uint8_t *text, size_t length, size_t from, bool is_last, uint8_t delimiter,
                                    size_t maximum);

/// The most bytes that the functions below write for a number.
#define DATAVAULT_NUMBER_BYTES 32

/// Writes a whole number in decimal, and returns how many bytes it wrote.
size_t datavault_put_int64(uint8_t *out, int64_t value);

/// Writes days since 1970-01-01 as YYYY-MM-DD; years 1 to 9999.
size_t datavault_put_date(uint8_t *out, int32_t days);

/// Writes microseconds since 1970 as YYYY-MM-DDTHH:MM:SS[.ffffff]Z (RFC 3339); years 1 to 9999. A fraction has the 3 or 6
/// digits that it takes.
size_t datavault_put_timestamp(uint8_t *out, int64_t microseconds);

/// Writes a number that has at most six decimal places and fifteen digits in its shortest form, always with a decimal
/// point; returns 0 and writes nothing for any other.
size_t datavault_put_short_double(uint8_t *out, double value);

/// Writes a text as a cell: in quotes where it is empty or holds a quote, the delimiter or an end of line. `out` has room
/// for 2 × length + 18 bytes.
size_t datavault_put_csv_text(uint8_t *out, const uint8_t *text, size_t length, uint8_t delimiter);

/// Writes a text as a JSON string. `out` has room for 6 × length + 18 bytes.
size_t datavault_put_json_text(uint8_t *out, const uint8_t *text, size_t length);


/// Where a text first stands in another, in time linear in both; -1 where it does not.
ptrdiff_t datavault_find(const uint8_t *text, size_t length, const uint8_t *part, size_t part_length);

#endif

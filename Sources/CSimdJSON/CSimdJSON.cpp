#include "CSimdJSON.h"

#include <charconv>
#include <cmath>
#include <memory>
#include <new>
#include <simdjson.h>

// Of simdjson only its first stage is used, through the interface that its own parsers stand on; it has been the same
// from version 1 on. Its second stage would lose what protobuf's mapping needs: the digits of a number, and so -0 and
// whole numbers beyond 64 bits.
struct datavault_json_index {
    std::unique_ptr<simdjson::internal::dom_parser_implementation> stage;
    size_t capacity = 0;
};

namespace {

// The first stage keeps no containers; simdjson still wants room for one.
constexpr size_t no_depth = 1;
constexpr size_t smallest_capacity = 4096;

// simdjson asks for a capacity above the length; the next power of two keeps the number of allocations small.
size_t capacity_for(size_t length) {
    size_t capacity = smallest_capacity;
    while (capacity <= length) capacity *= 2;
    return capacity;
}

datavault_json_status status_of(simdjson::error_code code) {
    switch (code) {
    case simdjson::SUCCESS: return datavault_json_ok;
    case simdjson::EMPTY: return datavault_json_empty;
    case simdjson::UTF8_ERROR: return datavault_json_not_utf8;
    case simdjson::UNCLOSED_STRING: return datavault_json_unclosed_string;
    case simdjson::UNESCAPED_CHARS: return datavault_json_control_character;
    case simdjson::CAPACITY: return datavault_json_too_long;
    case simdjson::MEMALLOC: return datavault_json_no_memory;
    default: return datavault_json_malformed;
    }
}

} // namespace

datavault_json_index *datavault_json_index_new(void) { return new (std::nothrow) datavault_json_index; }

void datavault_json_index_free(datavault_json_index *index) { delete index; }

size_t datavault_json_index_footprint(const datavault_json_index *index) {
    return index->capacity * sizeof(uint32_t);
}

datavault_json_status datavault_json_index_build(
    datavault_json_index *index, const uint8_t *text, size_t length, const uint32_t **offsets, size_t *count) {
    if (length >= simdjson::SIMDJSON_MAXSIZE_BYTES / 2) return datavault_json_too_long;
    simdjson::error_code code = simdjson::SUCCESS;
    if (!index->stage) {
        size_t capacity = capacity_for(length);
        code = simdjson::get_active_implementation()->create_dom_parser_implementation(
            capacity, no_depth, index->stage);
        if (code) return status_of(code);
        index->capacity = capacity;
    } else if (index->capacity <= length) {
        size_t capacity = capacity_for(length);
        code = index->stage->set_capacity(capacity);
        if (code) {
            index->stage.reset();
            index->capacity = 0;
            return status_of(code);
        }
        index->capacity = capacity;
    }
    code = index->stage->stage1(text, length, simdjson::stage1_mode::regular);
    if (code) return status_of(code);
    *offsets = index->stage->structural_indexes.get();
    *count = index->stage->n_structural_indexes;
    return datavault_json_ok;
}

bool datavault_utf8_is_valid(const uint8_t *bytes, size_t length) {
    return simdjson::validate_utf8(reinterpret_cast<const char *>(bytes), length);
}

bool datavault_parse_double(const char *first, const char *end, double *value) {
    double parsed = 0;
    auto [stop, error] = std::from_chars(first, end, parsed, std::chars_format::general);
    if (stop != end || error == std::errc::invalid_argument) return false;
    if (error == std::errc::result_out_of_range) {
        // Too large and too small are one error there. The decimal exponent of the first significant digit tells them
        // apart: both ends of a double's range are far from 1.
        bool negative = *first == '-';
        long exponent = 0;
        bool significant = false;
        const char *mark = first;
        for (bool fraction = false; mark != end && *mark != 'e' && *mark != 'E'; ++mark) {
            if (*mark == '.') { fraction = true; continue; }
            if (*mark == '-') continue;
            if (*mark != '0') significant = true;
            if (significant && !fraction) ++exponent;
            if (!significant && fraction) --exponent;
        }
        if (mark != end) {
            const char *digits = mark + 1;
            if (digits != end && *digits == '+') ++digits;
            long written = 0;
            auto outcome = std::from_chars(digits, end, written);
            if (outcome.ec == std::errc::result_out_of_range) written = *digits == '-' ? -1000000000L : 1000000000L;
            exponent += written;
        }
        if (exponent > 0) return false;
        parsed = negative ? -0.0 : 0.0;
    }
    if (std::isinf(parsed)) return false;
    *value = parsed;
    return true;
}

size_t datavault_write_double(double value, char *out) {
    return static_cast<size_t>(std::to_chars(out, out + 32, value).ptr - out);
}

size_t datavault_write_float(float value, char *out) {
    return static_cast<size_t>(std::to_chars(out, out + 32, value).ptr - out);
}

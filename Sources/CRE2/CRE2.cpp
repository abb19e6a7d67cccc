#include "CRE2.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

#include <re2/re2.h>

struct datavault_re2 {
    re2::RE2 pattern;
    datavault_re2(const re2::StringPiece &text, const re2::RE2::Options &options) : pattern(text, options) {}
};

datavault_re2 *datavault_re2_compile(const char *text, size_t length, bool ignore_case, int64_t max_memory, char *error,
                                     size_t error_capacity) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_case_sensitive(!ignore_case);
    options.set_max_mem(max_memory);
    std::unique_ptr<datavault_re2> made(new (std::nothrow) datavault_re2(re2::StringPiece(text, length), options));
    if (made && made->pattern.ok()) return made.release();
    if (error_capacity > 0) {
        const std::string reason = made ? made->pattern.error() : std::string("there is no memory");
        const size_t count = std::min(reason.size(), error_capacity - 1);
        std::memcpy(error, reason.data(), count);
        error[count] = 0;
    }
    return nullptr;
}

void datavault_re2_free(datavault_re2 *pattern) { delete pattern; }

int datavault_re2_group_count(const datavault_re2 *pattern) { return pattern->pattern.NumberOfCapturingGroups(); }

bool datavault_re2_find(const datavault_re2 *pattern, const char *text, size_t length, size_t start,
                        datavault_re2_range *groups, int group_capacity) {
    // More groups than a pattern of bounded size has are not asked for.
    constexpr int most = 64;
    re2::StringPiece found[most];
    const int wanted = std::min({group_capacity, pattern->pattern.NumberOfCapturingGroups() + 1, most});
    const re2::StringPiece whole(text, length);
    if (!pattern->pattern.Match(whole, start, length, re2::RE2::UNANCHORED, found, wanted)) return false;
    for (int index = 0; index < group_capacity; index++) {
        if (index < wanted && found[index].data() != nullptr) {
            groups[index].start = found[index].data() - text;
            groups[index].end = groups[index].start + static_cast<ptrdiff_t>(found[index].size());
        } else {
            groups[index] = {-1, -1};
        }
    }
    return true;
}

bool datavault_re2_matches_whole(const datavault_re2 *pattern, const char *text, size_t length) {
    return pattern->pattern.Match(re2::StringPiece(text, length), 0, length, re2::RE2::ANCHOR_BOTH, nullptr, 0);
}

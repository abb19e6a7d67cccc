// The door to gumbo, with memory of its own: gumbo tests no allocation and frees its tree by recursion, so it is given
// memory from blocks that are freed at once, and left by a long jump when they reach their limit.
#ifndef DATAVAULT_CGUMBO_SHIM_H
#define DATAVAULT_CGUMBO_SHIM_H
#include <gumbo.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/// One parse: its tree, and the memory of it.
typedef struct datavault_gumbo {
    /// The document, or NULL if memory ended.
    GumboOutput *output;
    /// The newest block; each begins with the address of the one before.
    char *block;
    size_t used;
    size_t capacity;
    size_t total;
    size_t limit;
    jmp_buf out_of_memory;
} datavault_gumbo;

static inline void *datavault_gumbo_allocate(void *context, size_t size) {
    datavault_gumbo *parse = (datavault_gumbo *)context;
    // Blocks grow, so that small pages take little and large ones few.
    enum { smallest = 1 << 16, largest = 1 << 22, alignment = 16 };
    size = (size + alignment - 1) & ~(size_t)(alignment - 1);
    if (parse->block == NULL || size > parse->capacity - parse->used) {
        size_t capacity = parse->total < smallest ? smallest : parse->total > largest ? largest : parse->total;
        if (capacity < size + alignment) capacity = size + alignment;
        char *block = capacity > parse->limit - parse->total ? NULL : (char *)malloc(capacity);
        if (block == NULL) longjmp(parse->out_of_memory, 1);
        *(char **)block = parse->block;
        parse->block = block;
        parse->capacity = capacity;
        parse->used = alignment;
        parse->total += capacity;
    }
    void *result = parse->block + parse->used;
    parse->used += size;
    return result;
}

static inline void datavault_gumbo_ignore(void *context, void *memory) {
    (void)context;
    (void)memory;
}

/// Frees a parse and its tree.
static inline void datavault_gumbo_free(datavault_gumbo *parse) {
    char *block = parse->block;
    while (block != NULL) {
        char *before = *(char **)block;
        free(block);
        block = before;
    }
    free(parse);
}

/// Parses UTF-8, which must outlive the tree: its nodes point into it. Takes at most `limit` bytes of memory; `output` is
/// NULL if that was too little. Gives NULL if there is no memory at all.
static inline datavault_gumbo *datavault_gumbo_parse(const char *text, size_t length, size_t limit) {
    datavault_gumbo *parse = (datavault_gumbo *)calloc(1, sizeof(datavault_gumbo));
    if (parse == NULL) return NULL;
    parse->limit = limit;
    GumboOptions options = kGumboDefaultOptions;
    options.allocator = datavault_gumbo_allocate;
    options.deallocator = datavault_gumbo_ignore;
    options.userdata = parse;
    options.max_errors = 0;
    if (setjmp(parse->out_of_memory) == 0) parse->output = gumbo_parse_with_options(&options, text, length);
    return parse;
}
#endif

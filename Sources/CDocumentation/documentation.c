#include "CDocumentation.h"

// #embed is C23, which clang knows in every mode: the compiler copies the file, and no literal has to be parsed.
#pragma clang diagnostic ignored "-Wc23-extensions"

const unsigned char datavault_documentation[] = {
#embed "documentation.site"
};
const size_t datavault_documentation_size = sizeof datavault_documentation;

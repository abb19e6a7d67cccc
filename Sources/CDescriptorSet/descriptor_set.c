#include "CDescriptorSet.h"

// #embed is C23, which clang knows in every mode: the compiler copies the file, and no literal has to be parsed.
#pragma clang diagnostic ignored "-Wc23-extensions"

const unsigned char datavault_descriptor_set[] = {
#embed "datavault.binpb"
};
const size_t datavault_descriptor_set_size = sizeof datavault_descriptor_set;

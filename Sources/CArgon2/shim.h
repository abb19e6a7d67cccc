#ifndef IDENTITY_CARGON2_SHIM_H
#define IDENTITY_CARGON2_SHIM_H
#include <argon2.h>
#endif

/* A stand-in for <sandbox.h> of macOS: the two declarations that nono uses, as the manual page
   sandbox_init(3) gives them. Only tests include it. */
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

int sandbox_init(const char* profile, uint64_t flags, char** errorbuf);
void sandbox_free_error(char* errorbuf);

#ifdef __cplusplus
}
#endif

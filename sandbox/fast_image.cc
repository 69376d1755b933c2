// sandbox/fast_image.cc: see fast_image.h. The build says where the library lies.
#include "sandbox/fast_image.h"

#ifdef NONO_FAST_SHIM
asm(".pushsection .rodata.nono_fast_library, \"a\", @progbits\n"
    "  .balign 16\n"
    "  .hidden nono_fast_library_begin\n"
    "  .globl nono_fast_library_begin\n"
    "nono_fast_library_begin:\n"
    "  .incbin \"" NONO_FAST_SHIM
    "\"\n"
    "  .hidden nono_fast_library_end\n"
    "  .globl nono_fast_library_end\n"
    "nono_fast_library_end:\n"
    "  .popsection");
extern "C" {
[[gnu::visibility("hidden")]] extern const std::byte nono_fast_library_begin[];
[[gnu::visibility("hidden")]] extern const std::byte nono_fast_library_end[];
}
#endif

namespace nono::sandbox {

std::span<const std::byte> fast_library() {
#ifdef NONO_FAST_SHIM
  return {&nono_fast_library_begin[0], &nono_fast_library_end[0]};
#else
  return {};
#endif
}

}  // namespace nono::sandbox

// tests/sanitized.h: whether this build is slower and larger than what is shipped, so that no
// ceiling of time or memory is held to it.
#pragma once

#if defined(__has_feature)
#define NONO_TESTS_HAVE_FEATURE(name) __has_feature(name)
#else
#define NONO_TESTS_HAVE_FEATURE(name) 0
#endif

namespace nono::built {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
    NONO_TESTS_HAVE_FEATURE(address_sanitizer) || NONO_TESTS_HAVE_FEATURE(thread_sanitizer)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

#ifdef __OPTIMIZE__
inline constexpr bool kOptimised = true;
#else
inline constexpr bool kOptimised = false;
#endif

// kAsShipped: optimised, and without sanitizers.
inline constexpr bool kAsShipped = kOptimised && !kSanitized;

}  // namespace nono::built
#undef NONO_TESTS_HAVE_FEATURE

// engine/at_once.h: the same work for many, by a few threads.
#pragma once

#include <cstddef>
#include <functional>

#include "base/result.h"

namespace nono::engine {

using Work = std::function<Result<void>(std::size_t which)>;

// at_once calls `work` once for every number below `count`, from at most `threads` threads; with
// one thread, in this one and in order. After a failure nothing new is begun; what is under way is
// waited for. The Error is that of the lowest number that failed.
Result<void> at_once(std::size_t count, std::size_t threads, const Work& work);

}  // namespace nono::engine

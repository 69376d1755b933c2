// engine/token_bucket.h: how often something may happen: a burst at once, then a steady rate.
#pragma once

#include <algorithm>
#include <chrono>

namespace nono::engine {

class TokenBucket {
 public:
  using Time = std::chrono::steady_clock::time_point;
  // It starts full. A clock that goes back adds nothing.
  TokenBucket(double per_second, double burst, Time now)
      : per_second_(per_second), burst_(burst), left_(burst), last_(now) {}

  bool take(Time now) {
    const std::chrono::duration<double> passed = std::max(now, last_) - last_;
    left_ = std::min(burst_, left_ + passed.count() * per_second_);
    last_ = std::max(now, last_);
    if (left_ < 1.0) {
      return false;
    }
    left_ -= 1.0;
    return true;
  }

 private:
  double per_second_;
  double burst_;
  double left_;
  Time last_;
};

}  // namespace nono::engine

// bench/bench.h: a clock and order statistics for the measuring programs.
#ifndef NONO_BENCH_BENCH_H
#define NONO_BENCH_BENCH_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

// C has one cast and C++ wants its own, with no warning for either.
#ifdef __cplusplus
#define BENCH_CAST(type, value) static_cast<type>(value)
#else
#define BENCH_CAST(type, value) ((type)(value))
#endif

static inline double bench_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return BENCH_CAST(double, now.tv_sec) * 1e9 + BENCH_CAST(double, now.tv_nsec);
}

static inline int bench_order(const void* left, const void* right) {
  double a = *BENCH_CAST(const double*, left);
  double b = *BENCH_CAST(const double*, right);
  return (a > b) - (a < b);
}

// bench_print writes "MIN MEDIAN MAX" of `count` > 0 values, which it sorts.
static inline void bench_print(double* values, size_t count) {
  qsort(values, count, sizeof *values, bench_order);
  printf("%.0f %.0f %.0f\n", values[0], values[count / 2], values[count - 1]);
}

#endif

#include <benchmark/benchmark.h>

#include "base/wide.h"

namespace tp {
namespace {

constexpr u128 kOne = 1'000'000'000'000'000'000;  // of an 18-digit decimal

void multiply_divide_narrow(benchmark::State& state) {
  u128 rate = 123'456'789 * u128{1'000'000'000};
  for (auto _ : state) {
    benchmark::DoNotOptimize(rate);
    benchmark::DoNotOptimize(multiply_divide(rate, 3 * kOne, 0, kOne));
  }
}
BENCHMARK(multiply_divide_narrow);

void multiply_divide_wide(benchmark::State& state) {
  u128 rate = 123'456'789 * kOne;
  for (auto _ : state) {
    benchmark::DoNotOptimize(rate);
    benchmark::DoNotOptimize(multiply_divide(rate, 1'000'000 * kOne, 0, kOne));
  }
}
BENCHMARK(multiply_divide_wide);

}  // namespace
}  // namespace tp

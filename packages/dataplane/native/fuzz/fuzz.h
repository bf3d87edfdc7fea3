// What a fuzz target offers: the entry point of libFuzzer, and inputs to start from for the driver that needs no clang.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

std::vector<std::vector<uint8_t>> fuzz_seeds();

// Input as numbers; what is missing reads as zero.
struct Taker {
  const uint8_t* data;
  size_t left;

  uint32_t take(size_t bytes) {
    uint32_t value = 0;
    for (; bytes > 0; bytes--) {
      value <<= 8;
      if (left > 0) value |= *data++, left--;
    }
    return value;
  }
};

// Stops the run with the input still in memory, as the sanitizers do.
#define FUZZ_CHECK(condition) \
  do {                        \
    if (!(condition)) {       \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      abort();                \
    }                         \
  } while (false)

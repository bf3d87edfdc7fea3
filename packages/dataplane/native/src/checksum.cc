#include "checksum.h"

namespace tombolo {

uint64_t sum_bytes(const uint8_t* from, size_t bytes) {
  uint64_t sum = 0;
  const size_t words = bytes / 4;
  for (size_t i = 0; i < words; i++) {  // the compiler makes vectors of this
    uint32_t word;
    memcpy(&word, from + 4 * i, 4);
    sum += word;
  }
  uint32_t tail = 0;
  memcpy(&tail, from + 4 * words, bytes % 4);
  return sum + tail;
}

}  // namespace tombolo

// Big-endian words at any alignment.
#pragma once
#include <cstdint>
#include <cstring>

namespace tombolo {

inline uint16_t load16(const uint8_t* from) { return static_cast<uint16_t>(from[0] << 8 | from[1]); }

inline uint32_t load32(const uint8_t* from) {
  uint32_t value;
  memcpy(&value, from, 4);
  return __builtin_bswap32(value);
}

inline void store16(uint8_t* to, uint32_t value) {
  to[0] = static_cast<uint8_t>(value >> 8);
  to[1] = static_cast<uint8_t>(value);
}

inline void store32(uint8_t* to, uint32_t value) {
  value = __builtin_bswap32(value);
  memcpy(to, &value, 4);
}

}  // namespace tombolo

#include <cctype>
#include <cstdlib>

#include "check.h"

ByteVector from_hex(const char* text) {
  ByteVector bytes;
  std::string pair;
  for (; *text != 0; text++) {
    if (isspace(static_cast<unsigned char>(*text))) continue;
    pair += *text;
    if (pair.size() < 2) continue;
    bytes.push_back(static_cast<uint8_t>(strtoul(pair.c_str(), nullptr, 16)));
    pair.clear();
  }
  return bytes;
}

std::string to_hex(const uint8_t* bytes, size_t count) {
  static const char digits[] = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < count; i++) {
    text += digits[bytes[i] >> 4];
    text += digits[bytes[i] & 15];
  }
  return text;
}

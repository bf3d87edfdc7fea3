// The AYIYA header as everybody uses it: 16-byte identity, SHA-1 keyed by a shared secret
// (docs: protocols/ayiya sections 2 and 4). The key stands in the signature's place until the packet is signed.
#pragma once
#include <cstddef>
#include <cstdint>

#include "sha1.h"

namespace tombolo {

namespace ayiya {
inline constexpr size_t epoch = 4, identity = 8, signature = 24, header_bytes = 44;
}

struct AyiyaHeader {
  uint8_t opcode;
  bool has_payload;
  uint32_t epoch_sec;
  const uint8_t* identity;  // 16 bytes
  const uint8_t* key;       // 20 bytes: SHA-1 of the secret
};

// Writes 44 bytes, with the key in place of the signature.
void write_ayiya(uint8_t* to, const AyiyaHeader& header);

// Signs packets whose key stands in the signature's place. `bytes` is at least 44.
void sign_ayiya(uint8_t* packet, size_t bytes);
void sign_ayiya_pair(uint8_t* packet_a, uint8_t* packet_b, size_t bytes);

// One packet under verification: the key takes the signature's place, and the signature comes back with `right`.
struct AyiyaCheck {
  uint8_t* packet;
  uint8_t received[sha1_bytes];
  uint8_t expected[sha1_bytes];

  void begin(uint8_t* datagram, const uint8_t* key);
  bool right();
};

}  // namespace tombolo

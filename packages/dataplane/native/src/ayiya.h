// The AYIYA header as everybody uses it: 16-byte identity, SHA-1 keyed by a shared secret
// (docs: protocols/ayiya sections 2 and 4). The key stands in the signature's place until the packet is signed.
#pragma once
#include <cstddef>
#include <cstdint>

#include "sha1.h"

namespace tombolo {

namespace ayiya {
inline constexpr size_t epoch = 4, identity = 8, signature = 24, header_bytes = 44;
inline constexpr uint8_t forward = 1;
}

struct AyiyaHeader {
  uint8_t opcode;
  bool has_payload;  // announced as IPv6 with opcode 1, else as nothing that is to be delivered
  uint32_t epoch_sec;
  const uint8_t* identity;  // 16 bytes
  const uint8_t* key;       // 20 bytes: SHA-1 of the secret
};

// Writes 44 bytes, with the key in place of the signature.
void write_ayiya(uint8_t* to, const AyiyaHeader& header);

// Signs `count` packets that stand back to back, `each_bytes` long (at least 44), their keys in the signature's place.
void sign_ayiya(uint8_t* packets, size_t count, size_t each_bytes);

// Packets of one length under verification. Between add() and settle() the key stands in the signature's place; afterwards the
// signature is back.
class AyiyaChecks {
 public:
  size_t count() const { return count_; }
  bool is_full() const { return count_ == sha1_batch; }
  // Whether this packet may join: of the same length, and behind those that wait already.
  bool fits(const uint8_t* packet, size_t bytes) const;
  void add(uint8_t* packet, size_t bytes, const uint8_t* key);
  // right[i] tells of the packet added as number i. Empty again afterwards.
  void settle(bool* right);

 private:
  size_t count_ = 0, bytes_ = 0;
  uint8_t* packets_[sha1_batch];
  uint8_t received_[sha1_batch][sha1_bytes];
};

}  // namespace tombolo

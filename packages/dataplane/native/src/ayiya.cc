#include "ayiya.h"

#include <cstring>

#include "bytes.h"
#include "packets.h"

namespace tombolo {

void write_ayiya(uint8_t* to, const AyiyaHeader& header) {
  to[0] = 0x41;  // identity of 2^4 bytes, an integer
  to[1] = 0x52;  // signature of 5 words, SHA-1
  to[2] = static_cast<uint8_t>(0x10 | (header.opcode & 0x0f));  // shared secret
  to[3] = header.has_payload ? protocol::ip6 : protocol::no_next;
  store32(to + ayiya::epoch, header.epoch_sec);
  memcpy(to + ayiya::identity, header.identity, 16);
  memcpy(to + ayiya::signature, header.key, sha1_bytes);
}

void sign_ayiya(uint8_t* packet, size_t bytes) {
  uint8_t digest[sha1_bytes];
  sha1(packet, bytes, digest);
  memcpy(packet + ayiya::signature, digest, sha1_bytes);
}

void sign_ayiya_pair(uint8_t* packet_a, uint8_t* packet_b, size_t bytes) {
  uint8_t digest_a[sha1_bytes], digest_b[sha1_bytes];
  sha1_pair(packet_a, packet_b, bytes, digest_a, digest_b);
  memcpy(packet_a + ayiya::signature, digest_a, sha1_bytes);
  memcpy(packet_b + ayiya::signature, digest_b, sha1_bytes);
}

void AyiyaCheck::begin(uint8_t* datagram, const uint8_t* key) {
  packet = datagram;
  memcpy(received, packet + ayiya::signature, sha1_bytes);
  memcpy(packet + ayiya::signature, key, sha1_bytes);
}

bool AyiyaCheck::right() {
  memcpy(packet + ayiya::signature, received, sha1_bytes);
  uint32_t difference = 0;  // every byte is looked at, whatever the first ones say
  for (size_t i = 0; i < sha1_bytes; i++) difference |= static_cast<uint32_t>(received[i] ^ expected[i]);
  return difference == 0;
}

}  // namespace tombolo

#include "ayiya.h"

#include <cstring>

#include "bytes.h"
#include "packets.h"

namespace tombolo {

void write_ayiya(uint8_t* to, const AyiyaHeader& header) {
  to[0] = 0x41;  // identity of 2^4 bytes, an integer
  to[1] = 0x52;  // signature of 5 words, SHA-1
  to[2] = static_cast<uint8_t>(0x10 | (header.opcode & 0x0f));  // shared secret
  to[3] = header.has_payload && header.opcode == ayiya::forward ? protocol::ip6 : protocol::no_next;
  store32(to + ayiya::epoch, header.epoch_sec);
  memcpy(to + ayiya::identity, header.identity, 16);
  memcpy(to + ayiya::signature, header.key, sha1_bytes);
}

void sign_ayiya(uint8_t* packets, size_t count, size_t each_bytes) {
  const uint8_t* messages[sha1_batch];
  uint8_t digests[sha1_batch][sha1_bytes];
  for (size_t done = 0; done < count;) {
    const size_t batch = count - done < sha1_batch ? count - done : sha1_batch;
    uint8_t* first = packets + done * each_bytes;
    for (size_t i = 0; i < batch; i++) messages[i] = first + i * each_bytes;
    sha1_many(messages, batch, each_bytes, digests);
    for (size_t i = 0; i < batch; i++) memcpy(first + i * each_bytes + ayiya::signature, digests[i], sha1_bytes);
    done += batch;
  }
}

bool AyiyaChecks::fits(const uint8_t* packet, size_t bytes) const {
  return count_ == 0 || (!is_full() && bytes == bytes_ && packet >= packets_[count_ - 1] + bytes_);
}

void AyiyaChecks::add(uint8_t* packet, size_t bytes, const uint8_t* key) {
  bytes_ = bytes;
  packets_[count_] = packet;
  memcpy(received_[count_++], packet + ayiya::signature, sha1_bytes);
  memcpy(packet + ayiya::signature, key, sha1_bytes);
}

void AyiyaChecks::settle(bool* right) {
  uint8_t expected[sha1_batch][sha1_bytes];
  sha1_many(packets_, count_, bytes_, expected);
  for (size_t i = 0; i < count_; i++) {
    memcpy(packets_[i] + ayiya::signature, received_[i], sha1_bytes);
    uint32_t difference = 0;  // every byte is looked at, whatever the first ones say
    for (size_t at = 0; at < sha1_bytes; at++) difference |= static_cast<uint32_t>(received_[i][at] ^ expected[i][at]);
    right[i] = difference == 0;
  }
  count_ = 0;
}

}  // namespace tombolo

#include "sha1.h"

#include <cstring>

#include "bytes.h"
#include "sha1_blocks.h"

namespace tombolo {
namespace {

constexpr size_t block_bytes = 64;
constexpr uint32_t initial[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};

// The end of a message with its padding: one block or two.
struct Tail {
  uint8_t bytes[2 * block_bytes];
  size_t blocks;

  Tail(const uint8_t* data, size_t length) {
    const size_t rest = length % block_bytes;
    blocks = rest < block_bytes - 8 ? 1 : 2;
    memset(bytes, 0, sizeof bytes);
    if (rest > 0) memcpy(bytes, data + length - rest, rest);
    bytes[rest] = 0x80;
    const uint64_t bits = static_cast<uint64_t>(length) * 8;
    store32(bytes + blocks * block_bytes - 8, static_cast<uint32_t>(bits >> 32));
    store32(bytes + blocks * block_bytes - 4, static_cast<uint32_t>(bits));
  }
};

void store_digest(uint8_t* digest, const uint32_t* state) {
  for (int i = 0; i < 5; i++) store32(digest + 4 * i, state[i]);
}

void hash(Sha1Blocks blocks, const uint8_t* data, size_t bytes, uint8_t* digest) {
  uint32_t state[5];
  memcpy(state, initial, sizeof state);
  blocks(state, data, bytes / block_bytes);
  const Tail tail(data, bytes);
  blocks(state, tail.bytes, tail.blocks);
  store_digest(digest, state);
}

}  // namespace

bool sha1_has_ni() {
  static const bool has = sha1_detect_ni();
  return has;
}

void sha1_portable(const uint8_t* data, size_t bytes, uint8_t* digest) { hash(sha1_blocks_portable, data, bytes, digest); }
void sha1_ni(const uint8_t* data, size_t bytes, uint8_t* digest) { hash(sha1_blocks_ni, data, bytes, digest); }

void sha1(const uint8_t* data, size_t bytes, uint8_t* digest) {
  hash(sha1_has_ni() ? sha1_blocks_ni : sha1_blocks_portable, data, bytes, digest);
}

void sha1_pair(const uint8_t* data_a, const uint8_t* data_b, size_t bytes, uint8_t* digest_a, uint8_t* digest_b) {
  uint8_t first[sha1_bytes];
  if (!sha1_has_ni()) {
    sha1_portable(data_a, bytes, first);
    sha1_portable(data_b, bytes, digest_b);
    memcpy(digest_a, first, sha1_bytes);
    return;
  }
  uint32_t state_a[5], state_b[5];
  memcpy(state_a, initial, sizeof state_a);
  memcpy(state_b, initial, sizeof state_b);
  sha1_blocks_ni_pair(state_a, state_b, data_a, data_b, bytes / block_bytes);
  const Tail tail_a(data_a, bytes), tail_b(data_b, bytes);
  sha1_blocks_ni_pair(state_a, state_b, tail_a.bytes, tail_b.bytes, tail_a.blocks);
  store_digest(digest_a, state_a);
  store_digest(digest_b, state_b);
}

}  // namespace tombolo

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

  Tail() = default;
  Tail(const uint8_t* data, size_t length) { fill(data, length); }

  void fill(const uint8_t* data, size_t length) {
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

bool sha1_has_wide() {
  static const bool has = sha1_detect_wide();
  return has;
}

bool sha1_has_ni() {
  static const bool has = sha1_detect_ni();
  return has;
}

void sha1_portable(const uint8_t* data, size_t bytes, uint8_t* digest) { hash(sha1_blocks_portable, data, bytes, digest); }
void sha1_ni(const uint8_t* data, size_t bytes, uint8_t* digest) { hash(sha1_blocks_ni, data, bytes, digest); }

void sha1(const uint8_t* data, size_t bytes, uint8_t* digest) {
  hash(sha1_has_ni() ? sha1_blocks_ni : sha1_blocks_portable, data, bytes, digest);
}

void sha1_ni_pair(const uint8_t* const* messages, size_t bytes, uint8_t (*digests)[sha1_bytes]) {
  uint32_t state_a[5], state_b[5];
  memcpy(state_a, initial, sizeof state_a);
  memcpy(state_b, initial, sizeof state_b);
  sha1_blocks_ni_pair(state_a, state_b, messages[0], messages[1], bytes / block_bytes);
  const Tail tail_a(messages[0], bytes), tail_b(messages[1], bytes);
  sha1_blocks_ni_pair(state_a, state_b, tail_a.bytes, tail_b.bytes, tail_a.blocks);
  store_digest(digests[0], state_a);
  store_digest(digests[1], state_b);
}

void sha1_wide(const uint8_t* const* messages, size_t count, size_t bytes, uint8_t (*digests)[sha1_bytes]) {
  static_assert(sha1_batch == sha1_lanes);
  uint32_t state[5][sha1_lanes];
  const uint8_t* data[sha1_lanes];
  const uint8_t* ends[sha1_lanes];
  Tail tails[sha1_lanes];
  for (size_t lane = 0; lane < sha1_lanes; lane++) {
    for (int i = 0; i < 5; i++) state[i][lane] = initial[i];
    data[lane] = messages[lane < count ? lane : 0];  // idle lanes repeat the first message
    tails[lane].fill(data[lane], bytes);
    ends[lane] = tails[lane].bytes;
  }
  sha1_blocks_wide(state, data, bytes / block_bytes);
  sha1_blocks_wide(state, ends, tails[0].blocks);
  for (size_t lane = 0; lane < count; lane++) {
    const uint32_t own[5] = {state[0][lane], state[1][lane], state[2][lane], state[3][lane], state[4][lane]};
    store_digest(digests[lane], own);
  }
}

void sha1_many(const uint8_t* const* messages, size_t count, size_t bytes, uint8_t (*digests)[sha1_bytes]) {
  // All lanes cost as much as four messages by SHA instructions, or one or two without.
  if (sha1_has_wide() && count >= (sha1_has_ni() ? 5 : 2)) return sha1_wide(messages, count, bytes, digests);
  size_t i = 0;
  for (; sha1_has_ni() && i + 1 < count; i += 2) sha1_ni_pair(messages + i, bytes, digests + i);
  for (; i < count; i++) sha1(messages[i], bytes, digests[i]);
}

}  // namespace tombolo

#include <bit>

#include "bytes.h"
#include "sha1_blocks.h"

namespace tombolo {
namespace {

// The five working variables and the last sixteen words of the schedule (RFC 3174 section 6.2: the circular queue).
struct Work {
  uint32_t a, b, c, d, e;
  uint32_t w[16];

  uint32_t word(int t) {
    if (t < 16) return w[t];
    uint32_t& now = w[t & 15];
    now = std::rotl(w[(t + 13) & 15] ^ w[(t + 8) & 15] ^ w[(t + 2) & 15] ^ now, 1);
    return now;
  }

  void step(int t, uint32_t mixed, uint32_t constant) {
    const uint32_t next = std::rotl(a, 5) + mixed + e + constant + word(t);
    e = d;
    d = c;
    c = std::rotl(b, 30);
    b = a;
    a = next;
  }
};

void block(uint32_t* state, const uint8_t* data) {
  Work x{state[0], state[1], state[2], state[3], state[4], {}};
  for (int t = 0; t < 16; t++) x.w[t] = load32(data + 4 * t);
#pragma GCC unroll 20
  for (int t = 0; t < 20; t++) x.step(t, x.d ^ (x.b & (x.c ^ x.d)), 0x5a827999);
#pragma GCC unroll 20
  for (int t = 20; t < 40; t++) x.step(t, x.b ^ x.c ^ x.d, 0x6ed9eba1);
#pragma GCC unroll 20
  for (int t = 40; t < 60; t++) x.step(t, (x.b & x.c) | (x.d & (x.b | x.c)), 0x8f1bbcdc);
#pragma GCC unroll 20
  for (int t = 60; t < 80; t++) x.step(t, x.b ^ x.c ^ x.d, 0xca62c1d6);
  state[0] += x.a;
  state[1] += x.b;
  state[2] += x.c;
  state[3] += x.d;
  state[4] += x.e;
}

}  // namespace

void sha1_blocks_portable(uint32_t* state, const uint8_t* data, size_t blocks) {
  for (; blocks > 0; blocks--, data += 64) block(state, data);
}

}  // namespace tombolo

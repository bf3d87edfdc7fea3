// SHA-1 of sixteen messages at once, one in each 32-bit lane of the AVX-512 registers. Packets of a super-packet are as long as
// each other, which is just what this needs; on processors that have it, it beats the SHA instructions from five messages on.
#include "sha1_blocks.h"

#if defined(__x86_64__)
// The headers of GCC 12 leave variables unset on purpose, and the compiler then warns of them (GCC bug 105593).
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>

#define WITH_AVX512 __attribute__((target("avx512f,avx512bw")))
#define WITH_AVX512_INLINE __attribute__((target("avx512f,avx512bw"), always_inline)) inline

namespace tombolo {
namespace {

using Vector = __m512i;

// Three-input logic as truth tables of (b, c, d).
constexpr int choose = 0xca, parity = 0x96, majority = 0xe8;

struct Work {
  Vector a, b, c, d, e, w[16];

  template <int Logic>
  WITH_AVX512_INLINE void step(int t, uint32_t constant) {
    Vector& word = w[t & 15];
    if (t >= 16) {
      const Vector mixed = _mm512_ternarylogic_epi32(w[(t + 13) & 15], w[(t + 8) & 15], w[(t + 2) & 15], parity);
      word = _mm512_rol_epi32(_mm512_xor_si512(mixed, word), 1);
    }
    const Vector logic = _mm512_ternarylogic_epi32(b, c, d, Logic);
    const Vector fixed = _mm512_add_epi32(_mm512_add_epi32(e, word), _mm512_set1_epi32(static_cast<int>(constant)));
    const Vector next = _mm512_add_epi32(_mm512_add_epi32(_mm512_rol_epi32(a, 5), logic), fixed);
    e = d;
    d = c;
    c = _mm512_rol_epi32(b, 30);
    b = a;
    a = next;
  }
};

// Row i holds sixteen words of message i; afterwards row i holds word i of sixteen messages.
WITH_AVX512_INLINE void transpose(Vector* row) {
  Vector pair[16], four[16];
#pragma GCC unroll 8
  for (int i = 0; i < 16; i += 2) {
    pair[i] = _mm512_unpacklo_epi32(row[i], row[i + 1]);
    pair[i + 1] = _mm512_unpackhi_epi32(row[i], row[i + 1]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 16; i += 4) {
    four[i] = _mm512_unpacklo_epi64(pair[i], pair[i + 2]);
    four[i + 1] = _mm512_unpackhi_epi64(pair[i], pair[i + 2]);
    four[i + 2] = _mm512_unpacklo_epi64(pair[i + 1], pair[i + 3]);
    four[i + 3] = _mm512_unpackhi_epi64(pair[i + 1], pair[i + 3]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    const Vector low_a = _mm512_shuffle_i32x4(four[i], four[i + 4], 0x88);
    const Vector high_a = _mm512_shuffle_i32x4(four[i], four[i + 4], 0xdd);
    const Vector low_b = _mm512_shuffle_i32x4(four[i + 8], four[i + 12], 0x88);
    const Vector high_b = _mm512_shuffle_i32x4(four[i + 8], four[i + 12], 0xdd);
    row[i] = _mm512_shuffle_i32x4(low_a, low_b, 0x88);
    row[i + 8] = _mm512_shuffle_i32x4(low_a, low_b, 0xdd);
    row[i + 4] = _mm512_shuffle_i32x4(high_a, high_b, 0x88);
    row[i + 12] = _mm512_shuffle_i32x4(high_a, high_b, 0xdd);
  }
}

}  // namespace

bool sha1_detect_wide() {
  // The compiler's own test looks at the processor and at what the kernel saves of it.
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");
}

WITH_AVX512 void sha1_blocks_wide(uint32_t (*state)[sha1_lanes], const uint8_t* const* data, size_t blocks) {
  const Vector big_endian = _mm512_broadcast_i32x4(_mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203));
  Work x;
  Vector* const words[5] = {&x.a, &x.b, &x.c, &x.d, &x.e};
  for (int i = 0; i < 5; i++) *words[i] = _mm512_loadu_si512(state[i]);
  for (size_t block = 0; block < blocks; block++) {
    const Vector a = x.a, b = x.b, c = x.c, d = x.d, e = x.e;
#pragma GCC unroll 16
    for (size_t i = 0; i < sha1_lanes; i++) x.w[i] = _mm512_shuffle_epi8(_mm512_loadu_si512(data[i] + block * 64), big_endian);
    transpose(x.w);
#pragma GCC unroll 20
    for (int t = 0; t < 20; t++) x.step<choose>(t, 0x5a827999);
#pragma GCC unroll 20
    for (int t = 20; t < 40; t++) x.step<parity>(t, 0x6ed9eba1);
#pragma GCC unroll 20
    for (int t = 40; t < 60; t++) x.step<majority>(t, 0x8f1bbcdc);
#pragma GCC unroll 20
    for (int t = 60; t < 80; t++) x.step<parity>(t, 0xca62c1d6);
    x.a = _mm512_add_epi32(x.a, a);
    x.b = _mm512_add_epi32(x.b, b);
    x.c = _mm512_add_epi32(x.c, c);
    x.d = _mm512_add_epi32(x.d, d);
    x.e = _mm512_add_epi32(x.e, e);
  }
  for (int i = 0; i < 5; i++) _mm512_storeu_si512(state[i], *words[i]);
}

}  // namespace tombolo

#else

namespace tombolo {

// Other processors: never called, as detection answers no.
bool sha1_detect_wide() { return false; }
void sha1_blocks_wide(uint32_t (*)[sha1_lanes], const uint8_t* const*, size_t) {}

}  // namespace tombolo

#endif

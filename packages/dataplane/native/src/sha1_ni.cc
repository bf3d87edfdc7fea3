// SHA-1 by the x86 SHA extensions (Intel SDM volume 1, chapter "SHA extensions"). A group is four rounds; there are twenty.
#include "sha1_blocks.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

#include <utility>

#define WITH_SHA __attribute__((target("sha,sse4.1,ssse3")))
#define WITH_SHA_INLINE __attribute__((target("sha,sse4.1,ssse3"), always_inline)) inline

namespace tombolo {
namespace {

struct Lane {
  __m128i abcd, e[2], message[4];
};

template <int Group>
WITH_SHA_INLINE void four_rounds(Lane& lane) {
  constexpr int now = Group % 2, now_message = Group % 4;
  __m128i& e = lane.e[now];
  const __m128i word = lane.message[now_message];
  e = Group == 0 ? _mm_add_epi32(e, word) : _mm_sha1nexte_epu32(e, word);
  lane.e[1 - now] = lane.abcd;
  // The schedule for the groups to come; what runs past the last group is dead and disappears.
  if constexpr (Group >= 3) lane.message[(Group + 1) % 4] = _mm_sha1msg2_epu32(lane.message[(Group + 1) % 4], word);
  lane.abcd = _mm_sha1rnds4_epu32(lane.abcd, e, Group / 5);
  if constexpr (Group >= 1) lane.message[(Group + 3) % 4] = _mm_sha1msg1_epu32(lane.message[(Group + 3) % 4], word);
  if constexpr (Group >= 2) lane.message[(Group + 2) % 4] = _mm_xor_si128(lane.message[(Group + 2) % 4], word);
}

WITH_SHA_INLINE void load_state(Lane& lane, const uint32_t* state) {
  lane.abcd = _mm_shuffle_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(state)), 0x1b);
  lane.e[0] = _mm_set_epi32(static_cast<int>(state[4]), 0, 0, 0);
}

WITH_SHA_INLINE void store_state(const Lane& lane, uint32_t* state) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(state), _mm_shuffle_epi32(lane.abcd, 0x1b));
  state[4] = static_cast<uint32_t>(_mm_extract_epi32(lane.e[0], 3));
}

WITH_SHA_INLINE void load_message(Lane& lane, const uint8_t* data) {
  const __m128i big_endian = _mm_set_epi64x(0x0001020304050607, 0x08090a0b0c0d0e0f);
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    lane.message[i] = _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(data) + i), big_endian);
  }
}

WITH_SHA_INLINE void add_saved(Lane& lane, __m128i abcd, __m128i e) {
  lane.e[0] = _mm_sha1nexte_epu32(lane.e[0], e);
  lane.abcd = _mm_add_epi32(lane.abcd, abcd);
}

template <int... Groups>
WITH_SHA_INLINE void all_groups(Lane& lane, std::integer_sequence<int, Groups...>) {
  (four_rounds<Groups>(lane), ...);
}

template <int... Groups>
WITH_SHA_INLINE void all_groups(Lane& a, Lane& b, std::integer_sequence<int, Groups...>) {
  ((four_rounds<Groups>(a), four_rounds<Groups>(b)), ...);
}

using EveryGroup = std::make_integer_sequence<int, 20>;

}  // namespace

bool sha1_detect_ni() {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSSE3) || !(c & bit_SSE4_1)) return false;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
}

WITH_SHA void sha1_blocks_ni(uint32_t* state, const uint8_t* data, size_t blocks) {
  Lane lane;
  load_state(lane, state);
  for (; blocks > 0; blocks--, data += 64) {
    const __m128i abcd = lane.abcd, e = lane.e[0];
    load_message(lane, data);
    all_groups(lane, EveryGroup());
    add_saved(lane, abcd, e);
  }
  store_state(lane, state);
}

WITH_SHA void sha1_blocks_ni_pair(uint32_t* state_a, uint32_t* state_b, const uint8_t* data_a, const uint8_t* data_b,
                                  size_t blocks) {
  Lane a, b;
  load_state(a, state_a);
  load_state(b, state_b);
  for (; blocks > 0; blocks--, data_a += 64, data_b += 64) {
    const __m128i abcd_a = a.abcd, e_a = a.e[0], abcd_b = b.abcd, e_b = b.e[0];
    load_message(a, data_a);
    load_message(b, data_b);
    all_groups(a, b, EveryGroup());
    add_saved(a, abcd_a, e_a);
    add_saved(b, abcd_b, e_b);
  }
  store_state(a, state_a);
  store_state(b, state_b);
}

}  // namespace tombolo

#else

namespace tombolo {

// Other processors: never called, as detection answers no.
bool sha1_detect_ni() { return false; }
void sha1_blocks_ni(uint32_t* state, const uint8_t* data, size_t blocks) { sha1_blocks_portable(state, data, blocks); }
void sha1_blocks_ni_pair(uint32_t* state_a, uint32_t* state_b, const uint8_t* data_a, const uint8_t* data_b, size_t blocks) {
  sha1_blocks_portable(state_a, data_a, blocks);
  sha1_blocks_portable(state_b, data_b, blocks);
}

}  // namespace tombolo

#endif

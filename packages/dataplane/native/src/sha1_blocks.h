// The compression function of SHA-1: plain C++, SHA instructions, those on two messages in turn, and sixteen lanes of AVX-512.
#pragma once
#include <cstddef>
#include <cstdint>

namespace tombolo {

using Sha1Blocks = void (*)(uint32_t* state, const uint8_t* data, size_t blocks);

void sha1_blocks_portable(uint32_t* state, const uint8_t* data, size_t blocks);

bool sha1_detect_ni();
void sha1_blocks_ni(uint32_t* state, const uint8_t* data, size_t blocks);
void sha1_blocks_ni_pair(uint32_t* state_a, uint32_t* state_b, const uint8_t* data_a, const uint8_t* data_b, size_t blocks);

// Word i of lane j stands in state[i][j]; every message has `blocks` blocks.
inline constexpr size_t sha1_lanes = 16;
bool sha1_detect_wide();
void sha1_blocks_wide(uint32_t (*state)[sha1_lanes], const uint8_t* const* data, size_t blocks);

}  // namespace tombolo

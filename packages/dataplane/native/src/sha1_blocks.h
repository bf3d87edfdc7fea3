// The compression function of SHA-1, three times: plain C++, SHA instructions, and those on two messages in turn.
#pragma once
#include <cstddef>
#include <cstdint>

namespace tombolo {

using Sha1Blocks = void (*)(uint32_t* state, const uint8_t* data, size_t blocks);

void sha1_blocks_portable(uint32_t* state, const uint8_t* data, size_t blocks);

bool sha1_detect_ni();
void sha1_blocks_ni(uint32_t* state, const uint8_t* data, size_t blocks);
void sha1_blocks_ni_pair(uint32_t* state_a, uint32_t* state_b, const uint8_t* data_a, const uint8_t* data_b, size_t blocks);

}  // namespace tombolo

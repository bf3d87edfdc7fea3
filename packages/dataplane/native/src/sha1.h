// SHA-1 (RFC 3174) for AYIYA signatures. The processor's SHA instructions are found at run time, so that one binary serves all.
#pragma once
#include <cstddef>
#include <cstdint>

namespace tombolo {

inline constexpr size_t sha1_bytes = 20;

bool sha1_has_ni();

void sha1(const uint8_t* data, size_t bytes, uint8_t* digest);

// Two messages of one length at once. The SHA instructions wait for each other within one message; two in turn take hardly
// longer than one. Either digest may lie inside its own message: both are written after everything was read.
void sha1_pair(const uint8_t* data_a, const uint8_t* data_b, size_t bytes, uint8_t* digest_a, uint8_t* digest_b);

// For tests: one implementation by name. The second must not be called where sha1_has_ni() is false.
void sha1_portable(const uint8_t* data, size_t bytes, uint8_t* digest);
void sha1_ni(const uint8_t* data, size_t bytes, uint8_t* digest);

}  // namespace tombolo

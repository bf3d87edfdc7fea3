// SHA-1 (RFC 3174) for AYIYA signatures. The processor's SHA instructions are found at run time, so that one binary serves all.
#pragma once
#include <cstddef>
#include <cstdint>

namespace tombolo {

inline constexpr size_t sha1_bytes = 20;

bool sha1_has_ni();

void sha1(const uint8_t* data, size_t bytes, uint8_t* digest);

// Up to sha1_batch messages of one length at once, by the fastest means there is: in lanes of wide registers, or two in turn,
// because the SHA instructions wait for each other within one message. Digests must not lie in the messages.
inline constexpr size_t sha1_batch = 16;
void sha1_many(const uint8_t* const* messages, size_t count, size_t bytes, uint8_t (*digests)[sha1_bytes]);

// For tests: one implementation by name. Those below must not be called where the processor lacks them.
bool sha1_has_wide();
void sha1_portable(const uint8_t* data, size_t bytes, uint8_t* digest);
void sha1_ni(const uint8_t* data, size_t bytes, uint8_t* digest);
void sha1_ni_pair(const uint8_t* const* messages, size_t bytes, uint8_t (*digests)[sha1_bytes]);
void sha1_wide(const uint8_t* const* messages, size_t count, size_t bytes, uint8_t (*digests)[sha1_bytes]);

}  // namespace tombolo

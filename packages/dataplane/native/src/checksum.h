// The Internet checksum (RFC 1071) and the IPv6 pseudo-header (RFC 8200 section 8.1).
// Sums are kept wide and in the host's byte order, which RFC 1071 section 2 (B) allows; what is stored comes out right.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace tombolo {

// Adds any number of bytes; an odd last one is padded. Pieces before the last must be of even length. Safe up to 2^31 bytes.
uint64_t sum_bytes(const uint8_t* from, size_t bytes);

inline uint16_t fold(uint64_t sum) {
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + ((sum >> 16) & 0xffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(sum);
}

// `packet` begins with an IPv6 header; its addresses, the transport's length and number are summed.
inline uint64_t pseudo_header(const uint8_t* packet, size_t transport_bytes, uint8_t protocol) {
  return sum_bytes(packet + 8, 32) + __builtin_bswap32(static_cast<uint32_t>(transport_bytes)) +
         __builtin_bswap32(static_cast<uint32_t>(protocol));
}

inline void store_checksum(uint8_t* to, uint16_t host_order) { memcpy(to, &host_order, 2); }

// What the kernel expects in the field when it is to finish the checksum: the sum so far, not inverted.
inline void store_partial(uint8_t* to, uint64_t sum) { store_checksum(to, fold(sum)); }

inline void store_final(uint8_t* to, uint64_t sum, bool is_udp) {
  uint16_t value = static_cast<uint16_t>(~fold(sum));
  if (is_udp && value == 0) value = 0xffff;  // RFC 8200 section 8.1: zero would mean "none"
  store_checksum(to, value);
}

}  // namespace tombolo

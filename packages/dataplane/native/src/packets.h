// Offsets in the headers that the core looks into (RFC 8200 section 3, RFC 9293 section 3.1, RFC 768).
#pragma once
#include <cstddef>
#include <cstdint>

namespace tombolo {

inline constexpr size_t max_packet_bytes = 65'535;

namespace ip6 {
inline constexpr size_t payload_length = 4, next_header = 6, hop_limit = 7, source = 8, destination = 24, header_bytes = 40;
inline bool is_version(const uint8_t* packet) { return packet[0] >> 4 == 6; }
}  // namespace ip6

namespace protocol {
inline constexpr uint8_t tcp = 6, udp = 17, ip6 = 41, no_next = 59;
}

namespace tcp {
inline constexpr size_t sequence = 4, acknowledgement = 8, data_offset = 12, flags = 13, window = 14, checksum = 16, urgent = 18,
                        header_bytes = 20;
inline constexpr uint8_t fin = 0x01, push = 0x08, ack = 0x10, cwr = 0x80;
}  // namespace tcp

namespace udp {
inline constexpr size_t length = 4, checksum = 6, header_bytes = 8;
}

}  // namespace tombolo

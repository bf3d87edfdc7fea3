// Datagrams off a socket, laid out as records that TypeScript reads.
#pragma once
#include <cstddef>
#include <cstdint>

#include "send.h"

namespace tombolo {

// A buffer shared with TypeScript and the records that point into it.
struct Shared {
  uint8_t* data;
  size_t data_bytes;
  int32_t* words;
  size_t records;
};

// Room that one receive may need: the largest datagram, or a coalesced bundle of them.
inline constexpr size_t receive_room = 65'600;
// One bundle holds at most this many datagrams (UDP_MAX_SEGMENTS of linux/udp.h since 6.9; received ones are bundled by 64).
inline constexpr size_t max_bundle = 128;

// Fills from data 0 and record 0 until the socket is empty or `shared` nearly full; answers the number of records.
size_t receive_all(const Socket& socket, size_t index, const Shared& shared);

// Below: the parsing, apart from the socket, for tests and fuzzing.

struct Bundle {
  size_t offset, bytes;
  size_t each_bytes;  // 0: one datagram
  uint32_t source_ip;
  uint16_t source_port;
  int32_t tos;
  size_t socket;
};

// Writes one record per datagram of the bundle, at most up to `shared.records`; answers the next free record.
size_t record_bundle(const Shared& shared, size_t next, const Bundle& bundle);

// Takes the outer IPv4 header of a raw packet off `bundle` and reads source and TOS from it; false when it is not one.
bool strip_ipv4(const uint8_t* data, Bundle& bundle);

}  // namespace tombolo

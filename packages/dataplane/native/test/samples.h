// Packets for the tests, and slow, plain versions of what the core does fast.
#pragma once
#include <map>
#include <string>

#include "../src/merge.h"
#include "../src/split.h"
#include "check.h"

// RFC 1071 as it reads: sixteen bits at a time, with the pseudo-header of RFC 8200 section 8.1 when `protocol` is not 0.
uint16_t naive_checksum(const uint8_t* packet, size_t transport, size_t end, uint8_t protocol);

struct TcpSample {
  uint8_t source = 1, destination = 2;  // last bytes of 2001:db8::
  uint16_t source_port = 1000, destination_port = 2000;
  uint32_t sequence = 0, acknowledgement = 77;
  uint8_t flags = 0x10;
  uint16_t window = 500, urgent = 0;
  uint8_t traffic_class = 0, hop_limit = 64, reserved = 0;
  uint32_t flow_label = 0;
  ByteVector options;  // a multiple of four bytes
  ByteVector payload;
};

ByteVector make_tcp(const TcpSample& sample);
ByteVector make_udp(const ByteVector& payload, uint16_t source_port = 1000);

// Whether version, lengths and the TCP or UDP checksum of a complete packet are right.
bool is_sound(const ByteVector& packet);

// A sink that keeps what was written: the virtio header and the packet, joined.
struct WrittenPacket {
  tombolo::VnetHeader vnet;
  ByteVector bytes;
};
struct MemorySink final : tombolo::PacketSink {
  std::vector<WrittenPacket> packets;
  int answer = 0;

  int write(const iovec* pieces, int count) override;
};

// Cuts what was written to a TUN device as the kernel would: super-packets become their segments.
std::vector<ByteVector> cut(const WrittenPacket& written);

// The packets of each flow (addresses and, with TCP and UDP, ports) in order. Bytes behind the IPv6 payload length are left out.
std::map<std::string, std::vector<ByteVector>> by_flow(const std::vector<ByteVector>& packets);

// Pushes all packets through a Merger; then what comes out, cut again, must be what went in, flow by flow.
// An empty string, or what differs.
std::string merge_and_compare(const std::vector<ByteVector>& packets, size_t* writes = nullptr);

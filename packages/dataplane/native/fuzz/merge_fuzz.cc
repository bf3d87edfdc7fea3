// Merging: any packets, pushed one after the other. What was written, cut again, must be what came, flow by flow.
#include <cstdio>
#include <cstdlib>

#include "../src/bytes.h"
#include "../test/samples.h"
#include "fuzz.h"

using namespace tombolo;

// Each packet: two bytes of length and repair, then its bytes. With the repair bit its TCP checksum is made right, as otherwise
// hardly a changed packet would be merged.
static constexpr uint32_t repair = 0x8000, length_mask = 0x0fff;
static constexpr size_t max_packets = 200;

static void repair_checksum(ByteVector& packet) {
  if (packet.size() < 60) return;
  const size_t end = 40 + size_t{load16(&packet[4])};
  if (end < 60 || end > packet.size()) return;
  store16(&packet[56], 0);
  store16(&packet[56], naive_checksum(packet.data(), 40, end, 6));
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Taker taker{data, size};
  std::vector<ByteVector> packets;
  while (taker.left > 2 && packets.size() < max_packets) {
    const uint32_t head = taker.take(2);
    const size_t bytes = (head & length_mask) < taker.left ? head & length_mask : taker.left;
    if (bytes == 0) continue;
    packets.emplace_back(taker.data, taker.data + bytes);
    taker.data += bytes;
    taker.left -= bytes;
    if (head & repair) repair_checksum(packets.back());
  }
  // Off a raw socket a checksum may be finished, so the packets may differ; what is looked for there is a step out of bounds.
  MemorySink sink;
  Merger merger(sink);
  std::vector<ByteVector> raw = packets;
  for (ByteVector& packet : raw) merger.push(packet.data(), packet.size(), Checksums::maybe_partial);
  merger.flush();
  FUZZ_CHECK(merger.written() == packets.size());
  const std::string difference = merge_and_compare(packets);
  if (!difference.empty()) fprintf(stderr, "%s\n", difference.c_str());
  FUZZ_CHECK(difference.empty());
  return 0;
}

static void append(ByteVector& input, const ByteVector& packet) {
  const uint32_t head = repair | static_cast<uint32_t>(packet.size());
  input.push_back(static_cast<uint8_t>(head >> 8));
  input.push_back(static_cast<uint8_t>(head));
  input.insert(input.end(), packet.begin(), packet.end());
}

std::vector<ByteVector> fuzz_seeds() {
  ByteVector stream, two_streams, mixed;
  for (uint32_t i = 0; i < 12; i++) {
    TcpSample sample;
    sample.sequence = i * 20;
    sample.payload = Random{i}.bytes(20);
    append(stream, make_tcp(sample));
    sample.options = ByteVector(12, 1);
    sample.source_port = static_cast<uint16_t>(i % 2);
    sample.sequence = i / 2 * 20;
    append(two_streams, make_tcp(sample));
    append(mixed, i % 3 == 0 ? make_udp(sample.payload) : make_tcp(sample));
  }
  return {stream, two_streams, mixed};
}

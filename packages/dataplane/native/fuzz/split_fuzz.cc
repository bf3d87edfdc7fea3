// Cutting: any virtio header with any packet. What comes out must lie in bounds and carry all of the payload, once.
#include <cstdio>
#include <cstdlib>

#include "../src/layout.h"
#include "../src/split.h"
#include "../test/samples.h"
#include "fuzz.h"

using namespace tombolo;

// kind, segment bytes, needs checksum, checksum start and offset; then the packet
static constexpr size_t head_bytes = 1 + 2 + 1 + 2 + 2;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Taker taker{data, size};
  const auto kind = static_cast<int32_t>(taker.take(1) % 4);
  const size_t each = taker.take(2);
  const bool needs_checksum = taker.take(1) % 2 == 1;
  const size_t start = taker.take(2), offset = taker.take(2);
  Segments segments;
  if (segments.open({taker.data, taker.left, kind, each, needs_checksum, start, offset}) < 0) {
    FUZZ_CHECK(!segments.more());
    return 0;
  }
  const bool is_cut = kind != segment_kinds::none;
  const size_t transport = needs_checksum ? start : 40;
  size_t header_bytes = 0;
  if (kind == segment_kinds::udp6) header_bytes = transport + 8;
  if (kind == segment_kinds::tcp6) header_bytes = transport + (taker.data[transport + 12] >> 4) * size_t{4};
  ByteVector joined;
  size_t count = 0;
  while (segments.more()) {
    ByteVector segment(segments.next_bytes());
    segments.write_next(segment.data());
    FUZZ_CHECK(segment.size() >= header_bytes && segment.size() <= taker.left);
    FUZZ_CHECK(!is_cut || segment.size() <= header_bytes + each);
    FUZZ_CHECK(++count <= taker.left + 1);
    if (is_cut) FUZZ_CHECK(naive_checksum(segment.data(), transport, segment.size(), kind == segment_kinds::tcp6 ? 6 : 17) == 0);
    joined.insert(joined.end(), segment.begin() + static_cast<long>(header_bytes), segment.end());
  }
  FUZZ_CHECK(count > 0);
  if (is_cut || !needs_checksum) FUZZ_CHECK(joined == ByteVector(taker.data + header_bytes, taker.data + taker.left));
  return 0;
}

std::vector<ByteVector> fuzz_seeds() {
  TcpSample sample;
  sample.payload = Random{1}.bytes(500);
  const auto seed = [](const char* head, const ByteVector& packet) {
    ByteVector whole = from_hex(head);
    whole.resize(head_bytes);
    whole.insert(whole.end(), packet.begin(), packet.end());
    return whole;
  };
  return {
      seed("01 0064 01 0028 0010", make_tcp(sample)),
      seed("01 0064 00 0000 0000", make_tcp(sample)),
      seed("02 0064 01 0028 0006", make_udp(sample.payload)),
      seed("00 0000 01 0028 0010", make_tcp(sample)),
      seed("00 0000 00 0000 0000", {}),
  };
}

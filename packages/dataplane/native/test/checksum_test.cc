#include "../src/checksum.h"

#include "samples.h"

using namespace tombolo;

static uint16_t network_order(uint16_t host) { return static_cast<uint16_t>(host << 8 | host >> 8); }

TEST("the sum agrees with RFC 1071 taken word by word, at every length and alignment") {
  Random random{4};
  for (size_t length = 0; length < 600; length++) {
    const size_t skip = random.below(8);
    const ByteVector bytes = random.bytes(length + skip);
    const uint16_t expected = naive_checksum(bytes.data(), skip, bytes.size(), 0);
    CHECK_EQUAL(network_order(static_cast<uint16_t>(~fold(sum_bytes(bytes.data() + skip, length)))), expected);
  }
}

TEST("a sum of nothing but ones does not overflow") {
  const ByteVector ones(65'535, 0xff);
  CHECK_EQUAL(network_order(static_cast<uint16_t>(~fold(sum_bytes(ones.data(), ones.size())))),
              naive_checksum(ones.data(), 0, ones.size(), 0));
  CHECK_EQUAL(fold(~uint64_t{0}), 0xffff);
}

TEST("pieces of even length sum to what the whole does") {
  Random random{5};
  const ByteVector bytes = random.bytes(999);
  for (size_t at = 0; at < bytes.size(); at += 2) {
    CHECK_EQUAL(fold(sum_bytes(bytes.data(), at) + sum_bytes(bytes.data() + at, bytes.size() - at)),
                fold(sum_bytes(bytes.data(), bytes.size())));
  }
}

TEST("a UDP checksum of zero is stored as 0xffff, a TCP one as zero") {
  uint8_t field[2];
  store_final(field, 0xffff, true);
  CHECK(field[0] == 0xff && field[1] == 0xff);
  store_final(field, 0xffff, false);
  CHECK(field[0] == 0 && field[1] == 0);
}

#include "../src/sha1.h"

#include "check.h"

using namespace tombolo;

static std::string portable(const ByteVector& message) {
  uint8_t digest[sha1_bytes];
  sha1_portable(message.data(), message.size(), digest);
  return to_hex(digest, sizeof digest);
}

TEST("SHA-1 gives the digests of RFC 3174 section 7.3") {
  const auto text = [](const char* from, int times) {
    std::string whole;
    for (int i = 0; i < times; i++) whole += from;
    return ByteVector(whole.begin(), whole.end());
  };
  CHECK(portable(text("abc", 1)) == "a9993e364706816aba3e25717850c26c9cd0d89d");
  CHECK(portable(text("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1)) == "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
  CHECK(portable(text("a", 1'000'000)) == "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
  CHECK(portable(text("0123456701234567012345670123456701234567012345670123456701234567", 10)) ==
        "dea356a2cddd90c7a7ecedc5ebb563934f460452");
  CHECK(portable({}) == "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

TEST("SHA instructions and portable code agree over all lengths from 0 to 2000") {
  if (!sha1_has_ni()) return;
  Random random{1};
  for (size_t length = 0; length <= 2000; length++) {
    const ByteVector message = random.bytes(length);
    uint8_t digest[sha1_bytes];
    sha1_ni(message.data(), length, digest);
    CHECK(to_hex(digest, sizeof digest) == portable(message));
  }
}

TEST("a pair of messages gives the digests of each over all lengths from 0 to 2000") {
  Random random{2};
  for (size_t length = 0; length <= 2000; length++) {
    const ByteVector a = random.bytes(length), b = random.bytes(length);
    uint8_t digest_a[sha1_bytes], digest_b[sha1_bytes];
    sha1_pair(a.data(), b.data(), length, digest_a, digest_b);
    CHECK(to_hex(digest_a, sizeof digest_a) == portable(a));
    CHECK(to_hex(digest_b, sizeof digest_b) == portable(b));
  }
}

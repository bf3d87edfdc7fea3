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
  CHECK(portable(text("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1)) ==
        "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
  CHECK(portable(text("a", 1'000'000)) == "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
  CHECK(portable(text("01234567", 80)) == "dea356a2cddd90c7a7ecedc5ebb563934f460452");
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

// Every message of a batch has the digest that it has alone.
template <typename Hash>
static bool agrees(size_t count, size_t length, Hash hash) {
  Random random{count + length};
  std::vector<ByteVector> messages;
  const uint8_t* pointers[sha1_batch];
  uint8_t digests[sha1_batch][sha1_bytes];
  for (size_t i = 0; i < count; i++) messages.push_back(random.bytes(length));
  for (size_t i = 0; i < count; i++) pointers[i] = messages[i].data();
  hash(pointers, digests);
  for (size_t i = 0; i < count; i++) {
    if (to_hex(digests[i], sha1_bytes) != portable(messages[i])) return false;
  }
  return true;
}

TEST("two messages in turn give the digests of each over all lengths from 0 to 2000") {
  if (!sha1_has_ni()) return;
  for (size_t length = 0; length <= 2000; length++) {
    CHECK(agrees(2, length, [&](auto from, auto to) { sha1_ni_pair(from, length, to); }));
  }
}

TEST("sixteen messages in lanes give the digests of each over all lengths from 0 to 2000") {
  if (!sha1_has_wide()) return;
  for (size_t length = 0; length <= 2000; length++) {
    CHECK(agrees(16, length, [&](auto from, auto to) { sha1_wide(from, 16, length, to); }));
  }
}

TEST("a batch of any size gives the digests of each") {
  for (size_t count = 0; count <= sha1_batch; count++) {
    for (const size_t length : {0, 44, 55, 56, 63, 64, 119, 120, 1324}) {
      CHECK(agrees(count, length, [&](auto from, auto to) { sha1_many(from, count, length, to); }));
      if (count > 0 && sha1_has_wide()) {
        CHECK(agrees(count, length, [&](auto from, auto to) { sha1_wide(from, count, length, to); }));
      }
    }
  }
}

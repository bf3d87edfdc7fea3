// The smallest test frame: TEST("sentence") { CHECK(...); }. One line per test on standard output: "ok <name>", "not ok <name>".
#pragma once
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

struct TestCase {
  const char* name;
  void (*run)();
};

std::vector<TestCase>& all_tests();
void fail(const char* file, int line, const std::string& what);

struct TestRegistration {
  TestRegistration(const char* name, void (*run)()) { all_tests().push_back({name, run}); }
};

#define TEST_JOIN2(a, b) a##b
#define TEST_JOIN(a, b) TEST_JOIN2(a, b)
#define TEST(name)                                                                                        \
  static void TEST_JOIN(test_, __LINE__)();                                                               \
  static const TestRegistration TEST_JOIN(registration_, __LINE__)(name, TEST_JOIN(test_, __LINE__));     \
  static void TEST_JOIN(test_, __LINE__)()

// Leaves the test at the first failure.
#define CHECK(condition)                                        \
  do {                                                          \
    if (!(condition)) return fail(__FILE__, __LINE__, #condition); \
  } while (false)

// Leaves the test; says both numbers.
#define CHECK_EQUAL(actual, expected)                                                                              \
  do {                                                                                                             \
    const auto got_ = static_cast<int64_t>(actual);                                                                \
    const auto want_ = static_cast<int64_t>(expected);                                                             \
    if (got_ != want_)                                                                                             \
      return fail(__FILE__, __LINE__, #actual " is " + std::to_string(got_) + ", expected " + std::to_string(want_)); \
  } while (false)

using ByteVector = std::vector<uint8_t>;

// Blanks are skipped.
ByteVector from_hex(const char* text);
std::string to_hex(const uint8_t* bytes, size_t count);

// Seeded, so that a failure comes again (Vigna's splitmix64).
struct Random {
  uint64_t state;

  uint64_t next() {
    uint64_t z = (state += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // 0 to below - 1.
  size_t below(size_t bound) { return static_cast<size_t>(next() % bound); }
  ByteVector bytes(size_t count) {
    ByteVector made(count);
    for (uint8_t& byte : made) byte = static_cast<uint8_t>(next());
    return made;
  }
};

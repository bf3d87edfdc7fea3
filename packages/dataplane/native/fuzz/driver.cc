// Runs a fuzz target without clang: seeded random mutations of its seeds.
//   target [runs] [seed]        target file...  runs saved inputs (a crash leaves its own as crash-input)
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <unistd.h>

#include "../test/check.h"
#include "fuzz.h"

namespace {

constexpr size_t max_input_bytes = 16'384;
ByteVector current;

// Only calls that are allowed in a signal handler.
void save(int) {
  const int fd = open("crash-input", O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (fd >= 0 && write(fd, current.data(), current.size()) >= 0) close(fd);
  signal(SIGABRT, SIG_DFL);
  abort();
}

void mutate(ByteVector& input, Random& random) {
  static const uint32_t odd[] = {0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff};
  if (input.empty()) input.push_back(0);
  const size_t at = random.below(input.size());
  const auto place = input.begin() + static_cast<long>(at);
  switch (random.below(7)) {
    case 0:
      input[at] ^= static_cast<uint8_t>(1 << random.below(8));
      break;
    case 1:
      input[at] = static_cast<uint8_t>(random.next());
      break;
    case 2:
      input.resize(at);
      break;
    case 3: {
      const ByteVector more = random.bytes(1 + random.below(32));
      input.insert(place, more.begin(), more.end());
      break;
    }
    case 4: {
      const uint32_t value = odd[random.below(std::size(odd))];
      for (size_t i = 0; i < 4 && at + i < input.size(); i++) input[at + i] = static_cast<uint8_t>(value >> (24 - 8 * i));
      break;
    }
    case 5: {  // a piece again, as packets repeat
      const ByteVector piece(place, place + static_cast<long>(random.below(input.size() - at) + 1));
      input.insert(place, piece.begin(), piece.end());
      break;
    }
    default:
      input.erase(place, place + static_cast<long>(random.below(input.size() - at) + 1));
  }
  if (input.size() > max_input_bytes) input.resize(max_input_bytes);
}

int run_file(const char* path) {
  FILE* file = fopen(path, "rb");
  if (file == nullptr) return 1;
  current.resize(max_input_bytes);
  current.resize(fread(current.data(), 1, current.size(), file));
  fclose(file);
  return LLVMFuzzerTestOneInput(current.data(), current.size());
}

}  // namespace

int main(int argc, char** argv) {
  signal(SIGABRT, save);
  if (argc > 1 && strspn(argv[1], "0123456789") != strlen(argv[1])) {
    for (int i = 1; i < argc; i++) {
      if (run_file(argv[i]) != 0) return 1;
    }
    return 0;
  }
  const unsigned long runs = argc > 1 ? strtoul(argv[1], nullptr, 10) : 10'000;
  Random random{argc > 2 ? strtoul(argv[2], nullptr, 10) : 1};
  const auto seeds = fuzz_seeds();
  for (const ByteVector& seed : seeds) LLVMFuzzerTestOneInput(seed.data(), seed.size());
  for (unsigned long i = 0; i < runs; i++) {
    current = seeds[random.below(seeds.size())];
    for (size_t changes = random.below(8); changes > 0; changes--) mutate(current, random);
    // A copy of exactly its size, so that a read past the end is seen.
    const ByteVector exact(current);
    LLVMFuzzerTestOneInput(exact.data(), exact.size());
  }
  printf("%lu runs\n", runs);
  return 0;
}

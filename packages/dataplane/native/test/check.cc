#include "check.h"

static int failures = 0;

std::vector<TestCase>& all_tests() {
  static std::vector<TestCase> tests;
  return tests;
}

void fail(const char* file, int line, const std::string& what) {
  failures++;
  fprintf(stderr, "%s:%d: %s\n", file, line, what.c_str());
}

int main() {
  for (const TestCase& test : all_tests()) {
    const int before = failures;
    test.run();
    printf("%s %s\n", failures == before ? "ok" : "not ok", test.name);
    fflush(stdout);
  }
  return failures == 0 ? 0 : 1;
}

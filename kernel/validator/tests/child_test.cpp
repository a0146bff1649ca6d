// However a child ends, its end is told, and the parent goes on.
#include "kernel/validator/child.hpp"

#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <clocale>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "kernel/validator/process_state.hpp"

using namespace kernel::validator;
using Kind = ChildEnd::Kind;

TEST_CASE("however a child ends, its end is told") {
  struct Row {
    const char* rule;
    std::string (*body)(const Step&);
    Kind kind;
    const char* says;
  };
  const Row rows[] = {
      {"an answer", [](const Step&) { return std::string("fine"); }, Kind::answered, "fine"},
      {"an exception", [](const Step&) -> std::string { throw std::runtime_error("no"); }, Kind::answered,
       "no"},
      {"abort",
       [](const Step& step) -> std::string {
         step("aborting");
         std::abort();
       },
       Kind::crashed, "SIGABRT while aborting"},
      {"a signal", [](const Step&) { return std::raise(SIGKILL), std::string(); }, Kind::crashed, "SIGKILL"},
      {"exit", [](const Step&) -> std::string { ::_exit(3); }, Kind::left, "status 3"},
      {"no end",
       [](const Step& step) -> std::string {
         step("waiting");
         for (;;) ::pause();
       },
       Kind::too_slow, "while waiting"},
  };
  for (const auto& row : rows) {
    INFO(row.rule);
    ChildLimits limits;
    if (row.kind == Kind::too_slow) limits.time = std::chrono::milliseconds(200);
    const auto end = run_in_child(limits, row.body);
    CHECK(end.kind == row.kind);
    INFO(end.text());
    CHECK(end.text().find(row.says) != std::string::npos);
  }
}

TEST_CASE("a child's memory and processor time have limits") {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  ChildLimits limits;
  limits.memory = 512u << 20;
  const auto big = run_in_child(limits, [](const Step&) {
    void* much = std::malloc(std::size_t{1} << 30);
    const bool given = much != nullptr;
    std::free(much);
    return std::string(given ? "given" : "refused");
  });
  CHECK(big.answer == "refused");
#endif
  ChildLimits short_time;
  short_time.cpu_s = 1;
  const auto busy = run_in_child(short_time, [](const Step&) -> std::string {
    for (std::atomic<unsigned> i = 0;; ++i) {
    }
  });
  CHECK(busy.kind == Kind::crashed);
}

TEST_CASE("what changed in a process is named") {
  struct Row {
    const char* rule;
    void (*change)();
    const char* says;
  };
  const Row rows[] = {
      {"nothing", [] {}, ""},
      {"a handler", [] { std::signal(SIGUSR1, SIG_IGN); }, "handler of SIGUSR1"},
      {"the folder", [] { (void)!::chdir("/usr"); }, "working folder"},
      {"the environment", [] { ::setenv("PORTICO_NEW", "1", 1); }, "variable PORTICO_NEW is new"},
      {"a descriptor", [] { (void)!::dup(0); }, "descriptor"},
      {"the locale", [] { std::setlocale(LC_ALL, "C.UTF-8"); }, "locale"},
      {"a thread", [] { std::thread([] { ::pause(); }).detach(); }, "threads: was 1, is 2"},
  };
  for (const auto& row : rows) {
    INFO(row.rule);
    const auto end = run_in_child({}, [&](const Step&) {
      const auto before = read_process_state();
      row.change();
      std::string all;
      for (const auto& one : differences(before, read_process_state())) all += one + "; ";
      return all;
    });
    INFO(end.text());
    CHECK(end.kind == Kind::answered);
    CHECK((*row.says ? end.answer.find(row.says) != std::string::npos : end.answer.empty()));
  }
}

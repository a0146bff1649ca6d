// What ends a host while it starts a plugin is blocked by its content; everybody else is left alone.
#include "kernel/loader/quarantine.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <portico/problem.hpp>
#include <thread>

using namespace kernel::loader;

namespace {

struct Folder {
  std::filesystem::path path;
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "portico-quarantine-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
};

const std::string kHash(64, 'a'), kOther(64, 'b');

/// A host that does this while starting the plugin of kHash.
void host_that(const Folder& folder, const std::function<void(Quarantine::Mark&)>& does) {
  const auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    for (const int signal : {SIGSEGV, SIGABRT, SIGFPE, SIGILL, SIGBUS}) ::signal(signal, SIG_DFL);
    {
      const Quarantine quarantine(folder.path);
      Quarantine::Mark mark(quarantine, kHash, "sample");
      does(mark);
    }
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
}

}  // namespace

TEST_CASE("how a host ends while starting a plugin decides whether the plugin is blocked") {
  struct Row {
    const char* rule;
    std::function<void(Quarantine::Mark&)> does;
    bool first, second;  // blocked after so many times
    const char* says;
  };
  const Row rows[] = {
      {"an orderly start", [](auto&) {}, false, false, ""},
      {"abort", [](auto&) { std::abort(); }, true, true, "SIGABRT"},
      {"a bad address", [](auto&) { ::raise(SIGSEGV); }, true, true, "SIGSEGV"},
      {"exit, as a kill or a power cut leaves it, is only suspected", [](auto&) { ::_exit(0); }, false, true,
       "twice"},
      {"a kill likewise", [](auto&) { ::raise(SIGKILL); }, false, true, "twice"},
  };
  for (const auto& row : rows) {
    INFO(row.rule);
    const Folder folder;
    host_that(folder, row.does);
    const Quarantine next(folder.path);
    CHECK(next.take_over_marks().size() == (row.first ? 1 : 0));
    CHECK(next.find(kHash).has_value() == row.first);
    host_that(folder, row.does);
    next.take_over_marks();
    REQUIRE(next.find(kHash).has_value() == row.second);
    if (row.second) CHECK(next.find(kHash)->reason.find(row.says) != std::string::npos);
    if (row.second) CHECK(next.find(kHash)->plugin == "sample");
    CHECK_FALSE(next.find(kOther));
  }
}

TEST_CASE("a start that went well clears the suspicion") {
  const Folder folder;
  const Quarantine next(folder.path);
  host_that(folder, [](auto&) { ::_exit(0); });
  next.take_over_marks();
  host_that(folder, [](Quarantine::Mark& mark) { mark.survived(); });
  host_that(folder, [](auto&) { ::_exit(0); });
  next.take_over_marks();
  CHECK_FALSE(next.find(kHash));
}

TEST_CASE("the mark of a host that still lives is left alone") {
  const Folder folder;
  const Quarantine one(folder.path), other(folder.path);
  const Quarantine::Mark mark(one, kHash, "sample");
  for (int i = 0; i < 3; ++i) CHECK(other.take_over_marks().empty());
  CHECK_FALSE(other.find(kHash));
}

TEST_CASE("a crash of another thread is not blamed on the plugin that starts") {
  const Folder folder;
  host_that(folder, [](auto&) { std::thread([] { std::abort(); }).join(); });
  const Quarantine next(folder.path);
  CHECK(next.take_over_marks().empty());
  CHECK_FALSE(next.find(kHash));
}

TEST_CASE("an entry is listed, refused with its reason, and released by the beginning of its hash") {
  const Folder folder;
  const Quarantine quarantine(folder.path);
  quarantine.block(kHash, "sample", "it crashed");
  REQUIRE(quarantine.list().size() == 1);
  CHECK(quarantine.list()[0].plugin == "sample");
  try {
    quarantine.admit("plugin.so", kHash, "sample", {});
    FAIL("admitted");
  } catch (const portico::Problem& problem) {
    CHECK(problem.code == "plugin.quarantined");
    CHECK(problem.detail.find("it crashed") != std::string::npos);
    CHECK(problem.detail.find("quarantine release aaaaaaaaaaaa") != std::string::npos);
  }
  CHECK_FALSE(quarantine.release("aaaa"));  // too short to be meant
  CHECK_FALSE(quarantine.release("bbbbbbbb"));
  CHECK(quarantine.release("aaaaaaaa") == kHash);
  quarantine.admit("plugin.so", kHash, "sample", {});
  CHECK(quarantine.list().empty());
}

TEST_CASE("a file nobody has seen is opened by another process first, once") {
  struct Row {
    const char *rule, *script;
    const char* code;  // of the refusal
    bool blocked, again;
  };
  const Row rows[] = {
      {"fine", "exit 0", "", false, false},
      {"it says that it cannot be opened", "echo wrong; exit 1", "plugin.cannot_open", false, true},
      {"it crashes", "echo SIGABRT; exit 3", "plugin.quarantined", true, false},
      {"the scan itself fails: no reason not to try", "exit 2", "", false, true},
  };
  for (const auto& row : rows) {
    INFO(row.rule);
    const Folder folder;
    const auto program = folder.path / "scanner", seen = folder.path / "seen";
    std::ofstream(program) << "#!/bin/sh\necho x >>" << seen.string() << "\n" << row.script << "\n";
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    const Quarantine quarantine(folder.path / "quarantine");
    const auto admit = [&]() -> std::string {
      try {
        quarantine.admit("plugin.so", kHash, "sample", program);
        return {};
      } catch (const portico::Problem& problem) {
        return problem.code;
      }
    };
    CHECK(admit() == row.code);
    CHECK(admit() == row.code);
    CHECK(quarantine.find(kHash).has_value() == row.blocked);
    CHECK(std::filesystem::file_size(seen) == (row.again ? 4 : 2));
  }
}

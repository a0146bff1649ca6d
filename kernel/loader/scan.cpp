// Spawns, reads, waits.
#include "kernel/loader/scan.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>

extern char** environ;

namespace kernel::loader {

namespace {

constexpr std::chrono::seconds kTime{30};
constexpr std::size_t kMostText = 4096;

/// What it writes until it ends; false when that takes too long.
bool read_all(int fd, std::string& text) {
  const auto until = std::chrono::steady_clock::now() + kTime;
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now())
            .count();
    pollfd wait{fd, POLLIN, 0};
    if (left <= 0 || ::poll(&wait, 1, static_cast<int>(left)) == 0) return false;
    char block[1024];
    const auto n = ::read(fd, block, sizeof block);
    if (n <= 0) return true;
    if (text.size() < kMostText) text.append(block, static_cast<std::size_t>(n));
  }
}

}  // namespace

ScanEnd scan(const std::filesystem::path& program, const std::filesystem::path& file) {
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) return {};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, pipe[1], 1);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  const std::string path = program.string(), target = file.string();
  const char* arguments[] = {path.c_str(), "plugin", "scan", target.c_str(), nullptr};
  pid_t child = 0;
  const int failed =
      ::posix_spawn(&child, path.c_str(), &actions, nullptr, const_cast<char**>(arguments), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(pipe[1]);
  std::string text;
  const bool ended = !failed && read_all(pipe[0], text);
  ::close(pipe[0]);
  if (failed) return {ScanEnd::Kind::no_scan, std::string("no process for it: ") + std::strerror(failed)};
  if (!ended) ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  text = text.substr(0, text.find('\n'));
  if (!ended) return {ScanEnd::Kind::crashed, "opening it did not end in time"};
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {ScanEnd::Kind::fine, {}};
  if (WIFEXITED(status) && WEXITSTATUS(status) == kScanRefused) return {ScanEnd::Kind::refused, text};
  if (WIFEXITED(status) && WEXITSTATUS(status) == kScanCrashed) return {ScanEnd::Kind::crashed, text};
  return {ScanEnd::Kind::no_scan, "the scan itself did not end well"};
}

}  // namespace kernel::loader

// Reads the process's own state from the kernel's files and the C library.
#include "kernel/validator/process_state.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <clocale>
#include <filesystem>
#include <fstream>

extern char** environ;

namespace kernel::validator {

ProcessState read_process_state() {
  ProcessState state;
  std::error_code ec;
  for (int signal = 1; signal < NSIG; ++signal) {
    struct sigaction action {};
    const char* name = ::sigabbrev_np(signal);
    if (!name || ::sigaction(signal, nullptr, &action) != 0) continue;
    state[std::string("handler of SIG") + name] =
        action.sa_handler == SIG_DFL   ? "the default"
        : action.sa_handler == SIG_IGN ? "ignored"
                                       : fmt::format("{:p}", reinterpret_cast<void*>(action.sa_handler));
  }
  sigset_t blocked;
  ::sigprocmask(SIG_SETMASK, nullptr, &blocked);
  for (int signal = 1; signal < NSIG; ++signal)
    if (sigismember(&blocked, signal) == 1) state["blocked signals"] += fmt::format("{} ", signal);
  state["working folder"] = std::filesystem::current_path(ec).string();
  const auto mask = ::umask(0);
  ::umask(mask);
  state["file mask"] = fmt::format("{:o}", mask);
  const char* locale = std::setlocale(LC_ALL, nullptr);  // NOLINT(concurrency-mt-unsafe): one thread asks
  state["locale"] = locale ? locale : "";
  for (char** variable = environ; *variable; ++variable) {
    const std::string text = *variable;
    const auto equals = text.find('=');
    state["variable " + text.substr(0, equals)] = text.substr(std::min(text.size(), equals + 1));
  }
  std::size_t threads = 0;
  for (std::filesystem::directory_iterator it("/proc/self/task", ec), end; !ec && it != end; it.increment(ec))
    ++threads;
  state["threads"] = std::to_string(threads);
  for (std::filesystem::directory_iterator it("/proc/self/fd", ec), end; !ec && it != end; it.increment(ec)) {
    const auto target = std::filesystem::read_symlink(it->path(), ec).string();
    ec.clear();
    if (target.find("/proc/") != 0) state["descriptor " + it->path().filename().string()] = target;
  }
  return state;
}

std::vector<std::string> differences(const ProcessState& before, const ProcessState& after) {
  std::vector<std::string> out;
  for (const auto& [name, value] : after) {
    const auto it = before.find(name);
    if (it == before.end())
      out.push_back(name + " is new: " + value);
    else if (it->second != value)
      out.push_back(name + ": was " + it->second + ", is " + value);
  }
  for (const auto& [name, value] : before)
    if (!after.count(name)) out.push_back(name + " is gone");
  return out;
}

std::size_t private_memory() {
  std::ifstream in("/proc/self/statm");
  std::size_t total = 0, resident = 0, shared = 0;
  in >> total >> resident >> shared;
  return (resident - shared) * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace kernel::validator

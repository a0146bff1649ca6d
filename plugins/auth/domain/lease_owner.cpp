// Reads /proc to name this process and to look for another.
#include "domain/lease_owner.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <vector>

namespace auth {
namespace {

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::string place() {
  std::error_code none;
  const auto name_space = std::filesystem::read_symlink("/proc/self/ns/pid", none).string();
  const auto boot = first_line("/proc/sys/kernel/random/boot_id");
  return boot.empty() || name_space.empty() ? "" : boot + "/" + name_space;
}

/// Field 22 of /proc/<pid>/stat: a number is reused, a number with its start time is not. nullopt: no such
/// process.
std::optional<std::string> start_time(long pid) {
  const auto stat = first_line(fmt::format("/proc/{}/stat", pid));
  const auto name_end = stat.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream rest(stat.substr(name_end + 1));
  std::string field;
  for (int i = 3; i <= 22; ++i) rest >> field;
  return field;
}

}  // namespace

std::string this_process() {
  return fmt::format("{}/{}/{}", place(), getpid(), start_time(getpid()).value_or("?"));
}

bool is_gone(std::string_view owner) {
  const auto start_at = owner.rfind('/');
  const auto pid_at = start_at == owner.npos || start_at == 0 ? owner.npos : owner.rfind('/', start_at - 1);
  if (pid_at == owner.npos) return false;
  const auto here = place();
  if (here.empty() || owner.substr(0, pid_at) != here || !std::filesystem::exists("/proc/self/stat"))
    return false;
  const auto digits = owner.substr(pid_at + 1, start_at - pid_at - 1);
  long pid = 0;
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), pid);
  if (ec != std::errc() || end != digits.data() + digits.size() || pid <= 0) return false;
  const auto running = start_time(pid);
  return !running || *running != owner.substr(start_at + 1);
}

}  // namespace auth

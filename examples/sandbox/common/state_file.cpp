// Atomic replacement of the state file.
#include "examples/sandbox/common/state_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>

namespace sandbox {

namespace {

[[noreturn]] void fail(const std::string& what, const std::string& path) {
  throw std::runtime_error(fmt::format("{} {}: {}", what, path, std::generic_category().message(errno)));
}

void sync_folder_of(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path();
  const std::string folder = parent.empty() ? "." : parent.string();
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) fail("cannot open the folder", folder);
  ::fsync(fd);
  ::close(fd);
}

}  // namespace

std::optional<boost::json::value> StateFile::load() const {
  if (path_.empty() || !std::filesystem::exists(path_)) return std::nullopt;
  std::ifstream in(path_, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) fail("cannot read the state file", path_);
  boost::system::error_code error;
  auto value = boost::json::parse(text.str(), error);
  if (error)
    throw std::runtime_error(fmt::format("the state file {} is not JSON: {}", path_, error.message()));
  return value;
}

void StateFile::commit() {
  if (path_.empty()) return;
  const std::uint64_t mine = changed_.fetch_add(1) + 1;
  const std::lock_guard lock(writing_);
  if (saved_ >= mine) return;  // somebody else's write, begun after our change, carried it
  const std::uint64_t carried = changed_.load();
  write(boost::json::serialize(snapshot_()));
  saved_ = carried;
}

void StateFile::write(const std::string& text) const {
  const std::string fresh = path_ + ".new";
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) fail("cannot write", fresh);
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t count = ::write(fd, text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      ::close(fd);
      fail("cannot write", fresh);
    }
    done += static_cast<std::size_t>(count);
  }
  if (::fsync(fd) != 0) {
    ::close(fd);
    fail("cannot sync", fresh);
  }
  ::close(fd);
  if (std::rename(fresh.c_str(), path_.c_str()) != 0) fail("cannot replace", path_);
  sync_folder_of(path_);
}

}  // namespace sandbox

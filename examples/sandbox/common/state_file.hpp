// The sandbox's memory on disk: one JSON file, replaced whole, so that a kill at any moment leaves a readable
// one.
#pragma once

#include <atomic>
#include <boost/json.hpp>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

namespace sandbox {

/// Saves what `snapshot` returns: a new file beside the old one, fsync, rename, fsync of the folder.
/// Callers that commit at the same time share one write.
class StateFile {
 public:
  using Snapshot = std::function<boost::json::value()>;

  /// An empty path keeps nothing; every call is then a no-op.
  explicit StateFile(std::string path) : path_(std::move(path)) {}

  /// What the file holds, or nothing if there is none. errors: std::runtime_error if it cannot be read.
  std::optional<boost::json::value> load() const;
  void set_snapshot(Snapshot snapshot) { snapshot_ = std::move(snapshot); }

  /// Notes a change that the next commit carries; nothing is written now.
  void touch() { changed_.fetch_add(1); }
  /// Returns once everything changed before the call is on disk. errors: std::runtime_error if it cannot be.
  void commit();

 private:
  void write(const std::string& text) const;

  std::string path_;
  Snapshot snapshot_;
  std::atomic<std::uint64_t> changed_{0};
  std::mutex writing_;
  std::uint64_t saved_ = 0;  // under writing_
};

}  // namespace sandbox

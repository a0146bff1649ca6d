// Asks a process of its own whether a file can be opened.
#pragma once

#include <filesystem>
#include <string>

namespace kernel::loader {

struct ScanEnd {
  enum class Kind { fine, refused, crashed, no_scan };
  Kind kind = Kind::no_scan;
  std::string text;  // why not fine
};

// Exit statuses of "plugin scan", beside 0 for fine.
inline constexpr int kScanRefused = 1, kScanCrashed = 3;

/// Runs "PROGRAM plugin scan FILE", whose first line says why, for at most 30 s.
ScanEnd scan(const std::filesystem::path& program, const std::filesystem::path& file);

}  // namespace kernel::loader

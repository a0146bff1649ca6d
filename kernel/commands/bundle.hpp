// A plugin in one file: library, pages and migrations in a zip archive, made here and taken apart with
// suspicion.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "kernel/loader/manifest.hpp"

namespace kernel::commands {

/// What a bundle holds, read whole. Names are "plugin.so", "web/…" and "migrations/NNNN_name.sql".
struct Bundle {
  static constexpr std::size_t kMostFiles = 4'000;
  static constexpr std::uint64_t kMostBytes = 256u << 20;  // of all files, unpacked

  loader::Manifest manifest;  // of plugin.so
  std::map<std::string, std::string> files;

  /// errors    404 bundle.unreadable; 422 bundle.not_a_bundle, a name or a size that no bundle has;
  ///           422 plugin.*, of the library's note
  static Bundle read(const std::filesystem::path& file);

  /// The plugin of that folder with the migrations of the other, where it exists. errors: as read
  static Bundle of_folders(const std::filesystem::path& plugin, const std::filesystem::path& migrations);

  /// errors    500 bundle.unwritable
  void write(const std::filesystem::path& file) const;

  /// Library and pages into a folder that is not there yet. errors: 500 bundle.unwritable
  void unpack(const std::filesystem::path& folder) const;

  /// "0001_points.sql" → its text.
  std::map<std::string, std::string> migrations() const;
};

}  // namespace kernel::commands

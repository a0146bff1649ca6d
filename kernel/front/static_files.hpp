// Built web files, read into memory at start and served from there: a request can name only what was loaded.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "kernel/front/message.hpp"

namespace kernel::front {

inline constexpr std::size_t kMaxStaticFile = 16 * 1024 * 1024;    // bytes
inline constexpr std::size_t kMaxStaticTotal = 256 * 1024 * 1024;  // bytes, over all mounts, codings included

/// One file in one coding, with its headers ready to send.
struct StaticVariant {
  std::shared_ptr<const std::string> bytes;  // shared with the answers on their way
  std::shared_ptr<const std::string> head;   // header lines, shared likewise
  std::string entity_tag;
};

struct StaticFile {
  std::string type;  // media type
  bool immutable = false;
  StaticVariant plain;
  std::optional<StaticVariant> gzip;    // from name.gz beside it
  std::optional<StaticVariant> brotli;  // from name.br
};

class StaticFiles {
 public:
  /// Loads a folder tree under a path prefix ("/assets/billing/"). Symbolic links and names that begin with a
  /// dot are left out. Call before the first answer; later use is read-only and safe from any thread.
  ///
  /// errors  Problem 500 static.folder_unreadable, static.too_large
  void mount(std::string_view prefix, const std::filesystem::path& folder);

  /// The file loaded for that path (percent-encoded path of a request), or null.
  const StaticFile* find(std::string_view path) const;

  /// The answer for a path: the file in the best coding or the part of it asked for (206, 416), 304 when the
  /// client has it, 405 for other methods than GET and HEAD; nothing when no such file was loaded.
  std::optional<Response> answer(const Request& request, std::string_view path) const;

  /// Answers with one file whatever the path says (the shell's index.html), with that status.
  static Response answer_with(const Request& request, const StaticFile& file, int status = 200);

  std::size_t size() const noexcept { return files_.size(); }

 private:
  void load_tree(std::string_view prefix, const std::filesystem::path& folder);

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>()(text);
    }
  };
  std::unordered_map<std::string, StaticFile, Hash, std::equal_to<>> files_;
  std::size_t total_ = 0;
};

/// Does a file name carry a content hash, as bundlers write it: "name-" and 8 or more of A-Z a-z 0-9 _ -
/// before the extension, of a kind that no English word has?
bool has_content_hash(std::string_view file_name) noexcept;

/// The media type of a file name; application/octet-stream for an unknown extension.
std::string_view media_type_of(std::string_view file_name) noexcept;

}  // namespace kernel::front

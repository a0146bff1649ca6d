// A plugin's shared library, opened from a private copy.
#pragma once

#include <portico/abi/plugin.h>

#include <boost/dll/shared_library.hpp>
#include <cstddef>
#include <filesystem>
#include <string>

namespace kernel::loader {

/// In hexadecimal; empty for a file that cannot be read.
std::string sha256_of(const std::filesystem::path& file);

/// Opens NOW and LOCAL. The file is hashed and copied through one descriptor into
/// <cache>/<sha256>-<n>/plugin.so, and the copy is opened: overwriting a mapped file would end the process,
/// and reopening the same file returns the old image (measured; design of the SDK, section 2). A lock on the
/// copy says that it is in use.
class Library {
 public:
  /// Removes the copies of hosts that were killed: those that nobody has locked for a minute and more.
  static void remove_abandoned_copies(const std::filesystem::path& cache) noexcept;

  /// errors    422 plugin.cannot_open with the loader's text; 500 plugin.cannot_copy
  Library(const std::filesystem::path& file, const std::filesystem::path& cache);
  ~Library();

  /// errors    422 plugin.no_entry; 422 plugin.wrong_abi
  const portico_entry& entry() const;
  const std::string& sha256() const { return sha256_; }
  /// Bytes of the file.
  std::size_t size() const { return size_; }

  /// Closes the image and proves it gone: not found by name any more, and no range of it mapped.
  /// returns   empty, or why it is still there
  std::string unmap();

 private:
  void remove_copy() noexcept;

  std::filesystem::path copy_;
  int lock_ = -1;
  std::size_t size_ = 0;
  std::string sha256_;
  boost::dll::shared_library library_;
};

}  // namespace kernel::loader

// A plugin's shared library, opened from a private copy.
#pragma once

#include <portico/abi/plugin.h>

#include <boost/dll/shared_library.hpp>
#include <filesystem>
#include <string>

namespace kernel::loader {

/// Opens NOW and LOCAL. The file is hashed and copied through one descriptor into
/// <cache>/<sha256>-<n>/plugin.so, and the copy is opened: overwriting a mapped file would end the process,
/// and reopening the same file returns the old image (measured; design of the SDK, section 2).
class Library {
 public:
  /// errors    422 plugin.cannot_open with the loader's text; 500 plugin.cannot_copy
  Library(const std::filesystem::path& file, const std::filesystem::path& cache);
  ~Library();

  /// errors    422 plugin.no_entry; 422 plugin.wrong_abi
  const portico_entry& entry() const;
  const std::string& sha256() const { return sha256_; }

 private:
  std::filesystem::path copy_;
  std::string sha256_;
  boost::dll::shared_library library_;
};

}  // namespace kernel::loader

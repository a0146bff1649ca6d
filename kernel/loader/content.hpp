// A file's bytes, and the hash that names them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace kernel::loader {

/// errors    404 plugin.unreadable; 422 plugin.too_large (over 64 MiB)
std::vector<std::byte> read_file(const std::filesystem::path& file);

/// SHA-256 as 64 hexadecimal digits.
std::string sha256_hex(std::span<const std::byte> bytes);

}  // namespace kernel::loader

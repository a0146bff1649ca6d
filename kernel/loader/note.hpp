// Reads the manifest out of a plugin file without running a byte of it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

namespace kernel::loader {

/// The text of the ELF note "Portico" type 1 in PT_NOTE of a 64-bit little-endian shared object.
///
/// errors    422 plugin.not_elf; 422 plugin.no_manifest; 422 plugin.malformed_note (cut, too long, or two
/// manifests). Every read is bounds-checked.
std::string read_note(std::span<const std::byte> file);

/// errors    those above; 404 plugin.unreadable; 422 plugin.too_large (over 64 MiB)
std::string read_note(const std::filesystem::path& file);

}  // namespace kernel::loader

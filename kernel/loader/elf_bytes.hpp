// Reads out of a file's bytes that never reach past their end.
#pragma once

#include <cstddef>
#include <cstring>
#include <optional>
#include <span>

namespace kernel::loader {

/// The value at an offset, or nothing where the file ends before.
template <class T>
std::optional<T> at(std::span<const std::byte> bytes, std::size_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

inline std::optional<std::span<const std::byte>> part(std::span<const std::byte> bytes, std::size_t offset,
                                                      std::size_t size) {
  if (offset > bytes.size() || bytes.size() - offset < size) return std::nullopt;
  return bytes.subspan(offset, size);
}

}  // namespace kernel::loader

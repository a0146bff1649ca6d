// Bounded reading; OpenSSL's digest.
#include "kernel/loader/content.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <fstream>
#include <portico/problem.hpp>

namespace kernel::loader {

using portico::Problem;

namespace {

constexpr std::size_t kLargestFile = 64u << 20;

}  // namespace

std::vector<std::byte> read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  if (!in) throw Problem(404, "plugin.unreadable", path.string() + " cannot be read");
  const auto size = static_cast<std::size_t>(in.tellg());
  if (size > kLargestFile) throw Problem(422, "plugin.too_large", path.string() + " is over 64 MiB");
  std::vector<std::byte> bytes(size);
  in.seekg(0).read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
  if (!in) throw Problem(404, "plugin.unreadable", path.string() + " changed while it was read");
  return bytes;
}

std::string sha256_hex(std::span<const std::byte> bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha256(), nullptr);
  std::string hex;
  for (unsigned i = 0; i < size; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

}  // namespace kernel::loader

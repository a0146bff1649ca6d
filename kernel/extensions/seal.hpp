// Personal data sealed at rest: AES-256-GCM under a key with an id, bound to its context.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kernel::extensions {

class Seal {
 public:
  /// Keys are base64 of 32 bytes; the first seals, all open. errors: 500 config.invalid
  explicit Seal(const std::string& current, const std::vector<std::string>& old = {});

  /// "P1", 4 bytes of key id, 12 of nonce, the text, 16 of tag.
  std::string seal(std::string_view plain, std::string_view context) const;
  /// errors    500 crypto.cannot_open: another key or context, or changed bytes
  std::string open(std::string_view sealed, std::string_view context) const;

  /// A keyed hash: equal texts can be found again, and nothing else is told. 32 bytes.
  std::string hash(std::string_view text) const;

 private:
  struct Key {
    std::string id, bytes;
  };
  std::vector<Key> keys_;
};

std::string sha256(std::string_view data);
std::string hmac_sha256(std::string_view key, std::string_view data);
void fill_random(unsigned char* out, std::size_t count);

}  // namespace kernel::extensions

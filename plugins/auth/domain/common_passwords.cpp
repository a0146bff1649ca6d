// Reads the lists that the assembler copies into the plugin; LIST_FOLDER comes from CMakeLists.txt.
#include "domain/common_passwords.hpp"

__asm__(
    ".pushsection .rodata\n"
    "auth_common_passwords: .incbin \"" LIST_FOLDER
    "/common_passwords.txt\"\n"
    "auth_common_passwords_end:\n"
    "auth_common_words: .incbin \"" LIST_FOLDER
    "/common_words.txt\"\n"
    "auth_common_words_end:\n"
    ".hidden auth_common_passwords, auth_common_passwords_end, auth_common_words, auth_common_words_end\n"
    ".globl auth_common_passwords, auth_common_passwords_end, auth_common_words, auth_common_words_end\n"
    ".popsection\n");

extern "C" const char auth_common_passwords[], auth_common_passwords_end[], auth_common_words[],
    auth_common_words_end[];

namespace auth {
namespace {

/// One entry a line; "#" begins a comment line.
std::unordered_set<std::string_view> lines(std::string_view text) {
  std::unordered_set<std::string_view> out;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    if (!line.empty() && line.front() != '#') out.insert(line);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return out;
}

}  // namespace

const std::unordered_set<std::string_view>& common_passwords() {
  static const auto set = lines(
      {auth_common_passwords, static_cast<std::size_t>(auth_common_passwords_end - auth_common_passwords)});
  return set;
}

const std::unordered_set<std::string_view>& common_words() {
  static const auto set =
      lines({auth_common_words, static_cast<std::size_t>(auth_common_words_end - auth_common_words)});
  return set;
}

}  // namespace auth

// Replays a target's corpus, whole and changed a little, so that every finding stays found in ordinary test
// runs.
//
//   fuzz_<target> FOLDER    FOLDER has corpus/ and may have a dictionary in libFuzzer's form
#include <algorithm>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "tests/fuzz/lib/target.hpp"

namespace {

namespace fs = std::filesystem;

constexpr int kRounds = 2000;  // of changed inputs: a second or so, and the same ones every time

std::string read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

int hex_digit(char c) {
  return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/// Lines of the form "text", in which \xHH, \\ and \" are escapes; others are comments.
std::vector<std::string> read_dictionary(const fs::path& file) {
  std::vector<std::string> words = {"", std::string(1, '\0'), "\xff", "\r\n"};
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (line.size() < 2 || line.front() != '"' || line.back() != '"') continue;
    std::string word;
    for (std::size_t i = 1; i + 1 < line.size(); ++i) {
      if (line[i] != '\\') {
        word += line[i];
      } else if (line[i + 1] == 'x' && i + 4 < line.size()) {
        word += static_cast<char>(hex_digit(line[i + 2]) * 16 + hex_digit(line[i + 3]));
        i += 3;
      } else {
        word += line[++i];
      }
    }
    words.push_back(std::move(word));
  }
  return words;
}

std::string printable(std::string_view input) {
  std::string text;
  for (const char c : input.substr(0, 2000)) {
    char escaped[5];
    std::snprintf(escaped, sizeof escaped, "\\x%02x", static_cast<unsigned char>(c));
    text += std::isprint(static_cast<unsigned char>(c)) != 0 && c != '\\' ? std::string(1, c) : escaped;
  }
  return text;
}

bool holds(std::string_view input, const std::string& name) {
  try {
    fuzz::check(input);
    return true;
  } catch (const std::exception& broken) {
    std::printf("FAILED %s: %s\n       %s\n", name.c_str(), broken.what(), printable(input).c_str());
    return false;
  }
}

std::string changed(const std::vector<std::string>& inputs, const std::vector<std::string>& words,
                    int round) {
  fuzz::Choice choice("round " + std::to_string(round));
  std::string input = inputs[choice.below(inputs.size())];
  for (std::size_t edits = 1 + choice.below(3); edits > 0; --edits) {
    const std::size_t at = choice.below(input.size() + 1);
    const std::string& word = words[choice.below(words.size())];
    switch (choice.below(5)) {
      case 0:
        if (at < input.size()) input[at] = static_cast<char>(choice.below(256));
        break;
      case 1:
        input.erase(at, 1 + choice.below(8));
        break;
      case 2:
        input.insert(at, word);
        break;
      case 3:
        input.replace(at, std::min(word.size(), input.size() - at), word);
        break;
      default: {
        const std::string& other = inputs[choice.below(inputs.size())];
        input.insert(at, other, choice.below(other.size() + 1), choice.below(64));
      }
    }
  }
  return input;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: %s FOLDER\n", arguments[0]);
    return 2;
  }
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(fs::path(arguments[1]) / "corpus"))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<std::string> inputs;
  int passed = 0;
  int failed = 0;
  for (const auto& file : files) {
    inputs.push_back(read(file));
    ++(holds(inputs.back(), file.filename().string()) ? passed : failed);
  }
  if (inputs.empty()) {
    std::printf("FAILED no corpus in %s\n0 passed, 1 failed\n", arguments[1]);
    return 1;
  }
  const auto words = read_dictionary(fs::path(arguments[1]) / "dictionary");
  int wrong = 0;
  for (int round = 0; round < kRounds && wrong < 5; ++round) {
    if (!holds(changed(inputs, words, round), "round " + std::to_string(round))) ++wrong;
  }
  ++(wrong == 0 ? passed : failed);
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}

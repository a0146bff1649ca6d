// Plugin files as the validator reads them: refused with its code, or every text of the result lies in the
// file.
#include <algorithm>
#include <portico/problem.hpp>

#include "kernel/validator/elf_image.hpp"
#include "tests/fuzz/lib/target.hpp"

using fuzz::promise;
using kernel::validator::ElfImage;

void fuzz::check(std::string_view input) {
  // A copy of exactly this size: the sanitizer sees the first byte read beyond it.
  const std::vector<char> bytes(input.begin(), input.end());
  ElfImage image;
  try {
    image = ElfImage::read(std::as_bytes(std::span(bytes)));
  } catch (const portico::Problem& refused) {
    return promise(refused.status == 422 && refused.code == "plugin.not_elf",
                   "a file is refused with its code");
  }
  const auto lies_in = [&](const std::string& text) { return input.find(text) != std::string_view::npos; };
  promise(std::all_of(image.needed.begin(), image.needed.end(), lies_in),
          "a needed library is named in the file");
  promise(lies_in(image.search_path), "a search path lies in the file");
  promise(image.symbols.size() <= input.size() / 24, "a symbol takes 24 bytes of the file");
  for (const auto& symbol : image.symbols)
    promise(lies_in(symbol.name) && lies_in(symbol.version) && lies_in(symbol.library),
            "a symbol's texts lie in the file");
}

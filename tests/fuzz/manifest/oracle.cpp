// Plugin files: the note reader never leaves the file and finds the one text; a manifest that is taken is
// within its ranges.
//
// An input that begins like an ELF file is one, anything else is a manifest's text.
#include <elf.h>

#include <algorithm>
#include <cstring>
#include <portico/contract.hpp>

#include "kernel/loader/manifest.hpp"
#include "kernel/loader/note.hpp"
#include "tests/fuzz/lib/target.hpp"

using namespace kernel::loader;
using fuzz::promise;

namespace {

constexpr std::size_t kLargestManifest = 256u << 10;

std::optional<std::string> note_of(std::string_view file) {
  try {
    // A copy of exactly this size: the sanitizer sees the first byte read beyond it.
    const std::vector<char> bytes(file.begin(), file.end());
    return read_note(std::as_bytes(std::span(bytes)));
  } catch (const portico::Problem& refused) {
    promise(refused.status == 422 && refused.code.starts_with("plugin."), "a file is refused with its code");
    return std::nullopt;
  }
}

template <class T>
void append(std::string& file, const T& part) {
  file.append(reinterpret_cast<const char*>(&part), sizeof part);
}

/// A shared object that is nothing but this note.
std::string wrap(std::string_view text) {
  Elf64_Ehdr head{};
  std::memcpy(head.e_ident, ELFMAG, SELFMAG);
  head.e_ident[EI_CLASS] = ELFCLASS64;
  head.e_ident[EI_DATA] = ELFDATA2LSB;
  head.e_type = ET_DYN;
  head.e_phoff = sizeof head;
  head.e_phnum = 1;
  Elf64_Phdr program{};
  program.p_type = PT_NOTE;
  program.p_offset = sizeof head + sizeof program;
  program.p_filesz = sizeof(Elf64_Nhdr) + 8 + text.size();
  std::string file;
  append(file, head);
  append(file, program);
  append(file, Elf64_Nhdr{8, static_cast<Elf64_Word>(text.size()), 1});
  return file.append("Portico", 8).append(text);
}

void check_manifest(std::string_view text) {
  Manifest manifest;
  try {
    manifest = Manifest::parse(text);
  } catch (const portico::Problem& refused) {
    return promise(refused.status == 422 && refused.code == "plugin.manifest_invalid",
                   "a manifest is refused with its code");
  }
  promise(!manifest.id.empty() && manifest.id != "kernel" && manifest.id.size() <= 64 &&
              manifest.id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos,
          "an id is a word");
  promise(manifest.abi_major >= 1 && manifest.lanes.contains("standard"),
          "a manifest has its ABI and a lane");
  for (const auto& [name, lane] : manifest.lanes)
    promise(lane.workers >= 1 && lane.workers <= 64 && lane.queue >= 1 && lane.wait_ms >= 1,
            "a lane is within its ranges");
  for (const auto& [name, upstream] : manifest.outbound)
    promise(manifest.config.contains(upstream.base_url) && upstream.timeout_ms >= 1 &&
                upstream.lanes.contains("standard"),
            "an upstream has its address in a setting");
  for (const auto* paths : {&manifest.routes, &manifest.pages})
    for (const auto& path : *paths) promise(path.starts_with('/'), "a path begins with /");

  // What the strict JSON reader made of it says everything: written again it is the same manifest.
  const auto again = Manifest::parse(boost::json::serialize(portico::parse_json(text)));
  promise(again.id == manifest.id && again.config.size() == manifest.config.size() &&
              again.routes == manifest.routes && again.operations_provided == manifest.operations_provided &&
              again.outbound.size() == manifest.outbound.size(),
          "a manifest written again is itself");
}

}  // namespace

void fuzz::check(std::string_view input) {
  if (!input.starts_with(ELFMAG)) {
    promise(note_of(wrap(input)) ==
                (input.size() <= kLargestManifest ? std::optional(std::string(input)) : std::nullopt),
            "a note is read as it was written");
    return check_manifest(input);
  }
  const auto text = note_of(input);
  if (!text) return;
  promise(text->size() <= kLargestManifest && input.find(*text) != std::string_view::npos,
          "a note's text lies in the file");
  promise(note_of(wrap(*text)) == text, "a note written again is read as itself");
  check_manifest(*text);
}

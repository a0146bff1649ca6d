// A bounds-checked walk over ELF program headers and notes.
#include "kernel/loader/note.hpp"

#include <elf.h>

#include <portico/problem.hpp>

#include "kernel/loader/content.hpp"
#include "kernel/loader/elf_bytes.hpp"

namespace kernel::loader {

using portico::Problem;

namespace {

constexpr std::size_t kLargestManifest = 256u << 10;

std::optional<std::string> manifest_in(std::span<const std::byte> notes) {
  std::optional<std::string> found;
  std::size_t offset = 0;
  while (const auto head = at<Elf64_Nhdr>(notes, offset)) {
    offset += sizeof(Elf64_Nhdr);
    const std::size_t name_size = head->n_namesz, text_size = head->n_descsz;
    const auto name = part(notes, offset, name_size);
    const auto text_offset = offset + ((name_size + 3) & ~std::size_t{3});
    const auto text = part(notes, text_offset, text_size);
    if (!name || !text) throw Problem(422, "plugin.malformed_note", "a note reaches past its segment");
    if (head->n_type == 1 && name_size == 8 && std::memcmp(name->data(), "Portico", 8) == 0) {
      if (text_size > kLargestManifest)
        throw Problem(422, "plugin.malformed_note", "the manifest is over 256 KiB");
      // Two readers must never see two plugins in one file.
      if (found) throw Problem(422, "plugin.malformed_note", "there are two manifests");
      found.emplace(reinterpret_cast<const char*>(text->data()), text->size());
    }
    offset = text_offset + ((text_size + 3) & ~std::size_t{3});
  }
  return found;
}

}  // namespace

std::string read_note(std::span<const std::byte> file) {
  const auto head = at<Elf64_Ehdr>(file, 0);
  if (!head || std::memcmp(head->e_ident, ELFMAG, SELFMAG) != 0 || head->e_ident[EI_CLASS] != ELFCLASS64 ||
      head->e_ident[EI_DATA] != ELFDATA2LSB || head->e_type != ET_DYN)
    throw Problem(422, "plugin.not_elf", "not a 64-bit shared object");
  std::optional<std::string> found;
  for (std::size_t i = 0; i < head->e_phnum; ++i) {
    const auto program = at<Elf64_Phdr>(file, head->e_phoff + i * sizeof(Elf64_Phdr));
    if (!program) throw Problem(422, "plugin.not_elf", "program headers reach past the end of the file");
    if (program->p_type != PT_NOTE) continue;
    const auto notes = part(file, program->p_offset, program->p_filesz);
    if (!notes)
      throw Problem(422, "plugin.malformed_note", "a note segment reaches past the end of the file");
    auto text = manifest_in(*notes);
    if (!text) continue;
    if (found) throw Problem(422, "plugin.malformed_note", "there are two manifests");
    found = std::move(text);
  }
  if (found) return std::move(*found);
  throw Problem(422, "plugin.no_manifest", "no note of owner Portico: build it with portico_add_plugin()");
}

std::string read_note(const std::filesystem::path& path) {
  return read_note(std::span<const std::byte>(read_file(path)));
}

}  // namespace kernel::loader

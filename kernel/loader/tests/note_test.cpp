// The note reader as rules: which files hold a manifest, and what each broken one is refused for.
#include "kernel/loader/note.hpp"

#include <elf.h>
#include <stdlib.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <fstream>
#include <functional>
#include <portico/problem.hpp>
#include <vector>

using namespace kernel::loader;

namespace {

const std::string kManifest = R"({"id":"ledger"})";

/// The bytes of one note, padded.
std::string note(std::uint32_t type, const std::string& owner, const std::string& text) {
  const Elf64_Nhdr head{static_cast<Elf64_Word>(owner.size()), static_cast<Elf64_Word>(text.size()), type};
  std::string out(reinterpret_cast<const char*>(&head), sizeof head);
  const auto add = [&](const std::string& part) {
    out += part;
    out.append((4 - part.size() % 4) % 4, '\0');
  };
  add(owner);
  add(text);
  return out;
}

using namespace std::string_literals;

const std::string kOwner = "Portico\0"s;
const std::string kOurs = note(1, kOwner, kManifest);

/// A shared object of program headers and what they name; parts may be changed before it is written out.
struct File {
  Elf64_Ehdr head{};
  std::vector<Elf64_Phdr> programs;
  std::string notes;

  explicit File(const std::vector<std::string>& segments = {kOurs}) {
    std::memcpy(head.e_ident, ELFMAG, SELFMAG);
    head.e_ident[EI_CLASS] = ELFCLASS64;
    head.e_ident[EI_DATA] = ELFDATA2LSB;
    head.e_type = ET_DYN;
    head.e_phoff = sizeof head;
    head.e_phentsize = sizeof(Elf64_Phdr);
    head.e_phnum = static_cast<Elf64_Half>(segments.size());
    for (const auto& segment : segments) {
      Elf64_Phdr program{};
      program.p_type = PT_NOTE;
      program.p_offset = sizeof head + segments.size() * sizeof program + notes.size();
      program.p_filesz = segment.size();
      programs.push_back(program);
      notes += segment;
    }
  }
  std::string bytes() const {
    std::string out(reinterpret_cast<const char*>(&head), sizeof head);
    for (const auto& program : programs) out.append(reinterpret_cast<const char*>(&program), sizeof program);
    return out + notes;
  }
};

std::string read(const std::string& bytes) {
  return read_note(std::as_bytes(std::span(bytes)));
}

/// The code of the refusal; empty for bytes that are read.
std::string code_of(const std::string& bytes) {
  try {
    read(bytes);
  } catch (const portico::Problem& problem) {
    CHECK(problem.status == 422);
    return problem.code;
  }
  return "";
}

}  // namespace

TEST_CASE("the manifest is found wherever its note stands") {
  CHECK(read(File().bytes()) == kManifest);
  const auto other = note(3, "GNU\0"s, "abcde");
  CHECK(read(File({other + kOurs}).bytes()) == kManifest);
  CHECK(read(File({kOurs + other}).bytes()) == kManifest);
  CHECK(read(File({other, kOurs}).bytes()) == kManifest);
  CHECK(read(File({note(1, kOwner, "")}).bytes()).empty());
}

TEST_CASE("each broken note is refused for what is wrong with it") {
  struct Row {
    const char* rule;
    std::function<void(File&)> change;
    const char* code;
  };
  const auto notes = [](std::string bytes) {
    return [bytes = std::move(bytes)](File& file) { file = File({bytes}); };
  };
  const auto changed = [&](std::size_t at, std::uint32_t value) {
    std::string bytes = kOurs;
    std::memcpy(bytes.data() + at, &value, sizeof value);
    return notes(bytes);
  };
  const auto most = ~std::uint64_t{0};
  for (const Row& row : {
           Row{"no ELF mark", [](File& f) { f.head.e_ident[0] = 'M'; }, "plugin.not_elf"},
           Row{"32 bits", [](File& f) { f.head.e_ident[EI_CLASS] = ELFCLASS32; }, "plugin.not_elf"},
           Row{"big-endian", [](File& f) { f.head.e_ident[EI_DATA] = ELFDATA2MSB; }, "plugin.not_elf"},
           Row{"a program", [](File& f) { f.head.e_type = ET_EXEC; }, "plugin.not_elf"},
           Row{"an object file", [](File& f) { f.head.e_type = ET_REL; }, "plugin.not_elf"},
           Row{"headers after the end", [](File& f) { f.head.e_phoff = 1 << 20; }, "plugin.not_elf"},
           Row{"headers at the end of all numbers", [=](File& f) { f.head.e_phoff = most; },
               "plugin.not_elf"},
           Row{"more headers than bytes", [](File& f) { f.head.e_phnum = 0xffff; }, "plugin.not_elf"},
           Row{"no headers", [](File& f) { f.head.e_phnum = 0; }, "plugin.no_manifest"},
           Row{"no note segment", [](File& f) { f.programs[0].p_type = PT_LOAD; }, "plugin.no_manifest"},
           Row{"an empty segment", [](File& f) { f.programs[0].p_filesz = 0; }, "plugin.no_manifest"},
           Row{"a segment after the end", [](File& f) { f.programs[0].p_offset = 1 << 20; },
               "plugin.malformed_note"},
           Row{"a segment whose end is past all numbers", [=](File& f) { f.programs[0].p_filesz = most; },
               "plugin.malformed_note"},
           Row{"a segment one byte too long", [](File& f) { ++f.programs[0].p_filesz; },
               "plugin.malformed_note"},
           Row{"a segment one byte too short for the text",
               [](File& f) { f.programs[0].p_filesz -= 1 + (4 - kManifest.size() % 4) % 4; },
               "plugin.malformed_note"},
           Row{"a name longer than the segment", changed(0, 1000), "plugin.malformed_note"},
           Row{"a name of four thousand million bytes", changed(0, ~0u), "plugin.malformed_note"},
           Row{"a text longer than the segment", changed(4, 1000), "plugin.malformed_note"},
           Row{"a text of four thousand million bytes", changed(4, ~0u), "plugin.malformed_note"},
           Row{"another type", notes(note(2, kOwner, kManifest)), "plugin.no_manifest"},
           Row{"another owner", notes(note(1, "Portica\0"s, kManifest)), "plugin.no_manifest"},
           Row{"an owner without its zero", notes(note(1, "Portico", kManifest)), "plugin.no_manifest"},
           Row{"an owner that goes on", notes(note(1, "Portico\0x"s, kManifest)), "plugin.no_manifest"},
           Row{"a text over 256 KiB", notes(note(1, kOwner, std::string((256 << 10) + 1, ' '))),
               "plugin.malformed_note"},
           Row{"two manifests in one segment", notes(kOurs + kOurs), "plugin.malformed_note"},
           Row{"two manifests in two segments",
               [](File& f) {
                 f = File({kOurs, kOurs});
               },
               "plugin.malformed_note"},
           Row{"a whole note and a cut one", notes(kOurs + kOurs.substr(0, 20)), "plugin.malformed_note"},
       }) {
    INFO(row.rule);
    File file;
    row.change(file);
    CHECK(code_of(file.bytes()) == row.code);
  }
  CHECK(read(File({note(1, kOwner, std::string(256 << 10, ' '))}).bytes()).size() == 256 << 10);
}

TEST_CASE("a file cut at any byte is refused") {
  const auto whole = File({note(1, kOwner, "four")}).bytes();  // without padding at its end
  CHECK(code_of(whole).empty());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    INFO(size);
    const auto code = code_of(whole.substr(0, size));
    CHECK(code ==
          (size < sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr) ? "plugin.not_elf" : "plugin.malformed_note"));
  }
}

TEST_CASE("a flipped bit is refused or read as what it says, never more than the file holds") {
  const auto whole = File().bytes();
  const auto text_at = whole.find(kManifest);
  int refused = 0;
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    auto bytes = whole;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    INFO("bit " << bit % 8 << " of byte " << bit / 8);
    const bool in_text = bit / 8 >= text_at && bit / 8 < text_at + kManifest.size();
    try {
      const auto text = read(bytes);
      CHECK(bytes.find(text) != std::string::npos);
      if (in_text) CHECK(text == bytes.substr(text_at, kManifest.size()));
    } catch (const portico::Problem& problem) {
      CHECK_FALSE(in_text);
      CHECK(problem.code.rfind("plugin.", 0) == 0);
      ++refused;
    }
  }
  CHECK(refused > 100);
}

TEST_CASE("a file that cannot be read, or is too large, says so") {
  char name[] = "/tmp/portico-note-XXXXXX";
  const std::filesystem::path folder = mkdtemp(name);
  const auto file = folder / "plugin.so";
  const auto code = [&] {
    try {
      read_note(file);
    } catch (const portico::Problem& problem) {
      return problem.code;
    }
    return std::string();
  };
  CHECK(code() == "plugin.unreadable");
  std::ofstream(file, std::ios::binary) << File().bytes();
  CHECK(code().empty());
  std::filesystem::resize_file(file, (64u << 20) + 1);  // a hole: takes no room
  CHECK(code() == "plugin.too_large");
  std::filesystem::remove_all(folder);
}

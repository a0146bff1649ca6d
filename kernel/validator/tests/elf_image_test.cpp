// A shared object as the validator sees it, and what becomes of one that is cut or turned around.
#include "kernel/validator/elf_image.hpp"

#include <elf.h>

#include <catch2/catch.hpp>
#include <portico/problem.hpp>
#include <random>

#include "kernel/loader/content.hpp"

using namespace kernel;
using validator::ElfImage;

namespace {

/// This very program: position independent, so a shared object to whoever reads its headers.
std::vector<std::byte> self() {
  return loader::read_file("/proc/self/exe");
}

template <class T>
void put(std::vector<std::byte>& file, std::size_t offset, T value) {
  REQUIRE(offset + sizeof value <= file.size());
  std::memcpy(file.data() + offset, &value, sizeof value);
}

std::size_t program_at(const std::vector<std::byte>& file, std::uint32_t type) {
  Elf64_Ehdr head;
  std::memcpy(&head, file.data(), sizeof head);
  for (std::size_t i = 0; i < head.e_phnum; ++i) {
    Elf64_Phdr program;
    std::memcpy(&program, file.data() + head.e_phoff + i * sizeof program, sizeof program);
    if (program.p_type == type) return head.e_phoff + i * sizeof program;
  }
  FAIL("no such program header");
  return 0;
}

}  // namespace

TEST_CASE("a sound file tells its machine, its libraries, its names with versions and its hardening") {
  const auto image = ElfImage::read(self());
  CHECK(image.machine == validator::own_machine());
  CHECK(std::count(image.needed.begin(), image.needed.end(), "libc.so.6") == 1);
  const auto it = std::find_if(image.symbols.begin(), image.symbols.end(),
                               [](const validator::Symbol& s) { return s.name == "pipe2"; });
  REQUIRE(it != image.symbols.end());
  CHECK(!it->defined);
  CHECK(it->library == "libc.so.6");
  CHECK(it->version.rfind("GLIBC_", 0) == 0);
  CHECK(image.relro);
  CHECK(image.bind_now);
  CHECK_FALSE(image.text_relocations);
  CHECK_FALSE(image.executable_stack);
  CHECK_FALSE(image.writable_code);
}

TEST_CASE("what a header says of stack, relocation and machine is what is reported") {
  auto file = self();
  put<std::uint32_t>(file, program_at(file, PT_GNU_STACK) + offsetof(Elf64_Phdr, p_flags),
                     PF_R | PF_W | PF_X);
  CHECK(ElfImage::read(file).executable_stack);
  file = self();
  put<std::uint32_t>(file, program_at(file, PT_GNU_STACK), PT_NULL);
  CHECK(ElfImage::read(file).executable_stack);
  file = self();
  put<std::uint32_t>(file, program_at(file, PT_GNU_RELRO), PT_NULL);
  CHECK_FALSE(ElfImage::read(file).relro);
  file = self();
  put<std::uint32_t>(file, program_at(file, PT_LOAD) + offsetof(Elf64_Phdr, p_flags), PF_R | PF_W | PF_X);
  CHECK(ElfImage::read(file).writable_code);
  file = self();
  put<std::uint16_t>(file, offsetof(Elf64_Ehdr, e_machine), EM_RISCV);
  CHECK(ElfImage::read(file).machine == EM_RISCV);
}

TEST_CASE("what is no shared object is refused") {
  const std::string text = "#!/bin/sh\n";
  CHECK_THROWS_AS(ElfImage::read(std::as_bytes(std::span(text.data(), text.size()))), portico::Problem);
  CHECK_THROWS_AS(ElfImage::read({}), portico::Problem);
  auto file = self();
  put<std::uint32_t>(file, program_at(file, PT_DYNAMIC), PT_NULL);
  CHECK_THROWS_AS(ElfImage::read(file), portico::Problem);
}

TEST_CASE(
    "a file cut anywhere, or with turned bytes in what the reader follows, is read or refused, no more") {
  const auto whole = self();
  std::mt19937 random(7);
  const auto try_it = [](std::span<const std::byte> file) {
    try {
      ElfImage::read(file);
      return true;
    } catch (const portico::Problem& problem) {
      return problem.code == "plugin.not_elf";
    }
  };
  for (std::size_t size = 0; size < 4096; size += 13) CHECK(try_it(std::span(whole).first(size)));
  for (int i = 0; i < 100; ++i) CHECK(try_it(std::span(whole).first(random() % whole.size())));
  Elf64_Phdr dynamic;
  std::memcpy(&dynamic, whole.data() + program_at(whole, PT_DYNAMIC), sizeof dynamic);
  auto file = whole;
  for (int i = 0; i < 300; ++i) {
    const auto offset = i % 2 ? random() % 1024 : dynamic.p_offset + random() % dynamic.p_filesz;
    const auto before = file.at(offset);
    file[offset] = static_cast<std::byte>(random());
    CHECK(try_it(file));
    file[offset] = before;
  }
}

// What the dynamic linker will do with a shared object, read from its bytes without running one of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace kernel::validator {

/// One entry of the dynamic symbol table.
struct Symbol {
  std::string name;
  std::string version;  // "GLIBCXX_3.4.29"; empty: none
  std::string library;  // that has to provide the version; empty: any
  bool defined = false;
  bool weak = false;
  bool unique = false;  // STB_GNU_UNIQUE: pins the library for good
};

/// A 64-bit little-endian shared object. Every read is bounds-checked; what is cut or contradicts itself is
/// refused.
struct ElfImage {
  std::uint16_t machine = 0;
  std::vector<std::string> needed;  // DT_NEEDED
  std::string search_path;          // DT_RPATH or DT_RUNPATH; empty: none
  std::vector<Symbol> symbols;
  bool relro = false;
  bool bind_now = false;
  bool text_relocations = false;
  bool executable_stack = true;  // no PT_GNU_STACK means one
  bool writable_code = false;    // a segment both written and run

  /// errors    422 plugin.not_elf
  static ElfImage read(std::span<const std::byte> file);
};

/// The machine this program was built for.
std::uint16_t own_machine();
std::string machine_name(std::uint16_t machine);

}  // namespace kernel::validator

// Program headers, the dynamic section, its symbols and their versions.
#include "kernel/validator/elf_image.hpp"

#include <elf.h>
#include <fmt/format.h>

#include <map>
#include <portico/problem.hpp>

#include "kernel/loader/elf_bytes.hpp"

namespace kernel::validator {

using loader::at;
using loader::part;
using portico::Problem;

namespace {

constexpr std::size_t kMostPrograms = 256;
constexpr std::size_t kMostDynamic = 4096;
constexpr std::size_t kMostSymbols = 1u << 20;
constexpr std::size_t kMostVersions = 4096;
constexpr std::size_t kLongestName = 64u << 10;

[[noreturn]] void cut(const char* what) {
  throw Problem(422, "plugin.not_elf", std::string(what) + " reaches past the end of the file");
}

class Reader {
 public:
  explicit Reader(std::span<const std::byte> file) : file_(file) {}

  ElfImage read() {
    const auto head = at<Elf64_Ehdr>(file_, 0);
    if (!head || std::memcmp(head->e_ident, ELFMAG, SELFMAG) != 0 || head->e_ident[EI_CLASS] != ELFCLASS64 ||
        head->e_ident[EI_DATA] != ELFDATA2LSB || head->e_type != ET_DYN ||
        head->e_phentsize != sizeof(Elf64_Phdr) || head->e_phnum > kMostPrograms)
      throw Problem(422, "plugin.not_elf", "not a 64-bit shared object");
    image_.machine = head->e_machine;
    for (std::size_t i = 0; i < head->e_phnum; ++i) {
      const auto program = at<Elf64_Phdr>(file_, head->e_phoff + i * sizeof(Elf64_Phdr));
      if (!program) cut("a program header");
      programs_.push_back(*program);
    }
    for (const auto& program : programs_) look_at(program);
    if (!dynamic_) throw Problem(422, "plugin.not_elf", "no dynamic section, so nothing can load it");
    read_dynamic();
    return std::move(image_);
  }

 private:
  void look_at(const Elf64_Phdr& program) {
    if (program.p_type == PT_GNU_RELRO) image_.relro = true;
    if (program.p_type == PT_GNU_STACK) image_.executable_stack = (program.p_flags & PF_X) != 0;
    if (program.p_type == PT_LOAD && (program.p_flags & PF_W) && (program.p_flags & PF_X))
      image_.writable_code = true;
    if (program.p_type == PT_DYNAMIC) dynamic_ = &program;
  }

  /// Where an address of the loaded image lies in the file.
  std::size_t offset_of(std::uint64_t address, const char* what) const {
    for (const auto& program : programs_)
      if (program.p_type == PT_LOAD && address >= program.p_vaddr &&
          address - program.p_vaddr < program.p_filesz)
        return program.p_offset + (address - program.p_vaddr);
    throw Problem(422, "plugin.not_elf", std::string(what) + " lies outside every loaded segment");
  }

  std::string text(std::uint64_t index) const {
    if (index >= texts_.size()) cut("a name");
    std::string out;
    for (std::size_t i = index; i < texts_.size(); ++i) {
      const auto c = static_cast<char>(texts_[i]);
      if (c == '\0') return out;
      if (out.size() == kLongestName) break;
      out += c;
    }
    cut("a name");
  }

  void read_dynamic() {
    std::map<std::int64_t, std::uint64_t> one;
    std::vector<std::uint64_t> needed;
    for (std::size_t i = 0;; ++i) {
      if (i == kMostDynamic) throw Problem(422, "plugin.not_elf", "the dynamic section has no end");
      const auto entry = at<Elf64_Dyn>(file_, dynamic_->p_offset + i * sizeof(Elf64_Dyn));
      if (!entry) cut("the dynamic section");
      if (entry->d_tag == DT_NULL) break;
      if (entry->d_tag == DT_NEEDED)
        needed.push_back(entry->d_un.d_val);
      else
        one[entry->d_tag] = entry->d_un.d_val;
    }
    if (!one.count(DT_STRTAB) || !one.count(DT_STRSZ) || !one.count(DT_SYMTAB))
      throw Problem(422, "plugin.not_elf", "no symbol table");
    const auto texts = part(file_, offset_of(one[DT_STRTAB], "the name table"), one[DT_STRSZ]);
    if (!texts) cut("the name table");
    texts_ = *texts;
    for (const auto name : needed) image_.needed.push_back(text(name));
    for (const auto tag : {DT_RPATH, DT_RUNPATH})
      if (one.count(tag)) image_.search_path = text(one[tag]);
    image_.text_relocations = one.count(DT_TEXTREL) || (one[DT_FLAGS] & DF_TEXTREL);
    image_.bind_now = one.count(DT_BIND_NOW) || (one[DT_FLAGS] & DF_BIND_NOW) || (one[DT_FLAGS_1] & DF_1_NOW);
    if (one.count(DT_VERNEED)) read_versions(offset_of(one[DT_VERNEED], "the version table"));
    const auto first = offset_of(one[DT_SYMTAB], "the symbol table");
    const auto count = symbol_count(one);
    std::optional<std::size_t> versions;
    if (one.count(DT_VERSYM)) versions = offset_of(one[DT_VERSYM], "the symbol versions");
    for (std::size_t i = 1; i < count; ++i) {
      const auto raw = at<Elf64_Sym>(file_, first + i * sizeof(Elf64_Sym));
      if (!raw) cut("a symbol");
      std::optional<Elf64_Half> version;
      if (versions) {
        version = at<Elf64_Half>(file_, *versions + i * sizeof(Elf64_Half));
        if (!version) cut("a symbol's version");
      }
      add_symbol(*raw, version.value_or(0));
    }
  }

  void add_symbol(const Elf64_Sym& raw, Elf64_Half version) {
    const auto binding = ELF64_ST_BIND(raw.st_info);
    if (binding == STB_LOCAL) return;
    Symbol symbol;
    symbol.name = text(raw.st_name);
    symbol.defined = raw.st_shndx != SHN_UNDEF;
    symbol.weak = binding == STB_WEAK;
    symbol.unique = binding == STB_GNU_UNIQUE;
    if (const auto it = versions_.find(version & 0x7fff); it != versions_.end())
      std::tie(symbol.library, symbol.version) = it->second;
    image_.symbols.push_back(std::move(symbol));
  }

  void read_versions(std::size_t offset) {
    for (std::size_t files = 0, seen = 0; files < kMostVersions; ++files) {
      const auto need = at<Elf64_Verneed>(file_, offset);
      if (!need) cut("the version table");
      const auto library = text(need->vn_file);
      auto inner = offset + need->vn_aux;
      for (std::size_t i = 0; i < need->vn_cnt; ++i) {
        const auto aux = at<Elf64_Vernaux>(file_, inner);
        if (!aux || ++seen > kMostVersions) cut("the version table");
        versions_[aux->vna_other] = {library, text(aux->vna_name)};
        inner += aux->vna_next;
      }
      if (need->vn_next == 0) return;
      offset += need->vn_next;
    }
    throw Problem(422, "plugin.not_elf", "the version table has no end");
  }

  /// The table itself does not say; the hash tables do.
  std::size_t symbol_count(const std::map<std::int64_t, std::uint64_t>& dynamic) const {
    std::size_t count = 0;
    if (const auto hash = dynamic.find(DT_HASH); hash != dynamic.end()) {
      const auto chains = at<std::uint32_t>(file_, offset_of(hash->second, "the hash table") + 4);
      if (!chains) cut("the hash table");
      count = *chains;
    } else if (const auto gnu = dynamic.find(DT_GNU_HASH); gnu != dynamic.end()) {
      count = gnu_count(offset_of(gnu->second, "the hash table"));
    } else {
      throw Problem(422, "plugin.not_elf", "no hash table, so its symbols cannot be counted");
    }
    if (count > kMostSymbols) throw Problem(422, "plugin.not_elf", "too many symbols");
    return count;
  }

  std::size_t gnu_count(std::size_t offset) const {
    const auto buckets = at<std::uint32_t>(file_, offset), first = at<std::uint32_t>(file_, offset + 4),
               words = at<std::uint32_t>(file_, offset + 8);
    if (!buckets || !first || !words) cut("the hash table");
    const auto bucket_at = offset + 16 + std::size_t{*words} * 8;
    const auto chain_at = bucket_at + std::size_t{*buckets} * 4;
    std::uint32_t last = 0;
    for (std::size_t i = 0; i < *buckets; ++i) {
      const auto index = at<std::uint32_t>(file_, bucket_at + i * 4);
      if (!index) cut("the hash table");
      last = std::max(last, *index);
    }
    if (last < *first) return *first;  // nothing is exported
    for (;; ++last) {
      const auto link = at<std::uint32_t>(file_, chain_at + (std::size_t{last} - *first) * 4);
      if (!link) cut("the hash table");
      if (*link & 1) return std::size_t{last} + 1;
    }
  }

  std::span<const std::byte> file_, texts_;
  std::vector<Elf64_Phdr> programs_;
  const Elf64_Phdr* dynamic_ = nullptr;
  std::map<Elf64_Half, std::pair<std::string, std::string>> versions_;
  ElfImage image_;
};

}  // namespace

ElfImage ElfImage::read(std::span<const std::byte> file) {
  return Reader(file).read();
}

std::uint16_t own_machine() {
#if defined(__x86_64__)
  return EM_X86_64;
#elif defined(__aarch64__)
  return EM_AARCH64;
#elif defined(__riscv)
  return EM_RISCV;
#else
#error "name this machine's ELF number here"
#endif
}

std::string machine_name(std::uint16_t machine) {
  switch (machine) {
    case EM_X86_64:
      return "x86-64";
    case EM_AARCH64:
      return "aarch64";
    case EM_RISCV:
      return "riscv";
    default:
      return fmt::format("machine {}", machine);
  }
}

}  // namespace kernel::validator

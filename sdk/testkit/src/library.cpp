// A plugin.so: opened, its manifest read from its note, its entry asked for.
#include <dlfcn.h>
#include <elf.h>
#include <link.h>

#include <cstring>

#include "state.hpp"

namespace portico::testkit {

namespace {

/// The manifest in the note segments of a mapped library; empty without one.
std::string manifest_in(const char* base, const ElfW(Phdr) * headers, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (headers[i].p_type != PT_NOTE) continue;
    const char* at = base + headers[i].p_vaddr;
    const char* end = at + headers[i].p_memsz;
    while (at + sizeof(ElfW(Nhdr)) <= end) {
      const auto* note = reinterpret_cast<const ElfW(Nhdr)*>(at);
      const char* name = at + sizeof(ElfW(Nhdr));
      const char* text = name + ((note->n_namesz + 3) & ~3U);
      if (note->n_type == 1 && note->n_namesz == 8 && std::memcmp(name, "Portico", 8) == 0)
        return std::string(text, note->n_descsz);
      at = text + ((note->n_descsz + 3) & ~3U);
    }
  }
  return {};
}

std::string manifest_of(void* library) {
  struct Search {
    const link_map* map = nullptr;
    std::string manifest;
  } search;
  link_map* map = nullptr;
  if (dlinfo(library, RTLD_DI_LINKMAP, &map) != 0) return {};
  search.map = map;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* data) {
        auto& wanted = *static_cast<Search*>(data);
        if (info->dlpi_addr != wanted.map->l_addr) return 0;
        wanted.manifest =
            manifest_in(reinterpret_cast<const char*>(info->dlpi_addr), info->dlpi_phdr, info->dlpi_phnum);
        return 1;
      },
      &search);
  return search.manifest;
}

}  // namespace

TestHost& TestHost::load(const std::filesystem::path& file) {
  void* library = dlopen(std::filesystem::absolute(file).c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) throw Problem(422, "plugin.cannot_open", dlerror());
  state_->library = std::shared_ptr<void>(library, [](void* opened) { dlclose(opened); });
  if (!has_manifest()) {
    const auto text = manifest_of(library);
    if (text.empty()) throw Problem(422, "plugin.no_manifest", file.string() + " has no manifest note");
    manifest(text);
  }
  const auto find = reinterpret_cast<const portico_entry* (*)()>(dlsym(library, "portico_plugin_entry_v1"));
  if (!find) throw Problem(422, "plugin.no_entry", file.string() + " exports no portico_plugin_entry_v1");
  const auto* entry = find();
  if (!entry || entry->size < sizeof(portico_entry) || entry->abi_major != PORTICO_ABI_MAJOR ||
      !entry->create)
    throw Problem(422, "plugin.wrong_entry", file.string() + " has an entry of another ABI");
  return start(entry->create);
}

}  // namespace portico::testkit

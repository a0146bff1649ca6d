// The static rules, one function a group.
#include "kernel/validator/static_stage.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <portico/abi/base.h>

#include <algorithm>
#include <fstream>
#include <portico/contract.hpp>
#include <portico/problem.hpp>

#include "kernel/database/migrations.hpp"
#include "kernel/database/sql_scan.hpp"
#include "kernel/front/static_files.hpp"
#include "kernel/loader/note.hpp"
#include "kernel/validator/elf_image.hpp"

namespace kernel::validator {

using portico::Problem;

namespace {

constexpr auto kStage = "static";
constexpr auto kEntry = "portico_plugin_entry_v1";
constexpr auto kRebuild = "link it with portico_add_plugin(), or with -Wl,--version-script=plugin.map";
constexpr std::size_t kMostNames = 5;  // in one line of the report
constexpr auto kMostWebFile = 1u << 20;

/// The run time every host has: C, mathematics, C++ of gcc, unwinding, the dynamic linker.
constexpr std::string_view kRunTime[] = {
    "libc.so.6",  "libm.so.6",  "libstdc++.so.6",       "libgcc_s.so.1",  "libpthread.so.0",
    "libdl.so.2", "librt.so.1", "ld-linux-x86-64.so.2", "libatomic.so.1", "ld-linux-aarch64.so.1"};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

bool is_sanitizer(std::string_view name) {
  for (const std::string_view prefix : {"libasan.", "libubsan.", "libtsan.", "liblsan.", "__asan_",
                                        "__ubsan_", "__tsan_", "__lsan_", "__sanitizer_"})
    if (name.substr(0, prefix.size()) == prefix) return true;
  return false;
}

std::string some_of(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < kMostNames; ++i) out += (i ? ", " : "") + names[i];
  if (names.size() > kMostNames) out += fmt::format(" and {} more", names.size() - kMostNames);
  return out;
}

/// One rule: passed where nothing was found.
void rule(Report& report, const char* name, const char* wanted, const std::string& found, const char* mend) {
  if (found.empty())
    report.pass(kStage, name, wanted);
  else
    report.refuse(kStage, name, wanted, found, mend);
}

void check_exports(const ElfImage& image, Report& report) {
  std::vector<std::string> others, unique;
  bool entry = false;
  for (const auto& symbol : image.symbols) {
    if (!symbol.defined) continue;
    if (symbol.unique) unique.push_back(symbol.name);
    if (symbol.name == kEntry)
      entry = true;
    else
      others.push_back(symbol.name);
  }
  rule(report, "exports.entry", "exports portico_plugin_entry_v1", entry ? "" : "it does not",
       "name the class in PORTICO_PLUGIN(Class), or define the function in C");
  rule(report, "exports.only_entry", "exports nothing else: other names can meet those of another plugin",
       some_of(others), kRebuild);
  rule(report, "exports.unique", "no GNU-unique symbol: one pins the library and is shared by all plugins",
       some_of(unique), kRebuild);
}

void check_libraries(const ElfImage& image, const StaticRules& rules, Report& report) {
  std::vector<std::string> foreign, relaxed;
  std::string libcxx;
  for (const auto& library : image.needed) {
    if (std::find(std::begin(kRunTime), std::end(kRunTime), library) != std::end(kRunTime)) continue;
    if (library.rfind("libc++", 0) == 0)
      libcxx = library;
    else if (rules.further_libraries.count(library) || (kSanitized && is_sanitizer(library)))
      relaxed.push_back(library);
    else
      foreign.push_back(library);
  }
  rule(report, "imports.libcxx", "libc++ is linked statically: a dynamic one meets the host's libstdc++",
       libcxx, "link with -static-libstdc++");
  if (foreign.empty())
    report.pass(kStage, "imports.libraries", "needs no library but the run time of C and C++",
                relaxed.empty() ? "" : "allowed by name: " + some_of(relaxed));
  else
    report.refuse(kStage, "imports.libraries", "needs no library but the run time of C and C++",
                  some_of(foreign), "link them statically, or allow each by name: --allow NAME");
}

/// Looks where the dynamic linker will: in the libraries that the file names. They are the machine's, so
/// opening them runs no code of the plugin.
std::vector<std::string> unresolved(const ElfImage& image, const StaticRules& rules) {
  std::vector<void*> libraries;
  for (const auto& library : image.needed) {
    const bool own = std::find(std::begin(kRunTime), std::end(kRunTime), library) != std::end(kRunTime) ||
                     rules.further_libraries.count(library);
    if (void* handle = own ? ::dlopen(library.c_str(), RTLD_LAZY | RTLD_LOCAL) : nullptr)
      libraries.push_back(handle);
  }
  std::vector<std::string> out;
  for (const auto& symbol : image.symbols) {
    if (symbol.defined || symbol.weak || (kSanitized && is_sanitizer(symbol.name))) continue;
    const bool found = std::any_of(libraries.begin(), libraries.end(), [&](void* library) {
      return symbol.version.empty()
                 ? ::dlsym(library, symbol.name.c_str()) != nullptr
                 : ::dlvsym(library, symbol.name.c_str(), symbol.version.c_str()) != nullptr;
    });
    if (!found) out.push_back(symbol.name + (symbol.version.empty() ? "" : "@" + symbol.version));
  }
  for (void* library : libraries) ::dlclose(library);
  return out;
}

void check_hardening(const ElfImage& image, Report& report) {
  rule(report, "hardening.relro", "relocations become read-only (RELRO)", image.relro ? "" : "no RELRO",
       "link with -Wl,-z,relro");
  rule(report, "hardening.bind_now", "every symbol is resolved when it is opened (BIND_NOW)",
       image.bind_now ? "" : "lazy binding", "link with -Wl,-z,now");
  rule(report, "hardening.text", "no relocation in code (TEXTREL)",
       image.text_relocations ? "it has some" : "", "compile everything with -fPIC");
  rule(report, "hardening.stack", "the stack is not executable", image.executable_stack ? "it is" : "",
       "link with -Wl,-z,noexecstack; assembler files need .section .note.GNU-stack");
  rule(report, "hardening.writable_code", "nothing is both writable and executable",
       image.writable_code ? "a segment is" : "", "link without -N and without such sections");
  const bool own_folder = image.search_path.empty() || image.search_path.rfind("$ORIGIN", 0) == 0;
  rule(report, "hardening.search_path", "libraries are looked for where the machine keeps them",
       own_folder ? "" : "a search path: " + image.search_path, "link without -rpath");
}

void check_manifest(const loader::Manifest& manifest, const StaticRules& rules, Report& report) {
  const bool abi = manifest.abi_major == PORTICO_ABI_MAJOR && manifest.abi_min_minor <= PORTICO_ABI_MINOR;
  rule(report, "manifest.abi", "an ABI that this host offers",
       abi ? ""
           : fmt::format("wants {}.{}, this host offers {}.{}", manifest.abi_major, manifest.abi_min_minor,
                         PORTICO_ABI_MAJOR, PORTICO_ABI_MINOR),
       "build it against this host's SDK, or run a newer host");
  std::vector<std::string> missing, optional;
  for (const auto& id : manifest.extensions_required)
    if (!rules.extensions.count(id)) missing.push_back(id);
  for (const auto& id : manifest.extensions_optional)
    if (!rules.extensions.count(id)) optional.push_back(id);
  if (missing.empty())
    report.pass(kStage, "manifest.extensions", "this host offers every required extension",
                optional.empty() ? "" : "not offered, but optional: " + some_of(optional));
  else
    report.refuse(kStage, "manifest.extensions", "this host offers every required extension",
                  some_of(missing), "mend the name, or make it optional and do without");
}

void check_migrations(const loader::Manifest& manifest, const StaticRules& rules, Report& report) {
  constexpr auto kName = "migrations";
  constexpr auto kWanted = "migrations are numbered and destroy nothing without saying why";
  if (rules.migrations.empty()) {
    if (manifest.database)
      report.skip(kStage, kName, kWanted,
                  "it has a database and no migrations were given: --migrations FOLDER");
    return;
  }
  try {
    const auto files = database::read_migrations({manifest.id, rules.migrations});
    std::vector<std::string> reasons;
    for (const auto& file : files)
      if (!file.destructive_reason.empty())
        reasons.push_back(file.name + " because " + file.destructive_reason);
    report.pass(
        kStage, kName, kWanted,
        fmt::format("{} files{}", files.size(), reasons.empty() ? "" : "; destructive: " + some_of(reasons)));
    std::vector<std::string_view> texts;
    for (const auto& file : files) texts.push_back(file.sql);
    constexpr auto kGuarded = "every table says who sees which of its rows";
    if (const auto open = database::tables_without_row_security(texts); open.empty())
      report.pass(kStage, "migrations.rows", kGuarded, "");
    else
      report.refuse(
          kStage, "migrations.rows", kGuarded, some_of(open),
          "ALTER TABLE … ENABLE ROW LEVEL SECURITY and … FORCE ROW LEVEL SECURITY, and a policy that asks "
          "kernel.current_user_id() or kernel.is_system()");
  } catch (const Problem& problem) {
    report.refuse(
        kStage, kName, kWanted, problem.detail,
        "expand first and contract in a later version, or say: -- portico: allow destructive: REASON");
  }
}

/// web.json names what the pages are made of; every file is there, under a name that holds its hash, so that
/// browsers may keep it for good.
void check_web(const loader::Manifest& manifest, const StaticRules& rules, Report& report) {
  constexpr auto kName = "web.files";
  constexpr auto kWanted = "every file of its pages is there, under a name that holds a hash";
  if (rules.web.empty()) {
    if (!manifest.pages.empty())
      report.skip(kStage, kName, kWanted, "it has pages and no built ones lie beside the file");
    return;
  }
  std::vector<std::string> wrong;
  try {
    std::ifstream in(rules.web / "web.json", std::ios::binary);
    std::string text(std::istreambuf_iterator<char>(in), {});
    if (!in || text.size() > kMostWebFile)
      throw Problem(422, "plugin.web_invalid", "web.json cannot be read");
    const auto document = portico::parse_json(text);
    const auto* object = document.if_object();
    if (!object) throw Problem(422, "plugin.web_invalid", "web.json is not an object");
    std::vector<std::string> names;
    if (const auto* entry = object->if_contains("entry"); entry && entry->is_string())
      names.emplace_back(entry->get_string());
    else
      wrong.emplace_back("web.json names no entry");
    if (const auto* styles = object->if_contains("styles"); styles && styles->is_array())
      for (const auto& style : styles->get_array())
        if (style.is_string()) names.emplace_back(style.get_string());
    for (const auto& name : names) {
      if (name.find("..") != std::string::npos || !std::filesystem::is_regular_file(rules.web / name))
        wrong.push_back(name + " is not there");
      else if (!front::has_content_hash(std::filesystem::path(name).filename().string()))
        wrong.push_back(name + " has no hash in its name");
    }
  } catch (const Problem& problem) {
    wrong.push_back(problem.detail);
  }
  rule(report, kName, kWanted, some_of(wrong), "build the pages anew: npm run build");
}

}  // namespace

std::optional<loader::Manifest> run_static(std::span<const std::byte> file, const StaticRules& rules,
                                           Report& report) {
  std::optional<ElfImage> image;
  try {
    image = ElfImage::read(file);
    report.pass(kStage, "file.shared_object", "a 64-bit shared object that nothing contradicts");
  } catch (const Problem& problem) {
    report.refuse(kStage, "file.shared_object", "a 64-bit shared object that nothing contradicts",
                  problem.detail, "build it with portico_add_plugin()");
  }
  std::optional<loader::Manifest> manifest;
  try {
    manifest = loader::Manifest::parse(loader::read_note(file));
    report.id = manifest->id;
    report.version = manifest->version;
    report.pass(kStage, "manifest.valid", "an ELF note holds one valid manifest");
    check_manifest(*manifest, rules, report);
    check_migrations(*manifest, rules, report);
    check_web(*manifest, rules, report);
  } catch (const Problem& problem) {
    report.refuse(kStage, "manifest.valid", "an ELF note holds one valid manifest",
                  problem.code + ": " + problem.detail, "mend manifest.json and build again");
  }
  if (!image) return manifest;
  rule(report, "file.machine", "built for this machine",
       image->machine == own_machine()
           ? ""
           : machine_name(image->machine) + ", this is " + machine_name(own_machine()),
       "build it for this machine");
  check_exports(*image, report);
  check_libraries(*image, rules, report);
  if (image->machine == own_machine())
    rule(
        report, "imports.symbols", "its libraries have every name it needs, in the version it needs",
        some_of(unresolved(*image, rules)),
        "link with -Wl,--no-undefined; a newer GLIBC or GLIBCXX means: build on this host's system or older");
  check_hardening(*image, report);
  return manifest;
}

}  // namespace kernel::validator

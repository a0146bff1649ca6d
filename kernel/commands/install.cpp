// Folders are exchanged by single renames: whatever ends this program, a host finds one whole version.
#include "kernel/commands/install.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iostream>
#include <portico/problem.hpp>
#include <sstream>

#include "kernel/commands/bundle.hpp"
#include "kernel/commands/control.hpp"
#include "kernel/commands/migrating.hpp"
#include "kernel/loader/loader.hpp"
#include "kernel/loader/note.hpp"
#include "kernel/loader/plugin_config.hpp"
#include "kernel/validator/validate.hpp"
#include "kernel/work/job_store.hpp"

namespace kernel::commands {

namespace fs = std::filesystem;
using portico::Problem;

namespace {

/// The folders that matter to one plugin.
struct Places {
  Places(const config::Settings& settings, const std::string& id)
      : current(settings.plugin_path / id),
        incoming(settings.plugin_path / ".incoming" / id),
        previous(settings.plugin_path / ".previous" / id),
        migrations(settings.migration_path / id) {}
  fs::path current, incoming, previous, migrations;
};

std::optional<loader::Manifest> manifest_in(const fs::path& folder) {
  try {
    return loader::Manifest::parse(loader::read_note(folder / "plugin.so"));
  } catch (const Problem&) {
    return std::nullopt;
  }
}

/// The two folders take each other's place in one step, so that one whole version is always there.
void exchange(const fs::path& a, const fs::path& b) {
  if (::renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE) != 0)
    throw Problem(500, "bundle.unwritable",
                  fmt::format("{} and {} cannot change places: {}", a.string(), b.string(),
                              std::generic_category().message(errno)));
}

bool agreed(const CommandLine& line, const char* question) {
  for (const auto& argument : line.arguments)
    if (argument == "--yes") return true;
  if (!::isatty(STDIN_FILENO)) {
    std::cerr << "Nothing was changed: say --yes to go on.\n";
    return false;
  }
  std::cout << question << " [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "y" || answer == "Y" || answer == "yes") return true;
  std::cout << "Nothing was changed.\n";
  return false;
}

std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

/// Those that are not in the folder yet. errors: 409 bundle.migration_changed, one that is there says
/// otherwise
std::vector<std::string> new_migrations(const Bundle& bundle, const fs::path& folder) {
  std::vector<std::string> out;
  for (const auto& [name, text] : bundle.migrations()) {
    if (!fs::exists(folder / name))
      out.push_back(name);
    else if (text_of(folder / name) != text)
      throw Problem(409, "bundle.migration_changed",
                    (folder / name).string() + " was installed with another text; a migration never changes");
  }
  return out;
}

std::string joined(const std::vector<std::string>& list) {
  std::string out;
  for (const auto& item : list) out += (out.empty() ? "" : ", ") + item;
  return out;
}

void say_what_comes(const Bundle& bundle, const Places& places, const std::vector<std::string>& fresh) {
  const auto& m = bundle.manifest;
  const auto before = manifest_in(places.current);
  std::uint64_t bytes = 0, pages = 0;
  for (const auto& [name, text] : bundle.files) bytes += text.size(), pages += name.starts_with("web/");
  std::cout << fmt::format("{} {}{}\n", m.id, m.version,
                           before ? fmt::format(" in place of {}", before->version) : " (new)")
            << fmt::format("  {}\n  {:.1f} MB, {} files of pages, ABI {}.{}\n", m.description,
                           static_cast<double>(bytes) / (1 << 20), pages, m.abi_major, m.abi_min_minor);
  std::vector<std::string> upstreams;
  for (const auto& [name, spec] : m.outbound) upstreams.push_back(name);
  if (!upstreams.empty()) std::cout << "  calls upstreams: " << joined(upstreams) << "\n";
  if (!m.operations_required.empty())
    std::cout << "  needs operations: " << joined(m.operations_required) << "\n";
  if (m.mail) std::cout << "  sends mail\n";
  if (m.identity) std::cout << "  says who is signed in\n";
  if (!m.database)
    std::cout << "  data: it keeps none\n";
  else if (fresh.empty())
    std::cout << fmt::format("  data: schema {} stays as it is\n", database::schema_of(m.id));
  else
    std::cout << fmt::format("  data: schema {} is brought up to date first: {}\n", database::schema_of(m.id),
                             joined(fresh))
              << "        a rollback of the plugin does not take that back; versions before go on with it\n";
}

/// Lets a running host change over where the plugin is enabled. False: it refused, and said why.
bool apply(const CommandLine& line, const config::Settings& settings, const std::string& id) {
  if (!loader::is_enabled(id, *line.source)) {
    std::cout << fmt::format("Installed. Enable it: plugins.{}.enabled = true, then: portico reload\n", id);
    return true;
  }
  try {
    ask_host(settings, {{"command", "reload"}});
    std::cout << "Installed; the running host has changed over.\n";
    return true;
  } catch (const Problem& problem) {
    if (problem.code == "control.no_host") {
      std::cout << "Installed. No host is running; the next start takes it.\n";
      return true;
    }
    std::cerr << "The host refused it: " << problem.code << "\n" << problem.detail << "\n";
    return false;
  }
}

void bring_up_to_date(const Bundle& bundle, const config::Settings& settings, const Places& places) {
  if (!bundle.manifest.database) return;
  fs::create_directories(places.migrations);
  for (const auto& [name, text] : bundle.migrations()) {
    const auto beside = places.migrations / ("." + name);
    std::ofstream(beside, std::ios::binary | std::ios::trunc) << text;
    fs::rename(beside, places.migrations / name);
  }
  run_migrations(settings);
}

const std::string* id_of(const CommandLine& line) {
  const auto& a = line.arguments;
  const bool known = a.size() == 2 || (a.size() == 3 && a[2] == "--yes");
  return known && !a[1].empty() && a[1][0] != '-' ? &a[1] : nullptr;
}

}  // namespace

int bundle(const CommandLine& line) {
  const auto& a = line.arguments;
  if (a.size() < 2 || a.size() > 3) return std::cerr << kInstallUsage, 2;
  const auto settings = config::Settings::read(*line.source);
  const Places places(settings, a[1]);
  if (!fs::exists(places.current / "plugin.so"))
    throw Problem(404, "plugin.unknown", places.current.string() + " holds no plugin.so");
  const auto made = Bundle::of_folders(places.current, places.migrations);
  const fs::path file =
      a.size() == 3 ? a[2] : fmt::format("{}-{}.portico", made.manifest.id, made.manifest.version);
  made.write(file);
  std::cout << fmt::format("{}: {} files, {} bytes\n", file.string(), made.files.size(), fs::file_size(file));
  return 0;
}

int install(const CommandLine& line) {
  const auto* file = id_of(line);
  if (!file) return std::cerr << kInstallUsage, 2;
  const auto settings = config::Settings::read(*line.source);
  const auto bundle = Bundle::read(*file);
  const auto& id = bundle.manifest.id;
  const Places places(settings, id);
  fs::remove_all(places.incoming);
  bundle.unpack(places.incoming);
  validator::Wishes wishes;
  wishes.run = false;  // its code first runs in the host, beside the version before
  const auto report = validator::validate(places.incoming / "plugin.so", wishes);
  if (report.refused()) {
    std::cerr << report.text();
    fs::remove_all(places.incoming);
    return 1;
  }
  say_what_comes(bundle, places, new_migrations(bundle, places.migrations));
  if (!agreed(line, "Install it?")) return fs::remove_all(places.incoming), 1;
  bring_up_to_date(bundle, settings, places);
  const bool replaces = fs::exists(places.current);
  if (replaces)
    exchange(places.incoming, places.current);
  else
    fs::rename(places.incoming, places.current);
  if (apply(line, settings, id)) {
    if (replaces) {
      fs::create_directories(places.previous.parent_path());
      fs::remove_all(places.previous);
      fs::rename(places.incoming, places.previous);
    }
    return 0;
  }
  if (replaces) exchange(places.incoming, places.current);
  fs::remove_all(replaces ? places.incoming : places.current);
  std::cerr << (replaces ? "The version before is in its place again.\n" : "It was taken away again.\n");
  return 1;
}

int rollback(const CommandLine& line) {
  const auto* id = id_of(line);
  if (!id) return std::cerr << kInstallUsage, 2;
  const auto settings = config::Settings::read(*line.source);
  const Places places(settings, *id);
  const auto before = manifest_in(places.previous), now = manifest_in(places.current);
  if (!before || !now)
    throw Problem(
        404, "plugin.no_previous",
        "there is no earlier version of '" + *id + "'; `portico plugin install` keeps the last one");
  std::cout << fmt::format("{} {} in place of {}\n  data: stays as it is; migrations are not taken back\n",
                           *id, before->version, now->version);
  if (!agreed(line, "Go back?")) return 1;
  exchange(places.previous, places.current);
  if (apply(line, settings, *id)) return 0;
  exchange(places.previous, places.current);
  std::cerr << "Nothing was changed.\n";
  return 1;
}

int remove(const CommandLine& line) {
  const auto* id = id_of(line);
  if (!id) return std::cerr << kInstallUsage, 2;
  const auto settings = config::Settings::read(*line.source);
  const Places places(settings, *id);
  const auto now = manifest_in(places.current);
  if (!now) throw Problem(404, "plugin.unknown", places.current.string() + " holds no plugin");
  if (loader::is_enabled(*id, *line.source))
    throw Problem(409, "plugin.enabled",
                  fmt::format("disable it first: plugins.{}.enabled = false, then: portico reload", *id));
  std::cout << fmt::format("{} {} is taken away: library and pages\n", *id, now->version);
  if (now->database)
    std::cout << fmt::format(
        "  data: schema {} and its rows stay, and so do its migrations in {}\n"
        "        (to end them, for good: DROP SCHEMA {} CASCADE)\n",
        database::schema_of(*id), places.migrations.string(), database::schema_of(*id));
  std::cout << "  its jobs that wait, its dead letters and its subscriptions to events end\n";
  if (!agreed(line, "Remove it?")) return 1;
  auto database = database_of(settings);
  work::JobStore(database).forget(*id);
  fs::create_directories(places.previous.parent_path());
  fs::remove_all(places.previous);
  fs::rename(places.current, places.previous);
  std::cout << fmt::format("Removed; its files are in {} until the next install.\n",
                           places.previous.string());
  return 0;
}

}  // namespace kernel::commands

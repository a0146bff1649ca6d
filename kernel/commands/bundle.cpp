// Zip by Poco; what may stand in a bundle by us.
#include "kernel/commands/bundle.hpp"

#include <Poco/DateTime.h>
#include <Poco/Exception.h>
#include <Poco/Zip/Compress.h>
#include <Poco/Zip/ZipArchive.h>
#include <Poco/Zip/ZipStream.h>
#include <fmt/format.h>

#include <fstream>
#include <portico/problem.hpp>
#include <sstream>

#include "kernel/loader/note.hpp"

namespace kernel::commands {

namespace fs = std::filesystem;
using portico::Problem;

namespace {

constexpr std::string_view kLibrary = "plugin.so";
constexpr std::string_view kPages = "web/";
constexpr std::string_view kMigrations = "migrations/";
constexpr std::size_t kLongestName = 200;

bool begins_with(std::string_view text, std::string_view with) {
  return text.substr(0, with.size()) == with;
}

/// Plain names below web/, or one .sql file in migrations/: nothing that leaves the folder it is unpacked to.
bool is_allowed(std::string_view name) {
  if (name == kLibrary) return true;
  const bool migration = begins_with(name, kMigrations);
  if (name.size() > kLongestName || (!migration && !begins_with(name, kPages))) return false;
  if (migration && (name.find('/', kMigrations.size()) != std::string_view::npos || !name.ends_with(".sql")))
    return false;
  if (name.ends_with('/') || name.find("//") != std::string_view::npos ||
      name.find("/.") != std::string_view::npos)
    return false;
  return name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/@+") ==
         std::string_view::npos;
}

[[noreturn]] void not_a_bundle(const fs::path& file, const std::string& why) {
  throw Problem(422, "bundle.not_a_bundle", file.string() + ": " + why);
}

std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) throw Problem(404, "bundle.unreadable", file.string() + " cannot be read");
  return std::move(text).str();
}

/// One file of the archive; its stated size is not believed.
std::string unpacked(std::istream& archive, const Poco::Zip::ZipLocalFileHeader& header, std::uint64_t room,
                     const fs::path& file) {
  Poco::Zip::ZipInputStream in(archive, header);
  std::string text;
  char block[65536];
  while (in.read(block, sizeof block), in.gcount() > 0) {
    text.append(block, static_cast<std::size_t>(in.gcount()));
    if (text.size() > room) not_a_bundle(file, "holds more than a bundle may");
  }
  if (text.size() != header.getUncompressedSize() || !in.crcValid())
    not_a_bundle(file, header.getFileName() + " is damaged");
  return text;
}

loader::Manifest manifest_of(const std::string& library) {
  return loader::Manifest::parse(loader::read_note(std::as_bytes(std::span(library.data(), library.size()))));
}

void write_file(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << text << std::flush;
  if (!out) throw Problem(500, "bundle.unwritable", file.string() + " cannot be written");
}

/// The directory of an archive ends with this record (APPNOTE 4.3.16; ours has no comment). Poco reads an
/// archive whose end is missing as far as it goes.
void check_end(std::istream& in, const fs::path& file) {
  char record[22] = {};
  in.seekg(-static_cast<std::streamoff>(sizeof record), std::ios::end);
  if (!in.read(record, sizeof record) || std::string_view(record, 4) != std::string_view("PK\5\6", 4))
    not_a_bundle(file, "is cut off, or no bundle at all");
  in.seekg(0);
}

}  // namespace

Bundle Bundle::read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw Problem(404, "bundle.unreadable", file.string() + " cannot be read");
  check_end(in, file);
  Bundle bundle;
  try {
    const Poco::Zip::ZipArchive archive(in);
    std::uint64_t room = kMostBytes;
    for (auto it = archive.headerBegin(); it != archive.headerEnd(); ++it) {
      const auto& name = it->first;
      if (it->second.isDirectory()) continue;
      if (!is_allowed(name)) not_a_bundle(file, "'" + name + "' is no name of a bundle's file");
      if (bundle.files.size() == kMostFiles)
        not_a_bundle(file, fmt::format("holds more than {} files", kMostFiles));
      in.clear();
      auto text = unpacked(in, it->second, room, file);
      room -= text.size();
      bundle.files.emplace(name, std::move(text));
    }
  } catch (const Poco::Exception& e) {
    not_a_bundle(file, e.displayText());
  }
  const auto library = bundle.files.find(std::string(kLibrary));
  if (library == bundle.files.end()) not_a_bundle(file, "has no plugin.so");
  bundle.manifest = manifest_of(library->second);
  return bundle;
}

Bundle Bundle::of_folders(const fs::path& plugin, const fs::path& migrations) {
  Bundle bundle;
  const auto add = [&](std::string name, const fs::path& file) {
    if (!is_allowed(name)) not_a_bundle(file, "'" + name + "' is no name of a bundle's file");
    bundle.files.emplace(std::move(name), text_of(file));
  };
  add(std::string(kLibrary), plugin / kLibrary);
  std::error_code ec;
  for (const auto& item : fs::recursive_directory_iterator(plugin / "web", ec))
    if (item.is_regular_file())
      add(std::string(kPages) + fs::relative(item.path(), plugin / "web").generic_string(), item.path());
  for (const auto& item : fs::directory_iterator(migrations, ec))
    if (item.is_regular_file() && item.path().extension() == ".sql")
      add(std::string(kMigrations) + item.path().filename().string(), item.path());
  bundle.manifest = manifest_of(bundle.files.at(std::string(kLibrary)));
  return bundle;
}

void Bundle::write(const fs::path& file) const {
  const auto beside = file.string() + ".new";
  try {
    std::ofstream out(beside, std::ios::binary | std::ios::trunc);
    Poco::Zip::Compress archive(out, true);
    for (const auto& [name, text] : files) {
      std::istringstream in(text);
      archive.addFile(in, Poco::DateTime(2000, 1, 1), Poco::Path(name, Poco::Path::PATH_UNIX));
    }
    archive.close();
    out.close();
    if (!out) throw Problem(500, "bundle.unwritable", beside + " cannot be written");
  } catch (const Poco::Exception& e) {
    throw Problem(500, "bundle.unwritable", beside + ": " + e.displayText());
  }
  fs::rename(beside, file);
}

void Bundle::unpack(const fs::path& folder) const {
  try {
    for (const auto& [name, text] : files)
      if (!begins_with(name, kMigrations)) write_file(folder / name, text);
  } catch (const fs::filesystem_error& e) {
    throw Problem(500, "bundle.unwritable", e.what());
  }
}

std::map<std::string, std::string> Bundle::migrations() const {
  std::map<std::string, std::string> out;
  for (const auto& [name, text] : files)
    if (begins_with(name, kMigrations)) out.emplace(name.substr(kMigrations.size()), text);
  return out;
}

}  // namespace kernel::commands

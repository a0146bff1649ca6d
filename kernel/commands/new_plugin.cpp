// Copies the room of an example under another name.
#include "kernel/commands/new_plugin.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <portico/problem.hpp>
#include <regex>

namespace kernel::commands {

namespace fs = std::filesystem;
using portico::Problem;

namespace {

constexpr const char* kHelp =
    "portico plugin new ID [--into DIR] [--c | --rust]\n\n"
    "Writes the folder DIR/ID (DIR: the current folder) with a plugin that builds with the installed SDK,\n"
    "passes its tests and answers GET /api/ID/{name}; in C++ it also has a page at /ID.\n\n"
    "  ID          lower-case words joined by dashes, at most 50 characters: acme-loyalty\n"
    "  --into DIR  another folder to write into\n"
    "  --c         in C11, on the C ABI alone\n"
    "  --rust      in Rust, standard library only\n";

/// One name as it stands in paths, in code and in titles.
struct Spelling {
  std::string dashed, snake, pascal, title;
};

Spelling spelling_of(const std::string& id) {
  Spelling out{id, id, "", id};
  std::replace(out.snake.begin(), out.snake.end(), '-', '_');
  std::replace(out.title.begin(), out.title.end(), '-', ' ');
  out.title[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(out.title[0])));
  bool first = true;
  for (const char c : id) {
    if (c != '-') out.pascal += first ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    first = c == '-';
  }
  return out;
}

const char* example_of(PluginLanguage language) {
  switch (language) {
    case PluginLanguage::cpp:
      return "hello-cpp";
    case PluginLanguage::c:
      return "hello-c";
    case PluginLanguage::rust:
      return "hello-rust";
  }
  return "";
}

std::string renamed(std::string text, const Spelling& from, const Spelling& to) {
  for (const auto spelling : {&Spelling::dashed, &Spelling::snake, &Spelling::pascal, &Spelling::title}) {
    const auto& old = from.*spelling;
    const auto& now = to.*spelling;
    for (std::size_t at = 0; (at = text.find(old, at)) != std::string::npos; at += now.size())
      text.replace(at, old.size(), now);
  }
  return text;
}

/// Names that would clash with the host's own paths, settings and schemas, or with the code that is written.
bool is_reserved(const std::string& id) {
  static const std::vector<std::string> names{
      "api",       "assets",   "healthz",   "kernel",    "metrics",
      "path",      "public",   "readyz",    "web",       "information-schema",
      "boost",     "fmt",      "portico",   "std",       "alignas",
      "alignof",   "and",      "asm",       "auto",      "bool",
      "break",     "case",     "catch",     "char",      "class",
      "compl",     "concept",  "const",     "consteval", "constexpr",
      "constinit", "continue", "decltype",  "default",   "delete",
      "do",        "double",   "else",      "enum",      "explicit",
      "export",    "extern",   "false",     "float",     "for",
      "friend",    "goto",     "if",        "inline",    "int",
      "long",      "mutable",  "namespace", "new",       "noexcept",
      "not",       "nullptr",  "operator",  "or",        "private",
      "protected", "register", "requires",  "return",    "short",
      "signed",    "sizeof",   "static",    "struct",    "switch",
      "template",  "this",     "throw",     "true",      "try",
      "typedef",   "typeid",   "typename",  "union",     "unsigned",
      "using",     "virtual",  "void",      "volatile",  "while",
      "xor"};
  return std::find(names.begin(), names.end(), id) != names.end() || id.starts_with("pg-");
}

void check_id(const NewPlugin& plugin) {
  static const std::regex shape("[a-z][a-z0-9]*(?:-[a-z0-9]+)*");
  const auto& id = plugin.id;
  if (id.size() > 50 || !std::regex_match(id, shape))
    throw Problem(
        422, "plugin.new_id",
        "'" + id +
            "' is no plugin id: lower-case letters and digits, words joined by single dashes, a letter "
            "first, at most 50 characters (acme-loyalty)");
  if (is_reserved(id))
    throw Problem(422, "plugin.new_id",
                  "'" + id + "' is reserved: put your own word before it (acme-" + id + ")");
  if (std::find(plugin.taken.begin(), plugin.taken.end(), id) != plugin.taken.end())
    throw Problem(422, "plugin.new_id",
                  "a plugin '" + id + "' is installed here already: choose another id (acme-" + id + ")");
}

}  // namespace

fs::path write_room(const NewPlugin& plugin) {
  check_id(plugin);
  const auto room = plugin.into / plugin.id;
  std::error_code ec;
  if (fs::exists(fs::symlink_status(room, ec)))
    throw Problem(
        409, "plugin.new_exists",
        room.string() + " is there already: remove it, choose another id, or write elsewhere with --into");
  if (!fs::is_directory(plugin.into, ec))
    throw Problem(500, "plugin.new_unwritable", plugin.into.string() + " is not a folder: make it first");
  const auto from = spelling_of(example_of(plugin.language)), to = spelling_of(plugin.id);
  for (const auto& file : kRoomFiles) {
    if (file.language != plugin.language) continue;
    const auto path = room / file.path;
    fs::create_directories(path.parent_path(), ec);
    std::ofstream out(path, std::ios::binary);
    out << renamed(file.text, from, to);
    out.flush();
    if (!out) throw Problem(500, "plugin.new_unwritable", path.string() + " cannot be written");
  }
  return room;
}

int new_plugin(const std::vector<std::string>& arguments, std::vector<std::string> taken) {
  NewPlugin plugin;
  plugin.taken = std::move(taken);
  int languages = 0;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const auto& argument = arguments[i];
    if (argument == "--help" || argument == "-h") return std::cout << kHelp, 0;
    if (argument == "--c" || argument == "--rust") {
      plugin.language = argument == "--c" ? PluginLanguage::c : PluginLanguage::rust;
      ++languages;
    } else if (argument == "--into" && i + 1 < arguments.size()) {
      plugin.into = arguments[++i];
    } else if (plugin.id.empty() && !argument.starts_with("-")) {
      plugin.id = argument;
    } else {
      return std::cerr << "portico plugin new: '" << argument << "' is not understood\n\n" << kHelp, 2;
    }
  }
  if (plugin.id.empty() || languages > 1) return std::cerr << kHelp, 2;
  const auto room = write_room(plugin);
  std::cout << "wrote " << room.string() << "\n";
  for (const auto& file : kRoomFiles)
    if (file.language == plugin.language) std::cout << "  " << file.path << "\n";
  std::cout << fmt::format(
      "\nNext, with the installed SDK (CMAKE_PREFIX_PATH, where it is not in /usr or /usr/local):\n"
      "  cd {}\n"
      "  cmake -B build && cmake --build build && ctest --test-dir build\n"
      "The plugin is build/plugins/{}/; plugins.{}.enabled = true enables it (try.properties).\n",
      room.string(), plugin.id, plugin.id);
  return 0;
}

int new_plugin(const CommandLine& line) {
  std::vector<std::string> taken;
  std::error_code ec;
  const auto folder = line.source->find("plugins.path", {"PORTICO_PLUGIN_PATH"}).value_or("plugins");
  for (fs::directory_iterator it(folder, ec), end; !ec && it != end; it.increment(ec))
    taken.push_back(it->path().filename().string());
  return new_plugin({line.arguments.begin() + 1, line.arguments.end()}, std::move(taken));
}

}  // namespace kernel::commands

// The room that `portico plugin new` writes, and what it refuses.
#include "kernel/commands/new_plugin.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <portico/contract.hpp>
#include <portico/problem.hpp>

using namespace kernel::commands;
namespace fs = std::filesystem;

namespace {

struct Folder {
  Folder() {
    auto name = (fs::temp_directory_path() / "portico-new-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() { fs::remove_all(path); }
  fs::path path;
};

std::string read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string all_text(const fs::path& folder) {
  std::string out;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) out += entry.path().filename().string() + "\n" + read(entry.path());
  return out;
}

std::string code_of(const NewPlugin& plugin) {
  try {
    write_room(plugin);
  } catch (const portico::Problem& problem) {
    return problem.code;
  }
  return "written";
}

}  // namespace

TEST_CASE("a room carries its own name in every spelling and nothing of the example it is made of") {
  const Folder folder;
  for (const auto language : {PluginLanguage::cpp, PluginLanguage::c, PluginLanguage::rust}) {
    const std::string id = "acme-points" + std::to_string(static_cast<int>(language));
    const auto room = write_room({id, folder.path, language, {}});
    CHECK(room == folder.path / id);
    const auto text = all_text(room);
    for (const auto* word : {"hello-", "hello_", "HelloC", "Hello c"}) {
      INFO(id << " says " << word);
      CHECK(text.find(word) == std::string::npos);
    }
    const auto manifest = portico::parse_json(read(room / "manifest.json")).as_object();
    CHECK(manifest.at("id").as_string() == id);
    if (language != PluginLanguage::rust)
      CHECK(read(room / "CMakeLists.txt").find("portico_add_plugin(" + id) != std::string::npos);
    CHECK(read(room / "README.md").substr(0, id.size() + 3) == "# " + id + "\n");
    CHECK(read(room / "try.properties").find("plugins." + id + ".enabled = true\n") != std::string::npos);
  }
  const auto cpp = folder.path / "acme-points0";
  CHECK(read(cpp / "plugin.cpp").find("PORTICO_PLUGIN(AcmePoints0)") != std::string::npos);
  CHECK(read(cpp / "web/index.js").find("title: 'Acme points0'") != std::string::npos);
  const auto cmake = read(cpp / "CMakeLists.txt");
  CHECK(std::count(cmake.begin(), cmake.end(), '\n') < 30);
}

TEST_CASE("ids that cannot be plugins are refused with what to do instead") {
  const Folder folder;
  const struct {
    const char* id;
    const char* why;
  } rows[] = {
      {"", "empty"},
      {"Acme", "a capital"},
      {"acme_points", "an underscore"},
      {"1acme", "a digit first"},
      {"acme--x", "two dashes"},
      {"acme-", "a dash last"},
      {"../acme", "a path"},
      {"acme points", "a blank"},
      {"kernel", "the host"},
      {"path", "the host's setting"},
      {"class", "a word of C++"},
      {"pg-x", "PostgreSQL's"},
      {"taken", "installed"},
  };
  for (const auto& row : rows) {
    INFO(row.why);
    CHECK(code_of({row.id, folder.path, PluginLanguage::cpp, {"taken"}}) == "plugin.new_id");
  }
  CHECK(code_of({std::string(51, 'a'), folder.path, PluginLanguage::cpp, {}}) == "plugin.new_id");
  CHECK(code_of({std::string(50, 'a'), folder.path, PluginLanguage::cpp, {}}) == "written");
  CHECK(std::distance(fs::directory_iterator(folder.path), fs::directory_iterator()) == 1);
}

TEST_CASE("what is there already is never overwritten") {
  const Folder folder;
  fs::create_directory(folder.path / "acme-a");
  CHECK(code_of({"acme-a", folder.path, PluginLanguage::cpp, {}}) == "plugin.new_exists");
  CHECK(fs::is_empty(folder.path / "acme-a"));
  fs::create_symlink("nowhere", folder.path / "acme-b");
  CHECK(code_of({"acme-b", folder.path, PluginLanguage::cpp, {}}) == "plugin.new_exists");
  CHECK(code_of({"acme-c", folder.path / "gone", PluginLanguage::cpp, {}}) == "plugin.new_unwritable");
  CHECK_FALSE(fs::exists(folder.path / "gone"));
}

TEST_CASE("the command says what it does not understand") {
  const Folder folder;
  CHECK(new_plugin({"--help"}, {}) == 0);
  CHECK(new_plugin({}, {}) == 2);
  CHECK(new_plugin({"acme-a", "--c", "--rust"}, {}) == 2);
  CHECK(new_plugin({"acme-a", "--go"}, {}) == 2);
  CHECK(new_plugin({"acme-a", "acme-b"}, {}) == 2);
  CHECK(new_plugin({"acme-a", "--c", "--into", folder.path.string()}, {}) == 0);
  CHECK(fs::exists(folder.path / "acme-a/plugin.c"));
}

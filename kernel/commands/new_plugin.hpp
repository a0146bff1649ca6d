// portico plugin new: writes the room of a plugin that builds, passes its tests and can be enabled.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/commands/commands.hpp"

namespace kernel::commands {

enum class PluginLanguage { cpp, c, rust };

/// One file of a room. The rooms are those of the examples: what is written is what the build compiles every
/// day.
struct RoomFile {
  PluginLanguage language;
  const char* path;  // within the room
  const char* text;
};
extern const std::vector<RoomFile> kRoomFiles;

struct NewPlugin {
  std::string id;
  std::filesystem::path into = ".";
  PluginLanguage language = PluginLanguage::cpp;
  std::vector<std::string> taken;  // ids of plugins that are installed here
};

/// Writes into/<id>/ and returns it; nothing is written where something is wrong.
///
/// errors    422 plugin.new_id, 409 plugin.new_exists, 500 plugin.new_unwritable; the detail says what to do
std::filesystem::path write_room(const NewPlugin& plugin);

/// ID [--into DIR] [--c|--rust]; prints what was written and what to do next.
int new_plugin(const std::vector<std::string>& arguments, std::vector<std::string> taken);

/// … as `portico plugin new …`; what plugins.path holds is taken.
int new_plugin(const CommandLine& line);

}  // namespace kernel::commands

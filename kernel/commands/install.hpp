// portico plugin bundle, install, rollback and remove: which versions of plugins lie where hosts find them.
#pragma once

#include "kernel/commands/commands.hpp"

namespace kernel::commands {

inline constexpr auto kInstallUsage =
    "portico plugin bundle ID [FILE]   puts library, pages and migrations of a plugin into one file\n"
    "portico plugin install FILE [--yes]\n"
    "                                  checks a bundle, says what it brings and what becomes of the data, and\n"
    "                                  takes it; a running host changes over at once where it is enabled\n"
    "portico plugin rollback ID [--yes]\n"
    "                                  the version before the last install, which takes its place\n"
    "portico plugin remove ID [--yes]  takes the files away; its data stays\n";

int bundle(const CommandLine& line);
int install(const CommandLine& line);
int rollback(const CommandLine& line);
int remove(const CommandLine& line);

}  // namespace kernel::commands

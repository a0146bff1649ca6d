// Lists, releases, and opens what nobody has opened before.
#include "kernel/commands/quarantine.hpp"

#include <fmt/format.h>

#include <iostream>

#include "kernel/config/settings.hpp"
#include "kernel/loader/loader.hpp"
#include "kernel/loader/quarantine.hpp"
#include "kernel/loader/scan.hpp"
#include "kernel/validator/child.hpp"
#include "kernel/validator/subject.hpp"

namespace kernel::commands {

namespace {

constexpr validator::ChildLimits kScanLimits{std::uint64_t{1} << 30, 10, std::chrono::seconds(20)};

}  // namespace

int quarantine(const CommandLine& line) {
  const auto& a = line.arguments;
  const bool list = a.size() == 1 || (a.size() == 2 && a[1] == "list");
  if (!list && !(a.size() == 3 && a[1] == "release")) return std::cerr << kQuarantineUsage, 2;
  const auto settings = config::Settings::read(*line.source);
  const loader::Loader loader({settings.plugin_path, settings.cache_path});
  const loader::Quarantine blocked(loader.settings().cache / "quarantine");
  if (!list) {
    const auto released = blocked.release(a[2]);
    if (!released)
      return std::cerr << "nothing in quarantine, or more than one, has the hash " << a[2] << "\n", 1;
    std::cout << *released << " released\n";
    return 0;
  }
  for (const auto& one : blocked.list())
    std::cout << fmt::format("{}  {:<16}{}  {}\n", one.sha256.substr(0, 12), one.plugin, one.at, one.reason);
  return 0;
}

int scan(const CommandLine& line) {
  if (line.arguments.size() != 2) return std::cerr << "portico plugin scan FILE\n", 2;
  const auto file = std::filesystem::absolute(line.arguments[1]);
  const auto end = validator::run_in_child(kScanLimits, [&](const validator::Step& step) {
    step("opening it");
    return validator::Subject(file).open();
  });
  using Kind = validator::ChildEnd::Kind;
  if (end.kind == Kind::answered && end.answer.empty()) return 0;
  std::cout << end.text() << "\n";
  return end.kind == Kind::answered   ? loader::kScanRefused
         : end.kind == Kind::no_child ? 2
                                      : loader::kScanCrashed;
}

}  // namespace kernel::commands

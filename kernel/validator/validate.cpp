// Reads the file once, then the static and the dynamic stage.
#include "kernel/validator/validate.hpp"

#include <portico/problem.hpp>

#include "kernel/loader/content.hpp"
#include "kernel/loader/note.hpp"
#include "kernel/validator/dynamic_stage.hpp"
#include "kernel/validator/fake_host.hpp"
#include "kernel/validator/static_stage.hpp"

namespace kernel::validator {

namespace {

std::filesystem::path existing(const std::filesystem::path& folder) {
  return std::filesystem::is_directory(folder) ? folder : std::filesystem::path();
}

std::string id_in(std::span<const std::byte> bytes) {
  try {
    return loader::Manifest::parse(loader::read_note(bytes)).id;
  } catch (const portico::Problem&) {
    return {};  // the static stage says why
  }
}

}  // namespace

Report validate(const std::filesystem::path& file, const Wishes& wishes) {
  const auto path = std::filesystem::absolute(file);
  const auto bytes = loader::read_file(path);
  Report report;
  report.file = file.string();
  report.sha256 = loader::sha256_hex(bytes);
  StaticRules rules;
  rules.extensions = FakeHost::extension_ids();
  rules.further_libraries = wishes.further_libraries;
  rules.web = existing(path.parent_path() / "web");
  rules.migrations = wishes.migrations;
  if (const auto id = id_in(bytes); rules.migrations.empty() && !id.empty()) {
    rules.migrations = existing(path.parent_path() / "migrations");
    if (rules.migrations.empty() && !wishes.all_migrations.empty())
      rules.migrations = existing(wishes.all_migrations / id);
  }
  const auto manifest = run_static(bytes, rules, report);
  if (!wishes.run) return report;
  if (report.refused() || !manifest)
    report.skip("dynamic", "all", "lives in order on made-up hosts", "not run: the static stage refused it");
  else
    run_dynamic(path, *manifest, {wishes.settings}, report);
  return report;
}

}  // namespace kernel::validator

// Migration files: names, order, checksums and what they may not say.
#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <portico/problem.hpp>
#include <regex>

#include "kernel/database/migrations.hpp"
#include "kernel/database/sql_scan.hpp"

namespace kernel::database {
namespace {

namespace fs = std::filesystem;

std::string sha256_hex(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  EVP_Digest(text.data(), text.size(), digest, &length, EVP_sha256(), nullptr);
  std::string out;
  for (unsigned int i = 0; i < length; ++i) fmt::format_to(std::back_inserter(out), "{:02x}", digest[i]);
  return out;
}

[[noreturn]] void refuse(const fs::path& file, std::string_view why) {
  throw portico::Problem(500, "migrations.file", fmt::format("{}: {}", file.string(), why));
}

std::string read_text(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in) refuse(file, "cannot be read");
  return text;
}

std::string allowance(const std::string& sql) {
  static const std::regex line(R"((?:^|\n)[ \t]*-- portico: allow destructive:[ \t]*([^\r\n]*[^\s]))");
  std::smatch match;
  return std::regex_search(sql, match, line) ? match[1].str() : "";
}

Migration read_one(const std::string& owner, const fs::path& file) {
  static const std::regex shape(R"(([0-9]{4})_([a-z0-9]+(?:_[a-z0-9]+)*)\.sql)");
  const std::string name = file.filename().string();
  std::smatch match;
  if (!std::regex_match(name, match, shape)) refuse(file, "the name must be like 0001_what_it_does.sql");
  Migration migration;
  migration.owner = owner;
  migration.number = std::stoi(match[1].str());
  migration.name = match[2].str();
  migration.sql = read_text(file);
  migration.sha256 = sha256_hex(migration.sql);
  migration.destructive_reason = allowance(migration.sql);
  if (scan_sql(migration.sql).empty()) refuse(file, "holds no statement");
  if (const auto found = find_transaction_control(migration.sql))
    refuse(file, fmt::format("line {}: {} is not possible: the file is one transaction already", found->line,
                             found->what));
  if (const auto found = find_destructive(migration.sql); found && migration.destructive_reason.empty())
    refuse(
        file,
        fmt::format("line {}: {} would break replicas that still run the version before, or lose data; if it "
                    "is meant, say so in a line \"-- portico: allow destructive: REASON\"",
                    found->line, found->what));
  return migration;
}

}  // namespace

std::string schema_of(std::string_view owner) {
  static const std::regex shape("[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*");
  const std::string id(owner);
  std::string schema = id;
  std::replace(schema.begin(), schema.end(), '-', '_');
  if (!std::regex_match(id, shape) || id.size() > 50 || schema == "public" ||
      schema == "information_schema" || schema.starts_with("pg_"))
    throw portico::Problem(
        500, "migrations.owner",
        fmt::format("\"{}\" cannot name a schema: use lower-case letters, digits and single dashes, "
                    "at most 50, and not public, pg_… or information_schema",
                    id));
  return schema;
}

std::string role_of(std::string_view owner) {
  return "portico_" + schema_of(owner);
}

std::vector<Owner> owners_in(const fs::path& root) {
  std::error_code error;
  std::vector<Owner> owners;
  for (const auto& item : fs::directory_iterator(root, error))
    if (item.is_directory()) owners.push_back({item.path().filename().string(), item.path()});
  const auto kernel =
      std::find_if(owners.begin(), owners.end(), [](const Owner& o) { return o.id == "kernel"; });
  if (error || kernel == owners.end())
    throw portico::Problem(
        500, "migrations.folder",
        fmt::format("{} is no folder of migrations: it has no kernel/ inside", root.string()));
  std::iter_swap(owners.begin(), kernel);
  std::sort(owners.begin() + 1, owners.end(), [](const Owner& a, const Owner& b) { return a.id < b.id; });
  return owners;
}

std::vector<Migration> read_migrations(const Owner& owner) {
  std::error_code error;
  std::vector<fs::path> files;
  for (const auto& item : fs::directory_iterator(owner.folder, error)) {
    const std::string name = item.path().filename().string();
    if (!name.starts_with('.') && name != "README.md") files.push_back(item.path());
  }
  if (error) refuse(owner.folder, "cannot be listed");
  if (files.empty()) refuse(owner.folder, "holds no migration");
  std::sort(files.begin(), files.end());
  std::vector<Migration> out;
  for (const fs::path& file : files) {
    out.push_back(read_one(owner.id, file));
    const int expected = static_cast<int>(out.size());
    if (out.back().number == expected) continue;
    if (out.size() > 1 && out.back().number == out[out.size() - 2].number)
      refuse(file, fmt::format("the number {:04} is there twice", out.back().number));
    refuse(file, fmt::format("the number {:04} is missing before it", expected));
  }
  return out;
}

}  // namespace kernel::database

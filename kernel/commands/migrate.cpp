// portico migrate.
#include <fmt/format.h>

#include <iostream>

#include "kernel/commands/commands.hpp"
#include "kernel/commands/migrating.hpp"
#include "kernel/observe/log.hpp"

namespace kernel::commands {

database::Pool database_of(const config::Settings& settings) {
  database::PoolSettings pool;
  pool.url = database::parse_database_url(settings.database_url);
  pool.max_connections = 1;
  return database::Pool(std::move(pool));
}

database::Migrator migrator_of(const config::Settings& settings) {
  database::MigrationSettings m;
  m.url = database::parse_database_url(settings.database_url);
  m.owners = database::owners_in(settings.migration_path);
  return database::Migrator(std::move(m));
}

std::vector<database::Migration> run_migrations(const config::Settings& settings) {
  auto applied = migrator_of(settings).run();
  for (const auto& m : applied)
    observe::log(observe::Level::info, "migrate", "applied",
                 {{"owner", m.owner}, {"number", m.number}, {"name", m.name}});
  return applied;
}

int migrate(const CommandLine& line) {
  const auto settings = config::Settings::read(*line.source);
  const bool plan = !line.arguments.empty() && line.arguments[0] == "--plan";
  if (!line.arguments.empty() && !plan) return std::cerr << "portico migrate [--plan]\n", 2;
  const auto list = plan ? migrator_of(settings).plan() : migrator_of(settings).run();
  for (const auto& m : list)
    std::cout << fmt::format("{} {}/{:04}_{}\n", plan ? "would apply" : "applied", m.owner, m.number, m.name);
  if (list.empty()) std::cout << "nothing to do\n";
  return 0;
}

}  // namespace kernel::commands

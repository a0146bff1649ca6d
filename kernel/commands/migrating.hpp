// The database as commands use it that run beside a host or without one.
#pragma once

#include <vector>

#include "kernel/config/settings.hpp"
#include "kernel/database/connection.hpp"
#include "kernel/database/migrations.hpp"

namespace kernel::commands {

/// One connection, opened when it is first used.
database::Pool database_of(const config::Settings& settings);

database::Migrator migrator_of(const config::Settings& settings);

/// Applies what is missing and logs it.
std::vector<database::Migration> run_migrations(const config::Settings& settings);

}  // namespace kernel::commands

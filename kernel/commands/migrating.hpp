// Migrations as the commands run them.
#pragma once

#include <vector>

#include "kernel/config/settings.hpp"
#include "kernel/database/migrations.hpp"

namespace kernel::commands {

database::Migrator migrator_of(const config::Settings& settings);

/// Applies what is missing and logs it.
std::vector<database::Migration> run_migrations(const config::Settings& settings);

}  // namespace kernel::commands

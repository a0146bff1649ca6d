// portico openapi, doctor, config and version.
#include <fmt/format.h>

#include <iostream>
#include <portico/problem.hpp>

#include "kernel/commands/commands.hpp"
#include "kernel/commands/host.hpp"
#include "kernel/commands/migrating.hpp"
#include "kernel/loader/plugin_config.hpp"
#include "kernel/observe/log.hpp"

namespace kernel::commands {

int openapi(const CommandLine& line) {
  const auto settings = config::Settings::read(*line.source);
  observe::set_level(observe::Level::error);
  Host host(settings, *line.source);
  host.start_plugins();
  std::cout << host.published()->api_document << "\n";
  const bool incomplete = !host.lineup().refused().empty();
  host.stop();
  return incomplete ? 1 : 0;
}

int doctor(const CommandLine& line) {
  int failed = 0;
  const auto check = [&](const char* what, const char* mend, const std::function<std::string()>& look) {
    try {
      std::cout << fmt::format("ok      {:<14}{}\n", what, look());
    } catch (const portico::Problem& problem) {
      std::cout << fmt::format("FAILED  {:<14}{}: {}\n        mend: {}\n", what, problem.code, problem.detail,
                               mend);
      ++failed;
    }
  };
  const auto settings = config::Settings::read(*line.source);
  check("settings", "", [&] { return "public address " + settings.public_url; });
  check("seal key", "set PORTICO_SEAL_KEY",
        [&] { return extensions::Seal(settings.seal_key, settings.old_seal_keys), std::string("usable"); });
  check("database", "start PostgreSQL and set DATABASE_URL; then run: portico migrate", [&] {
    const auto missing = migrator_of(settings).plan().size();
    if (missing)
      throw portico::Problem(500, "database.behind", fmt::format("{} migrations are missing", missing));
    return std::string("up to date");
  });
  check("redis", "start Redis and set REDIS_URL; the portal runs without it, slower and stricter", [&] {
    const auto url = database::parse_redis_url(settings.redis_url);
    cache::RedisSettings r;
    r.host = url.host, r.port = url.port, r.user = url.user, r.password = url.password,
    r.database = url.database;
    cache::Redis redis(r);
    if (!redis.call({"PING"}).ok())
      throw portico::Problem(500, "redis.away", url.shown() + " does not answer");
    return url.shown();
  });
  check("plugins", "see each line of: portico plugin list", [&] {
    const auto lineup = loader::Loader({settings.plugin_path, settings.cache_path}).discover(*line.source);
    std::string refused;
    for (const auto& plugin : lineup.refused())
      refused += fmt::format("\n        {}: {}", plugin->id(), plugin->reason());
    if (!refused.empty()) throw portico::Problem(500, "plugin.refused", refused);
    return fmt::format("{} enabled, all can start", lineup.order.size());
  });
  return failed ? 1 : 0;
}

int config_reference(const CommandLine&) {
  for (const auto& key : config::known_keys())
    std::cout << fmt::format("# {}{}\n{}={}\n\n", key.description, key.secret ? " (secret)" : "", key.key,
                             key.fallback);
  return 0;
}

int version(const CommandLine&) {
  std::cout << "portico 0.1.0, plugin ABI " << PORTICO_ABI_MAJOR << "." << PORTICO_ABI_MINOR << "\n";
  return 0;
}

}  // namespace kernel::commands

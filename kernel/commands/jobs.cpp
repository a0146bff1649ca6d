// portico jobs: what durable work was given up, and another try for it.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "kernel/commands/commands.hpp"
#include "kernel/commands/migrating.hpp"
#include "kernel/config/settings.hpp"
#include "kernel/work/job_store.hpp"

namespace kernel::commands {

namespace {

constexpr int kMostShown = 100;

void print_dead(const work::JobStore& store) {
  const auto letters = store.dead_letters(kMostShown);
  for (const auto& letter : letters)
    std::cout << fmt::format("{}  {}  {} {} of {}{}, {} attempts\n    {}\n", letter.id, letter.died_at,
                             letter.kind, letter.queue, letter.owner,
                             letter.key.empty() ? "" : ", key " + letter.key, letter.attempts, letter.error);
  if (letters.empty()) std::cout << "no dead letters\n";
}

}  // namespace

int jobs(const CommandLine& line) {
  const auto& words = line.arguments;
  const bool dead = words.size() == 1 && words[0] == "dead";
  const bool revive =
      words.size() == 2 && words[0] == "revive" && !words[1].empty() && words[1].size() <= 18 &&
      std::all_of(words[1].begin(), words[1].end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!dead && !revive) return std::cerr << "portico jobs dead | revive ID\n", 2;
  const auto settings = config::Settings::read(*line.source);
  auto database = database_of(settings);
  const work::JobStore store(database);
  if (dead) return print_dead(store), 0;
  store.revive(std::stoll(words[1]));
  std::cout << "job " << words[1] << " runs again as soon as a host is free\n";
  return 0;
}

}  // namespace kernel::commands

// Which plugins may start, in what order, and the reasons that the others are given.
#include "kernel/loader/dependencies.hpp"

#include <catch2/catch.hpp>

using namespace kernel::loader;

namespace {

using Names = std::vector<std::string>;
using Manifests = std::map<std::string, Manifest>;

struct Needs {
  Names provides, needs, likes;
};

Manifests plugins(const std::map<std::string, Needs>& given) {
  Manifests out;
  for (const auto& [id, needs] : given) {
    auto& manifest = out[id];
    manifest.id = id;
    manifest.operations_provided = needs.provides;
    manifest.operations_required = needs.needs;
    manifest.operations_optional = needs.likes;
  }
  return out;
}

}  // namespace

TEST_CASE("providers start before those that need or would like them, else the order is by name") {
  struct Row {
    const char* rule;
    std::map<std::string, Needs> given;
    Names order;
  };
  for (const Row& row : {
           Row{"by name", {{"c", {}}, {"a", {}}, {"b", {}}}, {"a", "b", "c"}},
           Row{"a chain",
               {{"a", {{}, {"b.x/1"}, {}}}, {"b", {{"b.x/1"}, {"c.x/1"}, {}}}, {"c", {{"c.x/1"}, {}, {}}}},
               {"c", "b", "a"}},
           Row{"two that need one",
               {{"a", {{}, {"c.x/1"}, {}}}, {"b", {{}, {"c.x/1"}, {}}}, {"c", {{"c.x/1"}, {}, {}}}},
               {"c", "a", "b"}},
           Row{"liked ones first", {{"a", {{}, {}, {"b.x/1"}}}, {"b", {{"b.x/1"}, {}, {}}}}, {"b", "a"}},
           Row{"a liked one that is absent", {{"a", {{}, {}, {"b.x/1"}}}}, {"a"}},
           Row{"they like each other",
               {{"a", {{"a.x/1"}, {}, {"b.x/1"}}}, {"b", {{"b.x/1"}, {}, {"a.x/1"}}}},
               {"b", "a"}},
           Row{"the liked one needs the one that likes it",
               {{"a", {{"a.x/1"}, {}, {"b.x/1"}}}, {"b", {{"b.x/1"}, {"a.x/1"}, {}}}},
               {"a", "b"}},
           Row{"the liked one needs it by way of another",
               {{"a", {{"a.x/1"}, {}, {"b.x/1"}}},
                {"b", {{"b.x/1"}, {"c.x/1"}, {}}},
                {"c", {{"c.x/1"}, {"a.x/1"}, {}}}},
               {"a", "c", "b"}},
           Row{"its own operation", {{"a", {{"a.x/1"}, {"a.x/1"}, {}}}}, {"a"}},
       }) {
    INFO(row.rule);
    const auto resolution = resolve(plugins(row.given), {});
    CHECK(resolution.order == row.order);
    CHECK(resolution.refusals.empty());
  }
}

TEST_CASE("one that cannot start is refused with the way to mend it, and the others start") {
  struct Row {
    const char* rule;
    std::map<std::string, Needs> enabled, disabled;
    std::map<std::string, std::string> refusals;
    Names order;
  };
  const Needs rates{{"rates.get/1"}, {}, {}};
  for (
      const Row& row : {
          Row{"nobody provides it",
              {{"a", {{}, {"rates.get/1"}, {}}}, {"b", {}}},
              {},
              {{"a",
                "needs operation rates.get/1, which no enabled plugin provides: install a plugin that does"}},
              {"b"}},
          Row{"a disabled one does",
              {{"a", {{}, {"rates.get/1"}, {}}}},
              {{"rates", rates}},
              {{"a",
                "needs operation rates.get/1, which no enabled plugin provides; rates does: enable it with "
                "plugins.rates.enabled=true"}},
              {}},
          Row{"another version of it is provided",
              {{"a", {{}, {"rates.get/2"}, {}}}, {"rates", rates}},
              {},
              {{"a",
                "needs operation rates.get/2, which no enabled plugin provides; rates provides "
                "rates.get/1: install versions that fit"}},
              {"rates"}},
          Row{"its provider cannot start, nor can those after it",
              {{"a", {{}, {"b.x/1"}, {}}}, {"b", {{"b.x/1"}, {"c.x/1"}, {}}}, {"d", {}}},
              {},
              {{"a",
                "needs operation b.x/1 of b, which cannot start: needs operation c.x/1, which no enabled "
                "plugin provides: install a plugin that does"},
               {"b", "needs operation c.x/1, which no enabled plugin provides: install a plugin that does"}},
              {"d"}},
          Row{"a circle of three, and one that hangs on it",
              {{"a", {{"a.x/1"}, {"b.x/1"}, {}}},
               {"b", {{"b.x/1"}, {"c.x/1"}, {}}},
               {"c", {{"c.x/1"}, {"a.x/1"}, {}}},
               {"d", {{}, {"c.x/1"}, {}}},
               {"e", {}}},
              {},
              {{"a", "they need each other: a → b → c → a"},
               {"b", "they need each other: a → b → c → a"},
               {"c", "they need each other: a → b → c → a"},
               {"d", "needs operation c.x/1 of c, which cannot start: they need each other: a → b → c → a"}},
              {"e"}},
          Row{"two provide the same",
              {{"a", {{"x.get/1"}, {}, {}}}, {"b", {{"x.get/1"}, {}, {}}}, {"c", {{}, {"x.get/1"}, {}}}},
              {},
              {{"b", "provides operation x.get/1, which a provides already: disable one of them"}},
              {"a", "c"}},
          Row{"a liked one that cannot start takes nobody along",
              {{"a", {{}, {}, {"b.x/1"}}}, {"b", {{"b.x/1"}, {"c.x/1"}, {}}}},
              {},
              {{"b", "needs operation c.x/1, which no enabled plugin provides: install a plugin that does"}},
              {"a"}},
      }) {
    INFO(row.rule);
    const auto resolution = resolve(plugins(row.enabled), plugins(row.disabled));
    CHECK(resolution.refusals == row.refusals);
    CHECK(resolution.order == row.order);
  }
}

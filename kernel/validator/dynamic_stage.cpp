// The scenes as a table; each one's function runs in the child.
#include "kernel/validator/dynamic_stage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <thread>

#include "kernel/validator/child.hpp"
#include "kernel/validator/process_state.hpp"
#include "kernel/validator/subject.hpp"

namespace kernel::validator {

namespace json = boost::json;

namespace {

constexpr std::size_t kConfigs = 25;         // random settings, each of both kinds
constexpr std::int64_t kMostFailures = 400;  // host calls that are made to fail, one a life
constexpr int kThreads = 4;
constexpr int kRequestsOfAThread = 25;
constexpr std::size_t kGrowth = 1u << 20;  // bytes that the later half of the cycles may add

const char* const kBodies[] = {"", "{}", R"({"unknown":"member"})", "[1,2,3]", "not JSON", "\xff\xfe"};

/// What a scene works with, inside the child.
struct Scene {
  Subject& subject;
  const loader::Manifest& manifest;
  const json::object& config;
  const DynamicRules& rules;
  const Step& step;

  Script script(Offer offer = Offer::all) const {
    Script s;
    s.offer = offer;
    s.config = config;
    return s;
  }
  std::string live(Script s, const std::function<std::string(FakeHost&)>& body = {}) const {
    FakeHost host(manifest, std::move(s));
    return subject.live(host, step, [&] { return body ? body(host) : std::string(); });
  }
};

/// On a thread of its own, as the host's workers are, which ends before this returns.
std::string on_worker(const std::function<std::string()>& body) {
  std::string fault;
  std::thread([&] { fault = body(); }).join();
  return fault;
}

std::string ask_all(const Scene& scene, FakeHost& host) {
  for (const auto& route : host.routes)
    for (const char* body : kBodies) {
      scene.step("serving " + route.method + " " + route.pattern);
      if (auto fault = ask(host, route, body); !fault.empty()) return fault;
      if (route.method == "GET") break;
    }
  return {};
}

std::string start_alone(const Scene& scene, Offer offer) {
  return scene.live(scene.script(offer));
}

std::string minimal(const Scene& scene) {
  if (auto fault = scene.live(scene.script()); !fault.empty()) return fault;
  const bool starts = scene.subject.refusal().empty();
  if (auto fault = start_alone(scene, Offer::required); !fault.empty()) return fault;
  if (starts && !scene.subject.refusal().empty())
    return "starts only with extensions that its manifest calls optional: " + scene.subject.refusal();
  return {};
}

constexpr const char* kTexts[] = {"", " ", "0", "true", "\xe6\x97\xa5\xe6\x9c\xac", "a\nb", "%s%n", "-1"};
constexpr std::size_t kLongText = 100'000;

/// The first rounds try each text once, so that none depends on luck.
json::value random_value(loader::ConfigType type, std::size_t round, std::mt19937& random) {
  switch (type) {
    case loader::ConfigType::text:
    case loader::ConfigType::url:
      if (round < std::size(kTexts)) return kTexts[round];
      return json::value(std::string(random() % kLongText, 'x'));
    case loader::ConfigType::integer:
      return static_cast<std::int64_t>((std::uint64_t{random()} << 32) | random());
    case loader::ConfigType::boolean:
      return random() % 2 == 0;
    case loader::ConfigType::list: {
      json::array list;
      for (std::size_t i = random() % 5; i > 0; --i) list.emplace_back(kTexts[random() % std::size(kTexts)]);
      return list;
    }
  }
  return nullptr;
}

std::string random_config(const Scene& scene, bool within) {
  std::mt19937 random(within ? 1 : 2);
  for (std::size_t i = 0; i < kConfigs; ++i) {
    auto script = scene.script();
    for (const auto& [name, key] : scene.manifest.config) {
      if (within) {
        auto value = random_value(key.type, i, random);
        if (key.type == loader::ConfigType::url) value = "http://127.0.0.1:9/x";
        if (auto* number = value.if_int64())
          *number = std::clamp(*number, key.min.value_or(*number),
                               std::max(key.min.value_or(*number), key.max.value_or(*number)));
        if (i < std::size(kTexts) || random() % 2) script.config[name] = std::move(value);
      } else if (random() % 4 == 0) {
        script.config.erase(name);
      } else if (random() % 2) {
        script.config[name] = random_value(static_cast<loader::ConfigType>(random() % 5), i, random);
      }
    }
    if (auto fault = scene.live(std::move(script)); !fault.empty())
      return fmt::format("settings {}: {}", i, fault);
    if (!within && scene.manifest.config.empty()) break;
  }
  return {};
}

/// As many lives as a good start makes calls; in each another one fails, and the one after it is good again.
std::string failing_calls(const Scene& scene) {
  std::int64_t calls = 0;
  bool starts = false;
  auto fault = scene.live(scene.script(), [&](FakeHost& host) {
    calls = host.calls;
    starts = true;
    return std::string();
  });
  for (std::int64_t n = 1; fault.empty() && n <= std::min(calls, kMostFailures); ++n) {
    auto script = scene.script();
    script.failing_call = n;
    fault = scene.live(std::move(script));
    if (!fault.empty()) return fmt::format("host call {} of start failed: {}", n, fault);
  }
  if (fault.empty()) fault = scene.live(scene.script());
  if (fault.empty() && starts && !scene.subject.refusal().empty())
    return "after failed starts a good one fails too: " + scene.subject.refusal();
  return fault;
}

/// The same for every request: the calls that start made go by, then one after another fails.
std::string failing_calls_of_requests(const Scene& scene) {
  std::string fault;
  std::int64_t at_start = 0, in_all = 0;
  fault = scene.live(scene.script(), [&](FakeHost& host) {
    at_start = host.calls;
    auto f = on_worker([&] { return ask_all(scene, host); });
    in_all = host.calls;
    return f;
  });
  for (auto n = at_start + 1; fault.empty() && n <= std::min(in_all, at_start + kMostFailures); ++n) {
    auto script = scene.script();
    script.failing_call = n;
    fault = scene.live(std::move(script),
                       [&](FakeHost& host) { return on_worker([&] { return ask_all(scene, host); }); });
  }
  return fault;
}

std::string requests(const Scene& scene, bool cancelled, bool upstreams_answer) {
  auto script = scene.script();
  script.cancelled = cancelled;
  script.upstreams_answer = upstreams_answer;
  return scene.live(std::move(script),
                    [&](FakeHost& host) { return on_worker([&] { return ask_all(scene, host); }); });
}

std::string background(const Scene& scene) {
  return scene.live(scene.script(), [&](FakeHost& host) {
    return on_worker([&]() -> std::string {
      for (const auto& one : host.background) {
        scene.step("running " + one.what);
        auto error = portico_error{};
        error.size = sizeof error;
        const auto status = one.run(&error);
        if (status > 0) return fmt::format("{} answered {}, which means nothing", one.what, status);
      }
      return {};
    });
  });
}

std::string in_parallel(const Scene& scene) {
  return scene.live(scene.script(), [&](FakeHost& host) {
    scene.step("serving requests on several threads");
    std::mutex mutex;
    std::string fault;
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < kRequestsOfAThread; ++i)
          for (const auto& route : host.routes)
            if (auto f = ask(host, route, "{}"); !f.empty()) {
              const std::lock_guard lock(mutex);
              fault = std::move(f);
              return;
            }
      });
    for (auto& thread : threads) thread.join();
    return fault;
  });
}

/// The gate closes while requests run; the last one has left when stop begins.
std::string drain(const Scene& scene) {
  return scene.live(scene.script(), [&](FakeHost& host) {
    scene.step("draining under load");
    std::atomic<bool> closed{false};
    std::atomic<int> served{0};
    std::mutex mutex;
    std::string fault;
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads && !host.routes.empty(); ++t)
      threads.emplace_back([&, t] {
        for (auto i = static_cast<std::size_t>(t); !closed; ++i, ++served)
          if (auto f = ask(host, host.routes[i % host.routes.size()], "{}"); !f.empty()) {
            const std::lock_guard lock(mutex);
            fault = std::move(f);
            closed = true;
          }
      });
    while (!threads.empty() && served < kThreads * kRequestsOfAThread && !closed) std::this_thread::yield();
    closed = true;
    for (auto& thread : threads) thread.join();
    return fault;
  });
}

std::string process_unchanged(const Scene& scene) {
  const auto before = read_process_state();
  auto fault = scene.live(scene.script(),
                          [&](FakeHost& host) { return on_worker([&] { return ask_all(scene, host); }); });
  if (!fault.empty()) return fault;
  // A thread that has been joined may be listed for a moment longer.
  auto changed = differences(before, read_process_state());
  for (int i = 0; i < 1000 && changed.size() == 1 && changed[0].rfind("threads", 0) == 0; ++i) {
    std::this_thread::yield();
    changed = differences(before, read_process_state());
  }
  std::string out;
  for (const auto& one : changed) out += (out.empty() ? "" : "; ") + one;
  return out;
}

/// Unloadable ones are opened and unmapped each time, the others live again in the same image.
std::string reload(const Scene& scene) {
  const bool unloadable = scene.manifest.unload == "unloadable";
  std::size_t half = 0;
  for (int i = 0; i < scene.rules.reload_cycles; ++i) {
    if (unloadable && i > 0)
      if (auto fault = scene.subject.open(); !fault.empty()) return fault;
    auto fault = scene.live(scene.script(),
                            [&](FakeHost& host) { return on_worker([&] { return ask_all(scene, host); }); });
    if (!fault.empty()) return fmt::format("cycle {}: {}", i + 1, fault);
    scene.step("unmapping it");
    if (unloadable && !scene.subject.close())
      return "its manifest calls it unloadable, and something of it pins it: a thread_local with a destructor "
             "that a control call has touched, a GNU-unique symbol, or a thread";
    if (i == scene.rules.reload_cycles / 2) half = private_memory();
  }
  const auto end = private_memory();
  if (end > half + kGrowth)
    return fmt::format("memory grew by {} KB in the later {} of {} cycles", (end - half) / 1024,
                       scene.rules.reload_cycles / 2, scene.rules.reload_cycles);
  return {};
}

/// Nothing else can be said of what fails here.
bool is_base(std::string_view scene) {
  return scene == "open.entry" || scene == "start.minimal_host" || scene == "requests.one_answer";
}

struct Row {
  const char* name;
  const char* wanted;
  const char* mend;
  std::string (*play)(const Scene&);
};

constexpr auto kCatch = "look for what the report names; use the C++ layer, which catches everything";

const Row kScenes[] = {
    {"open.entry", "opens, and its entry keeps the ABI's promises",
     "constructors run at opening: do nothing in them; fill the entry as sdk/include/portico/abi/plugin.h says",
     [](const Scene&) { return std::string(); }},
    {"start.minimal_host", "lives with only the extensions that it requires",
     "ask whether an optional extension is there before using it, or require it", minimal},
    {"start.no_extensions", "a host that offers nothing is refused in order",
     "check what host->extension answers for null",
     [](const Scene& s) { return start_alone(s, Offer::nothing); }},
    {"start.shorter_tables", "tables of an older host are not read past their size",
     "compare a table's size before calling its later functions",
     [](const Scene& s) { return start_alone(s, Offer::shortened); }},
    {"start.longer_tables", "tables of a later host make no difference",
     "do not compare a table's size for equality, and read nothing past what you know",
     [](const Scene& s) {
       auto fault = start_alone(s, Offer::all);
       const bool starts = s.subject.refusal().empty();
       if (fault.empty()) fault = start_alone(s, Offer::lengthened);
       if (fault.empty() && starts && !s.subject.refusal().empty())
         fault = "it does not start: " + s.subject.refusal();
       return fault;
     }},
    {"config.within_schema", "any settings that the schema allows: it starts, or refuses in order",
     "check settings in start and throw a Problem", [](const Scene& s) { return random_config(s, true); }},
    {"config.outside_schema", "settings outside the schema do no harm",
     "check settings in start and throw a Problem", [](const Scene& s) { return random_config(s, false); }},
    {"calls.failing_in_start", "each host call of start may fail; the next start is good",
     "check every status; undo in destroy what start has begun", failing_calls},
    {"requests.one_answer", "every request gets exactly one answer", kCatch,
     [](const Scene& s) { return requests(s, false, false); }},
    {"calls.failing_in_requests", "each host call of a request may fail", "check every status",
     failing_calls_of_requests},
    {"requests.upstreams_answer", "… also when upstreams say something unexpected", kCatch,
     [](const Scene& s) { return requests(s, false, true); }},
    {"requests.cancelled", "… also when its client has gone and its time is over", kCatch,
     [](const Scene& s) { return requests(s, true, false); }},
    {"requests.in_parallel", "requests may come at the same time", "guard what handlers share", in_parallel},
    {"background.runs", "tasks, operations, subscribers and steps end in order, whatever they are given",
     kCatch, background},
    {"drain.under_load", "stops in order after requests have run",
     "keep nothing running that stop does not end", drain},
    {"process.unchanged",
     "leaves signals, folder, locale, environment, threads and descriptors of the process as they were",
     "undo it in stop; threads end before stop returns", process_unchanged},
    {"reload.memory", "keeps no memory from life to life", "free in destroy what create and start have made",
     reload},
};

}  // namespace

void run_dynamic(const std::filesystem::path& file, const loader::Manifest& manifest,
                 const DynamicRules& rules, Report& report) {
  auto config = FakeHost::config_for(manifest);
  for (const auto& [key, value] : rules.settings) config[key] = value;
  std::string failed;  // the scene on which the others build
  for (const auto& row : kScenes) {
    if (!failed.empty()) {
      report.skip("dynamic", row.name, row.wanted, "not played: " + failed + " was refused");
      continue;
    }
    const auto end = run_in_child({}, [&](const Step& step) {
      Subject subject(file);
      step("opening it");
      if (auto fault = subject.open(); !fault.empty()) return fault;
      const auto fault = row.play({subject, manifest, config, rules, step});
      return fault.empty() && !subject.refusal().empty() ? "\x01" + subject.refusal() : fault;
    });
    if (end.kind == ChildEnd::Kind::no_child) {
      report.skip("dynamic", row.name, row.wanted, end.text());
    } else if (end.kind == ChildEnd::Kind::answered && end.answer.empty()) {
      report.pass("dynamic", row.name, row.wanted);
    } else if (end.kind == ChildEnd::Kind::answered && end.answer[0] == '\x01') {
      report.pass("dynamic", row.name, row.wanted, "it refused to start in order: " + end.answer.substr(1));
    } else {
      report.refuse("dynamic", row.name, row.wanted, end.text(), row.mend);
      if (is_base(row.name)) failed = row.name;
    }
  }
}

}  // namespace kernel::validator

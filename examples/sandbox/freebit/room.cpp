// The room's memory and its control API.
#include "examples/sandbox/freebit/room.hpp"

#include <fmt/format.h>

#include <fstream>

#include "examples/sandbox/common/json_fields.hpp"
#include "examples/sandbox/common/text.hpp"

namespace sandbox::freebit {

namespace json = boost::json;

Room::Room(Switches defaults, std::string drop_folder, const Clock& clock, FaultBook& faults,
           StateFile& state)
    : defaults_(std::move(defaults)),
      drop_folder_(std::move(drop_folder)),
      clock_(clock),
      faults_(faults),
      state_(state),
      book_(seed_book(clock.today())),
      switches_(defaults_) {}

void Room::settle() {
  for (const auto& file :
       book_.settle(clock_.now().time_since_epoch().count(), clock_.utc_offset_minutes())) {
    if (drop_folder_.empty()) continue;
    std::ofstream out(drop_folder_ + "/" + file.name, std::ios::binary);
    out << file.text;
  }
}

void Room::mount(Router& router) {
  for (const auto& row : call_table())
    router.add("*", fmt::format("/freebit/emptool/api/{}", row.path),
               [this, &row](const HttpRequest& request) { return answer_call(row, request); });

  router.add("GET", "/control/freebit/switches", [this](const HttpRequest&) { return show_switches(); });
  router.add("PUT", "/control/freebit/switches", [this](const HttpRequest& request) {
    const auto changes = object_of(request.body);
    {
      const std::lock_guard lock(mutex_);
      switches_.update(changes);
    }
    state_.commit();
    return show_switches();
  });
  router.add("GET", "/control/freebit/calls", [this](const HttpRequest& request) {
    auto calls = calls_.list(request.query_value("action"), php_int(request.query_value("since")));
    const auto count = calls.size();
    return json_answer(
        json::object{{"count", count}, {"counters", calls_.counters()}, {"calls", std::move(calls)}});
  });
  router.add("DELETE", "/control/freebit/calls", [this](const HttpRequest&) {
    calls_.clear();
    return json_answer(calls_.counters());
  });
  const auto list = [this](auto member) {
    return [this, member](const HttpRequest&) {
      const std::lock_guard lock(mutex_);
      settle();
      return json_answer(portico::encode(book_.*member));
    };
  };
  router.add("GET", "/control/freebit/jobs", list(&Book::jobs));
  router.add("GET", "/control/freebit/files", list(&Book::files));
  router.add("GET", "/control/freebit/lines", list(&Book::lines));
  router.add("GET", "/control/freebit/lines/{account}", [this](const HttpRequest& request) {
    const std::lock_guard lock(mutex_);
    settle();
    const auto* line = book_.find(request.path_values.at("account"));
    return line == nullptr ? error_answer(404, "no such line") : json_answer(portico::encode(*line));
  });
  router.add("PUT", "/control/freebit/lines/{account}",
             [this](const HttpRequest& request) { return change_line(request); });
}

HttpAnswer Room::show_switches() {
  const std::lock_guard lock(mutex_);
  return json_answer(switches_.to_json());
}

HttpAnswer Room::change_line(const HttpRequest& request) {
  const auto changes = object_of(request.body);
  HttpAnswer answer;
  {
    const std::lock_guard lock(mutex_);
    settle();
    const auto& account = request.path_values.at("account");
    Line line;
    if (const auto* known = book_.find(account)) line = *known;
    auto whole = portico::encode(line).as_object();
    for (const auto& member : changes) whole[member.key()] = member.value();
    whole["account"] = account;
    try {
      line = portico::decode<Line>(whole);
    } catch (const portico::Problem& problem) {
      throw BadRequest(json::serialize(problem.members.at("errors")));
    }
    if (auto* known = book_.find(account))
      *known = line;
    else
      book_.lines.push_back(line);
    answer = json_answer(portico::encode(line));
  }
  state_.commit();
  return answer;
}

json::object Room::summary() {
  const std::lock_guard lock(mutex_);
  json::array lines;
  for (const auto& line : book_.lines)
    lines.push_back(json::object{
        {"account", line.account}, {"kind", line.kind}, {"state", line.state}, {"plan", line.plan}});
  std::size_t open = 0;
  for (const auto& job : book_.jobs) open += job.done ? 0 : 1;
  return {{"path", "/freebit/emptool/api/"},
          {"oemId", switches_.oem_id},
          {"lines", std::move(lines)},
          {"open_jobs", open},
          {"calls", calls_.counters()}};
}

void Room::reset() {
  {
    const std::lock_guard lock(mutex_);
    book_ = seed_book(clock_.today());
    switches_ = defaults_;
  }
  calls_.clear();
  state_.commit();
}

json::object Room::to_json() const {
  const std::lock_guard lock(mutex_);
  return {{"book", portico::encode(book_)}, {"switches", switches_.to_json()}};
}

void Room::restore(const json::object& from) {
  auto book = portico::decode<Book>(from.at("book"));
  const std::lock_guard lock(mutex_);
  book_ = std::move(book);
  switches_.update(from.at("switches").as_object());
  // What the command line says wins over what an earlier run kept.
  switches_.oem_id = defaults_.oem_id;
  switches_.oem_key = defaults_.oem_key;
}

}  // namespace sandbox::freebit

// An Api that answers from a script and notes what it was asked.
#pragma once

#include <catch2/catch.hpp>
#include <deque>
#include <functional>
#include <portico/contract.hpp>
#include <variant>
#include <vector>

#include "client/api.hpp"

namespace whmcs {

class FakeApi final : public Api {
 public:
  using Answer = std::variant<std::string, Refusal, portico::Problem>;  // JSON, or what is thrown
  struct Step {
    std::string action;
    Answer answer;
  };
  struct Asked {
    std::string action;
    Form form;
    Kind kind;
  };

  explicit FakeApi(std::deque<Step> script) : script_(std::move(script)) {}

  std::vector<Asked> asked;
  std::vector<std::string> bad;
  bool done() const { return script_.empty(); }
  std::string actions() const {
    std::string out;
    for (const auto& a : asked) out += (out.empty() ? "" : " ") + a.action;
    return out;
  }

 protected:
  boost::json::object send(std::string_view action, const Form& form, Kind kind) override {
    asked.push_back({std::string(action), form, kind});
    INFO("asked " << actions());
    REQUIRE(!script_.empty());
    auto step = std::move(script_.front());
    script_.pop_front();
    REQUIRE(step.action == action);
    if (auto* refusal = std::get_if<Refusal>(&step.answer)) throw Refusal(*refusal);
    if (auto* problem = std::get_if<portico::Problem>(&step.answer)) throw portico::Problem(*problem);
    return portico::parse_json(std::get<std::string>(step.answer)).as_object();
  }
  portico::Problem bad_reply(std::string_view action, std::string_view what) override {
    bad.push_back(std::string(action) + ": " + std::string(what));
    return portico::Problem(502, "upstream.bad_reply", std::string(what));
  }

 private:
  std::deque<Step> script_;
};

/// The code of the Problem that fn throws; "" when it throws none.
template <class F>
std::string code_of(F&& fn) {
  try {
    fn();
  } catch (const portico::Problem& problem) {
    return std::to_string(problem.status) + " " + problem.code;
  }
  return {};
}

}  // namespace whmcs

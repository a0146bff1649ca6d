// portico.workflows/1: definitions as the host checks them, starts, signals, cancels, and what can be seen.
#include "workflows.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "state.hpp"

namespace portico::testkit {

namespace {

[[noreturn]] void invalid(const std::string& why) {
  throw Problem(422, "plugin.workflow_invalid", why);
}

bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == text.npos;
}

Titled titled(portico_str text, const std::string& of) {
  auto out = decode_text<Titled>(view(text));
  if (out.en.empty() || out.ja.empty()) invalid(of + ": a title needs en and ja");
  return out;
}

std::optional<portico_workflow_action> action_of(const portico_workflow_action* raw,
                                                 const std::string& step) {
  if (!raw) return std::nullopt;
  if (!raw->run) invalid(step + ": an action without run");
  auto out = *raw;
  if (!out.attempts) out.attempts = 12;
  if (!out.backoff_ms) out.backoff_ms = 2000;
  if (!out.backoff_most_ms) out.backoff_most_ms = 3'600'000;
  if (out.backoff_ms < 0 || out.backoff_most_ms < 0 || out.deadline_ms < 0 || out.deadline_ms > 600'000)
    invalid(step + ": a time below 0, or a deadline above 10 minutes");
  return out;
}

portico_status define(const portico_host* host, const portico_workflow* raw, portico_error* error) {
  return registering_call(host, "workflows.define", error, [&](State& s) {
    auto made = std::make_unique<WorkflowKind>();
    made->kind = text_of(raw->kind), made->revision = raw->revision;
    if (!s.manifest.names(s.manifest.workflows, made->kind))
      s.not_in_manifest("workflow " + made->kind, "workflows");
    if (raw->revision < 1) invalid(made->kind + ": the revision is below 1");
    made->title = titled(raw->title, made->kind);
    if (raw->lane.size && !s.manifest.names(s.manifest.lanes, view(raw->lane)))
      s.not_in_manifest("lane " + text_of(raw->lane), "lanes");
    for (std::uint64_t i = 0; i < raw->step_count; ++i) {
      const auto& in = *raw->steps[i];
      WorkflowStepEntry step;
      step.name = text_of(in.name);
      const auto where = made->kind + "." + step.name;
      if (!is_word(step.name)) invalid(where + ": no name of a step");
      for (const auto& other : made->steps)
        if (other.name == step.name) invalid(where + " is there twice");
      step.title = titled(in.title, where);
      if (in.holder.size) step.holder = titled(in.holder, where);
      step.signal = text_of(in.signal), step.wait_ms = in.wait_ms;
      if (!step.signal.empty() && !is_word(step.signal)) invalid(where + ": no name of a signal");
      if (step.wait_ms < 0) invalid(where + ".wait_ms is below 0");
      step.no_return = in.flags & PORTICO_STEP_NO_RETURN;
      step.action = action_of(in.action, where), step.undo = action_of(in.undo, where + ".undo");
      if (!step.action && step.signal.empty() && !step.wait_ms) invalid(where + ": neither runs nor waits");
      made->steps.push_back(std::move(step));
    }
    if (made->steps.empty()) invalid(made->kind + " has no steps");
    for (const auto& other : s.workflow_kinds)
      if (other->kind == made->kind && other->revision == made->revision)
        invalid(made->kind + " is there twice");
    s.registered.workflows.push_back(fmt::format("{}/{}", made->kind, made->revision));
    s.workflow_kinds.push_back(std::move(made));
  });
}

const WorkflowKind* kind_of(const State& s, std::string_view kind, std::uint32_t revision) {
  const WorkflowKind* best = nullptr;
  for (const auto& one : s.workflow_kinds)
    if (one->kind == kind && (revision ? one->revision == revision : !best || one->revision > best->revision))
      best = one.get();
  if (!best) throw Problem(404, "workflows.unknown_kind", std::string(kind));
  return best;
}

portico_status start(const portico_host* host, portico_handle transaction, const portico_workflow_start* raw,
                     portico_buffer* id, portico_error* error) {
  return host_call(host, {"workflows.start", kRequest | kTask}, error, [&](State& s) {
    WorkflowInstance made;
    made.kind = kind_of(s, view(raw->kind), raw->revision);
    made.key = text_of(raw->key), made.user_id = text_of(raw->user_id);
    made.input = raw->input.size ? parse_json(view(raw->input)) : boost::json::value();
    {
      const std::lock_guard lock(s.mutex);
      for (const auto& [other_id, other] : s.workflows) {
        if (made.key.empty() || other.key != made.key || other.kind->kind != made.kind->kind) continue;
        if (other.user_id != made.user_id || other.input != made.input)
          throw Problem(409, "workflows.key_reused", made.key);
        made.id = other_id;
      }
      if (!made.id.empty()) made.kind = nullptr;  // known: nothing to store
      if (made.id.empty()) made.id = fmt::format("00000000-0000-4000-9000-{:012}", ++s.last_workflow);
    }
    const auto text = made.id;
    if (made.kind) {
      made.acts.resize(made.kind->steps.size()), made.undos.resize(made.kind->steps.size());
      s.with_transaction(transaction, "workflows.start", [&s, made = std::move(made)]() mutable {
        const std::lock_guard lock(s.mutex);
        made.created_us = made.updated_us = s.now_locked();
        s.begin_step(s.workflows[made.id] = std::move(made));
      });
    }
    *id = s.lease_text(text, "workflows.start");
  });
}

WorkflowInstance& known(State& s, std::string_view id, std::string_view user_id = {}) {
  const auto it = s.workflows.find(std::string(id));
  if (it == s.workflows.end() || (!user_id.empty() && it->second.user_id != user_id))
    throw Problem(404, "workflows.not_found", std::string(id));
  return it->second;
}

portico_status signal(const portico_host* host, portico_handle transaction, portico_str id, portico_str name,
                      portico_str key, portico_str payload, portico_error* error) {
  return host_call(host, {"workflows.signal", kRequest | kTask}, error, [&](State& s) {
    {
      const std::lock_guard lock(s.mutex);
      if (known(s, view(id)).ended()) throw Problem(409, "workflows.ended");
    }
    auto value = payload.size ? parse_json(view(payload)) : boost::json::value();
    s.with_transaction(transaction, "workflows.signal",
                       [&s, id = text_of(id), name = text_of(name), key = text_of(key), value] {
                         const std::lock_guard lock(s.mutex);
                         s.give_signal(known(s, id), name, key, value);
                       });
  });
}

portico_status cancel(const portico_host* host, portico_handle transaction, portico_str id,
                      portico_error* error) {
  return host_call(host, {"workflows.cancel", kRequest | kTask}, error, [&](State& s) {
    {
      const std::lock_guard lock(s.mutex);
      const auto& instance = known(s, view(id));
      if (instance.cancel_wanted) return;
      if (instance.ended()) throw Problem(409, "workflows.ended");
      if (instance.passed_no_return()) throw Problem(409, "workflows.no_return");
    }
    s.with_transaction(transaction, "workflows.cancel", [&s, id = text_of(id)] {
      const std::lock_guard lock(s.mutex);
      auto& instance = known(s, id);
      instance.cancel_wanted = true;
      if (instance.code.empty()) instance.code = "workflows.cancelled";
    });
  });
}

portico_status state(const portico_host* host, portico_str user_id, portico_str id, portico_buffer* out,
                     portico_error* error) {
  return host_call(host, {"workflows.state", kRequest | kTask}, error, [&](State& s) {
    std::string text;
    {
      const std::lock_guard lock(s.mutex);
      text = encode_text(known(s, view(id), view(user_id)).details(s.manifest.id));
    }
    *out = s.lease_text(std::move(text), "workflows.state");
  });
}

portico_status list(const portico_host* host, portico_str user_id, portico_buffer* out,
                    portico_error* error) {
  return host_call(host, {"workflows.list", kRequest | kTask}, error, [&](State& s) {
    WorkflowList all;
    {
      const std::lock_guard lock(s.mutex);
      for (const auto& [id, instance] : s.workflows)
        if (instance.user_id == view(user_id)) all.items.push_back(instance.details(s.manifest.id));
    }
    std::reverse(all.items.begin(), all.items.end());
    if (all.items.size() > 100) all.items.resize(100);
    *out = s.lease_text(encode_text(all), "workflows.list");
  });
}

portico_status reply(const portico_host* host, portico_handle handle, std::uint32_t outcome, portico_str code,
                     std::int64_t after_ms, portico_str output) {
  return host_call(host, {"workflows.reply", kTask}, nullptr, [&](State& s) -> portico_status {
    const std::lock_guard lock(s.mutex);
    const auto slot = s.step_replies.find(handle);
    if (!slot) {
      s.faults.emplace_back("workflows.reply was given a step that has ended or never was");
      return PORTICO_E_STALE;
    }
    if (slot->given) {
      s.faults.emplace_back("workflows.reply was called twice in one step");
      return PORTICO_E_INVALID;
    }
    constexpr std::int64_t kLongest = std::int64_t{30} * 24 * 3600 * 1000;
    if (outcome == PORTICO_STEP_LATER && (after_ms < 1000 || after_ms > kLongest)) {
      s.faults.emplace_back("workflows.reply: after_ms of LATER is below 1 s or above 30 days");
      return PORTICO_E_INVALID;
    }
    *slot = {true, outcome, text_of(code), after_ms,
             output.size ? parse_json(view(output)) : boost::json::value()};
    return PORTICO_OK;
  });
}

std::string time_text(std::int64_t us) {
  const auto at = std::chrono::floor<std::chrono::seconds>(Time(std::chrono::microseconds(us)));
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day ymd(day);
  const std::chrono::hh_mm_ss clock(at - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(ymd.year()),
                     static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

}  // namespace

std::string rfc3339(std::int64_t us) {
  return time_text(us);
}

WorkflowDetails WorkflowInstance::details(const std::string& plugin) const {
  WorkflowDetails out;
  out.id = id, out.plugin = plugin, out.kind = kind->kind, out.revision = kind->revision,
  out.title = kind->title;
  out.undoing = back, out.created_at = time_text(created_us), out.updated_at = time_text(updated_us);
  if (!code.empty()) out.code = code;
  if (!user_id.empty()) out.user_id = user_id;
  if (!input.is_null()) out.input = input;
  out.state = state;
  if (ended()) {
    out.finished_at = time_text(updated_us), out.holder.kind = HolderKind::nobody;
  } else {
    const auto& current = back ? *undos[at] : acts[at];
    if (state != WorkflowState::attention)
      out.state = current.state == StepState::waiting ? WorkflowState::waiting : WorkflowState::ready;
    out.step = entry().name, out.step_title = entry().title, out.tries = current.tries;
    out.tries_most = action() ? action()->attempts : 0;
    out.holder = {state == WorkflowState::attention     ? HolderKind::staff
                  : current.state != StepState::waiting ? HolderKind::portal
                  : entry().signal.empty()              ? HolderKind::time
                                                        : HolderKind::signal,
                  entry().holder};
    out.can_cancel = !cancel_wanted && !back && !passed_no_return();
    if (due_us) out.next_try = time_text(due_us);
  }
  for (std::size_t i = 0; i < acts.size(); ++i) {
    WorkflowStepState step;
    step.name = kind->steps[i].name, step.title = kind->steps[i].title;
    step.state = acts[i].state, step.tries = acts[i].tries;
    if (undos[i]) step.undo = undos[i]->state;
    if (!acts[i].output.is_null()) step.output = acts[i].output;
    out.steps.push_back(std::move(step));
  }
  out.timeline = timeline;
  return out;
}

const portico_workflows kWorkflows{
    sizeof(portico_workflows), 0, define, start, signal, cancel, state, list, reply};

}  // namespace portico::testkit

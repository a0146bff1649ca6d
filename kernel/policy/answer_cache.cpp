// Stored answers of routes that declare a cache policy: hits leave from the reactor, misses load once.
#include <boost/json.hpp>

#include "kernel/front/compression.hpp"
#include "kernel/policy/handler.hpp"
#include "kernel/policy/pipeline.hpp"
#include "kernel/policy/problem_document.hpp"

namespace kernel::policy {

using loader::CacheScope;
using portico::Problem;

namespace {

/// An answer that is not a 200: it goes to the caller and is not stored.
struct NotStored : Problem {
  explicit NotStored(front::Response answer)
      : Problem(answer.status, "request.not_stored"),
        response(std::make_shared<front::Response>(std::move(answer))) {}
  std::shared_ptr<front::Response> response;
};

std::string key_of(Call& call) {
  const auto& spec = call.route->spec;
  const std::string_view parts[] = {
      "answer:v1:", call.route->plugin->id(),
      ":",          spec.cache == CacheScope::user ? std::string_view(call.principal->user_id) : "",
      ":",          call.language,
      ":",          call.path,
      "?",          call.request().query};
  std::size_t size = 0;
  for (const auto part : parts) size += part.size();
  std::string key;
  key.reserve(size);
  for (const auto part : parts) key.append(part);
  return key;
}

std::vector<std::string> tags_of(Call& call) {
  std::vector<std::string> tags;
  for (auto tag : call.route->spec.tags) {
    for (std::size_t open; (open = tag.find('{')) != std::string::npos;) {
      const auto close = tag.find('}', open);
      if (close == std::string::npos) break;
      const auto name = tag.substr(open + 1, close - open - 1);
      tag.replace(open, close - open + 1,
                  name == "user" ? call.principal->user_id : std::string(call.parameter(name).value_or("")));
    }
    tags.push_back(call.route->plugin->id() + ":" + tag);
  }
  return tags;
}

front::Response from(const Call& call, const cache::Answer& answer) {
  front::Response response;
  if (answer.entry->value.size() > front::kWorthCompressing && front::is_compressible(answer.entry->meta) &&
      call.request().headers.contains("accept-encoding"))
    response.gzipped = answer.entry->derived<std::string>(front::shared_gzip);
  response.shared_body = std::shared_ptr<const std::string>(answer.entry, &answer.entry->value);
  response.headers.add("Content-Type", answer.entry->meta);
  response.headers.add("Cache-Control", "private, no-cache");
  response.headers.add("Age", std::to_string(std::max<std::int64_t>(0, answer.age.count() / 1000)));
  response.headers.add("Portico-Cache", answer.served == cache::Served::hit    ? "hit"
                                        : answer.served == cache::Served::miss ? "miss"
                                                                               : "stale");
  return response;
}

/// Runs the handler of a detached call and turns its answer into something to store.
cache::Loaded load(Call& call) {
  call_handler(call);
  auto response = call.take_captured();
  if (response.status != 200) throw NotStored(std::move(response));
  std::string type = "application/json";
  if (const auto given = response.headers.find("content-type")) type = *given;
  return {std::string(response.content()), type};
}

}  // namespace

Verdict serve_cached(Call& call, MayBlock may_block) {
  const auto& spec = call.route->spec;
  if (spec.cache == CacheScope::none || spec.method != "GET") return Verdict::pass;
  const auto key = key_of(call);
  if (may_block == MayBlock::no) {
    if (const auto hit = call.pipeline.cache.find_local(key)) {
      call.answer(from(call, *hit));
      return Verdict::answered;
    }
    call.question = key;
    return Verdict::later;
  }
  const auto detached = call.detached();
  auto* lane = call.route->plugin->lane(spec.lane);
  const cache::Background background = [lane](std::function<void()> refresh) {
    return lane && lane->post({refresh, [] {}});
  };
  const cache::Loader loader = [detached] {
    const auto fresh = detached->detached();  // each load has an answer of its own
    fresh->deadline = std::max(detached->deadline, Call::Clock::now() + std::chrono::seconds(5));
    return load(*fresh);
  };
  try {
    call.answer(from(
        call, call.pipeline.cache.get_or_load(key, {spec.fresh, spec.revalidate, spec.stale, tags_of(call)},
                                              loader, call.deadline, background)));
  } catch (const NotStored& other) {
    front::Response copy = *other.response;
    call.answer(std::move(copy));
  }
  return Verdict::answered;
}

}  // namespace kernel::policy

// What the metrics page says, and that Prometheus' own checker agrees.
#include "kernel/observe/metrics.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "kernel/observe/process.hpp"

using namespace kernel::observe;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Runs what must stop the process in a child, and tells whether it did.
template <class Function>
bool aborts(Function function) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGABRT, SIG_DFL);  // the test runner's own handler would report a failure
    std::fclose(stderr);
    function();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

}  // namespace

TEST_CASE("the same name and labels give the same metric in any order of labels") {
  Counter& a = counter("portico_test_same_total", "Same.", {{"a", "1"}, {"b", "2"}});
  Counter& b = counter("portico_test_same_total", "Same.", {{"b", "2"}, {"a", "1"}});
  CHECK(&a == &b);
  CHECK(&a != &counter("portico_test_same_total", "Same.", {{"a", "2"}, {"b", "2"}}));
}

TEST_CASE("counters, gauges and histograms are rendered with help and type") {
  counter("portico_test_render_total", "Calls\nmade \\ here.", {{"code", "a\"b\\c\nd"}}).add(3);
  gauge("portico_test_render", "Now.").set(-1.5);
  Histogram& h = histogram("portico_test_render_seconds", "Time.", {{"op", "x"}});
  h.observe(0.001);  // a bound belongs to its bucket
  h.observe(0.3);
  h.observe(99);
  const std::string text = render_metrics();
  CHECK(contains(
      text,
      "# HELP portico_test_render_total Calls\\nmade \\\\ here.\n# TYPE portico_test_render_total counter\n"
      "portico_test_render_total{code=\"a\\\"b\\\\c\\nd\"} 3\n"));
  CHECK(contains(text, "# TYPE portico_test_render gauge\nportico_test_render -1.5\n"));
  CHECK(contains(text, "portico_test_render_seconds_bucket{op=\"x\",le=\"0.001\"} 1\n"));
  CHECK(contains(text, "portico_test_render_seconds_bucket{op=\"x\",le=\"0.25\"} 1\n"));
  CHECK(contains(text, "portico_test_render_seconds_bucket{op=\"x\",le=\"0.5\"} 2\n"));
  CHECK(contains(text, "portico_test_render_seconds_bucket{op=\"x\",le=\"+Inf\"} 3\n"));
  CHECK(contains(text, "portico_test_render_seconds_count{op=\"x\"} 3\n"));
  CHECK(contains(text, "portico_test_render_seconds_sum{op=\"x\"} 99.301\n"));
}

TEST_CASE("beyond 200 label sets of a name the rest share one") {
  for (int i = 0; i < 300; ++i)
    counter("portico_test_many_total", "Many.", {{"id", std::to_string(i)}}).add();
  CHECK(counter("portico_test_many_total", "Many.", {{"overflow", "true"}}).value() == 100);
  CHECK(counter("portico_test_many_total", "Many.", {{"id", "7"}}).value() == 1);
}

TEST_CASE("a long label value is cut between characters") {
  std::string value(127, 'a');
  value += "日本";
  counter("portico_test_cut_total", "Cut.", {{"v", value}}).add();
  CHECK(contains(render_metrics(), "portico_test_cut_total{v=\"" + std::string(127, 'a') + "\"} 1\n"));
}

TEST_CASE("names follow the rules of their kind") {
  CHECK(is_metric_name("portico_x_total", MetricKind::counter));
  CHECK(!is_metric_name("portico_x", MetricKind::counter));
  CHECK(!is_metric_name("x_total", MetricKind::counter));
  CHECK(!is_metric_name("portico_X_total", MetricKind::counter));
  CHECK(!is_metric_name("portico_x ms", MetricKind::gauge));
  CHECK(is_metric_name("portico_x_seconds", MetricKind::histogram));
  CHECK(!is_metric_name("portico_x_ms", MetricKind::histogram));
  gauge("portico_test_taken_seconds", "Taken.");
  CHECK(!is_metric_name("portico_test_taken_seconds", MetricKind::histogram));
  CHECK(aborts([] { histogram("portico_test_taken_seconds", "Taken."); }));
  CHECK(aborts([] { counter("portico_bad", "Bad."); }));
  CHECK(aborts([] { counter("portico_bad_total", "Bad.", {{"Bad Name", "x"}}); }));
}

TEST_CASE("counting from many threads loses nothing") {
  Counter& c = counter("portico_test_threads_total", "Threads.");
  Histogram& h = histogram("portico_test_threads_seconds", "Threads.");
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 1000; ++i) {
          c.add();
          h.observe(1);
        }
      });
    }
  }
  CHECK(c.value() == 4000);
  CHECK(h.sum() == 4000);
}

TEST_CASE("process figures are those of this process") {
  const ProcessFigures before = process_figures();
  CHECK(before.start_time_seconds > 1.6e9);
  CHECK(before.resident_bytes > 1'000'000);
  CHECK(before.virtual_bytes >= before.resident_bytes);
  CHECK(before.threads >= 1);
  CHECK(before.max_fds > 0);
  const int extra = ::dup(0);
  CHECK(process_figures().open_fds == before.open_fds + 1);
  ::close(extra);
}

TEST_CASE("promtool finds nothing to say about the page") {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) {
    WARN("promtool is not installed");
    return;
  }
  gauge("portico_test_promtool", "Odd values.", {{"v", "日本\n"}}).set(1e300);
  histogram("portico_test_promtool_seconds", "Time.").observe(0.2);
  FILE* checker = ::popen("promtool check metrics 2>&1", "w");
  REQUIRE(checker != nullptr);
  const std::string text = render_metrics();
  std::fwrite(text.data(), 1, text.size(), checker);
  CHECK(::pclose(checker) == 0);
}

// The sandbox program: start, say so, wait for the signal to end.
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "examples/sandbox/sandbox.hpp"

namespace {

void write_ready_file(const std::string& path, const std::string& line) {
  const std::string fresh = path + ".new";
  std::ofstream out(fresh);
  out << line;
  out.close();
  if (!out || std::rename(fresh.c_str(), path.c_str()) != 0) throw std::runtime_error("cannot write " + path);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto options = sandbox::read_options({argv + 1, argv + argc});
    if (options.help) {
      fmt::print("{}", sandbox::help_text());
      return 0;
    }
    // Blocked before the first thread starts, so that only sigwait below sees them.
    sigset_t endings;
    sigemptyset(&endings);
    sigaddset(&endings, SIGTERM);
    sigaddset(&endings, SIGINT);
    pthread_sigmask(SIG_BLOCK, &endings, nullptr);
    std::signal(SIGPIPE, SIG_IGN);

    sandbox::Sandbox box(options);
    const std::string line = fmt::format("{{\"http\":{},\"smtp\":{},\"pubsub\":{}}}\n", box.http_port(),
                                         box.smtp_port(), box.pubsub().port());
    if (!options.ready_file.empty()) write_ready_file(options.ready_file, line);
    fmt::print("{}", line);
    std::fflush(stdout);
    int signal = 0;
    sigwait(&endings, &signal);
    box.stop();
    return 0;
  } catch (const std::invalid_argument& problem) {
    fmt::print(stderr, "sandbox: {}\n", problem.what());
    return 2;
  } catch (const std::exception& problem) {
    fmt::print(stderr, "sandbox: {}\n", problem.what());
    return 1;
  }
}

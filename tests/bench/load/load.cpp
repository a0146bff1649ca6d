// Load that wrk cannot make: requests at a constant rate with latency from their due time, and idle
// connections.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

int connect_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    fail("load: connect");
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

void send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) fail("load: send");
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

/// Reads one answer with Content-Length at a time.
class Answer {
 public:
  /// The status once the answer is whole, 0 before; -1 when the connection ended.
  int read(int fd) {
    std::array<char, 64 * 1024> block;
    const ssize_t n = ::recv(fd, block.data(), block.size(), 0);
    if (n <= 0) return -1;
    text_.append(block.data(), static_cast<std::size_t>(n));
    const auto head = text_.find("\r\n\r\n");
    if (head == std::string::npos) return 0;
    const auto length = text_.find("Content-Length: ");
    const std::size_t body = length < head ? std::strtoul(text_.c_str() + length + 16, nullptr, 10) : 0;
    if (text_.size() < head + 4 + body) return 0;
    const int status = std::atoi(text_.c_str() + 9);
    text_.clear();
    return status;
  }

 private:
  std::string text_;
};

std::string request_for(const char* path, int headers, char** header) {
  std::string text = std::string("GET ") + path + " HTTP/1.1\r\nHost: localhost\r\n";
  for (int i = 0; i < headers; ++i) text.append(header[i]).append("\r\n");
  return text + "\r\n";
}

/// Opens COUNT connections, gets one answer on each, says "ready", and holds them until its input ends.
int idle(int argc, char** argv) {
  if (argc != 4) return 2;
  const auto port = static_cast<std::uint16_t>(std::atoi(argv[2]));
  std::vector<int> held;
  for (int i = 0; i < std::atoi(argv[3]); ++i) {
    held.push_back(connect_to(port));
    send_all(held.back(), "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    Answer answer;
    int status = 0;
    while (status == 0) status = answer.read(held.back());
    if (status != 200) {
      std::fprintf(stderr, "load: connection %d was answered %d\n", i, status);
      return 1;
    }
  }
  std::puts("ready");
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  std::size_t alive = 0;
  for (const int fd : held) {
    pollfd p{fd, POLLIN | POLLRDHUP, 0};
    alive += ::poll(&p, 1, 0) == 0;
  }
  std::printf("%zu\n", alive);
  return 0;
}

/// Open loop: a request is due every 1/RATE s whether or not earlier ones have been answered, and its latency
/// counts from then. Prints p50, p90, p99, max and each latency, in µs, as JSON.
int pace(int argc, char** argv) {
  if (argc < 7) return 2;
  const auto port = static_cast<std::uint16_t>(std::atoi(argv[2]));
  const double rate = std::atof(argv[4]);
  const auto total = static_cast<std::size_t>(rate * std::atof(argv[5]));
  const std::string request = request_for(argv[3], argc - 7, argv + 7);
  struct Line {
    Answer answer;
    Clock::time_point due;
    bool busy = false;
  };
  std::vector<Line> lines(static_cast<std::size_t>(std::atoi(argv[6])));
  std::vector<pollfd> polls;
  for (std::size_t i = 0; i < lines.size(); ++i) polls.push_back({connect_to(port), POLLIN, 0});

  std::vector<double> took;
  std::size_t bad = 0, begun = 0;
  std::deque<Clock::time_point> waiting;
  const auto start = Clock::now();
  const auto due_at = [&](std::size_t i) {
    return start + std::chrono::duration_cast<Clock::duration>(
                       std::chrono::duration<double>(static_cast<double>(i) / rate));
  };
  while (took.size() + bad < total) {
    auto now = Clock::now();
    while (begun < total && due_at(begun) <= now) waiting.push_back(due_at(begun++));
    for (std::size_t i = 0; i < lines.size() && !waiting.empty(); ++i) {
      if (lines[i].busy) continue;
      lines[i].busy = true;
      lines[i].due = waiting.front();
      waiting.pop_front();
      send_all(polls[i].fd, request);
    }
    timespec patience{1, 0};
    if (begun < total) {
      const auto left = std::max<std::int64_t>(
          0, std::chrono::duration_cast<std::chrono::nanoseconds>(due_at(begun) - Clock::now()).count());
      patience = {left / 1'000'000'000, left % 1'000'000'000};
    }
    if (::ppoll(polls.data(), polls.size(), &patience, nullptr) <= 0) continue;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (polls[i].revents == 0) continue;
      const int status = lines[i].answer.read(polls[i].fd);
      if (status == 0) continue;
      if (status < 0) {
        std::fprintf(stderr, "load: the server closed a connection\n");
        return 1;
      }
      lines[i].busy = false;
      if (status == 200) {
        took.push_back(std::chrono::duration<double, std::micro>(Clock::now() - lines[i].due).count());
      } else {
        ++bad;
      }
    }
  }
  std::sort(took.begin(), took.end());
  const auto at = [&](double part) {
    return took.empty() ? 0
                        : took[std::min(took.size() - 1,
                                        static_cast<std::size_t>(part * static_cast<double>(took.size())))];
  };
  std::printf(
      "{\"answered\":%zu,\"bad\":%zu,\"p50_us\":%.0f,\"p90_us\":%.0f,\"p99_us\":%.0f,\"max_us\":%.0f,"
      "\"took_us\":[",
      took.size(), bad, at(0.5), at(0.9), at(0.99), at(1));
  for (std::size_t i = 0; i < took.size(); ++i) std::printf(i ? ",%.0f" : "%.0f", took[i]);
  std::printf("]}\n");
  return bad == 0 ? 0 : 1;
}

/// Closed loop over one connection: the bytes of a file, answered, again. Prints the median of five rounds in
/// ns per call; the pauses before the calls are not counted.
int wire(int argc, char** argv) {
  if (argc != 6) return 2;
  std::string request;
  if (std::FILE* file = std::fopen(argv[3], "rb")) {
    for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) request.push_back(static_cast<char>(c));
    std::fclose(file);
  }
  const int calls = std::atoi(argv[4]);
  const std::chrono::milliseconds pause(std::atoi(argv[5]));
  const int fd = connect_to(static_cast<std::uint16_t>(std::atoi(argv[2])));
  Answer answer;
  std::vector<double> rounds;
  for (int round = 0; round < 5; ++round) {
    Clock::duration took{};
    for (int i = 0; i < calls; ++i) {
      if (pause.count() > 0) std::this_thread::sleep_for(pause);  // on purpose: the calls are this far apart
      const auto begun = Clock::now();
      send_all(fd, request);
      int status = 0;
      while (status == 0) status = answer.read(fd);
      if (status != 200) {
        std::fprintf(stderr, "load: the call was answered with %d\n", status);
        return 1;
      }
      took += Clock::now() - begun;
    }
    rounds.push_back(std::chrono::duration<double, std::nano>(took).count() / calls);
  }
  std::sort(rounds.begin(), rounds.end());
  std::printf("%.0f\n", rounds[rounds.size() / 2]);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  int status = 2;
  if (argc > 1 && std::strcmp(argv[1], "idle") == 0) status = idle(argc, argv);
  if (argc > 1 && std::strcmp(argv[1], "pace") == 0) status = pace(argc, argv);
  if (argc > 1 && std::strcmp(argv[1], "wire") == 0) status = wire(argc, argv);
  if (status == 2)
    std::fprintf(
        stderr,
        "usage: load idle PORT COUNT\n       load pace PORT PATH RATE SECONDS CONNECTIONS [HEADER]…\n"
        "       load wire PORT FILE CALLS PAUSE_MS\n");
  return status;
}

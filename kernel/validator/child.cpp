// fork, limits, a pipe for what the child says, and an end for every child.
#include "kernel/validator/child.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace kernel::validator {

namespace {

constexpr char kStep = 'S', kAnswer = 'A';  // first byte of a message; a NUL ends it
constexpr std::size_t kMostText = 4u << 20;
constexpr rlim_t kLargestFile = 256u << 20;  // bytes a child may write into one file

void write_message(int fd, char kind, const std::string& text) {
  const std::string message = kind + text + '\0';
  for (std::size_t done = 0; done < message.size();) {
    const auto n = ::write(fd, message.data() + done, message.size() - done);
    if (n <= 0) return;
    done += static_cast<std::size_t>(n);
  }
}

void limit(int what, rlim_t value) {
  const rlimit both{value, value};
  ::setrlimit(static_cast<__rlimit_resource>(what), &both);
}

void confine(const ChildLimits& limits) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setsid();
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  limit(RLIMIT_AS, limits.memory);
#endif
  limit(RLIMIT_CPU, limits.cpu_s);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_FSIZE, kLargestFile);
  // What the machine does not allow is left as it is. A user namespace would take root's rights away.
  if (::unshare(CLONE_NEWNET) != 0) (void)::unshare(CLONE_NEWUSER | CLONE_NEWNET);
  ::prctl(PR_SET_DUMPABLE, 1);  // or the child could not read its own state under /proc
  if (const int null = ::open("/dev/null", O_RDWR); null >= 0) {
    for (int fd = 0; fd < 3; ++fd) ::dup2(null, fd);
    if (null > 2) ::close(null);
  }
}

[[noreturn]] void be_child(int out, const ChildLimits& limits,
                           const std::function<std::string(const Step&)>& body) {
  confine(limits);
  try {
    const auto answer = body([out](const std::string& step) { write_message(out, kStep, step); });
    write_message(out, kAnswer, answer);
  } catch (const std::exception& e) {
    write_message(out, kAnswer, std::string("it threw: ") + e.what());
  }
  ::_exit(0);
}

/// Takes whole messages off the front.
void take_messages(std::string& bytes, ChildEnd& end) {
  for (std::size_t nul; (nul = bytes.find('\0')) != std::string::npos; bytes.erase(0, nul + 1)) {
    if (bytes[0] == kStep) end.step = bytes.substr(1, nul - 1);
    if (bytes[0] == kAnswer) {
      end.kind = ChildEnd::Kind::answered;
      end.answer = bytes.substr(1, nul - 1);
    }
  }
}

}  // namespace

std::string ChildEnd::text() const {
  const auto where = step.empty() ? std::string() : " while " + step;
  switch (kind) {
    case Kind::answered:
      return answer;
    case Kind::crashed:
      return fmt::format("killed by SIG{}{}", ::sigabbrev_np(signal) ? ::sigabbrev_np(signal) : "?", where);
    case Kind::left:
      return fmt::format("it ended the process with status {}{}", status, where);
    case Kind::too_slow:
      return "did not end in time" + where;
    case Kind::no_child:
      return "no process could be made for it";
  }
  return {};
}

ChildEnd run_in_child(const ChildLimits& limits, const std::function<std::string(const Step&)>& body) {
  ChildEnd end;
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) return end;
  const auto child = ::fork();
  if (child == 0) {
    ::close(pipe[0]);
    be_child(pipe[1], limits, body);
  }
  ::close(pipe[1]);
  if (child < 0) {
    ::close(pipe[0]);
    return end;
  }
  const auto until = std::chrono::steady_clock::now() + limits.time;
  std::string bytes;
  bool open = true;
  while (open && end.kind != ChildEnd::Kind::answered && bytes.size() < kMostText) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now())
            .count();
    pollfd wait{pipe[0], POLLIN, 0};
    if (left <= 0 || ::poll(&wait, 1, static_cast<int>(left)) == 0) {
      end.kind = ChildEnd::Kind::too_slow;
      break;
    }
    char block[65536];
    const auto n = ::read(pipe[0], block, sizeof block);
    open = n > 0;
    if (n > 0) bytes.append(block, static_cast<std::size_t>(n));
    take_messages(bytes, end);
  }
  ::close(pipe[0]);
  // Who has answered or is too slow is of no further use; and whatever it has started goes with it.
  const bool by_us = end.kind != ChildEnd::Kind::no_child;
  if (by_us) ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  ::kill(-child, SIGKILL);
  if (by_us) return end;
  end.kind = WIFSIGNALED(status) ? ChildEnd::Kind::crashed : ChildEnd::Kind::left;
  end.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  end.status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  return end;
}

}  // namespace kernel::validator

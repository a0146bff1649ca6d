// Files that ended a process are not run again: blocked by their content, until somebody releases them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace kernel::loader {

struct Quarantined {
  std::string sha256, plugin, reason;
  std::string at;  // RFC 3339, UTC
};

/// A folder that hosts of one machine may share; thread-safe, and safe between processes.
///
///   <sha256>.json      a blocked file, and why
///   scanned/<sha256>   a file that a child process has opened without harm
///   starting/<name>    what a host is starting now: locked by it, gone when the step is over
///   suspect/<sha256>   a host ended while starting it, and nobody knows of what
class Quarantine {
 public:
  explicit Quarantine(std::filesystem::path folder);

  /// Says that something risky begins; whatever ends the process leaves it behind. Ends with the object. At
  /// most one a thread.
  class Mark {
   public:
    Mark(const Quarantine& quarantine, std::string sha256, const std::string& plugin);
    ~Mark();
    Mark(const Mark&) = delete;
    Mark& operator=(const Mark&) = delete;

    /// It runs: what was suspected is forgotten.
    void survived();

   private:
    const Quarantine& quarantine_;
    const std::string sha256_;
    std::filesystem::path file_;
    int fd_ = -1;
  };

  /// Turns marks that ended hosts have left behind into entries. A host that was ended by a signal of its own
  /// doing (SIGSEGV, SIGABRT, …) on the thread that made the mark is proof; anything else — it was killed,
  /// the machine stopped, the file called exit — is only suspected the first time and blocked the second.
  ///
  /// returns   what is blocked now and was not before
  std::vector<Quarantined> take_over_marks() const;

  std::optional<Quarantined> find(const std::string& sha256) const;
  void block(const std::string& sha256, const std::string& plugin, const std::string& reason) const;
  /// By at least the first eight digits. returns  the hash; nothing where none or several begin so
  std::optional<std::string> release(const std::string& prefix) const;
  std::vector<Quarantined> list() const;

  /// Runs "PROGRAM plugin scan FILE" for a file that was never seen before, and remembers what is fine.
  ///
  /// errors    422 plugin.quarantined, when it was or now is; 422 plugin.cannot_open, when it says so itself
  void admit(const std::filesystem::path& file, const std::string& sha256, const std::string& plugin,
             const std::filesystem::path& program) const;

 private:
  std::filesystem::path entry(const std::string& sha256) const { return folder_ / (sha256 + ".json"); }

  std::filesystem::path folder_;
};

}  // namespace kernel::loader

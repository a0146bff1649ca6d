// Who holds a lease, so that the next process on the same machine can tell a dead holder from a slow one.
#pragma once

#include <string>
#include <string_view>

namespace auth {

/// "<boot>/<pid namespace>/<pid>/<start time>" of this process. source  proc(5)
std::string this_process();

/// Whether the process the text names is certainly gone. False for another machine, container or unknown
/// text: then only the end of the lease helps.
bool is_gone(std::string_view owner);

}  // namespace auth

// What a reload did, for whoever asked for it.
#pragma once

#include <boost/describe/class.hpp>
#include <string>
#include <vector>

namespace kernel::commands {

struct Changes {
  std::vector<std::string> started, replaced, stopped, kept;  // ids
  std::vector<std::string> still_draining;                    // ids of instances that hold something yet
  std::vector<std::string> at_next_start;  // keys of the host that changed: they need a start
};
BOOST_DESCRIBE_STRUCT(Changes, (), (started, replaced, stopped, kept, still_draining, at_next_start))

}  // namespace kernel::commands

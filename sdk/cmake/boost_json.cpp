// The one compile of Boost.JSON; Debian's archive is not position independent.
#include <boost/json/src.hpp>

// The headers nearly every file needs, compiled once.
#pragma once
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <boost/describe.hpp>
#include <boost/json.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

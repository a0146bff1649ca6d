// The one compile of the test runner's main.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>

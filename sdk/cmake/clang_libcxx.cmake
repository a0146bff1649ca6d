# Toolchain file for plugins built by clang with libc++, which the plugin then carries: cmake -DCMAKE_TOOLCHAIN_FILE=…/clang_libcxx.cmake
set(CMAKE_C_COMPILER clang)
set(CMAKE_CXX_COMPILER clang++)
set(CMAKE_CXX_FLAGS_INIT "-stdlib=libc++")

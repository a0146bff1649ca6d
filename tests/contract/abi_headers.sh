#!/bin/sh
# Each header of the C ABI compiles alone, as C11 and as C++20, with every compiler that is here.
set -u
folder=$1
passed=0 failed=0
for header in "$folder"/*.h; do
  for compiler in gcc clang; do
    command -v $compiler >/dev/null || continue
    for mode in 'c -std=c11' 'c++ -std=c++20'; do
      # shellcheck disable=SC2086 # language and standard are two words
      if $compiler -x $mode -Wall -Wextra -Wpedantic -Werror -fsyntax-only "$header"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
    done
  done
done
printf '%d passed, %d failed\n' $passed $failed
[ $failed -eq 0 ] && [ $passed -gt 0 ]

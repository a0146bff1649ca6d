# ./dev lint, format and docs: what looks at the tree without running the portal.
# shellcheck shell=bash

# The project's own C and C++ files, also those git does not know yet.
native_sources() {
  git -C "$ROOT" ls-files -co --exclude-standard -- '*.c' '*.h' '*.cpp' '*.hpp' |
    while read -r file; do [ -f "$ROOT/$file" ] && printf '%s\n' "$file"; done
}

shell_sources() {
  (cd "$ROOT" && grep -lE '^#!.*\b(ba)?sh\b' dev .ci/run config/dev/* tests/*/run 2>/dev/null
  git -C "$ROOT" ls-files -co --exclude-standard -- '*.sh') | sort -u
}

format_check() { cd "$ROOT" && native_sources | xargs -r clang-format --dry-run --Werror --ferror-limit=3; }
format_write() { cd "$ROOT" && native_sources | xargs -r clang-format -i; }
check_shell() { cd "$ROOT" && shell_sources | xargs -r shellcheck -x -S warning -e SC2034,SC2154,SC2174; } # the pieces share variables

# clang-tidy reads a compile database of its own: gcc's precompiled header would stop it.
check_tidy() {
  local dir="$ROOT/build/lint"
  cd "$ROOT" || return
  cmake --preset dev -B "$dir" -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON >"$dir.configure.log" 2>&1 || { cat "$dir.configure.log"; return 1; }
  python3 "$ROOT/config/dev/tidy.py" "$dir" "$(build_jobs)" "$@"
}

web_has() { [ -f "$ROOT/sdk/web/package.json" ] && grep -q "\"$1\":" "$ROOT/sdk/web/package.json"; }

cmd_lint() {
  local failed=0
  [ $# -eq 0 ] || unknown "$1"
  mkdir -p "$ROOT/build"
  step "C++ formatting" "./dev format" format_check || failed=1
  step "shell scripts" "shellcheck names a page for each finding" check_shell || failed=1
  step "rules of the tree (tests/arch)" "each line says which rule and where" "$ROOT/tests/arch/run" || failed=1
  if web_has lint; then
    use_node || die "no Node $kNodeVersion or later" "run ./dev setup"
    step "web lint and formatting" "./dev format mends what can be mended by itself" web_script lint || failed=1
    if web_has typecheck; then step "web types" "" web_script typecheck || failed=1; fi
  fi
  step "clang-tidy" "mend it, or disable one check for one line with a reason" check_tidy || failed=1
  if [ $failed = 0 ]; then say "Clean."; else exit 1; fi
}

cmd_format() {
  case ${1:-} in
    --check)
      step "C++ formatting" "./dev format" format_check || exit 1
      if web_has lint; then use_node && { step "web formatting" "./dev format" web_script lint || exit 1; }; fi
      ;;
    '')
      step "C++ formatting" "" format_write || exit 1
      if web_has format; then use_node && { step "web formatting" "" web_script format || exit 1; }; fi
      ;;
    *) unknown "$1" ;;
  esac
}

cmd_docs() {
  case ${1:-} in
    --write) step "reference of the C ABI" "" python3 "$ROOT/config/dev/reference.py" --write || exit 1 ;;
    '') ;;
    *) unknown "$1" ;;
  esac
  step "links and excerpts of the docs" "each line says which page and what it names" "$ROOT/tests/arch/run" docs || exit 1
}

"""Runs clang-tidy over the sources whose text, or a project header they include, changed since they were last clean.

`tidy.py BUILD_DIR JOBS [FILE …]`: the compile database stands in BUILD_DIR; so do the stamps of clean files.
"""

import concurrent.futures
import hashlib
import json
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ROOMS = ("kernel", "sdk", "plugins", "examples")
INCLUDE = re.compile(rb'^\s*#\s*include\s+[<"]([^>"]+)[>"]', re.MULTILINE)
# A test says `using namespace` of what it tests, reads its environment before it has threads, starts threads in loops, and
# its doubles throw copies of the failure they were given.
NOT_IN_TESTS = "-google-build-using-namespace,-concurrency-mt-unsafe,-performance-inefficient-vector-operation,-cert-err60-cpp"
texts = {}


def text_of(path):
    if path not in texts:
        with open(path, "rb") as file:
            texts[path] = file.read()
    return texts[path]


def closure(path, folders, seen):
    """Adds to `seen` the project files that `path` includes, however deep."""
    if path in seen:
        return
    seen.add(path)
    for name in INCLUDE.findall(text_of(path)):
        for folder in [os.path.dirname(path), *folders]:
            found = os.path.normpath(os.path.join(folder, name.decode("utf-8", "replace")))
            if found.startswith(ROOT + os.sep) and os.path.isfile(found):
                closure(found, folders, seen)
                break


def fingerprint(path):
    seen = set()
    closure(path, [ROOT, os.path.join(ROOT, "sdk/include"), os.path.join(ROOT, "sdk/testkit")], seen)
    digest = hashlib.sha256(text_of(os.path.join(ROOT, ".clang-tidy")))
    for name in sorted(seen):
        digest.update(name.encode() + b"\0" + text_of(name) + b"\0")
    return digest.hexdigest()


def tidy(build, path):
    checks = [f"--checks={NOT_IN_TESTS}"] if "/tests/" in path else []
    done = subprocess.run(
        ["clang-tidy", "--quiet", *checks, "-p", build, "--extra-arg=-Wno-unknown-warning-option", "--extra-arg=-Wno-ignored-optimization-argument", path],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    return done.returncode, done.stdout


def main():
    build, jobs, only = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        known = sorted({os.path.join(entry["directory"], entry["file"]) for entry in json.load(file)})
    stamps = os.path.join(build, "tidy")
    os.makedirs(stamps, exist_ok=True)
    work = []
    for path in known:
        name = os.path.relpath(path, ROOT)
        if not name.startswith(tuple(room + os.sep for room in ROOMS)) or (only and name not in only):
            continue
        stamp = os.path.join(stamps, fingerprint(path))
        if not os.path.exists(stamp):
            work.append((path, stamp))
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        runs = {pool.submit(tidy, build, path): (path, stamp) for path, stamp in work}
        for number, run in enumerate(concurrent.futures.as_completed(runs), 1):
            path, stamp = runs[run]
            status, output = run.result()
            print(f"[{number}/{len(work)}] {os.path.relpath(path, ROOT)}", flush=True)
            if status == 0:
                open(stamp, "w", encoding="utf-8").close()
            else:
                bad += 1
                print(output, flush=True)
    print(f"{len(work)} files read, {bad} with findings")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

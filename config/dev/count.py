"""Counts what a test program said it ran: `count.py LOG EXIT_STATUS` prints "PASSED FAILED".

Knows a plain "N passed, M failed" line, Catch2, vitest and node:test; anything else counts as one test by its status.
A program that failed without naming a failure, or that ran nothing, counts as one failure.
"""

import re
import sys


def last(pattern, text):
    found = re.findall(pattern, text, re.MULTILINE)
    return found[-1] if found else None


def catch2(text):
    passed = failed = 0
    seen = False
    for count in re.findall(r"All tests passed \(\d+ assertions? in (\d+) test cases?\)", text):
        passed, seen = passed + int(count), True
    for line in re.findall(r"^test cases: .*$", text, re.MULTILINE):
        number = lambda word: int((re.search(r"(\d+) " + word, line) or [0, 0])[1])
        passed, failed, seen = passed + number("passed"), failed + number("failed(?! as expected)"), True
    if re.search(r"^No tests ran", text, re.MULTILINE):
        seen = True
    return (passed, failed) if seen else None


def vitest(text):
    line = last(r"^\s*Tests\s+(.*\(\d+\))\s*$", text)
    if line is None:
        return None
    number = lambda word: int((re.search(r"(\d+) " + word, line) or [0, 0])[1])
    return number("passed"), number("failed")


def node(text):
    passed, failed = last(r"^(?:#|ℹ) pass (\d+)$", text), last(r"^(?:#|ℹ) fail (\d+)$", text)
    return None if passed is None or failed is None else (int(passed), int(failed))


def plain(text):
    line = last(r"^(\d+) passed, (\d+) failed(?:, \d+ skipped)?$", text)
    return None if line is None else (int(line[0]), int(line[1]))


def count(text, status):
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).replace("\r", "")
    text = re.sub(r"^\d+: ", "", text, flags=re.MULTILINE)  # ctest's prefix
    for reader in (plain, catch2, vitest, node):
        found = reader(text)
        if found is not None:
            break
    else:
        found = (1, 0) if status == 0 else (0, 1)
    passed, failed = found
    if failed == 0 and (status != 0 or passed == 0):
        failed = 1
    return passed, failed


def self_test():
    cases = [
        ("1: All tests passed (12 assertions in 3 test cases)\n", 0, (3, 0)),
        ("1: test cases: 5 | 3 passed | 2 failed\n1: assertions: 9 | 7 passed | 2 failed\n", 8, (3, 2)),
        ("test cases: 2 | 1 passed | 1 failed as expected\n", 0, (1, 0)),
        ("No tests ran\n", 0, (0, 1)),
        ("\x1b[2m      Tests \x1b[22m \x1b[31m1 failed\x1b[39m | 10 passed (11)\n", 1, (10, 1)),
        ("      Tests  4 passed (4)\n", 1, (4, 1)),
        ("ℹ tests 3\nℹ pass 2\nℹ fail 1\n", 1, (2, 1)),
        ("a line\n7 passed, 0 failed\n", 0, (7, 0)),
        ("7 passed, 0 failed\n", 139, (7, 1)),
        ("nothing known\n", 0, (1, 0)),
        ("nothing known\n", 3, (0, 1)),
    ]
    wrong = [(case, count(case[0], case[1])) for case in cases if count(case[0], case[1]) != case[2]]
    for case, got in wrong:
        print("expected", case[2], "got", got, "for", repr(case[0]))
    print(f"{len(cases) - len(wrong)} passed, {len(wrong)} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--self-test"]:
        sys.exit(self_test())
    with open(sys.argv[1], encoding="utf-8", errors="replace") as log:
        print(*count(log.read(), int(sys.argv[2])))

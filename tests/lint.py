#!/usr/bin/python3
"""What the compiler cannot hold up: the layers, the layout of the tree, and plain tidiness.

Each check is a test; the output is TAP, as that of every other test program. Only files that git
knows are looked at, so that scratch files disturb nobody.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

FOLDERS = ("cmd", "imap", "mime", "classify", "store", "migrations", "etc", "tests")
TOP_LEVEL = {"Makefile", "README.md", "LICENSE", *FOLDERS}

# Who may include which headers of a library; the Makefile says which layer uses which library.
LIBRARY_HEADERS = {
    "libetpan": r"libetpan/.*",
    "libhs": r"hs(/.*|\.h)",
    "nettle": r"nettle/.*",
    "libidn2": r"idn2\.h",
    "libcurl": r"curl/.*",
    "libpq": r"libpq-(fe|events)\.h|libpq/.*|postgres_ext\.h|pg_config.*",
    "jansson": r"jansson.*",
    "libconfuse": r"confuse\.h",
    "libseccomp": r"seccomp\.h",
    "libsystemd": r"systemd/sd-\w+\.h",
    "cmocka": r"cmocka.*",
}
SYSTEM_HEADERS = re.compile(
    r"(arpa|linux|net|netinet|sanitizer|sys)/\w+\.h|"
    r"(assert|ctype|dirent|endian|errno|fcntl|float|fnmatch|getopt|glob|grp|iconv|inttypes|"
    r"langinfo|limits|locale|malloc|math|netdb|poll|pthread|pwd|regex|sched|setjmp|signal|spawn|"
    r"stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdio_ext|stdlib|stdnoreturn|string|"
    r"strings|syslog|termios|threads|time|uchar|unistd|wchar|wctype)\.h"
)
# Beside what the Makefile links: data that needs no code of the other layer.
ALSO_INCLUDES = {"classify": {"mime/report.h"}}

# Only cmd/ logs, reads the environment, forks and exits.
ONLY_IN_CMD = re.compile(
    r"\b(exit|_exit|_Exit|quick_exit|abort|getenv|secure_getenv|setenv|fork|vfork|execl\w*|"
    r"execv\w*|posix_spawn\w*|system|popen|printf|vprintf|puts|putchar|perror|syslog|signal|"
    r"sigaction)\s*\(|\b(stdout|stderr|environ)\b"
)
# The same bytes give the same answer every time: no clock, no files, no network.
PURE_LAYERS = ("mime", "classify")
IMPURE = re.compile(
    r"\b(time|clock|clock_gettime|gettimeofday|rand|random|open|openat|fopen|freopen|opendir|stat|"
    r"socket|connect|getaddrinfo|setlocale|localtime\w*|mktime)\s*\("
)

LINES_WARN, LINES_FAIL = 400, 600
COLUMNS = 100

Findings = Iterator[str]


def tracked(*patterns: str) -> list[str]:
    """Files that git knows and that are there, as paths from the root."""
    command = ["git", "ls-files", "-z", "--", *patterns]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return sorted(name for name in names.split("\0") if name and (ROOT / name).is_file())


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8", errors="replace")


def makefile_variables() -> dict[str, list[str]]:
    """The words of the plain assignments in the Makefile, which has the table of layers."""
    text = read("Makefile").replace("\\\n", " ")
    return {name: words.split() for name, words in re.findall(r"(?m)^(\w+) :=(.*)$", text)}


def layer_of(name: str, folders: dict[str, str]) -> str | None:
    """The layer whose code or unit test a file is."""
    folder = str(Path(name).parent)
    if folder.startswith("tests/unit/"):
        return Path(folder).name
    return folders.get(folder)


def includes(name: str) -> Iterator[tuple[int, str, str]]:
    """Line, kind of quote and header of each include."""
    for number, line in enumerate(read(name).splitlines(), 1):
        found = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if found:
            yield number, found[1], found[2]


def code_of(name: str) -> str:
    """A C file with comments and string literals blanked, its lines kept."""
    pattern = r'/\*.*?\*/|//[^\n]*|"(\\.|[^"\\\n])*"|\'(\\.|[^\'\\\n])*\''
    return re.sub(pattern, lambda m: "\n" * m[0].count("\n"), read(name), flags=re.S)


def layers_include_only_what_they_may() -> Findings:
    variables = makefile_variables()
    layers = variables["LAYERS"]
    folders = {variables[f"DIR_{layer}"][0]: layer for layer in layers}
    for name in tracked("*.c", "*.h"):
        layer = layer_of(name, folders)
        if layer is None:
            continue
        may = {layer, *variables[f"USES_{layer}"]}
        for number, quote, header in includes(name):
            if quote == "<":
                continue
            # A file beside it, by its name alone or from the top.
            if Path(header).parent in (Path("."), Path(name).parent):
                continue
            other = folders.get(str(Path(header).parent))
            if other not in may and header not in ALSO_INCLUDES.get(layer, ()):
                yield f"{name}:{number}: {layer} must not include {header}"


def libraries_stay_in_their_layer() -> Findings:
    variables = makefile_variables()
    folders = {variables[f"DIR_{layer}"][0]: layer for layer in variables["LAYERS"]}
    for name in tracked("*.c", "*.h"):
        layer = layer_of(name, folders)
        if layer is None:
            continue
        libraries = [*variables[f"PKG_{layer}"]]
        if name.startswith("tests/"):
            libraries.append("cmocka")
        for number, quote, header in includes(name):
            if quote != "<" or SYSTEM_HEADERS.fullmatch(header):
                continue
            if not any(re.fullmatch(LIBRARY_HEADERS[library], header) for library in libraries):
                yield f"{name}:{number}: <{header}> does not belong into {layer}"


def only_cmd_logs_forks_and_exits() -> Findings:
    yield from _calls(("mime", "classify", "imap", "store"), ONLY_IN_CMD, "belongs into cmd/")


def mime_and_classify_are_pure() -> Findings:
    yield from _calls(PURE_LAYERS, IMPURE, "asks the world outside")


def _calls(layers: tuple[str, ...], pattern: re.Pattern[str], why: str) -> Findings:
    for name in tracked(*(f"{layer}/*.[ch]" for layer in layers)):
        for number, line in enumerate(code_of(name).splitlines(), 1):
            found = pattern.search(line)
            if found:
                yield f"{name}:{number}: {found[0].rstrip('( ')} {why}"


def nothing_new_at_the_top() -> Findings:
    for top in sorted({name.split("/")[0] for name in tracked()}):
        if top not in TOP_LEVEL and not top.startswith("."):
            yield f"{top}: the top level has {', '.join(sorted(TOP_LEVEL))}"


def c_is_laid_out_by_clang_format() -> Findings:
    command = ["clang-format", "--dry-run", "-Werror", *tracked("*.c", "*.h")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        found = dict.fromkeys(re.findall(r"(?m)^([^:\n]+:\d+):\d+: error", done.stderr))
        yield from found or [done.stderr]
        yield "make format lays them out"


def clang_has_no_complaint() -> Findings:
    variables = makefile_variables()
    libraries = {library for layer in variables["LAYERS"] for library in variables[f"PKG_{layer}"]}
    flags = subprocess.run(
        ["pkg-config", "--cflags", "cmocka", *sorted(libraries)],
        check=True, capture_output=True, text=True,
    ).stdout.replace("-I", "-isystem").split()  # fmt: skip
    command = ["clang", "-std=c11", "-D_GNU_SOURCE", '-DVERSION="lint"', "-I.", "-fsyntax-only"]
    command += [*variables["WARNINGS"], *flags, "-x", "c"]

    def complaint(name: str) -> str:
        # That a header compiles alone shows that it includes what it needs.
        alone = ["-Wno-unused-function", "-", "-include", name]
        source = alone if name.endswith(".h") else [name]
        done = subprocess.run(
            command + source, cwd=ROOT, input="typedef int lint_not_empty;\n",
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.stderr

    with ThreadPoolExecutor(2) as pool:
        yield from filter(None, pool.map(complaint, tracked("*.c", "*.h")))


def files_stay_short() -> Findings:
    for name in tracked("*.c", "*.h", "*.py", "*.sh"):
        lines = read(name).count("\n")
        if lines > LINES_FAIL:
            yield f"{name}: {lines} lines; one concept a file, and {LINES_FAIL} at most"
        elif lines > LINES_WARN:
            print(f"# warning: {name} has {lines} lines (aim for {LINES_WARN})")


def no_paths_of_somebodys_machine() -> Findings:
    pattern = re.compile(r"(?<![\w.~/-])/(home|Users|root|work)/\w+\b(?!@)")
    for name in tracked():
        for number, line in enumerate(read(name).splitlines(), 1):
            found = pattern.search(line)
            if found and name != "tests/lint.py":
                yield f"{name}:{number}: {line.strip()}"


def text_is_tidy() -> Findings:
    suffixes = ("c", "h", "py", "sh", "md", "conf", "rules", "sql")
    for name in tracked("Makefile", ".ci/run", *(f"*.{suffix}" for suffix in suffixes)):
        text = read(name)
        if text and not text.endswith("\n"):
            yield f"{name}: no line end at the end"
        for number, line in enumerate(text.split("\n"), 1):
            if line != line.rstrip():
                yield f"{name}:{number}: white space at the end of the line"
            if len(line) > COLUMNS and name.endswith((".py", ".sh")):
                yield f"{name}:{number}: more than {COLUMNS} columns"


def migrations_are_numbered_without_gaps() -> Findings:
    for expected, name in enumerate(tracked("migrations/*.sql"), 1):
        number = re.match(r"(\d+)", Path(name).name)
        if not number or int(number[1]) != expected:
            yield f"{name}: number {expected} is expected here"


def the_debian_package_is_built_with_what_the_makefile_lists() -> Findings:
    packages = " ".join(makefile_variables()["PACKAGES"])
    listed = set(re.findall(r"lib\S+-dev|nettle-dev|pkg-config", packages))
    listed.discard("libcmocka-dev")
    fields = read("etc/debian/control").partition("Standards-Version")[0]
    needed = set(re.findall(r"(?m)^ ([\w.+-]+)", fields))
    for package in sorted(listed ^ needed):
        yield f"{package}: in only one of the Makefile's PACKAGES and etc/debian/control"


def scripts_have_no_syntax_errors() -> Findings:
    for name in tracked("*.py"):
        try:
            ast.parse(read(name), name)
        except SyntaxError as error:
            yield f"{name}:{error.lineno}: {error.msg}"
    for name in tracked():
        first = read(name).partition("\n")[0]
        shell = re.match(r"#!\s*(?:/usr/bin/env |/bin/|/usr/bin/)(sh|bash)\b", first)
        if not shell and not name.endswith(".sh"):
            continue
        command = [shell[1] if shell else "sh", "-n", name]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            yield done.stderr


CHECKS: tuple[Callable[[], Findings], ...] = (
    layers_include_only_what_they_may,
    libraries_stay_in_their_layer,
    only_cmd_logs_forks_and_exits,
    mime_and_classify_are_pure,
    nothing_new_at_the_top,
    c_is_laid_out_by_clang_format,
    clang_has_no_complaint,
    files_stay_short,
    no_paths_of_somebodys_machine,
    text_is_tidy,
    migrations_are_numbered_without_gaps,
    the_debian_package_is_built_with_what_the_makefile_lists,
    scripts_have_no_syntax_errors,
)


def main() -> int:
    failed = 0
    print(f"1..{len(CHECKS)}")
    for number, check in enumerate(CHECKS, 1):
        findings = list(check())
        for finding in findings:
            print("\n".join(f"# {line}" for line in finding.rstrip().splitlines()))
        print(f"{'not ok' if findings else 'ok'} {number} - {check.__name__}", flush=True)
        failed += bool(findings)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

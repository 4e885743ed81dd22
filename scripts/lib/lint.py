"""The rules of the house, checked on every tracked file. Called by scripts/lint."""

import argparse
import concurrent.futures
import os
import pathlib
import re
import signal
import subprocess
import sys

ROOT = pathlib.Path(os.environ.get("TURNPIKE_LINT_ROOT")
                    or pathlib.Path(__file__).resolve().parents[2])
CLANG_FORMAT = "clang-format-19"
CLANG_TIDY = "clang-tidy-19"
LINES_MAX = 500  # of a file, before a note says that it may be about more than one thing


def tracked(*patterns):
    """Paths, relative to the root, of files that git tracks or would track."""
    listing = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others",
         "--exclude-standard", "--", *patterns],
        cwd=ROOT, check=True, capture_output=True).stdout.decode()
    return sorted({name for name in listing.split("\0") if name and (ROOT / name).is_file()})


def read(name):
    return (ROOT / name).read_text(errors="replace")


def is_unit(name):
    """Tests, benchmarks and fuzzers may reach further than the code they exercise."""
    return bool(re.search(r"_(test|bench|fuzz)\.cpp$", name) or "/testing/" in name)


CODE_TOKEN = re.compile(
    r'R"(?P<delimiter>[^(\s]{0,16})\(.*?\)(?P=delimiter)"|"(?:\\.|[^"\\\n])*"|'
    r"(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'|//[^\n]*|/\*.*?\*/", re.S)


def blanked(match):
    return re.sub(r"[^\n]", " ", match[0])


def code_only(text):
    """The text with comments and literals blanked, lines kept where they are."""
    return CODE_TOKEN.sub(blanked, text)


def without_comments(text):
    return CODE_TOKEN.sub(lambda match: blanked(match) if match[0][0] == "/" else match[0], text)


# --- format ---------------------------------------------------------------------------------------


def check_format(options):
    files = tracked("*.cpp", "*.h")
    if not files:
        return []
    if options.fix:
        subprocess.run([CLANG_FORMAT, "-i", *files], cwd=ROOT, check=True)
        return []
    result = subprocess.run([CLANG_FORMAT, "--dry-run", "--Werror", *files], cwd=ROOT,
                            capture_output=True, text=True)
    places = re.findall(r"^(\S+?:\d+):\d+: error: .*clang-format", result.stderr, re.M)
    problems = [f"{place}: not as .clang-format has it (scripts/lint --fix)" for place in places]
    if result.returncode != 0 and not problems:
        problems = [result.stderr.strip()]
    return problems


# --- layers ---------------------------------------------------------------------------------------

# What each layer may include besides itself. "{kind}" is the network's own folder. The generated
# wire schemas are the layer "proto".
CHAIN_SIDE = {"base", "crypto", "store", "proto", "chain"}
RULES_SIDE = CHAIN_SIDE | {"modules"}
DAEMON_SIDE = {"base", "crypto", "proto", "http", "client", "agent"}
LAYERS = {
    "base": set(),
    "crypto": {"base"},
    "store": {"base", "crypto", "proto"},  # proofs travel in the ICS-23 messages
    "proto": set(),
    "http": {"base"},
    "chain": {"base", "crypto", "store", "proto"},
    "modules": CHAIN_SIDE,
    "networks/spec": {"base", "crypto"},
    "networks/chain": RULES_SIDE | {"networks/{kind}/spec"},
    "networks/agent": DAEMON_SIDE | {"networks/{kind}/spec"},
    "networks/gateway": DAEMON_SIDE | {"networks/{kind}/spec"},
    "app": RULES_SIDE | {"networks/*/chain", "networks/*/spec"},
    "engine": CHAIN_SIDE,
    "index": CHAIN_SIDE,
    "rpc": CHAIN_SIDE | {"http", "engine", "index"},
    "client": {"base", "crypto", "proto", "http"},
    "agent": {"base", "crypto", "proto", "http", "client"},
    "sim": RULES_SIDE | {"app", "networks/*/chain", "networks/*/spec"},
    "cli": {"*"},
}
# Schemas that only a network, or what carries its messages for it, may know.
NETWORK_SCHEMAS = ("akash/",)
WAIST = ("base", "crypto", "store", "chain", "modules", "engine", "index")
WIRE_SCHEMAS = ("akash/", "cosmos/", "tendermint/", "cometbft/", "turnpike/", "ibc/", "ics23/",
                "google/")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def layer_of(path):
    """("networks/chain", "compute") for networks/compute/chain/x.h; ("base", None) for base/x.h."""
    parts = path.split("/")
    if parts[0] == "networks" and len(parts) >= 4:
        return f"networks/{parts[2]}", parts[1]
    return parts[0], None


def allowed(own, own_kind, other, other_kind):
    if (own, own_kind) == (other, other_kind):
        return True
    if other.startswith("networks/"):
        part = other.split("/")[1]
        names = {f"networks/*/{part}"}
        if own_kind == other_kind:
            names.add(f"networks/{{kind}}/{part}")
    else:
        names = {other}
    return bool(names & LAYERS[own]) or "*" in LAYERS[own]


def check_layers(options):
    problems = []
    headers = {name[len("src/"):] for name in tracked("src/*.h")}
    for name in tracked("src/*.cpp", "src/*.h"):
        own, own_kind = layer_of(name[len("src/"):])
        if own not in LAYERS:
            problems.append(f"{name}:1: the folder is in no layer of scripts/lib/lint.py")
            continue
        text = read(name)
        for match in INCLUDE.finditer(text):
            quote, path = match.groups()
            line = text.count("\n", 0, match.start()) + 1
            if path in headers:
                other, other_kind = layer_of(path)
            elif path.startswith(WIRE_SCHEMAS) and path.endswith(".pb.h"):
                other, other_kind = "proto", None
                if own in WAIST and path.startswith(NETWORK_SCHEMAS):
                    problems.append(f"{name}:{line}: the waist knows no network, and {path} is one's")
                    continue
            elif quote == '"':
                # Every house header is included by its path from src/.
                problems.append(f'{name}:{line}: "{path}" is no header of src/')
                continue
            else:
                continue
            # A test may reach up, but for the waist into a network.
            exempt = is_unit(name) and not (own in WAIST and other.startswith("networks/"))
            if not exempt and not allowed(own, own_kind, other, other_kind):
                problems.append(f"{name}:{line}: {own} may not include {path}")
    return problems


# --- determinism ----------------------------------------------------------------------------------

REPLICATED = re.compile(r"^src/(chain|modules|networks/[^/]+/chain)/")
SPEC = re.compile(r"^src/networks/[^/]+/spec/")
FORBIDDEN_CODE = [
    (re.compile(r"\b(float|double)\b"), "floating point"),
    (re.compile(r"\bstd::(sto[fd]|stold|strto[fd])\b|\bato[f]\b|\bstrto[fd]\b"), "floating point"),
    (re.compile(r"\bunordered_(multi)?(map|set)\b"), "an unordered container"),
    (re.compile(r"\bflat_hash_(map|set)\b"), "an unordered container"),
    (re.compile(r"\b(system|steady|high_resolution)_clock\b|\bSystemClock\b|\bclock_gettime\b|"
                r"\bgettimeofday\b|(?<![\w.>:])time\(|\blocaltime|\bgmtime"), "a wall clock"),
    (re.compile(r"\brandom_device\b|\bmt19937|\bstd::rand\b|(?<![\w.>])rand\(|\brandombytes|"
                r"\bRAND_bytes\b|\bgetrandom\b|\b\w+_distribution<"), "randomness"),
    (re.compile(r"\bstd::(j?thread|async|condition_variable|this_thread)\b|\bthread_local\b"),
     "a thread"),
    (re.compile(r"\bsetlocale\b|\bstd::locale\b|\bimbue\("), "a locale"),
    (re.compile(r"\bstd::(map|set|multimap|multiset)<\s*(const\s+)?[\w:]+\s*(const\s*)?\*"),
     "an order of pointers"),
    (re.compile(r"\buintptr_t\b"), "the value of a pointer"),
    (re.compile(r"\bstd::hash\b"), "std::hash, which differs between libraries"),
    (re.compile(r"\bgetenv\b"), "the environment"),
    (re.compile(r"\blog_(debug|info|warning|error)\("), "logging (return an error, emit an event)"),
]
FORBIDDEN_INCLUDES = re.compile(
    r"^(base/(clock|disk|log)\.h|chrono|thread|random|ctime|time\.h|unordered_map|unordered_set|"
    r"future|locale|boost/(asio|beast)|sys/|netinet/|arpa/|netdb\.h|unistd\.h|fcntl\.h|fstream|"
    r"filesystem|spdlog/|rocksdb/)")
# A line may say why it is harmless: "// deterministic: looked up, never iterated".
HARMLESS = re.compile(r"//\s*deterministic:\s*\S")


def replicated_files():
    """The replicated folders, and of a network's spec what its rules include, with its .cpp: the
    rest of a spec runs at the customer's."""
    files = [name for name in tracked("src/*.cpp", "src/*.h") if not is_unit(name)]
    spec = {name for name in files if SPEC.match(name)}
    reached = {name for name in files if REPLICATED.match(name)}
    queue = sorted(reached)
    while queue:
        for _, path in INCLUDE.findall(read(queue.pop())):
            new = {f"src/{path}", f"src/{path[:-2]}.cpp"} & spec - reached
            reached |= new
            queue += sorted(new)
    return sorted(reached)


def check_determinism(options):
    problems = []
    for name in replicated_files():
        text = read(name)
        raw_lines = text.split("\n")
        lines = code_only(text).split("\n")

        def harmless(number):
            return any(HARMLESS.search(raw_lines[at]) for at in (number - 1, number) if at >= 0)

        for number, line in enumerate(lines):
            for pattern, what in FORBIDDEN_CODE:
                if pattern.search(line) and not harmless(number):
                    problems.append(f"{name}:{number + 1}: {what} in replicated code")
        for match in INCLUDE.finditer(text):
            number = text.count("\n", 0, match.start())
            if FORBIDDEN_INCLUDES.match(match[2]) and not harmless(number):
                problems.append(f"{name}:{number + 1}: replicated code may not include {match[2]}")
    return problems


# --- ids ------------------------------------------------------------------------------------------

IDS = "src/chain/ids.h"
IDS_LOCK = "src/chain/ids.lock"
STORE = re.compile(r"\bStoreId\s+(\w+)\s*\{\s*(\d+)\s*\}\s*;")
STORE_NAME = re.compile(r"\{\s*(k\w+Store)\s*,\s*\"([^\"]+)\"\s*\}")
TABLE = re.compile(r"\bTableId\s+\w+\s*\{\s*(\w+)\s*,\s*(\d+)\s*,\s*\"([^\"]+)\"\s*\}\s*;")
ENUM = re.compile(r"\benum\s+class\s+(\w+)[^{;]*\{(.*?)\}\s*;", re.S)
ENTRY = re.compile(r"^(\w+)\s*=\s*(0x[0-9a-fA-F]+|\d+)$")


def ids_of(text, problems):
    """{(kind, name): number} of every id in ids.h; each must state its number."""
    text = without_comments(text)
    stores = {name: int(number) for name, number in STORE.findall(text)}
    found = [("store", name, stores[store]) for store, name in STORE_NAME.findall(text)]
    found += [(f"table-of-{store}", name, int(number)) for store, number, name in TABLE.findall(text)]
    for declared, pattern in (("StoreId", STORE), ("TableId", TABLE)):
        if len(re.findall(rf"\b{declared}\s+k\w+\s*\{{", text)) != len(pattern.findall(text)):
            problems.append(f"{IDS}: a {declared} is declared in a form that scripts/lib/lint.py "
                            "does not read")
    if len(stores) != len(STORE_NAME.findall(text)):
        problems.append(f"{IDS}: every StoreId needs its line in kStoreNames")
    for enum, body in ENUM.findall(text):
        for entry in filter(None, (part.strip() for part in body.split(","))):
            match = ENTRY.match(entry.replace("'", ""))
            if match:
                found.append((enum, match[1], int(match[2], 0)))
            else:
                problems.append(f"{IDS}: {enum}: \"{entry}\" does not state its number")
    ids = {}
    for kind, name, number in found:
        if (kind, name) in ids:
            problems.append(f"{IDS}: {kind} {name} stands twice")
        ids[(kind, name)] = number
    return ids


def check_ids(options):
    """ids.lock lists every id that was ever given out. One that leaves ids.h stays in the lock."""
    if not (ROOT / IDS).exists():
        return []
    problems = []
    ids = ids_of(read(IDS), problems)
    lock = {}
    if (ROOT / IDS_LOCK).exists():
        for number, line in enumerate(read(IDS_LOCK).splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            kind, name, value = line.split()
            if (kind, name) in lock:
                problems.append(f"{IDS_LOCK}:{number}: {kind} {name} stands twice")
            lock[(kind, name)] = int(value)
    for (kind, name), number in ids.items():
        if (kind, name) in lock and lock[(kind, name)] != number:
            problems.append(f"{IDS}: {kind} {name} is {number}, and has been "
                            f"{lock[(kind, name)]}: numbers never change")
    known = {**lock, **ids}
    owners = {}
    for (kind, name), number in known.items():
        other = owners.setdefault((kind, number), name)
        if other != name:
            problems.append(f"{IDS}: {kind}: {number} belongs to both {other} and {name}: "
                            "numbers are never reused")
    new = [key for key in ids if key not in lock]
    if options.record_ids and not problems:
        with open(ROOT / IDS_LOCK, "a", encoding="ascii") as file:
            if not lock:
                file.write("# Every id of ids.h that was ever given out: kind, name, number. Only grows"
                           " (scripts/lint --record-ids).\n")
            for kind, name in new:
                file.write(f"{kind} {name} {ids[(kind, name)]}\n")
    else:
        problems += [f"{IDS}: {kind} {name} is not in {IDS_LOCK} (scripts/lint --record-ids)"
                     for kind, name in new]
    return problems


# --- unfinished -----------------------------------------------------------------------------------

# Spelled so that this file passes its own check.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b(?!\(\d{4}\))")
OTHER_PLACES = re.compile(r"(?<![\w.])/(root|home)/\w")


def check_unfinished(options):
    problems = []
    for name in tracked():
        if name.endswith((".png", ".jpg", ".lock")) or name == "LICENSE":
            continue
        for number, line in enumerate(read(name).splitlines(), 1):
            if match := UNFINISHED.search(line):
                problems.append(f"{name}:{number}: {match[1]} without a decision record, as in "
                                f"{match[1]}(0007)")
            if OTHER_PLACES.search(line):
                problems.append(f"{name}:{number}: a path of somebody's machine")
    return problems


# --- docs -----------------------------------------------------------------------------------------

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def check_docs(options):
    problems = []
    for name in tracked("*.md"):
        in_code = False
        for number, line in enumerate(read(name).splitlines(), 1):
            if line.lstrip().startswith("```"):
                in_code = not in_code
            if in_code:
                continue
            for target in LINK.findall(re.sub(r"`[^`]*`", "", line)):
                if re.match(r"[a-z]+:|#", target):
                    continue
                path = (ROOT / name).parent / target.split("#")[0]
                if not path.exists():
                    problems.append(f"{name}:{number}: {target} does not exist")
    return problems


# --- shell ----------------------------------------------------------------------------------------


def check_shell(options):
    problems = []
    shell, python = [], []
    for name in tracked():
        first = read(name).split("\n", 1)[0] if os.access(ROOT / name, os.X_OK) else ""
        if name.endswith(".sh") or re.match(r"#!.*\b(ba)?sh\b", first):
            shell.append(name)
        elif name.endswith(".py") or re.match(r"#!.*\bpython3?\b", first):
            python.append(name)
    if shell:
        result = subprocess.run(
            ["shellcheck", "--format=gcc", "--severity=warning", "--shell=bash", "--external-sources",
             "--source-path=SCRIPTDIR", *shell], cwd=ROOT, capture_output=True, text=True)
        problems += result.stdout.splitlines()
        if result.returncode != 0 and not problems:
            problems.append(result.stderr.strip())
    for name in python:
        try:
            compile(read(name), name, "exec")
        except SyntaxError as error:
            problems.append(f"{name}:{error.lineno}: {error.msg}")
    return problems


# --- clang-tidy -----------------------------------------------------------------------------------


def check_tidy(options):
    commands = ROOT / "build" / "release" / "compile_commands.json"
    if not commands.exists():
        return ["build/release/compile_commands.json is missing: run scripts/build first"]
    files = [name for name in tracked("src/*.cpp") if not is_unit(name)]
    if not options.tidy_all:
        base = subprocess.run(["git", "-c", "safe.directory=*", "merge-base", "HEAD", "origin/main"],
                              cwd=ROOT, capture_output=True, text=True).stdout.strip() or "HEAD"
        changed = subprocess.run(["git", "-c", "safe.directory=*", "diff", "--name-only", base],
                                 cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
        files = [name for name in files if name in changed]

    def tidy(name):
        result = subprocess.run([CLANG_TIDY, "--quiet", "-p", str(commands.parent), name], cwd=ROOT,
                                capture_output=True, text=True)
        found = re.findall(r"^(\S+:\d+:\d+: (?:warning|error): .*)$", result.stdout, re.M)
        return [line.replace(f"{ROOT}/", "") for line in found]

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return sorted({line for lines in pool.map(tidy, files) for line in lines})


CHECKS = {
    "format": check_format,
    "layers": check_layers,
    "determinism": check_determinism,
    "ids": check_ids,
    "unfinished": check_unfinished,
    "docs": check_docs,
    "shell": check_shell,
}


def long_files():
    for name in tracked("*.cpp", "*.h", "*.py", "*.ts", "*.tsx"):
        lines = read(name).count("\n")
        if lines > LINES_MAX:
            yield f"{name}: {lines} lines; is it about one thing?"


def main():
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # "scripts/lint | head" is no failure
    parser = argparse.ArgumentParser(prog="scripts/lint")
    parser.add_argument("--tap", action="store_true")
    parser.add_argument("--fix", action="store_true")
    parser.add_argument("--record-ids", action="store_true")
    parser.add_argument("--tidy", action="store_true")
    parser.add_argument("--tidy-all", action="store_true")
    parser.add_argument("checks", nargs="*", metavar="CHECK")
    options = parser.parse_args()
    for name in options.checks:
        if name not in CHECKS:
            parser.error(f"no check \"{name}\"; there is {', '.join(CHECKS)}")

    checks = {name: CHECKS[name] for name in options.checks or CHECKS}
    if options.tidy or options.tidy_all:
        checks = {**(checks if options.checks else {}), "tidy": check_tidy}
    broken = 0
    for name, check in checks.items():
        problems = check(options)
        broken += bool(problems)
        if options.tap:
            print(f"{'not ok' if problems else 'ok'} - {name}")
        else:
            print(f"{name}: {len(problems)} to mend" if problems else f"{name}: ok")
        for problem in problems:
            print(f"  {problem}")
    if not options.tap:
        for note in long_files():
            print(f"note: {note}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())

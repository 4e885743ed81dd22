"""Runs test programs and test scripts, prints failures in full, and ends in one summary line.

Called by scripts/test, which has built everything. The contract of a test script: tests/README.md.
"""

import argparse
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIP_STATUS = 77
UNIT_SECONDS_MAX = 1200
SCRIPT_SECONDS_MAX = 600


@dataclasses.dataclass
class Outcome:
    """What one program or script did."""

    name: str
    passed: int = 0
    failed: int = 0
    skips: list[str] = dataclasses.field(default_factory=list)  # what was skipped and why
    failures: list[str] = dataclasses.field(default_factory=list)  # each in full
    seconds: float = 0.0


def execute(command, seconds_max, env, cwd=ROOT):
    """Runs a command in its own process group; returns (exit status or None on timeout, output)."""
    process = subprocess.Popen(
        command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, start_new_session=True)
    try:
        output, _ = process.communicate(timeout=seconds_max)
        return process.returncode, output.decode(errors="replace")
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        return None, output.decode(errors="replace")
    except BaseException:
        os.killpg(process.pid, signal.SIGTERM)
        raise


def how_it_ended(status, seconds_max):
    if status is None:
        return f"did not finish within {seconds_max} s"
    if status < 0:
        return f"was ended by signal {-status} ({signal.Signals(-status).name})"
    return f"exited with status {status}"


def excerpt_of(output, full_name):
    """The part of a GoogleTest program's output that belongs to one test."""
    start = output.find(f"[ RUN      ] {full_name}\n")
    if start < 0:
        return ""
    end = re.compile(rf"^\[(       OK |  FAILED  |  SKIPPED )\] {re.escape(full_name)}\b.*$",
                     re.M).search(output, start)
    return output[start:end.end() if end else len(output)]


def judge_gtest(outcome, status, output, report, seconds_max):
    """Fills `outcome` from GoogleTest's JSON report, or from its output when it died before."""
    try:
        suites = json.loads(report.read_text()).get("testsuites", [])
    except (OSError, ValueError):
        outcome.passed = len(re.findall(r"^\[       OK \] ", output, re.M))
        failed = re.findall(r"^\[  FAILED  \] (\S+) \(", output, re.M)
        for name in failed:
            outcome.failures.append(excerpt_of(output, name))
        running = re.findall(r"^\[ RUN      \] (\S+)$", output, re.M)
        at = f" in {running[-1]}" if running else ""
        tail = excerpt_of(output, running[-1]) if running else output
        outcome.failures.append(f"{outcome.name} {how_it_ended(status, seconds_max)}{at}\n{tail}")
        outcome.failed = len(outcome.failures)
        return
    # RapidCheck tells once a program how to repeat its cases: RC_PARAMS="seed=...".
    configuration = re.search(r"^Using configuration: (.*)$", output, re.M)
    seed = f'\nRC_PARAMS="{configuration[1]}" repeats it' if configuration else ""
    for suite in suites:
        for test in suite.get("testsuite", []):
            name = f"{suite['name']}.{test['name']}"
            if test.get("failures"):
                outcome.failed += 1
                outcome.failures.append((excerpt_of(output, name) or name) + seed)
            elif test.get("status") == "NOTRUN":
                outcome.skips.append(f"{name}: disabled")
            elif test.get("result") == "SKIPPED":
                text = excerpt_of(output, name)
                reason = re.search(r"Skipped\n(.*)", text)
                outcome.skips.append(f"{name}: {reason[1] if reason else 'no reason given'}")
            else:
                outcome.passed += 1
    if status != 0 and outcome.failed == 0:
        outcome.failed = 1
        outcome.failures.append(
            f"{outcome.name} {how_it_ended(status, seconds_max)} after its tests\n{output[-20000:]}")


def run_unit(program, env):
    outcome = Outcome(program.name)
    started = time.monotonic()
    command = [str(program)]
    # ThreadSanitizer needs a fixed layout of memory, which newer kernels no longer give by default.
    if "tsan" in program.parts and shutil.which("setarch"):
        command = ["setarch", "-R", *command]
    with tempfile.TemporaryDirectory(prefix="turnpike-test-") as scratch:
        report = pathlib.Path(scratch) / "report.json"
        status, output = execute(
            [*command, f"--gtest_output=json:{report}", "--gtest_color=no"], UNIT_SECONDS_MAX,
            {**env, "TEST_TMPDIR": scratch, "TURNPIKE_TMP": scratch})
        judge_gtest(outcome, status, output, report, UNIT_SECONDS_MAX)
    outcome.seconds = time.monotonic() - started
    return outcome


TAP_LINE = re.compile(r"^(ok|not ok)\b\s*(?:\d+)?\s*-?\s*(.*?)(?:\s*#\s*[Ss][Kk][Ii][Pp]\S*\s*(.*))?$")
TAP_PLAN = re.compile(r"^1\.\.(\d+)")


def judge_script(outcome, status, output, seconds_max):
    """Fills `outcome` from TAP lines where the script printed any, else from its exit status."""
    lines = output.splitlines()
    results = [(line_number, match) for line_number, line in enumerate(lines)
               if (match := TAP_LINE.match(line))]
    plan = next((int(match[1]) for line in lines if (match := TAP_PLAN.match(line))), None)
    if not results and plan is None:
        if status == 0:
            outcome.passed = 1
        elif status == SKIP_STATUS:
            outcome.skips.append(f"{outcome.name}: {lines[-1] if lines else 'no reason given'}")
        else:
            outcome.failed = 1
            outcome.failures.append(f"{outcome.name} {how_it_ended(status, seconds_max)}\n{output}")
        return

    # What a script prints after a result line explains that result.
    for index, (line_number, match) in enumerate(results):
        verdict, name, skip = match.groups()
        if skip is not None:
            outcome.skips.append(f"{outcome.name}: {name}: {skip or 'no reason given'}")
        elif verdict == "ok":
            outcome.passed += 1
        else:
            end = results[index + 1][0] if index + 1 < len(results) else len(lines)
            outcome.failures.append("\n".join([f"{outcome.name}: {name}",
                                               *lines[line_number + 1:end]]))
    if plan is not None and plan != len(results):
        outcome.failures.append(
            f"{outcome.name}: planned {plan} tests and reported {len(results)}\n{output}")
    if status != 0 and not outcome.failures:
        outcome.failures.append(f"{outcome.name} {how_it_ended(status, seconds_max)}\n{output}")
    outcome.failed = len(outcome.failures)


def header_of(script, key):
    for line in script.read_text(errors="replace").splitlines()[:30]:
        if match := re.match(rf"# {key}: *(.*)", line):
            return match[1]
    return None


def run_script(script, env, arguments=()):
    outcome = Outcome(str(script.relative_to(ROOT)))
    started = time.monotonic()
    key = "long-seconds-max" if env.get("TURNPIKE_LONG") == "1" else "seconds-max"
    seconds_max = int(header_of(script, key) or header_of(script, "seconds-max")
                      or SCRIPT_SECONDS_MAX)
    with tempfile.TemporaryDirectory(prefix="turnpike-test-") as scratch:
        status, output = execute([str(script), *arguments], seconds_max,
                                 {**env, "TURNPIKE_TMP": scratch, "TURNPIKE_TEST_INVARIANTS": "1"})
        judge_script(outcome, status, output, seconds_max)
    outcome.seconds = time.monotonic() - started
    return outcome


def not_set_up(script, group, fails):
    """A script whose group of scripts/setup could not be installed."""
    why = f"{script}: scripts/setup {group} failed here"
    return Outcome(script, failed=1, failures=[why]) if fails else Outcome(script, skips=[why])


def report_progress(outcome):
    """One line for each program, then its failures and skips."""
    word = "FAILED" if outcome.failed else "ok" if outcome.passed else "skipped"
    counts = f"{outcome.passed} passed"
    if outcome.failed:
        counts += f", {outcome.failed} failed"
    if outcome.skips:
        counts += f", {len(outcome.skips)} skipped"
    print(f"{word:8}{outcome.name}  ({counts}, {outcome.seconds:.1f} s)", flush=True)
    for skip in outcome.skips:
        print(f"        skipped {skip}")
    for failure in outcome.failures:
        print("-" * 80)
        print(failure.rstrip())
        print("-" * 80, flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--filter", default="")
    parser.add_argument("--groups", required=True)
    parser.add_argument("--without", help="a group of scripts/setup that could not be installed")
    parser.add_argument("--without-fails", action="store_true", help="scripts that need it fail")
    parser.add_argument("scripts", nargs="*")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    build = (ROOT / arguments.build).resolve()
    groups = arguments.groups.split()
    env = {**os.environ, "TURNPIKE_ROOT": str(ROOT), "TURNPIKE_BUILD": str(build),
           "TURNPIKE": str(build / "bin" / "turnpike"), "LC_ALL": "C.UTF-8"}
    shared = ROOT.parent / "shared" / "data"
    if "TURNPIKE_SHARED_DATA" not in env and shared.is_dir():
        env["TURNPIKE_SHARED_DATA"] = str(shared)

    # What scripts/setup fetched because Debian's is too old for some clients.
    tools = [str(ROOT / "build/tools" / tool / "bin") for tool in ("go", "node")
             if (ROOT / "build/tools" / tool / "bin").is_dir()]
    env["PATH"] = os.pathsep.join([*tools, env["PATH"]])

    outcomes = []

    def add(outcome):
        outcomes.append(outcome)
        report_progress(outcome)

    if "lint" in groups and arguments.filter in "lint":
        add(run_script(ROOT / "scripts" / "lint", env, ["--tap"]))
    if "unit" in groups:
        programs = sorted(program for program in (build / "tests").glob("*_test")
                          if arguments.filter in program.name)
        if not programs and not arguments.filter:
            add(Outcome("unit", failed=1, failures=[f"no *_test programs in {build}/tests"]))
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for future in concurrent.futures.as_completed(
                    [pool.submit(run_unit, program, env) for program in programs]):
                add(future.result())
    # One after the other: these start whole networks, and some measure.
    for script in arguments.scripts:
        if arguments.without in (header_of(ROOT / script, "setup") or "").split():
            add(not_set_up(script, arguments.without, arguments.without_fails))
        else:
            add(run_script(ROOT / script, env))

    passed = sum(outcome.passed for outcome in outcomes)
    failed = sum(outcome.failed for outcome in outcomes)
    skipped = sum(len(outcome.skips) for outcome in outcomes)
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())

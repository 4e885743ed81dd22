"""Runs the benchmarks, prints and records one table, checks it against bench/targets.toml."""

import argparse
import datetime
import json
import os
import pathlib
import platform
import re
import signal
import subprocess
import sys
import tempfile
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "release"
RESULTS = ROOT / "bench" / "results"
SCRIPT_SECONDS_MAX = 1800
STOP_SECONDS_MAX = 90  # scripts/up may need 30 s for each of its processes


def first_match(path, pattern):
    try:
        match = re.search(pattern, pathlib.Path(path).read_text(), re.M)
    except OSError:
        return None
    return match[1].strip() if match else None


def machine():
    """What a reader needs to compare: processor, cores, memory, kernel, disk, compiler."""
    compiler = first_match(BUILD / "CMakeCache.txt", r"^CMAKE_CXX_COMPILER:\w+=(.*)$") or "c++"
    version = subprocess.run([compiler, "--version"], capture_output=True, text=True).stdout
    memory_kib = int(first_match("/proc/meminfo", r"^MemTotal:\s+(\d+)") or 0)
    disk = subprocess.run(["df", "--output=fstype", tempfile.gettempdir()], capture_output=True,
                          text=True).stdout.split()
    return {
        "processor": first_match("/proc/cpuinfo", r"^model name\s*:\s*(.*)$") or platform.machine(),
        "cores": os.cpu_count(),
        "memory_gib": round(memory_kib / 2**20, 1),
        "kernel": platform.release(),
        "file_system": disk[-1] if disk else "unknown",
        "compiler": version.splitlines()[0] if version else "unknown",
    }


def machine_name(about):
    words = re.sub(r"\(.*?\)|CPU|Processor|@.*", " ", about["processor"]).split()
    return re.sub(r"[^a-z0-9]+", "-", " ".join([*words, f"{about['cores']}c"]).lower()).strip("-")


def run_program(program):
    """The entries of a Google Benchmark program's report."""
    with tempfile.TemporaryDirectory(prefix="turnpike-bench-") as scratch:
        report = pathlib.Path(scratch) / "report.json"
        result = subprocess.run(
            [program, f"--benchmark_out={report}", "--benchmark_out_format=json"],
            cwd=scratch,  # some leave their data where they stand
            stdin=subprocess.DEVNULL, env={**os.environ, "TURNPIKE_TMP": scratch})
        if result.returncode != 0:
            return None, f"{program.name} exited with status {result.returncode}"
        entries = json.loads(report.read_text())["benchmarks"]
    errors = [f"{entry['name']}: {entry['error_message']}" for entry in entries
              if entry.get("error_occurred")]
    return [entry for entry in entries if not entry.get("error_occurred")], "; ".join(errors)


def stop_group(process):
    """Ends a script and what it started: asked first, for it may have a network to take down."""
    for number, seconds_max in ((signal.SIGTERM, STOP_SECONDS_MAX), (signal.SIGKILL, None)):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            return
        try:
            process.communicate(timeout=seconds_max)
        except subprocess.TimeoutExpired:
            pass


def on_term(*_):
    sys.exit(143)


def run_script(script, seconds_max=SCRIPT_SECONDS_MAX):
    """The lines that a script of bench/ printed, as {figure: line}."""
    env = {**os.environ, "TURNPIKE": str(BUILD / "bin" / "turnpike"), "TURNPIKE_BUILD": str(BUILD),
           "TURNPIKE_ROOT": str(ROOT)}
    with tempfile.TemporaryDirectory(prefix="turnpike-bench-") as scratch:
        process = subprocess.Popen([script], cwd=ROOT, stdin=subprocess.DEVNULL, text=True,
                                   stdout=subprocess.PIPE, start_new_session=True,
                                   env={**env, "TURNPIKE_TMP": scratch})
        try:
            output, _ = process.communicate(timeout=seconds_max)
        except subprocess.TimeoutExpired:
            stop_group(process)
            return {}, f"bench/{script.name} did not finish within {seconds_max} s"
        except BaseException:  # Ctrl-C and TERM: what the script started must not outlive us
            stop_group(process)
            raise
    measured = {}
    for line in output.splitlines():
        if line.startswith("{"):
            entry = json.loads(line)
            measured[entry["figure"]] = entry
        else:
            print(line)
    if process.returncode != 0:
        return measured, f"bench/{script.name} exited with status {process.returncode}"
    return measured, ""


def value_in(figure, entries):
    """The best value of the figure among the entries of a program's report; None without one."""
    nanoseconds = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}
    values = []
    for entry in entries:
        if not re.fullmatch(figure["benchmark"], entry["name"]):
            continue
        if entry.get("run_type") == "aggregate" and entry.get("aggregate_name") != "median":
            continue
        value = entry.get(figure["value"])
        if value is None:
            continue
        if figure["value"] in ("real_time", "cpu_time"):
            value *= nanoseconds[entry["time_unit"]]
        values.append(figure["inverse"] / value if "inverse" in figure
                      else value * figure.get("scale", 1))
    if not values:
        return None
    return max(values) if figure["better"] == "higher" else min(values)


def target_of(figure, results):
    """(target, text); the target is None where it depends on a figure that was not measured."""
    if "at_least_of" in figure:
        factor, other = figure["at_least_of"]
        base = results.get(other, {}).get("value")
        return (None if base is None else factor * base), f"≥ {factor:g} × {other}"
    if "at_least" in figure:
        return figure["at_least"], f"≥ {figure['at_least']:g}"
    if "at_most" in figure:
        return figure["at_most"], f"≤ {figure['at_most']:g}"
    return None, ""


def limit_of(figure, results):
    if "limit" in figure:
        return figure["limit"]
    if "limit_of" in figure:
        factor, other = figure["limit_of"]
        base = results.get(other, {}).get("value")
        return None if base is None else factor * base
    if "limit_over" in figure:
        factor, other = figure["limit_over"]
        base = results.get(other, {}).get("value")
        return None if base is None else factor / base
    return None


def number(value):
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def judge(figure, results):
    """One row of the table."""
    entry = results.get(figure["id"], {})
    value = entry.get("value")
    target, target_text = target_of(figure, results)
    limit = limit_of(figure, results)
    row = {"id": figure["id"], "what": figure["what"], "unit": figure["unit"], "value": value,
           "settings": entry.get("settings") or figure.get("settings", ""), "target": target,
           "target_text": target_text, "limit": limit, "limit_why": figure.get("limit_why", ""),
           "ratio": None, "met": None}
    if value is not None and limit:
        row["ratio"] = value / limit if figure["better"] == "higher" else limit / value
    if target_text:
        row["met"] = (value is not None and target is not None and
                      (value >= target if figure["better"] == "higher" else value <= target))
    return row


def complaint(row):
    """What --check says about a row, or None."""
    if row["met"] is not False:
        return None
    if row["value"] is None:
        return f"{row['id']}: not measured (target {row['target_text']} {row['unit']})"
    if row["target"] is None:
        return f"{row['id']}: its target {row['target_text']} was not measured"
    miss = abs(row["value"] - row["target"]) / row["target"] * 100
    return (f"{row['id']}: {number(row['value'])} {row['unit']}, target {row['target_text']}"
            f" ({number(row['target'])}), misses by {miss:.0f} %")


def markdown(about, rows, date):
    lines = [f"# Benchmarks of {date}", "",
             f"{about['processor']}, {about['cores']} cores, {about['memory_gib']} GiB, kernel "
             f"{about['kernel']}, {about['file_system']}, {about['compiler']}, commit "
             f"{about['commit']}.", "",
             "| what | settings | result | target | physical limit | ratio to limit |",
             "|---|---|---|---|---|---|"]
    for row in rows:
        if row["value"] is None and not row["target_text"]:
            continue
        result = f"{number(row['value'])} {row['unit']}" if row["value"] is not None else "not measured"
        target = row["target_text"]
        if target:
            target += " met" if row["met"] else " **missed**"
        ratio = f"{row['ratio']:.2f}" if row["ratio"] is not None else ""
        limit = "; ".join(filter(None, [number(row["limit"]), row["limit_why"]]))
        lines.append(f"| {row['what']} | {row['settings']} | {result} | {target} | {limit} | {ratio} |")
    return "\n".join(lines) + "\n"


def wanted_by(figures, names):
    """The programs and scripts that the names ask for: themselves, and those of figures, also of the
    figures that a target is measured by."""
    by_id = {figure["id"]: figure for figure in figures}
    asked = [by_id[name] for name in names if name in by_id]
    asked += [by_id[figure["at_least_of"][1]] for figure in asked if "at_least_of" in figure]
    sources = {figure.get(key) for figure in asked for key in ("program", "script")} - {None}
    return sources | set(names)


def measure(figures, names):
    """Runs what the names ask for; returns ({figure: {"value", "settings"}}, what went wrong)."""
    programs = {program.name: program for program in sorted((BUILD / "bench").glob("*_bench"))}
    scripts = {script.name: script for script in sorted((ROOT / "bench").iterdir())
               if script.is_file() and os.access(script, os.X_OK)}
    wanted = wanted_by(figures, names)
    for name in names:
        if name not in programs and name not in scripts and name not in {f["id"] for f in figures}:
            sys.exit(f"scripts/bench: no benchmark, script or figure \"{name}\"; there is "
                     f"{', '.join([*programs, *scripts])}")

    results, problems, reports = {}, [], {}
    for name, program in programs.items():
        if not names or name in wanted:
            print(f"== {name}", flush=True)
            entries, problem = run_program(program)
            reports[name] = entries or []
            if problem:
                problems.append(problem)
    for name, script in scripts.items():
        if not names or name in wanted:
            print(f"== bench/{name}", flush=True)
            measured, problem = run_script(script)
            results.update(measured)
            if problem:
                problems.append(problem)
    for figure in figures:
        if figure.get("program") in reports:
            value = value_in(figure, reports[figure["program"]])
            if value is None:
                problems.append(f"{figure['program']} reported nothing named {figure['benchmark']}")
            else:
                results[figure["id"]] = {"value": value}
    return results, problems, reports


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--no-record", action="store_true")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, on_term)

    figures = tomllib.loads((ROOT / "bench" / "targets.toml").read_text())["figure"]
    results, problems, reports = measure(figures, options.names)
    rows = [judge(figure, results) for figure in figures]
    if options.names:  # a part of the benchmarks says nothing about the rest
        rows = [row for row in rows if row["id"] in results or row["id"] in options.names]

    about = machine()
    about["commit"] = subprocess.run(
        ["git", "-c", "safe.directory=*", "describe", "--always", "--dirty"], cwd=ROOT,
        capture_output=True, text=True).stdout.strip() or "unknown"
    date = datetime.date.today().isoformat()
    table = markdown(about, rows, date)
    print()
    print(table)
    if not options.no_record and not options.names:
        name = f"{date}-{machine_name(about)}"
        RESULTS.mkdir(parents=True, exist_ok=True)
        (RESULTS / f"{name}.md").write_text(table)
        (RESULTS / f"{name}.json").write_text(json.dumps(
            {"machine": about, "date": date, "figures": rows, "programs": reports}, indent=1) + "\n")
        print(f"recorded as bench/results/{name}.json and .md")
    for problem in problems:
        print(f"failed: {problem}")
    complaints = [text for row in rows if (text := complaint(row))]
    if options.check:
        for text in complaints:
            print(f"missed: {text}")
        if not complaints and any(row["target_text"] for row in rows):
            print("every target is met")
    return 1 if problems or (options.check and complaints) else 0


if __name__ == "__main__":
    sys.exit(main())

"""What the crash tests kill: a node, a provider with real containers, and the ways to ask them.

Everything binds to loopback. A reboot is played by this file alone, without the product's own `provider
purge`, which would take away exactly what its authors remembered.
"""
import base64
import glob
import hashlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

TURNPIKE = os.environ["TURNPIKE"]
ROOT = os.environ["TURNPIKE_ROOT"]
PROGRAMS = ("docker-registry", "runc", "conmon", "skopeo", "umoci", "nft", "caddy", "busybox", "curl")


def missing_program():
    found = lambda name: any(os.access(f"{folder}/{name}", os.X_OK) for folder in os.environ["PATH"].split(":") + ["/usr/sbin", "/sbin"])
    return next((name for name in PROGRAMS if not found(name)), None)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(seconds, condition, pause=0.03):
    """The first true answer of `condition` within `seconds`; else its last."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()) and time.monotonic() < deadline:
        time.sleep(pause)
    return answer


def turnpike(*arguments):
    return subprocess.run([TURNPIKE, *map(str, arguments)], capture_output=True, text=True)


def output_of(*command):
    return subprocess.run(command, capture_output=True, text=True).stdout


def remove_group(folder):
    """Whether a control group is gone; it cannot go while the kernel still ends a process of it."""
    try:
        os.rmdir(folder)
    except FileNotFoundError:
        pass
    except OSError:
        return False
    return True


class Daemon:
    """A process that is started, killed and started again, on a disk that notes what was synced."""

    def __init__(self, name, folder, arguments):
        self.name, self.arguments = name, list(map(str, arguments))
        self.notes, self.log_path = f"{folder}/{name}.notes", f"{folder}/{name}.log"
        self.process = None

    def start(self, forget=False, ignore_syncs=False):
        environment = dict(os.environ, TURNPIKE_TEST_DISK_NOTES=self.notes)
        if ignore_syncs:
            environment["TURNPIKE_TEST_DISK_IGNORE_SYNCS"] = "1"
        if forget:
            environment["TURNPIKE_TEST_DISK_FORGET"] = "1"
        self.forgetting_from = self.log_size() if forget and os.path.exists(f"{self.notes}/log") else None
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [TURNPIKE, *self.arguments], env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def log_size(self):
        return os.path.getsize(self.log_path) if os.path.exists(self.log_path) else 0

    def has_forgotten(self):
        """Whether the start is past taking back what was not synced: a kill then finds the files whole."""
        if self.forgetting_from is None:
            return True
        with open(self.log_path, "rb") as log:
            log.seek(self.forgetting_from)
            return b"is taken back" in log.read()

    def runs(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        if self.runs():
            self.process.send_signal(signal.SIGKILL)
        if self.process:
            self.process.wait()

    def stop(self):
        if self.runs():
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()

    def last_words(self, lines=25):
        with open(self.log_path, errors="replace") as log:
            words = [line for line in log if "no bid on" not in line]  # on what the load asks for
        return "".join(f"  {self.name}| {line}" for line in words[-lines:])


class Node(Daemon):
    def __init__(self, name, folder, accounts):
        """`accounts`: address to units of genesis."""
        self.home, self.port = f"{folder}/{name}", free_port()
        self.url, self.supply = f"http://127.0.0.1:{self.port}", sum(accounts.values())
        super().__init__(name, folder, ["node", "--home", self.home, "--listen", f"127.0.0.1:{self.port}"])
        funds = [word for address, units in accounts.items() for word in ("--account", f"{address}={units}utoll")]
        made = turnpike("init", "--home", self.home, "--chain-id", "crash-1", *funds)
        assert made.returncode == 0, made.stderr

    def rpc(self, method, **params):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        request = urllib.request.Request(self.url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def height(self):
        """The last block, or None while the node does not answer."""
        try:
            return int(self.rpc("status")["result"]["sync_info"]["latest_block_height"])
        except (OSError, KeyError, ValueError):
            return None

    def answers(self, seconds):
        """Whether it answers in time; not, as soon as it has given up."""
        return until(seconds, lambda: self.height() is not None or not self.runs(), 0.01) and self.runs()

    def supply_now(self):
        answer = self.rpc("abci_query", path="/cosmos.bank.v1beta1.Query/SupplyOf", data=b"\x0a\x05utoll".hex())
        value = base64.b64decode(answer["result"]["response"]["value"])
        return int(value[value.rindex(b"\x12") + 2:])


class Provider(Daemon):
    def __init__(self, name, folder, wallet, claim):
        self.home, self.instance = f"{folder}/{name}", f"crash-{os.getpid()}-{name}"
        self.run_folder, self.ingress = f"/run/tp-{self.instance}", free_port()
        arguments = ["provider", "run", "--home", self.home, "--wallet", wallet, "--key", name,
                     "--listen", f"127.0.0.1:{free_port()}", "--ingress", f"127.0.0.1:{self.ingress}", "--attribute", claim]
        super().__init__(name, folder, arguments)
        os.makedirs(self.home)
        pathlib.Path(f"{self.home}/provider.toml").write_text(
            f'[runtime]\ninstance = "{self.instance}"\n[capacity]\ncpu_percent = 1000\n')

    def is_ready(self):
        return turnpike("provider", "status", "--home", self.home).returncode == 0

    def page(self, host):
        """What a lease says through the ingress; None when it does not."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.ingress}/", headers={"Host": host})
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.read().decode(errors="replace")
        except OSError:
            return None

    def groups(self):
        """The control groups of containers, by their names."""
        folders = glob.glob(f"/sys/fs/cgroup/*/tp-{self.instance}/*/*/") + glob.glob(f"/sys/fs/cgroup/tp-{self.instance}/*/*/")
        return {os.path.basename(folder.rstrip("/")) for folder in folders}

    def containers(self):
        """Container to (process, start time of it): the same pair is the same run."""
        running = {}
        for name in self.groups():
            try:
                pid = int(pathlib.Path(f"{self.run_folder}/c/{name}/pid").read_text())
                stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
                running[name] = (pid, stat[stat.rindex(")") + 2:].split()[19])
            except (OSError, ValueError):
                pass  # being made or removed
        return running

    def processes(self):
        """Of all containers and their monitors."""
        pids = set()
        for pattern in (f"/sys/fs/cgroup/*/tp-{self.instance}", f"/sys/fs/cgroup/tp-{self.instance}"):
            for folder in glob.glob(pattern):
                for tasks in pathlib.Path(folder).rglob("cgroup.procs"):
                    try:
                        pids.update(map(int, tasks.read_text().split()))
                    except OSError:
                        pass
        return pids

    def ingress_processes(self):
        """Also those that a killed provider could not record any more."""
        def arguments(pid):
            try:
                return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
            except OSError:
                return []
        config = f"{self.run_folder}/ingress/caddy.json"
        return {int(pid) for pid in os.listdir("/proc") if pid.isdigit() and config in arguments(pid)}

    def lose_power(self):
        """All processes end at once; then memory, mounts, networks and control groups are gone."""
        self.kill()
        pids = self.processes() | self.ingress_processes()
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        assert until(10, lambda: not self.processes()), f"{self.processes()} do not end"
        forwarding_was_off = os.path.exists(f"{self.run_folder}/forwarding-was-off")
        for mount in reversed(self.mounts()):  # what was mounted last first
            subprocess.run(["umount", "--lazy", mount], check=True)
        for interface in self.interfaces():
            subprocess.run(["ip", "link", "del", interface])  # its other end may have taken it along
        if self.tables():
            subprocess.run(["nft", "delete", "table", "inet", self.table], check=True)
        for folder in self.group_folders():
            for inner, _, _ in os.walk(folder, topdown=False):
                assert until(10, lambda: remove_group(inner)), f"{inner} cannot be removed"
        shutil.rmtree(self.run_folder, ignore_errors=True)
        if forwarding_was_off and "turnpike_" not in output_of("nft", "list", "tables"):
            pathlib.Path("/proc/sys/net/ipv4/ip_forward").write_text("0")
        assert not self.leftovers(), f"after a reboot there is still {self.leftovers()}"

    def mounts(self):
        with open("/proc/mounts") as mounts:
            places = [line.split()[1] for line in mounts]
        return [place for place in places if place.startswith((f"{self.run_folder}/", f"{self.home}/")) or place == self.run_folder]

    def interfaces(self):
        prefix = f"tp-{hashlib.sha256(self.instance.encode()).hexdigest()[:4]}-"
        return [name for name in os.listdir("/sys/class/net") if name.startswith(prefix)]

    @property
    def table(self):
        return f"turnpike_{self.instance.replace('-', '_')}"

    def tables(self):
        return [line for line in output_of("nft", "list", "tables").splitlines() if line.endswith(f" {self.table}")]

    def group_folders(self):
        return glob.glob(f"/sys/fs/cgroup/*/tp-{self.instance}") + glob.glob(f"/sys/fs/cgroup/tp-{self.instance}")

    def leftovers(self):
        """What still carries this provider's name on the machine."""
        left = self.mounts() + self.interfaces() + self.tables() + self.group_folders()
        return left + ([self.run_folder] if os.path.exists(self.run_folder) else [])

# SPDX-License-Identifier: BSD-3-Clause
"""What the benchmarks share: processes, consoles, huge pages, results."""
import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import time

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), ".."))
BUILD = os.path.realpath(os.environ.get("BUILD") or os.path.join(TOP, "build"))
RUN = "/run/bench"


class Failed(Exception):
    """A benchmark cannot go on; the text says why."""


def arguments(doc, rounds=5, seconds=2.0):
    parser = argparse.ArgumentParser(description=doc,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=rounds, help="turns of each system")
    parser.add_argument("--seconds", type=float, default=seconds, help="length of a turn")
    return parser


def enter_sandbox(script):
    """Runs the script again inside scripts/sandbox; what it starts ends with it."""
    if "FLUE_SANDBOX" not in os.environ:
        os.execv(f"{TOP}/scripts/sandbox", ["sandbox", "env", "FLUE_SANDBOX=1",
                                            os.path.realpath(script), *sys.argv[1:]])
    # Process 1's children get the signal too; leave through the `finally`s.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    os.makedirs(RUN)


def run(*command, **options):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False, **options)
    if done.returncode:
        raise Failed(f"{' '.join(command)}: {(done.stdout + done.stderr).strip()[-1000:]}")
    return done.stdout


def spawn(name, command, **options):
    with open(f"{RUN}/{name}.log", "ab") as log:
        try:
            return subprocess.Popen(command, stdout=log, stderr=log,
                                    **({"stdin": subprocess.DEVNULL} | options))
        except OSError as error:
            raise Failed(f"{error}; make setup build; scripts/setup bench") from error


def stop(process):
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def log_of(name):
    with open(f"{RUN}/{name}.log", encoding="utf-8", errors="replace") as file:
        return file.read()


def wait_for(what, ready, seconds=20.0):
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            raise Failed(f"{what}: not after {seconds:.0f} s")
        time.sleep(0.02)


class Console:
    """A dpdk-testpmd that takes commands."""

    def __init__(self, name, command):
        self.name = name
        with open(f"{RUN}/{name}.log", "wb"):
            pass
        # Lines must come when they are whole, also into a file.
        self.process = spawn(name, ["stdbuf", "-oL", *command], stdin=subprocess.PIPE)
        try:
            wait_for(name, lambda: self.alive() and "testpmd> " in log_of(name) or
                     "Press enter" in log_of(name))
        except Failed:
            stop(self.process)
            raise

    def alive(self):
        if self.process.poll() is not None:
            raise Failed(f"{self.name} ended: {log_of(self.name)[-1500:]}")
        return True

    def say(self, command):
        self.alive()
        self.process.stdin.write((command + "\n").encode())
        self.process.stdin.flush()

    def ask(self, command, until, times=1):
        """The text printed after the command, when `until` has come so many times."""
        before = len(log_of(self.name))
        self.say(command)
        wait_for(f"{self.name}: {command}",
                 lambda: self.alive() and log_of(self.name)[before:].count(until) >= times)
        return log_of(self.name)[before:]

    def stop(self):
        stop(self.process)


class Flued:
    def __init__(self, args):
        self.socket = f"{RUN}/flued.sock"
        with open(f"{RUN}/flued.log", "wb"):
            pass
        self.process = spawn("flued", [f"{BUILD}/vswitch/flued", "--socket", self.socket, *args])
        try:
            wait_for("flued", lambda: self.alive() and "ready" in log_of("flued"))
        except Failed:
            stop(self.process)
            raise

    def alive(self):
        if self.process.poll() is not None:
            raise Failed(f"flued ended: {log_of('flued')[-1500:]}")
        return True

    def cli(self, *args):
        return run(f"{BUILD}/cli/flue", "--socket", self.socket, *args)

    def show(self, *args):
        return json.loads(self.cli(*args, "-j"))

    def stop(self):
        stop(self.process)


@contextlib.contextmanager
def huge_pages(count):
    """At least so many free 2 MB pages, given back at the end."""
    path = "/sys/kernel/mm/hugepages/hugepages-2048kB"

    def read(name):
        with open(f"{path}/{name}", encoding="ascii") as file:
            return int(file.read())

    def write(number):
        with open(f"{path}/nr_hugepages", "w", encoding="ascii") as file:
            file.write(str(number))

    had = read("nr_hugepages")
    missing = count - read("free_hugepages")
    if missing > 0:
        write(had + missing)
    try:
        if read("free_hugepages") < count:
            raise Failed(f"only {read('free_hugepages')} of {count} huge pages could be reserved")
        yield
    finally:
        write(had)


def write_result(path, value):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=1)
        file.write("\n")
    if "SUDO_UID" in os.environ:
        os.chown(path, int(os.environ["SUDO_UID"]), int(os.environ["SUDO_GID"]))

"""One of our programs as a child process: started, stopped, killed, started again."""

import os
import signal
import subprocess
import sys
from pathlib import Path


class Program:
    """`shouwang <arguments>` with an environment and a log file of its own."""

    def __init__(self, name: str, arguments: list[str], environment: dict[str, str], log: Path) -> None:
        self.name = name
        self.command = [sys.executable, "-m", "shouwang", *arguments]
        self.environment = environment
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; its output goes to the log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, env={**os.environ, **self.environment}, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self.process is not None and self.process.poll() is None

    def stop(self, seconds: float = 15) -> int | None:
        """SIGTERM and wait; SIGKILL after `seconds`. Returns the exit status."""
        if self.process is None:
            return None
        if self.alive:
            self.process.terminate()
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return self.kill()

    def run(self, seconds: float) -> int | None:
        """Start it and wait for its end; the exit status, or None if it had to be killed after `seconds`."""
        self.start()
        assert self.process
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def kill(self) -> int | None:
        """SIGKILL, as the out-of-memory killer would."""
        return self.send(signal.SIGKILL, wait=True)

    def send(self, number: signal.Signals, *, wait: bool = False) -> int | None:
        """Send a signal."""
        if self.process is None:
            return None
        if self.alive:
            self.process.send_signal(number)
        return self.process.wait(10) if wait else None

    def tail(self, size: int = 2000) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-size:] if self.log.exists() else ""

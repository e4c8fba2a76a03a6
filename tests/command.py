"""The `shouwang` command as an administrator runs it, with the registrar's login."""

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import Database, RunningBroker


class Command:
    """Runs `shouwang` on a test's database, and on its broker where one is given."""

    def __init__(self, database: Database, folder: Path, broker: RunningBroker | None = None) -> None:
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith("SHOUWANG_")}
        self.environment |= {"SHOUWANG_DATABASE_URL": database.url("registrar"), "COLUMNS": "120"}
        self.admin: list[str] = []
        if broker:
            self.environment["SHOUWANG_MQTT_PORT"] = str(broker.port)
            file = folder / "mqtt_admin"
            file.write_text(broker.accounts.admin)
            self.admin = ["--admin-password-file", str(file)]

    def __call__(self, *words: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        """The finished command."""
        return subprocess.run(
            [sys.executable, "-m", "shouwang", *words], input=stdin, env=self.environment | environment,
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    def done(self, *words: str, stdin: str = "") -> str:
        """Standard output of a command that must succeed."""
        finished = self(*words, stdin=stdin)
        assert finished.returncode == 0, finished.stderr
        return finished.stdout.strip()

    def refused(self, *words: str, stdin: str = "", **environment: str) -> str:
        """What a command says that must fail, which is one line and no traceback."""
        finished = self(*words, stdin=stdin, **environment)
        assert finished.returncode in (1, 2)
        assert finished.stdout == ""
        assert len(finished.stderr.splitlines()) == 1, finished.stderr
        return finished.stderr.strip()

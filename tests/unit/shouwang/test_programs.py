"""A program whole or not at all."""

import signal
import threading

import pytest
import typer

from shouwang.programs import run


def test_a_program_ends_with_an_error_when_one_of_its_threads_fails(monkeypatch, caplog):
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.setenv("SHOUWANG_DATABASE_URL", "postgresql://nobody@localhost/none")
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def program(_settings, stop):
        threading.Thread(target=lambda: 1 / 0, name="writer-urgent").start()
        assert stop.wait(10), "nobody stopped the program"

    try:
        with pytest.raises(typer.Exit) as ended:
            run(program)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert ended.value.exit_code == 1
    assert "writer-urgent failed" in caplog.text

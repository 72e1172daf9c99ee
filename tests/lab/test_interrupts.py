"""Ctrl-C waits for the end of a shielded block."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from smplab.lab.interrupts import Interrupts


def press_ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_outside_a_shield_it_strikes_at_once() -> None:
    with pytest.raises(KeyboardInterrupt), Interrupts():
        press_ctrl_c()


def test_inside_a_shield_it_strikes_after_it() -> None:
    reached = []

    def write() -> None:
        with Interrupts() as interrupts:
            with interrupts.shield():
                press_ctrl_c()
                reached.append("written")
            reached.append("too far")

    with pytest.raises(KeyboardInterrupt):
        write()
    assert reached == ["written"]


def test_it_puts_back_what_was_there() -> None:
    before = signal.getsignal(signal.SIGINT)
    with Interrupts() as interrupts, interrupts.shield():
        pass
    assert signal.getsignal(signal.SIGINT) is before


def test_in_another_thread_it_does_nothing() -> None:
    entered = []

    def body() -> None:
        with Interrupts() as interrupts, interrupts.shield():
            entered.append(True)

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    assert entered

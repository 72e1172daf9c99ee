"""A plugin that fails costs neither the results nor the other plugins."""

from __future__ import annotations

from typing import Any

from smplab.lab.hooks import Notifier
from smplab.plugin.hookspecs import hookimpl
from smplab.plugin.host import Host


class Good:
    def __init__(self) -> None:
        self.heard: list[Any] = []

    @hookimpl
    def point_finished(self, context: Any) -> None:
        self.heard.append(context)


class Deaf:
    def __init__(self) -> None:
        self.called = 0

    @hookimpl
    def point_finished(self) -> None:
        self.called += 1


class Bad:
    def __init__(self) -> None:
        self.called = 0

    @hookimpl
    def point_finished(self, context: Any) -> None:
        self.called += 1
        raise OSError("no space")


def test_each_failure_is_told_once_and_the_others_are_called() -> None:
    host = Host(autoload=False)
    first, bad, last, deaf = Good(), Bad(), Good(), Deaf()
    with host.observers() as observe:
        for observer in (first, bad, last, deaf):
            observe(observer)
        notifier = Notifier(host)
        notifier.call("point_finished", "one")
        notifier.call("point_finished", "two")
    assert first.heard == last.heard == ["one", "two"]
    assert (bad.called, deaf.called) == (1, 2)
    assert notifier.failures == ["Bad failed in point_finished: OSError: no space"]

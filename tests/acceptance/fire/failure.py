# SPDX-License-Identifier: Apache-2.0
"""What the harness raises when a guarantee was broken, or the harness itself could not go on."""


class Broken(AssertionError):
    """A guarantee does not hold; `check` names the one that found it."""

    def __init__(self, check: str, text: str) -> None:
        super().__init__(f"{check}: {text}")
        self.check = check


class CannotGoOn(Exception):
    """Nothing can be said of the guarantees: a process ended unasked, or a fault never struck."""

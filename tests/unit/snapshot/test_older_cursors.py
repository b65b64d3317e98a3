# SPDX-License-Identifier: Apache-2.0
"""A walk over pages that began before an upgrade goes on after it."""

from synchronizer.snapshot import cursor

#: As version 0.1.0 made it.
OF_0_1_0 = (
    "XHKWZk3jjfFbImVhc3QiLCJub3ZhLnNlcnZlciIsIjAxTTdaOUg4OUdTOTZNMFJNQUUzWjEzUjM5IiwxOCwxMiw1LCIw"
    "ODdiMDZlYzczMzAwNTVjZjM2YzEwYWEwMGJiMjJjYyIsMTc5NTI3MjgwNjM2NTU1OCwwLDFd"
)


def test_a_cursor_of_the_first_version_leads_on() -> None:
    found = cursor.decode(OF_0_1_0)
    assert (found.cloud, found.type) == ("east", "nova.server")
    assert found.epoch == "01M7Z9H89GS96M0RMAE3Z13R39"
    assert (found.at, found.after, found.count) == (18, 12, 5)
    assert found.encode() == OF_0_1_0

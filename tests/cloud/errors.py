# SPDX-License-Identifier: Apache-2.0
"""What can go wrong with a cloud for tests."""


class CloudError(Exception):
    """The cloud could not do what was asked."""


class NotInstalledError(CloudError):
    """The cloud's packages are not installed: run ``python -m tests.cloud install``."""

    def __str__(self) -> str:
        return " ".join(map(str, self.args)) or (self.__doc__ or "")

# SPDX-License-Identifier: Apache-2.0
import pathlib

import pytest

from synchronizer import errors
from synchronizer.daemon.main import read


def test_an_address_that_is_none_is_refused_before_anything_is_started(
    tmp_path: pathlib.Path,
) -> None:
    file = tmp_path / "synchronizer.conf"
    file.write_text("[DEFAULT]\nclouds = one\n[monitor]\nlisten = 9788\n")
    with pytest.raises(errors.BadConfiguration, match=r"listen in \[monitor\]: '9788' is no addr"):
        read([file])

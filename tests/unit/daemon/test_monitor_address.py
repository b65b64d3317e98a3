# SPDX-License-Identifier: Apache-2.0
import pathlib

import pytest

from synchronizer import errors
from synchronizer.daemon.main import read


@pytest.mark.parametrize("text", ["9788", "here:port", "127.0.0.1:70000"])
def test_an_address_that_is_none_is_refused_before_anything_is_started(
    text: str, tmp_path: pathlib.Path
) -> None:
    file = tmp_path / "synchronizer.conf"
    file.write_text(f"[DEFAULT]\nclouds = one\n[monitor]\nlisten = {text}\n")
    with pytest.raises(errors.BadConfiguration, match="listen") as refused:
        read([file])
    assert text in str(refused.value)

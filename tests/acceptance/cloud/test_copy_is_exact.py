# SPDX-License-Identifier: Apache-2.0
"""The daemon against a real Keystone and Nova: the consumer's copy is the cloud."""

import pytest

from tests.acceptance.cloud.running import RunningCloud
from tests.support.copying import Copying
from tests.support.daemon import Daemon
from tests.support.simulated import visible

TYPE = "nova.server"
MICROVERSION = "2.96"
OPTIONS = f"""
[nova]
microversion = {MICROVERSION}
[sampling]
interval = 10
changes_interval = 1
[relay]
bookmark_interval = 2
"""
#: Nova's own consoles and agents settle, then one listing more.
PATIENCE = 90


@pytest.mark.parametrize("cloud", [5, None], indirect=True, ids=["pages-of-5", "default-pages"])
def test_the_copy_equals_nova_s_own_listing_after_a_minute_of_churn(cloud: RunningCloud) -> None:
    cloud.seed(50, kinds=["server"])
    daemon = Daemon(cloud=cloud.name, clouds_yaml=cloud.clouds_yaml, options=OPTIONS)
    with daemon, Copying(daemon.transport_url, TYPE, cloud=cloud.name) as consumer:
        consumer.wait_synced(cloud.name, TYPE, PATIENCE)
        before = set(consumer.copy.of(cloud.name, TYPE))
        cloud.churn(60, kinds=["server", "volume"])
        truth = cloud.listing(microversion=MICROVERSION)
        try:
            consumer.wait_equal(cloud.name, TYPE, visible(truth), PATIENCE)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{daemon.told()}") from None

        assert len(before) >= 50
        assert before != set(truth), "the churn neither created nor deleted a server"
        assert consumer.deletes
        gone = {id_ for _, id_ in consumer.deletes}
        assert not gone & truth.keys(), "a server was reported as deleted and is there"

# SPDX-License-Identifier: Apache-2.0
"""Daemons that begin with other rules than there were, and two side by side."""

from collections import Counter
from contextlib import closing
from pathlib import Path

from synchronizer.client import Client, Updated
from synchronizer.ledger import Ledger
from tests.acceptance.simulated.settings import PATIENCE, options
from tests.support.copying import Copying
from tests.support.daemon import Daemon
from tests.support.simulated import CLOUD, MICROVERSION, TYPE, SimulatedCloud
from tests.support.waiting import answered, until

SERVERS = 300
YIELDS = "it waits until there is no sign of life of that process"


def mask(*fields: str) -> str:
    return f"[nova.server]\nvolatile = {', '.join(fields)}\n"


def log_of(daemon: Daemon) -> str:
    return daemon.log.read_text(errors="replace") if daemon.log.exists() else ""


def begin_again(daemon: Daemon, old: str, new: str) -> None:
    """Ends the daemon and starts it with another piece of configuration."""
    assert daemon.stop() == 0
    text = daemon.configuration.read_text()
    assert old in text
    daemon.configuration.write_text(text.replace(old, new))
    daemon.start()


def wait_proven(client: Client, listings: int = 1) -> None:
    """Until so many complete listings were proven that began from now on."""
    for _ in range(listings):
        before = answered(client.describe)[0].listed_at or 0

        def proven(than: int = before) -> bool:
            return (client.describe()[0].listed_at or 0) > than

        # The one that is under way may have begun earlier; the next one has not.
        until("a proven listing", proven, PATIENCE)


def test_an_edited_mask_announces_nothing_and_what_happened_meanwhile_once(
    tmp_path: Path,
) -> None:
    masked = mask("metadata", "updated")
    with SimulatedCloud(tmp_path, servers=SERVERS) as cloud:
        daemon = Daemon(cloud=CLOUD, clouds_yaml=cloud.clouds_yaml, options=options())
        with daemon, Copying(daemon.transport_url, TYPE, cloud=CLOUD) as consumer:
            consumer.wait_synced(CLOUD, TYPE, PATIENCE)
            consumer.wait_equal(CLOUD, TYPE, cloud.servers(), PATIENCE)
            (before,) = consumer.client.describe()

            assert daemon.stop() == 0
            renamed = cloud.control.mutate("rename")
            daemon.configuration.write_text(daemon.configuration.read_text() + masked)
            daemon.start()
            consumer.wait_equal(CLOUD, TYPE, cloud.servers(), PATIENCE)
            wait_proven(consumer.client, 2)
            (after,) = consumer.client.describe()
            assert (after.epoch, after.revision) == (before.epoch, before.revision + 1)

            # What is masked is no change, as long as it is.
            described = cloud.control.mutate("metadata")
            wait_proven(consumer.client, 2)
            assert consumer.client.describe()[0].revision == after.revision
            begin_again(daemon, masked, "")
            consumer.wait_equal(CLOUD, TYPE, cloud.servers(), PATIENCE)
            wait_proven(consumer.client, 2)
            assert consumer.client.describe()[0].revision == after.revision + 1
            told = [(e.id, e.changed) for _, e in consumer.told if isinstance(e, Updated)]
            assert [id_ for id_, _ in told] == [renamed, described]
            assert told[1][1] == ("metadata", "updated")


def test_another_microversion_is_told_once_for_each_server_and_the_copy_is_exact(
    tmp_path: Path,
) -> None:
    new = f"microversion = {MICROVERSION}\n"
    with SimulatedCloud(tmp_path, servers=SERVERS) as cloud:
        settings = options().replace(new, "microversion = 2.75\n")
        settings = settings.replace("[sampling]\n", "[sampling]\nnew_content_rate = 50\n")
        daemon = Daemon(cloud=CLOUD, clouds_yaml=cloud.clouds_yaml, options=settings)
        with daemon, Copying(daemon.transport_url, TYPE, cloud=CLOUD) as consumer:
            consumer.wait_synced(CLOUD, TYPE, PATIENCE)
            (before,) = consumer.client.describe()
            assert before.count == SERVERS
            begin_again(daemon, "microversion = 2.75\n", new)
            consumer.wait_equal(CLOUD, TYPE, cloud.servers(), PATIENCE)
            wait_proven(consumer.client, 2)
            (after,) = consumer.client.describe()
            assert (after.epoch, after.revision) == (before.epoch, before.revision + SERVERS)
            told = [(e.id, e.changed) for _, e in consumer.told if isinstance(e, Updated)]
            assert Counter(id_ for id_, _ in told) == Counter(dict.fromkeys(cloud.servers(), 1))
            assert {changed for _, changed in told} == {("pinned_availability_zone",)}
            assert "300 entities have new content; 50 of them a second" in log_of(daemon)


def test_of_two_daemons_with_different_rules_the_last_to_begin_samples_until_it_ends(
    tmp_path: Path,
) -> None:
    shared = f"[ledger]\nconnection = sqlite:///{tmp_path}/ledger.sqlite\n"
    with SimulatedCloud(tmp_path, servers=SERVERS) as cloud:
        one = Daemon(cloud=CLOUD, clouds_yaml=cloud.clouds_yaml, options=options(extra=shared))
        two = Daemon(
            cloud=CLOUD,
            clouds_yaml=cloud.clouds_yaml,
            options=options(extra=shared + mask("metadata")),
        )
        with one, Copying(one.transport_url, TYPE, cloud=CLOUD) as consumer:
            consumer.wait_synced(CLOUD, TYPE, PATIENCE)
            (before,) = consumer.client.describe()
            with two:
                until("the first to yield", lambda: YIELDS in log_of(one), PATIENCE)
                wait_proven(consumer.client, 3)
                assert consumer.client.describe()[0].revision == before.revision
                cloud.control.mutate("rename")
                consumer.wait_equal(CLOUD, TYPE, cloud.servers(), PATIENCE)
                wait_proven(consumer.client, 3)
                assert consumer.client.describe()[0].revision == before.revision + 1
                yielded = log_of(one)
                assert yielded.count(YIELDS) == 1
                assert yielded.count("entities match anew") == 0
                assert log_of(two).count("entities match anew") == 1
                assert YIELDS not in log_of(two)
                two.stop()
            until("the first to take over", lambda: "; takes over" in log_of(one), 2 * PATIENCE)
            described = cloud.control.mutate("metadata")
            consumer.wait_equal(CLOUD, TYPE, cloud.servers(), PATIENCE)
            wait_proven(consumer.client, 2)
            (after,) = consumer.client.describe()
            assert (after.epoch, after.revision) == (before.epoch, before.revision + 2)
            last = consumer.told[-1][1]
            assert isinstance(last, Updated)
            assert last.id == described
            assert log_of(one).count("entities match anew") == 1


def test_a_field_that_may_not_be_kept_any_longer_is_taken_back_from_everybody(
    tmp_path: Path,
) -> None:
    with SimulatedCloud(tmp_path, servers=SERVERS) as cloud:
        daemon = Daemon(cloud=CLOUD, clouds_yaml=cloud.clouds_yaml, options=options())
        with daemon, Copying(daemon.transport_url, TYPE, cloud=CLOUD) as consumer:
            consumer.wait_synced(CLOUD, TYPE, PATIENCE)
            renamed = cloud.control.mutate("rename")
            consumer.wait_equal(CLOUD, TYPE, cloud.servers(), PATIENCE)
            wait_proven(consumer.client, 2)
            (before,) = consumer.client.describe()
            assert before.revision == SERVERS + 1

            assert daemon.stop() == 0
            text = daemon.configuration.read_text()
            daemon.configuration.write_text(text + "[nova.server]\nsensitive = metadata\n")
            daemon.start()
            left = {
                id_: {name: value for name, value in server.items() if name != "metadata"}
                for id_, server in cloud.servers().items()
            }
            consumer.wait_equal(CLOUD, TYPE, left, PATIENCE)
            wait_proven(consumer.client, 2)
            (after,) = consumer.client.describe()
            assert (after.epoch, after.revision) == (before.epoch, before.revision + SERVERS)
            told = [(e.id, e.changed) for _, e in consumer.told if isinstance(e, Updated)]
            assert told[0][0] == renamed
            assert Counter(told[1:]) == Counter(
                dict.fromkeys(((i, ("metadata",)) for i in left), 1)
            )
            # Nor is it in the history, of which the first version of each is a part.
            ledger = Ledger.open(
                f"sqlite:///{daemon.path}/state/ledger.sqlite", state_path=daemon.path / "state"
            )
            with closing(ledger):
                (stream,) = ledger.streams()
                history = ledger.changes(stream.id, 0, limit=1 << 20, max_bytes=1 << 30).versions
            assert len(history) == after.revision
            assert not any(b'"metadata"' in (version.entity or b"") for version in history)

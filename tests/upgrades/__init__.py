# SPDX-License-Identifier: Apache-2.0
"""What released versions have left: ledgers as their daemons wrote them, and their client.

`python -m tests.upgrades.make VERSION PYTHON` fills the folder of a version, beside its wheel and
its unit, from an environment in which that version is installed: its daemon runs on each kind of
database, and is killed. A folder that was made stays as it is.

* `ledger.<database>.sql.gz`: a dump of the database;
* `left.<database>.json.gz`: the high-water marks beside it, and what a consumer had from that
  daemon (answers and notifications, as they were on the bus, in order);
* its wheel, unchanged, to be installed, or to be imported from; and its systemd unit;
* `schemas.json.gz`: its JSON Schemas, by name;
* `synchronizer.conf.sample.gz`: its configuration with every option.
"""

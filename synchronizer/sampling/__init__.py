# SPDX-License-Identifier: Apache-2.0
"""Southbound: reads services through plugins and records what differs.

A page takes this way: `listing` (or `changes`, or `resample`) asks the plugin for it,
`stream` has it sliced by `rawhash`, compared by `diff` with the `baseline`, and recorded
by `committer`. What a listing did not show goes through `evidence` before it is deleted;
what lacks evidence waits in `holds`. `schedule` says when, and `lease` whose turn it is.
`ondemand` lists for callers, in other processes than the worker's.

This package never speaks on a bus, never decodes what has not changed, never deletes
without evidence, and lets no clock decide which of two observations is newer.
"""

from synchronizer.sampling.counters import NO_TALLY, Counts, Tally
from synchronizer.sampling.lister import Limits, Source
from synchronizer.sampling.ondemand import OnDemand
from synchronizer.sampling.settings import TypeSettings
from synchronizer.sampling.standby import Standby
from synchronizer.sampling.worker import SamplingWorker

__all__ = [
    "NO_TALLY",
    "Counts",
    "Limits",
    "OnDemand",
    "SamplingWorker",
    "Source",
    "Standby",
    "Tally",
    "TypeSettings",
]

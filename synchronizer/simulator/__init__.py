# SPDX-License-Identifier: Apache-2.0
"""A simulated cloud: Keystone v3 and Nova's list of servers, over HTTP, from a seed.

It speaks to the unchanged python-novaclient, changes by itself (churn), writes down the
truth about every change, and fails on demand in the ways that real clouds fail.  A million
servers cost no memory: only those that something happened to are kept.

It never imports anything else of this project, keeps nothing between two runs, and creates
nothing through its API: servers change by churn and by the control side alone.
"""

from synchronizer.simulator.accounts import PASSWORD, Accounts
from synchronizer.simulator.clouds import administrator, write_clouds
from synchronizer.simulator.control import Control, ControlError
from synchronizer.simulator.faults import Fault
from synchronizer.simulator.fixtures import USER_DATA_MARKER, USER_DATA_SECRET
from synchronizer.simulator.ground_truth import GroundTruth
from synchronizer.simulator.simulator import Running, Simulator
from synchronizer.simulator.tail import Tail

__all__ = [
    "PASSWORD",
    "USER_DATA_MARKER",
    "USER_DATA_SECRET",
    "Accounts",
    "Control",
    "ControlError",
    "Fault",
    "GroundTruth",
    "Running",
    "Simulator",
    "Tail",
    "administrator",
    "write_clouds",
]

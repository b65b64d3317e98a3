# SPDX-License-Identifier: Apache-2.0
"""`python -m synchronizer.metrics`: the reference of all metrics, for the documentation."""

import sys

from synchronizer.metrics.reference import reference

if __name__ == "__main__":
    sys.stdout.write(reference())

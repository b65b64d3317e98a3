# SPDX-License-Identifier: Apache-2.0
"""`python -m synchronizer.conf`: prints the reference of all options."""

import sys

from synchronizer.conf.reference import reference

if __name__ == "__main__":
    sys.stdout.write(reference())

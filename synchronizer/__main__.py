# SPDX-License-Identifier: Apache-2.0
"""`python -m synchronizer` is the command `synchronizer`."""

import sys

from synchronizer.cli.main import main

sys.exit(main())

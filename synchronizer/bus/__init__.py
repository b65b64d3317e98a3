# SPDX-License-Identifier: Apache-2.0
"""The message bus: names, forms and transports of what travels between processes.

It knows oslo.messaging and the wire contract, and hides both: above it there are only
values (`synchronizer.model`) and errors (`synchronizer.errors`). Every call has a
deadline that holds whatever the broker does. It never reads configuration files, the
ledger or a source, and it keeps nothing: what is lost here is still in the ledger.
"""

import warnings

with warnings.catch_warnings():
    # oslo.messaging imports oslo.service, whose default backend imports eventlet, which
    # complains of itself. Nothing here uses it, and our users need not hear of it.
    warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
    import oslo_messaging  # noqa: F401

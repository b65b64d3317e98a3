# SPDX-License-Identifier: Apache-2.0
"""What faults do to an answer after the service has made it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from synchronizer.simulator import keystone, nova_errors
from synchronizer.simulator.faults import Fault, Shape
from synchronizer.simulator.messages import Response

_HTML = b"""<html>
<head><title>%(status)d Bad Gateway</title></head>
<body>
<center><h1>%(status)d Bad Gateway</h1></center>
<hr><center>proxy</center>
</body>
</html>
"""


def instead(faults: Sequence[Fault], identity: bool) -> Response | None:
    """Return the answer that a fault gives in the service's place, if one does."""
    for fault in faults:
        if fault.kind == "html":
            status = fault.status or 502
            return Response(status, _HTML % {b"status": status}, {}, "text/html")
        if fault.kind == "error":
            return _error(fault, identity)
    return None


def _error(fault: Fault, identity: bool) -> Response:
    status = fault.status or 500
    message = f"The simulated cloud answers {status} on demand."
    if identity:
        response = keystone.error(status, message)
        if fault.retry_after is None:
            return response
        return replace(response, headers={"Retry-After": str(fault.retry_after)})
    if status == 401:
        return nova_errors.unauthorized("")
    return nova_errors.fault(status, message, fault.retry_after)


def after(response: Response, faults: Sequence[Fault]) -> Response:
    """Return the answer as the faults leave it; only a success is damaged."""
    if response.status >= 300:
        return response
    for fault in faults:
        if fault.kind == "truncated-json":
            response = replace(response, body=response.body[: len(response.body) * 2 // 3])
        elif fault.kind == "wrong-shape":
            response = replace(response, body=_reshaped(response.body, fault.shape))
    return response


def _reshaped(body: bytes, shape: Shape) -> bytes:
    if shape == "array":
        return b"[]"
    if shape == "null":
        return b"null"
    if shape == "empty":
        return b"{}"
    value = json.loads(body)
    for key, items in value.items():
        listed = items if isinstance(items, list) else [items]
        if shape == "no-id":
            for item in listed:
                if isinstance(item, dict):
                    item.pop("id", None)
        elif shape == "object":
            value[key] = {str(place): item for place, item in enumerate(listed)}
        else:
            value[key] = [json.dumps(item) for item in listed]
    return json.dumps(value).encode()

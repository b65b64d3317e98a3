# SPDX-License-Identifier: Apache-2.0
"""Which 404s are Glance's own word about an image."""

import pytest

from synchronizer.plugin.openstack import Answer
from synchronizer_plugins.glance.notfound import says_not_found

ID = "7da098c3-80b3-44d1-bd62-14465de0c868"

HTML = f"""<html>
 <head>
  <title>404 Not Found</title>
 </head>
 <body>
  <h1>404 Not Found</h1>
  No image found with ID {ID}<br /><br />



 </body>
</html>"""
JSON = (
    f'{{"message": "No image found with ID {ID}<br /><br />\\n\\n\\n", "code": "404 Not Found",'
    ' "title": "Not Found"}'
)
APACHE = f"""<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">
<html><head><title>404 Not Found</title></head><body>
<h1>Not Found</h1><p>The requested URL /v2/images/{ID} was not found on this server.</p>
</body></html>"""


def said(body: str, id_: str = ID) -> bool:
    answer = Answer(f"GET /v2/images/{id_}", 404, {}, body.encode(), None)
    return says_not_found(answer, id_)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(HTML, id="html"),
        pytest.param(JSON, id="json"),
        pytest.param(f"404 Not Found\n\nNo image found with ID {ID}\n\n\n", id="plain"),
        pytest.param(JSON.replace("No image found with ID", "Failed to find image"), id="elder"),
    ],
)
def test_glances_sentence_about_the_image_counts_in_every_form(body: str) -> None:
    assert said(body)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{}",
        "<html><h1>Proxy says no</h1></html>",
        APACHE,
        "404 Not Found",
        f"Not Found\nNo image found with ID {ID}",
        HTML.replace("404 Not Found</h1>", "502 Bad Gateway</h1>"),
        HTML.replace(f"No image found with ID {ID}", "The resource could not be found."),
        JSON.replace("Not Found", "Gone"),
        JSON.replace(ID, ID[:-1]),
        JSON.replace(ID, f"{ID}0"),
        JSON.replace(ID, f"other, and not {ID}"),
        f'{{"error": {{"code": 404, "message": "Could not find image: {ID}."}}}}',
        f'{{"itemNotFound": {{"code": 404, "message": "No image found with ID {ID}"}}}}',
    ],
)
def test_what_another_says_does_not_count(body: str) -> None:
    assert not said(body)

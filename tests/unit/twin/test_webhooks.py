"""Which webhooks a twin posts to; how it posts is tested on both APIs."""

import pytest

from twinspan.twin.webhooks import is_loopback


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("http://127.0.0.1:1/x", True),
        ("http://localhost/x", True),
        ("https://[::1]:1/x", True),
        ("http://127.0.0.1.example.com/", False),
        ("http://198.51.100.1/", False),
        ("http://localhost@198.51.100.1/", False),
        ("http://[::1", False),
        ("http:///x", False),
    ],
)
def test_only_this_machine_is_posted_to(url: str, own: bool) -> None:
    assert is_loopback(url) is own

"""A test is called the same in every process and at every time: `tests/conftest.py` sees to it."""

import gzip

import pytest


@pytest.mark.parametrize("value", [gzip.compress(b"packed"), "\xff".encode()], ids=["packed", "not ASCII"])
def test_bytes_that_nobody_can_read_need_a_name(pytestconfig: pytest.Config, value: bytes) -> None:
    with pytest.raises(pytest.UsageError, match=r"give b'.* a name"):
        pytestconfig.hook.pytest_make_parametrize_id(config=pytestconfig, val=value, argname="body")


@pytest.mark.parametrize("value", [b"", b"text", "\xff", 1])
def test_what_can_be_read_needs_none(pytestconfig: pytest.Config, value: object) -> None:
    pytestconfig.hook.pytest_make_parametrize_id(config=pytestconfig, val=value, argname="body")

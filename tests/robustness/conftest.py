"""Fixtures of the robustness tests: one running API each."""

from collections.abc import Iterator

import aws_requests
import azure_under_test
import pytest


@pytest.fixture(scope="module")
def azure_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[azure_under_test.AzureUnderTest]:
    """An ARM API for the tests of one module."""
    with azure_under_test.serving(tmp_path_factory.mktemp("azure")) as api:
        yield api


@pytest.fixture(scope="module")
def aws_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[aws_requests.AwsUnderTest]:
    """An AWS API for the tests of one module."""
    with aws_requests.serving(tmp_path_factory.mktemp("aws")) as api:
        yield api

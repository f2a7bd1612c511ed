import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from both_apis import endpoints_of, told_by

from twinspan.cloud.aws import AwsEndpoint
from twinspan.cloud.azure import AzureEndpoint
from twinspan.cloud.endpoints import Endpoints

sys.path.append(str(Path(__file__).parents[2] / "unit" / "verify"))  # the builder of networks


@pytest.fixture(scope="module")
def endpoints(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    """The twin's two APIs in a process of their own, with nothing in them."""
    script = Path(__file__).with_name("apis_process.py")
    with told_by(script, tmp_path_factory.mktemp("apis")) as access:
        yield endpoints_of(access)


@pytest.fixture
def aws(endpoints: Endpoints) -> AwsEndpoint:
    assert endpoints.aws
    return endpoints.aws


@pytest.fixture
def azure(endpoints: Endpoints) -> AzureEndpoint:
    assert endpoints.azure
    return endpoints.azure

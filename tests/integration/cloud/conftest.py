import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from twinspan.cloud.aws import AwsEndpoint
from twinspan.cloud.azure import AzureEndpoint
from twinspan.cloud.endpoints import Endpoints

sys.path.append(str(Path(__file__).parents[2] / "unit" / "verify"))  # the builder of networks


@pytest.fixture(scope="module")
def endpoints(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    """The twin's two APIs in a process of their own, with nothing in them."""
    script = Path(__file__).with_name("apis_process.py")
    folder = tmp_path_factory.mktemp("apis")
    with subprocess.Popen(
        [sys.executable, str(script), str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        told = json.loads(process.stdout.readline())
        yield Endpoints(
            aws=AwsEndpoint(
                region="us-west-2",
                endpoint_url=told["aws"],
                access_key_id=told["key_id"],
                secret_access_key=told["secret"],
            ),
            azure=AzureEndpoint(
                subscription_id=told["subscription_id"],
                resource_manager_url=told["azure"],
                authority=told["azure"],
                tenant_id=told["tenant_id"],
                client_id=told["client_id"],
                client_secret=told["client_secret"],
                ca_certificate=Path(told["ca"]),
            ),
        )
        process.communicate(timeout=20)


@pytest.fixture
def aws(endpoints: Endpoints) -> AwsEndpoint:
    assert endpoints.aws
    return endpoints.aws


@pytest.fixture
def azure(endpoints: Endpoints) -> AzureEndpoint:
    assert endpoints.azure
    return endpoints.azure

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
        access = json.loads(process.stdout.readline())
        yield Endpoints(
            aws=AwsEndpoint(
                region="us-west-2",
                endpoint_url=access["aws"],
                access_key_id=access["key_id"],
                secret_access_key=access["secret"],
            ),
            azure=AzureEndpoint(
                subscription_id=access["subscription_id"],
                resource_manager_url=access["azure"],
                authority=access["azure"],
                tenant_id=access["tenant_id"],
                client_id=access["client_id"],
                client_secret=access["client_secret"],
                ca_certificate=Path(access["ca"]),
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

"""Read both clouds at the same time."""

from concurrent.futures import ThreadPoolExecutor

from twinspan.cloud.aws import read_aws
from twinspan.cloud.azure import read_azure
from twinspan.cloud.endpoints import Endpoints
from twinspan.cloud.objects import Unreadable, refuse
from twinspan.network.model import Network, Secrets


def read_network(endpoints: Endpoints, *, unreadable: Unreadable = refuse) -> tuple[Network, Secrets]:
    """Read what exists in both clouds, and the pre-shared keys apart from it.

    Args:
        endpoints: Both clouds.
        unreadable: Gets objects that cannot be understood, which are left out then.

    Raises:
        CloudError: An object cannot be understood, unless `unreadable` says otherwise.
        CloudRefusedError: One of the APIs said no.
        CloudUnreachableError: One of the APIs did not answer in time.
    """
    with ThreadPoolExecutor(2, thread_name_prefix="read") as pool:
        aws = pool.submit(read_aws, endpoints.aws, unreadable=unreadable) if endpoints.aws else None
        azure = pool.submit(read_azure, endpoints.azure, unreadable=unreadable) if endpoints.azure else None
        aws_network, aws_keys = aws.result() if aws else (None, {})
        azure_network, azure_keys = azure.result() if azure else (None, {})
    return Network(aws=aws_network, azure=azure_network), Secrets(aws=aws_keys, azure=azure_keys)

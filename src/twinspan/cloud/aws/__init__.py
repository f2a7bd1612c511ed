"""Read what exists in one AWS account, in all regions in use; the same for a real account and the twin."""

from collections.abc import Mapping

from twinspan.cloud.aws.endpoint import AwsEndpoint
from twinspan.cloud.objects import Unreadable, refuse
from twinspan.network.model import AwsNetwork

__all__ = ["AwsEndpoint", "read_aws"]


def read_aws(
    endpoint: AwsEndpoint, *, unreadable: Unreadable = refuse
) -> tuple[AwsNetwork, Mapping[tuple[str, str], str]]:
    """Read the network, and apart from it the pre-shared keys: (connection id, outside address) -> key.

    Objects that are deleted or being deleted are left out. All calls run at the same time. Objects of
    other regions than `endpoint.region` name theirs.

    Args:
        endpoint: The account and its regions in use.
        unreadable: Gets objects that cannot be understood, which are left out then.

    Raises:
        CloudError: An object cannot be understood, unless `unreadable` says otherwise.
        CloudRefusedError: AWS said no, or there are no usable credentials.
        CloudUnreachableError: AWS did not answer in time.
    """
    from twinspan.cloud.aws.reader import read  # noqa: PLC0415 - botocore takes 0.3 s to load

    return read(endpoint, unreadable)

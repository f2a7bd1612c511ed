"""The subnets of all networks: where hosts, clusters' nodes and load balancers find a place."""

from contextlib import AbstractContextManager

from twinspan.network.clouds import Cloud
from twinspan.twin.dataplane.addresses import Addresses
from twinspan.twin.dataplane.router import Router
from twinspan.twin.dataplane.spec import SubnetSpec


class Subnets:
    """The networks that are built.

    Attributes:
        routers: Key -> router.
        addresses: Those in use.
        lock: Held by whoever changes anything of the data plane.
    """

    def __init__(self, *, lock: AbstractContextManager[object]) -> None:
        self.routers: dict[str, Router] = {}
        self.addresses = Addresses()
        self.lock = lock

    def find(self, side: Cloud, subnet_id: str) -> tuple[Router, SubnetSpec] | None:
        """Return a subnet and its network's router, None if there is none.

        Args:
            side: Its cloud.
            subnet_id: AWS: its id; Azure: its resource id in lower case.
        """
        for router in self.routers.values():
            subnet = router.subnet(subnet_id) if router.spec.side == side else None
            if subnet is not None:
                return router, subnet
        return None

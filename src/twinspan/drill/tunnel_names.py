"""What a tunnel is called: by Terraform, by both clouds, and by its outside address."""

from collections.abc import Sequence

from twinspan.errors import DesignError
from twinspan.faults.definition import IN_USE, UNUSED
from twinspan.network.links import TunnelLink, tunnel_key


def names_of(link: TunnelLink) -> tuple[str, ...]:
    """Return the names of a tunnel, the one that reports show first.

    Terraform's addresses of both ends come next, AWS's as `ADDRESS.tunnel1`, and as `ADDRESS` alone, which
    its other tunnel has as well; then what both clouds call the connection.
    """
    aws, azure = link.vpn_connection, link.azure_connection
    numbered = tunnel_key(aws.id, aws.tunnels.index(link.tunnel) + 1) if aws and link.tunnel else ""
    names = (
        link.key,
        *link.addresses,
        azure.name if azure else "",
        str(link.outside_address or ""),
        numbered,
        aws.id if aws else "",
        aws.name if aws else "",
    )
    return tuple(dict.fromkeys(name for name in names if name))


def links_named(links: Sequence[TunnelLink], name: str) -> list[TunnelLink]:
    """Return the tunnels of a name, of which a shell may have taken the quotation marks: at best one."""
    same = [link for link in links if link.key == name]
    return same or [link for link in links if _plain(name) in map(_plain, names_of(link))]


def tunnel_named(links: Sequence[TunnelLink], name: str) -> TunnelLink:
    """Return the tunnel of a name.

    Raises:
        DesignError: There is none, or several have it; lists those that there are.
    """
    called = links_named(links, name)
    if len(called) == 1:
        return called[0]
    among = called or links
    raise DesignError(
        where="--tunnel",
        problem=f"{len(called)} tunnels are called {name}" if called else f"there is no tunnel {name}",
        remedy=f"Choose {IN_USE}, {UNUSED} or one of: {', '.join(_told(link) for link in among) or 'none'}"
        "; `twinspan drill tunnels` lists all names",
    )


def _told(link: TunnelLink) -> str:
    names = names_of(link)
    return f"{names[0]} ({names[1]})" if len(names) > 1 else names[0]


def _plain(name: str) -> str:
    """Return a name as it is compared: Azure's are without case, and a shell takes quotation marks."""
    return name.replace('"', "").lower()

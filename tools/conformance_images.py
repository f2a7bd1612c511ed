"""The images that upstream's tests run, made of this machine's files under the names that they ask for."""

import re
from collections.abc import Sequence
from pathlib import Path

from conformance_suite import Suite

from twinspan.command import run
from twinspan.twin.kubernetes.authority import ClusterAuthority
from twinspan.twin.kubernetes.host_files import (
    busybox_entries,
    command_link,
    copy_of,
    image_program,
    skeleton,
    with_libraries,
)
from twinspan.twin.kubernetes.image_archive import Blob, Entry, Image, make_layer, write_archive

ARCHIVE = "conformance.tar"
"""File name beside the archive of the clusters' own images: nodes import every one in that folder."""

_SHELL = ("bash", "wget")
"""Debian's busybox as `sh` would run its own commands before those on PATH: its `nc` has no `-v`, and its
`wget -T` crashes. dash would not do: names of variables with `-` in them must reach its children.
"""

_TOOLS = ("curl", "dig", "getent", "host", "ip", "nc", "nslookup")
"""What agnhost has besides itself. Source: kubernetes, test/images/agnhost/Dockerfile."""

_AGNHOST = ("/agnhost",)


def asked_for(suite: Suite) -> tuple[str, ...]:
    """Return the names and tags of all images that tests ask for, as the suite lists them."""
    return tuple(run([str(suite.tests), "--list-images"]).stdout.split())


def names_of(image: str, listed: Sequence[str]) -> tuple[str, ...]:
    """Return the full names of an image of registry.k8s.io, one for each tag that tests ask for.

    Other registries stand for what cannot be pulled: tests count on it.
    """
    pattern = re.compile(rf"registry\.k8s\.io/(?:e2e-test-images/)?{re.escape(image)}:[^/]+")
    return tuple(sorted(name for name in listed if pattern.fullmatch(name)))


def pack(archive: Path, suite: Suite, *, coredns: Path) -> None:
    """Write the images that tests of networks and of workloads run.

    Of nginx these tests only need that it runs and serves port 80: busybox does.

    Raises:
        HostError: A program that goes into them is not installed.
    """
    listed = asked_for(suite)
    base = make_layer([*skeleton(), *busybox_entries(image_program("busybox"))])
    programs = with_libraries(map(image_program, _SHELL))
    tools = with_libraries(map(image_program, _TOOLS))
    shell = (base, make_layer([*map(copy_of, programs), command_link("sh", "bash")]))
    dns_tools = (*shell, make_layer(map(copy_of, tools - programs)))
    agnhost = make_layer(_agnhost_entries(suite))
    server = make_layer([Entry(path="coredns", source=coredns)])

    def image(name: str, *layers: Blob, **runs: tuple[str, ...]) -> Image:
        return Image(names=names_of(name, listed), layers=layers, **runs)

    write_archive(
        archive,
        [
            image("busybox", *shell, command=("sh",)),
            image("pause", base, agnhost, entrypoint=_AGNHOST, command=("pause",)),
            image("agnhost", *dns_tools, agnhost, server, entrypoint=_AGNHOST, command=("pause",)),
            image("jessie-dnsutils", *dns_tools, command=("bash",)),
            image("nginx", base, command=("httpd", "-f", "-p", "80")),
        ],
    )


def _agnhost_entries(suite: Suite) -> list[Entry]:
    """Return agnhost and what it looks for beside itself, a certificate for its servers among it."""
    certificate, key = ClusterAuthority.generate("porter").issue("localhost", names=("127.0.0.1", "::1"))
    return [
        Entry(path="agnhost", source=suite.agnhost),
        Entry(path="agnhost-2", link="agnhost"),
        Entry(path="localhost.crt", content=certificate.encode(), mode=0o644),
        Entry(path="localhost.key", content=key.encode(), mode=0o644),
        Entry(path="uploads"),
    ]

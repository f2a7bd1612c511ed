"""Change the key of one tunnel, or take back a change that was broken off."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from twinspan.drill.report import Moment
from twinspan.errors import CloudError, HostError, WaitTimeoutError
from twinspan.network.links import TunnelLink
from twinspan.rotate import detour
from twinspan.rotate.clouds import Clouds
from twinspan.rotate.journal import Journal
from twinspan.rotate.keys import new_key
from twinspan.rotate.tunnels import Tunnel, link_of, sent_bytes, state_of
from twinspan.target.pace import Pace
from twinspan.wait import pause, wait_until

SETTLE_S = 1.0
"""How long routers inside both networks are given to follow their gateways, seconds."""
_DOWN_WITHIN_S = 30.0
"""How long Azure may show a tunnel up that AWS has taken down, at a place that shows things at once."""

_COUNTED_S = 1.0
"""Pause between two looks at a byte counter, seconds: any flow of a measurement sends in that time."""


@dataclass(slots=True, kw_only=True)
class Change:
    """What is done to one tunnel.

    Attributes:
        tunnel: Which one.
        clouds: Both clouds.
        journal: Where it is noted before it is done.
        links: Reads all tunnels.
        pace: How long the place may take.
        tell: Called with each moment as it happens.
        started_s: When the rotation began, as `time.monotonic` tells.
        tagged: Whether a tag at AWS says since when the key is.
        moments: What has happened.
    """

    tunnel: Tunnel
    clouds: Clouds
    journal: Journal
    links: Callable[[], Sequence[TunnelLink]]
    pace: Pace
    tell: Callable[[Moment], None]
    started_s: float
    tagged: bool = False
    moments: list[Moment] = field(default_factory=list)

    def rotate(self) -> None:
        """Give both ends a new key, with the tunnel off the routes.

        Raises:
            CloudError: A cloud did not do it; nothing has been taken back.
            HostError: A cloud does not show the key.
            WaitTimeoutError: The tunnel did not follow.
        """
        saved = detour.save(self.clouds, self.tunnel, self.links())
        old = self.clouds.keys(self.tunnel)
        self.journal.mark(self.tunnel, "open", saved)
        try:
            self._take_off(saved, old.azure)
            fresh = new_key()
            self._change_keys(fresh)
            self._put_back(saved, fresh)
        except BaseException as error:
            self.note(f"failed: {error or type(error).__name__}")
            self.roll_back(saved, old.azure)
            raise
        if self.tagged:
            self._tag()
        self.journal.mark(self.tunnel, "done")

    def roll_back(self, saved: dict[str, Any], key: str) -> None:
        """Give both ends one key, Azure's first, and put the tunnel back on the routes."""
        now = self.clouds.keys(self.tunnel)
        if now.azure != key:
            self.clouds.set_azure_key(self.tunnel, key)
        if now.aws != key:
            self.clouds.set_aws_key(self.tunnel, key)
        self._put_back(saved, key)
        self.note("the old key is back")
        self.journal.mark(self.tunnel, "pending")

    def repair(self, saved: dict[str, Any]) -> None:
        """Finish what a killed rotation has begun: both ends get the key that AWS has.

        AWS's is changed first and taken back last, so it is never older than Azure's.
        """
        keys = self.clouds.keys(self.tunnel)
        self.note(f"found {'off the routes or on them' if keys.aws == keys.azure else 'two different keys'}")
        if keys.aws != keys.azure:
            self.clouds.set_azure_key(self.tunnel, keys.aws)
            self.note("Azure has the key of AWS")
        self._put_back(saved, keys.aws)
        self.journal.mark(self.tunnel, "pending")

    def note(self, what: str) -> None:
        """Add a moment: now."""
        moment = Moment(at_s=time.monotonic() - self.started_s, what=what)
        self.moments.append(moment)
        self.tell(moment)

    def _take_off(self, saved: dict[str, Any], key: str) -> None:
        detour.begin(self.clouds, self.tunnel, saved, key=key)
        self._until(lambda link: detour.taken_off(link, saved), "tunnel off the routes of AWS")
        if self.tunnel.static:
            self._until_silent()
        pause(SETTLE_S)
        self.note("off the routes of both clouds; IPsec is up")

    def _change_keys(self, key: str) -> None:
        """Change AWS's first: its endpoint is replaced, and the tunnel stays down until Azure has the key."""
        self.clouds.set_aws_key(self.tunnel, key)
        self.note("AWS has the new key")
        try:
            self._until(
                lambda link: not link.connected,
                "tunnel down",
                within_s=max(_DOWN_WITHIN_S, self.pace.shown_s),
            )
        except WaitTimeoutError:
            self.note("Azure has not shown it down")
        self.clouds.set_azure_key(self.tunnel, key)
        self.note("Azure has the new key")
        self._until(lambda link: link.connected, "IPsec with the new key")
        self.note("IPsec is up with the new key")

    def _put_back(self, saved: dict[str, Any], key: str) -> None:
        detour.end(self.clouds, self.tunnel, saved, key=key)
        self._until(lambda link: detour.put_back(link, saved), "tunnel on the routes of both clouds")
        pause(SETTLE_S)
        self.note("on the routes of both clouds")

    def _tag(self) -> None:
        """Note the day at AWS; the tunnel has its key without that note, too."""
        try:
            self.clouds.note_day(self.tunnel, datetime.now(UTC).date())
        except CloudError as error:
            self.note(f"the tag could not be written: {error}")

    def _until_silent(self) -> None:
        """Wait until Azure sends nothing into the tunnel: no API says that static routes are gone."""
        pause(self.pace.shown_s)
        seen = [-1]

        def silent(link: TunnelLink) -> bool:
            seen.append(sent_bytes(link))
            return seen[-1] - seen[-2] == 0

        self._until(silent, "tunnel that Azure does not send into", every_s=_COUNTED_S)

    def _until(
        self,
        accept: Callable[[TunnelLink], bool],
        what: str,
        *,
        within_s: float | None = None,
        every_s: float = 0.0,
    ) -> None:
        def look() -> tuple[bool, str]:
            try:
                link = link_of(self.links(), self.tunnel)
            except (CloudError, HostError) as error:
                return False, str(error)  # a cloud that cannot be read is asked again
            return accept(link), state_of(link)

        wait_until(
            look,
            lambda seen: seen[0],
            what=f"{what} ({self.tunnel.label})",
            timeout_s=within_s or self.pace.whole_s,
            interval_s=max(every_s, self.pace.poll_s),
        )


def saved_of(journal: Journal) -> Mapping[str, dict[str, Any]]:
    """Return key -> what is to be put back, of the tunnels that a broken-off rotation has left open."""
    entries = journal.record.entries if journal.record else ()
    return {entry.tunnel.key: entry.saved for entry in entries if entry.state == "open"}

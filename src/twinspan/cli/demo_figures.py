"""What the demonstration measured, and how it is put."""

from dataclasses import dataclass


@dataclass(slots=True)
class Figures:
    """What the demonstration measured; seconds, ms and Mbit/s as named. None: not measured."""

    first_ping_s: float | None = None
    """From nothing to the first encrypted ping."""
    tunnels_up: int = 0
    tunnels_expected: int = 0
    ping_median_ms: float | None = None
    aws_to_azure_mbit_per_s: float | None = None
    azure_to_aws_mbit_per_s: float | None = None
    aws_to_azure_silent_ms: float | None = None
    azure_to_aws_silent_ms: float | None = None
    aws_to_azure_found_by: str = ""
    azure_to_aws_found_by: str = ""
    other_profile: str = ""
    """What to expect where Azure's BGP hold time is not what it is here."""
    verified: bool = False
    drill_passed: bool = False
    nodes_ready: int = 0
    """Of both Kubernetes clusters; 0: they were left out."""
    clusters_ready_s: float | None = None
    """What the apply that adds the clusters took."""
    pods_ping_median_ms: float | None = None
    pods_kept_address: bool = False
    """Whether each pod saw the other by its own address."""

    @property
    def passed(self) -> bool:
        """Whether every check and the drill went well."""
        return self.verified and self.drill_passed

    def lines(self) -> tuple[str, ...]:
        """Return the outcome in a few plain sentences."""
        if self.first_ping_s is None or self.aws_to_azure_silent_ms is None:
            return ()
        there, back = lasting(self.aws_to_azure_silent_ms), lasting(self.azure_to_aws_silent_ms or 0.0)
        return (
            f"From nothing to the first encrypted ping: {self.first_ping_s:.1f} s.",
            f"Tunnels up: {self.tunnels_up} of {self.tunnels_expected}.",
            *self._of_clusters(),
            f"One tunnel lost: AWS → Azure was silent for {there}, Azure → AWS for {back}.",
            self._noticed(),
            f"The design's timers set these times; {self.other_profile}.",
            "All went well." if self.passed else "Something failed: see the steps above.",
        )

    def _noticed(self) -> str:
        if self.azure_to_aws_silent_ms:
            return f"Noticed by {self.aws_to_azure_found_by}; by {self.azure_to_aws_found_by}."
        untouched = "From Azure nothing was lost: none of its flows used that tunnel."
        return f"Noticed by {self.aws_to_azure_found_by}. {untouched}"

    def _of_clusters(self) -> tuple[str, ...]:
        if self.clusters_ready_s is None:
            return ("Kubernetes clusters were left out; `make kubernetes` gets what they need.",)
        kept = ", by its own address" if self.pods_kept_address else ""
        trip = f"{self.pods_ping_median_ms or 0:.2f} ms"
        return (
            f"Two Kubernetes clusters added in {self.clusters_ready_s:.1f} s.",
            f"A pod in AWS reaches one in Azure, and back, in {trip}{kept}.",
        )


def lasting(milliseconds: float) -> str:
    """Return a duration for a reader, e.g. `18,760 ms`."""
    return f"{milliseconds:,.0f} ms"

"""The address and ASN rules against a second formulation: plain integers and lists from the documents."""

import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from twinspan.check.designs import design_of
from twinspan.project.plan import Plan, PlannedResource
from twinspan.results import Finding
from twinspan.rules.addresses import inside_problem, inside_unique, ranges_apart
from twinspan.rules.asns import aws_side_allowed, azure_problem, sides_differ
from twinspan.rules.design import Design


def resource(kind: str, name: str, **values: object) -> PlannedResource:
    return PlannedResource(
        address=f"{kind}.{name}", type=kind, name=name, key="", module=(), values=values, unknown={}
    )


def design(*resources: PlannedResource) -> Design:
    return design_of(Plan(resources=resources, configuration={}))


def number_of(text: str) -> int:
    first, second, third, fourth = (int(part) for part in text.split("."))
    return ((first * 256 + second) * 256 + third) * 256 + fourth


def text_of(number: int) -> str:
    return ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))


link_local = st.integers(number_of("169.254.0.0"), number_of("169.254.255.255"))
near_azure = st.integers(number_of("169.254.20.0"), number_of("169.254.23.255"))
lengths = st.integers(28, 32)


@given(start=near_azure | link_local | st.integers(0, 2**32 - 1), length=lengths)
def test_an_inside_range_is_good_where_both_clouds_say_so(start: int, length: int) -> None:
    reserved = [number_of(f"169.254.{third}.0") for third in range(6)] + [number_of("169.254.169.252")]
    for_aws = (
        length == 30
        and start % 4 == 0
        and number_of("169.254.0.0") <= start <= number_of("169.254.255.255")
        and start not in reserved
    )
    for_azure = number_of("169.254.21.0") <= start and start + 3 <= number_of("169.254.22.255")
    text = f"{text_of(start)}/{length}"
    assert (inside_problem(text, azure=False) == "") == for_aws
    assert (inside_problem(text, azure=True) == "") == (for_aws and for_azure)


def test_there_are_128_ranges_that_both_clouds_take() -> None:
    block = ipaddress.ip_network("169.254.0.0/16").subnets(new_prefix=30)
    assert sum(inside_problem(str(cidr), azure=True) == "" for cidr in block) == 128


@given(text=st.text(max_size=20))
def test_any_text_is_judged_without_an_exception(text: str) -> None:
    assert isinstance(inside_problem(text, azure=True), str)


ranges = st.tuples(st.integers(0, 255), st.integers(12, 28)).map(
    lambda pair: f"10.{pair[0]}.0.0/{max(pair[1], 16)}"
)


@given(mine=st.lists(ranges, min_size=1, max_size=3), theirs=st.lists(ranges, min_size=1, max_size=3))
def test_ranges_overlap_if_an_address_is_in_both(mine: list[str], theirs: list[str]) -> None:
    def interval(text: str) -> tuple[int, int]:
        start, length = text.split("/")
        return number_of(start), number_of(start) + 2 ** (32 - int(length)) - 1

    shared = sum(
        max(interval(one)[0], interval(other)[0]) <= min(interval(one)[1], interval(other)[1])
        for one in mine
        for other in theirs
    )
    findings = list(
        ranges_apart(
            design(
                *(resource("aws_vpc", f"v{position}", cidr_block=cidr) for position, cidr in enumerate(mine)),
                resource("azurerm_virtual_network", "v", address_space=theirs),
            )
        )
    )
    assert len(findings) == shared


@given(starts=st.lists(st.integers(0, 40), min_size=2, max_size=2))
def test_inside_ranges_are_unique_if_their_numbers_are(starts: list[int]) -> None:
    cidrs = [f"{text_of(number_of('169.254.21.0') + 4 * start)}/30" for start in starts]
    connection = resource(
        "aws_vpn_connection", "c", tunnel1_inside_cidr=cidrs[0], tunnel2_inside_cidr=cidrs[1]
    )
    assert len(list(inside_unique(design(connection)))) == (starts[0] == starts[1])


asns = st.integers(0, 2**32) | st.integers(64490, 65560) | st.sampled_from([8074, 8075, 12076, 23456])


@given(asn=asns)
def test_azure_refuses_exactly_the_numbers_of_its_list(asn: int) -> None:
    listed = {8074, 8075, 12076, 23456, 65515, *range(65517, 65521)}
    listed |= set(range(64496, 64512)) | set(range(65535, 65552))
    valid = 0 < asn < 2**32 - 1
    assert (azure_problem(asn, own=False) == "") == (valid and asn not in listed)
    assert (azure_problem(asn, own=True) == "") == (valid and asn not in listed - {65515})


@given(asn=asns)
def test_aws_gives_private_numbers_only(asn: int) -> None:
    findings = list(aws_side_allowed(design(resource("aws_vpn_gateway", "g", amazon_side_asn=str(asn)))))
    private = 64512 <= asn <= 65534 or 4200000000 <= asn <= 4294967294
    assert (findings == []) == private


@given(mine=st.none() | st.integers(64512, 65534), theirs=st.none() | st.integers(64512, 65534))
def test_equal_numbers_are_found_also_where_a_side_keeps_its_default(
    mine: int | None, theirs: int | None
) -> None:
    findings: list[Finding] = list(
        sides_differ(
            design(
                resource("aws_vpn_gateway", "g", **({} if mine is None else {"amazon_side_asn": str(mine)})),
                resource(
                    "azurerm_virtual_network_gateway",
                    "g",
                    **({} if theirs is None else {"bgp_settings": [{"asn": theirs}]}),
                ),
            )
        )
    )
    assert len(findings) == ((64512 if mine is None else mine) == (65515 if theirs is None else theirs))

import pytest

from twinspan.twin.azure.documents import references
from twinspan.twin.azure.resource_id import ResourceId

SUBNET = "/subscriptions/s/resourceGroups/RG/providers/Microsoft.Network/virtualNetworks/V/subnets/app"


def test_an_id_is_read_and_written_the_same() -> None:
    identity = ResourceId.parse(SUBNET)
    assert str(identity) == SUBNET
    assert identity.key == SUBNET.lower()
    assert (identity.type, identity.name) == ("Microsoft.Network/virtualNetworks/subnets", "app")
    assert identity.parent is not None
    assert identity.parent.child("subnets", "app") == identity
    assert identity.parent.parent is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        SUBNET.removeprefix("/"),
        SUBNET + "/more",
        SUBNET.replace("/app", "/"),
        "/subscriptions/s/resourceGroups/rg",
        "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network",
        "/tenants/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v",
    ],
)
def test_what_is_no_resource_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a resource id"):
        ResourceId.parse(text)


def test_references_are_objects_with_an_id_and_nothing_else() -> None:
    body = {
        "properties": {"a": {"id": "/x"}, "b": [{"id": "/y"}, {"id": "/z", "name": "part"}], "id": "/own"}
    }
    assert list(references(body)) == [("properties.a", "/x"), ("properties.b[0]", "/y")]  # type: ignore[arg-type]

"""Identities, roles and who has which."""

from aks_harness import Aks, new_guid

ROLE = "4d97b98b-1d4f-4787-a291-c67834d212e7"


def test_a_role_is_found_by_its_name_at_any_scope(aks: Aks) -> None:
    place = (
        "providers/Microsoft.Authorization/roleDefinitions?"
        "$filter=roleName%20eq%20%27Network%20Contributor%27"
    )
    for scope in (aks.twin.subscription, aks.group, aks.subnet("aks-nodes")):
        (role,) = aks.call("GET", f"{scope}/{place}").json["value"]
        assert (role["name"], role["properties"]["roleName"]) == (ROLE, "Network Contributor")
        assert aks.call("GET", role["id"]).json["name"] == ROLE


def test_an_identity_gets_a_role_on_a_subnet_and_loses_it(aks: Aks) -> None:
    principal = aks.call("GET", aks.identity_id).json["properties"]["principalId"]
    scope = aks.subnet("aks-nodes")
    place = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{new_guid()}"
    role = f"{aks.twin.subscription}/providers/Microsoft.Authorization/roleDefinitions/{ROLE}"
    body = {"properties": {"roleDefinitionId": role, "principalId": principal}}
    made = aks.call("PUT", place, body)
    assert (made.status, made.json["properties"]["scope"]) == (201, scope)
    assert made.json["properties"]["principalType"] == "ServicePrincipal"
    again = place[:-36] + new_guid()
    refused = aks.call("PUT", again, body)
    assert (refused.status, refused.code) == (409, "RoleAssignmentExists")
    listed = f"{aks.twin.subscription}/providers/Microsoft.Authorization/roleAssignments"
    assignments = aks.call("GET", f"{listed}?$filter=principalId%20eq%20%27{principal}%27").json["value"]
    assert [row["id"] for row in assignments] == [made.json["id"]]
    aks.twin.restart()
    assert aks.call("GET", place).json == made.json
    assert aks.call("DELETE", place).status == 200
    assert aks.call("DELETE", place).status == 204
    assert aks.call("GET", place).code == "RoleAssignmentNotFound"


def test_a_bad_assignment_is_refused(aks: Aks) -> None:
    principal = aks.call("GET", aks.identity_id).json["properties"]["principalId"]
    role = f"{aks.twin.subscription}/providers/Microsoft.Authorization/roleDefinitions/{ROLE}"
    good = {"roleDefinitionId": role, "principalId": principal}
    base = "providers/Microsoft.Authorization/roleAssignments"
    cases = [
        (f"{aks.group}/{base}/one", good, "InvalidRoleAssignmentId"),
        (f"{aks.group}/{base}/{new_guid()}", {"principalId": principal}, "InvalidRequestFormat"),
        (f"{aks.group}/{base}/{new_guid()}", {"roleDefinitionId": role}, "InvalidRequestFormat"),
        (f"{aks.group}/{base}/{new_guid()}", {**good, "principalId": "me"}, "InvalidPrincipalId"),
        (f"{aks.group}/{base}/{new_guid()}", {**good, "principalId": new_guid()}, "PrincipalNotFound"),
        (
            f"{aks.group}/{base}/{new_guid()}",
            {**good, "roleDefinitionId": role[:-36] + new_guid()},
            "RoleDefinitionDoesNotExist",
        ),
        (f"{aks.subnet('none')}/{base}/{new_guid()}", good, "ResourceNotFound"),
        (f"{aks.group}none/{base}/{new_guid()}", good, "ResourceGroupNotFound"),
    ]
    for place, properties, code in cases:
        assert aks.call("PUT", place, {"properties": properties}).code == code
    listed = aks.call("GET", f"{aks.twin.subscription}/{base}").json["value"]
    assert listed == []


def test_an_identity_keeps_its_ids_and_takes_tags_alone(aks: Aks) -> None:
    before = aks.call("GET", aks.identity_id).json
    again = aks.call("PUT", aks.identity_id, {"location": "westeurope", "tags": {"a": "b"}})
    assert (again.status, again.json["properties"]) == (200, before["properties"])
    assert again.json["tags"] == {"a": "b"}
    assert "azure-asyncoperation" not in again.headers
    refused = aks.call("PUT", aks.identity_id, {"location": "westeurope", "sku": {}})
    assert (refused.status, refused.code) == (400, "InvalidRequestFormat")
    assert [aks.call("DELETE", aks.identity_id).status for _ in range(2)] == [200, 204]

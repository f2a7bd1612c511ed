# ruff: noqa: ARG002 - the arguments are those of Resource, needed or not
"""Network interfaces, application security groups, and what is associated with an interface."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from twinspan.errors import CloudRefusedError
from twinspan.twin.providers.azurerm.base import ArmResource, given, id_in, last, reference, without_nones
from twinspan.twin.providers.azurerm.cloud import ArmCloud, Document
from twinspan.twin.providers.azurerm.network import NAMED
from twinspan.twin.providers.engine import Facts, State
from twinspan.twin.providers.resource import Problem, Record, one_of

_KEPT = ("applicationSecurityGroups", "loadBalancerBackendAddressPools")
"""Members of an IP configuration that other resource types put there."""


class ApplicationSecurityGroup(ArmResource):
    """`azurerm_application_security_group`."""

    type_name = "azurerm_application_security_group"
    facts = Facts(force_new=NAMED)
    _segments = (("applicationSecurityGroups", "name"),)

    def body(self, cloud: ArmCloud, planned: State, existing: Document) -> Document:
        """Return nothing: a group has no properties to set."""
        return {}

    def flatten(self, cloud: ArmCloud, document: Document, state: State) -> State:
        """Return nothing beside name, location and tags."""
        return {}


class NetworkInterface(ArmResource):
    """`azurerm_network_interface`."""

    type_name = "azurerm_network_interface"
    facts = Facts(
        defaults={
            "accelerated_networking_enabled": False,
            "ip_configuration.private_ip_address_version": "IPv4",
            "ip_forwarding_enabled": False,
        },
        force_new=NAMED | {"edge_zone"},
    )
    rules: ClassVar = {
        "ip_configuration.private_ip_address_allocation": one_of("Dynamic", "Static"),
        "ip_configuration.private_ip_address_version": one_of("IPv4", "IPv6"),
    }
    _segments = (("networkInterfaces", "name"),)

    def validate(self, config: State) -> Iterator[Problem]:
        """Demand a primary configuration where there are several."""
        blocks = config["ip_configuration"]
        if isinstance(blocks, list) and len(blocks) > 1 and not any(block["primary"] for block in blocks):
            detail = "Of several ip_configuration blocks one must be primary."
            yield Problem(summary="no primary ip_configuration", detail=detail, path="ip_configuration")

    def body(self, cloud: ArmCloud, planned: State, existing: Document) -> Document:
        """Return addresses and settings; security groups are associations' and stay."""
        kept = {item["name"]: item["properties"] for item in existing.get("ipConfigurations", [])}
        blocks = planned["ip_configuration"]
        names = {
            "dnsServers": planned["dns_servers"],
            "internalDnsNameLabel": given(planned["internal_dns_name_label"]),
        }
        return {
            "auxiliaryMode": given(planned["auxiliary_mode"]),
            "auxiliarySku": given(planned["auxiliary_sku"]),
            "dnsSettings": without_nones(names),
            "enableAcceleratedNetworking": planned["accelerated_networking_enabled"],
            "enableIPForwarding": planned["ip_forwarding_enabled"],
            "ipConfigurations": [_configuration(block, kept.get(block["name"], {})) for block in blocks],
            "networkSecurityGroup": existing.get("networkSecurityGroup"),
        }

    def flatten(self, cloud: ArmCloud, document: Document, state: State) -> State:
        """Return addresses, settings and the machine."""
        properties = document["properties"]
        configurations = [
            _configuration_state(item["name"], item["properties"]) for item in properties["ipConfigurations"]
        ]
        addresses = [item["private_ip_address"] for item in configurations]
        names = properties.get("dnsSettings", {})
        modes = {"auxiliary_mode": "auxiliaryMode", "auxiliary_sku": "auxiliarySku"}
        return {
            "accelerated_networking_enabled": properties.get("enableAcceleratedNetworking", False),
            "applied_dns_servers": names.get("appliedDnsServers", []),
            "dns_servers": names.get("dnsServers", []),
            "internal_dns_name_label": names.get("internalDnsNameLabel", ""),
            "internal_domain_name_suffix": names.get("internalDomainNameSuffix", ""),
            "ip_configuration": configurations,
            "ip_forwarding_enabled": properties.get("enableIPForwarding", False),
            "mac_address": properties.get("macAddress", ""),
            "private_ip_address": addresses[0],
            "private_ip_addresses": addresses,
            "virtual_machine_id": id_in(properties.get("virtualMachine"), None),
            **{
                name: "" if properties.get(member) == "None" else properties.get(member, "")
                for name, member in modes.items()
            },
        }


def _configuration(block: State, kept: Document) -> Document:
    properties: Document = {
        "primary": given(block["primary"]),
        "privateIPAddress": given(block["private_ip_address"]),
        "privateIPAddressVersion": block["private_ip_address_version"],
        "privateIPAllocationMethod": block["private_ip_address_allocation"],
        "publicIPAddress": reference(block["public_ip_address_id"]),
        "subnet": reference(block["subnet_id"]),
        **{member: kept.get(member) for member in _KEPT},
    }
    return {"name": block["name"], "properties": without_nones(properties)}


def _configuration_state(name: str, properties: Document) -> State:
    return {
        "gateway_load_balancer_frontend_ip_configuration_id": "",
        "name": name,
        "primary": properties.get("primary", False),
        "private_ip_address": properties.get("privateIPAddress", ""),
        "private_ip_address_allocation": properties["privateIPAllocationMethod"],
        "private_ip_address_version": properties.get("privateIPAddressVersion", "IPv4"),
        "public_ip_address_id": id_in(properties.get("publicIPAddress"), None),
        "subnet_id": id_in(properties.get("subnet"), None),
    }


class _InterfaceAssociation(ArmResource):
    """Something put on an interface: members of its document. Its id is both ids, joined by `|`."""

    _attribute: ClassVar[str]
    _segments = (("networkInterfaces", ""),)

    def _holders(self, interface: Document) -> Sequence[Document]:
        """Return the parts of an interface's document that refer to the other object."""
        raise NotImplementedError

    def _changed(self, holder: Document, identity: str, *, there: bool) -> None:
        """Put the reference into a part of the document, or take it out."""
        raise NotImplementedError

    def _referred(self, holder: Document) -> list[str]:
        """Return the lower-case ids that a part of the document refers to."""
        raise NotImplementedError

    def create(self, cloud: ArmCloud, planned: State, record: Record) -> str:
        """PUT the interface with the reference in it."""
        interface_id, identity = planned["network_interface_id"], planned[self._attribute]
        self._put(cloud, interface_id, identity, there=True)
        joined = f"{interface_id}|{identity}"
        record(joined)
        return joined

    def _put(self, cloud: ArmCloud, interface_id: str, identity: str, *, there: bool) -> None:
        with cloud.lock(interface_id, identity):
            interface = cloud.get(interface_id)
            if interface is None:
                if not there:
                    return
                raise CloudRefusedError(
                    operation=f"update {last(interface_id)}",
                    code="NotFound",
                    message=f"{interface_id} is gone",
                )
            for holder in self._holders(interface):
                self._changed(holder, identity, there=there)
            sent = ("location", "properties", "tags")
            cloud.put(interface_id, {name: interface[name] for name in sent if name in interface})

    def read(self, cloud: ArmCloud, state: State) -> State | None:
        """GET the interface and look for the reference."""
        interface_id, _, identity = state["id"].partition("|")
        interface = cloud.get(interface_id)
        if interface is None:
            return None
        known = [name for holder in self._holders(interface) for name in self._referred(holder)]
        if identity.lower() not in known:
            return None
        return {"network_interface_id": interface_id, self._attribute: identity}

    def delete(self, cloud: ArmCloud, state: State) -> None:
        """PUT the interface without the reference."""
        interface_id, _, identity = state["id"].partition("|")
        self._put(cloud, interface_id, identity, there=False)

    def import_state(self, cloud: ArmCloud, import_id: str) -> State:
        """Read both ids, joined by `|`."""
        if import_id.count("|") != 1:
            raise ValueError(f"expected NETWORK_INTERFACE_ID|{self._attribute.upper()}")
        return {"id": import_id}


class InterfaceSecurityGroupAssociation(_InterfaceAssociation):
    """`azurerm_network_interface_security_group_association`."""

    type_name = "azurerm_network_interface_security_group_association"
    facts = Facts(force_new=frozenset({"network_interface_id", "network_security_group_id"}))
    _attribute = "network_security_group_id"

    def _holders(self, interface: Document) -> Sequence[Document]:
        return [interface["properties"]]

    def _changed(self, holder: Document, identity: str, *, there: bool) -> None:
        holder.pop("networkSecurityGroup", None)
        if there:
            holder["networkSecurityGroup"] = {"id": identity}

    def _referred(self, holder: Document) -> list[str]:
        return [id_in(holder.get("networkSecurityGroup"), None).lower()]


class InterfaceApplicationGroupAssociation(_InterfaceAssociation):
    """`azurerm_network_interface_application_security_group_association`."""

    type_name = "azurerm_network_interface_application_security_group_association"
    facts = Facts(force_new=frozenset({"network_interface_id", "application_security_group_id"}))
    _attribute = "application_security_group_id"

    def _holders(self, interface: Document) -> Sequence[Document]:
        return [item["properties"] for item in interface["properties"]["ipConfigurations"]]

    def _changed(self, holder: Document, identity: str, *, there: bool) -> None:
        others = [item for item in self._groups(holder) if item["id"].lower() != identity.lower()]
        holder["applicationSecurityGroups"] = [*others, *([{"id": identity}] if there else [])]

    def _referred(self, holder: Document) -> list[str]:
        return [item["id"].lower() for item in self._groups(holder)]

    def _groups(self, holder: Document) -> list[Any]:
        return list(holder.get("applicationSecurityGroups", []))

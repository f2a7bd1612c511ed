"""What Azure has and the twin has not, in words for whoever asks for it."""

from collections.abc import Mapping

ACTIONS: Mapping[str, str] = {
    "startpacketcapture": "no packet capture on gateways and connections",
    "stoppacketcapture": "no packet capture on gateways and connections",
    "getikesas": "no list of IKE security associations; the connection's status and the tunnel metrics tell "
    "whether "
    "they are up",
    "vpndeviceconfigurationscript": "no configuration scripts for VPN devices",
    "supportedvpndevices": "no list of VPN devices, since it makes no configuration scripts",
    "generatevpnclientpackage": "no point-to-site VPN",
    "generatevpnprofile": "no point-to-site VPN",
    "getvpnprofilepackageurl": "no point-to-site VPN",
    "getvpnclientconnectionhealth": "no point-to-site VPN",
    "getvpnclientipsecparameters": "no point-to-site VPN",
    "setvpnclientipsecparameters": "no point-to-site VPN",
    "resetvpnclientsharedkey": "no point-to-site VPN",
    "disconnectvirtualnetworkgatewayvpnconnections": "no point-to-site VPN",
    "getfailoveralltestdetails": "no failover tests of ExpressRoute",
    "getfailoversingletestdetails": "no failover tests of ExpressRoute",
    "startsitefailovertest": "no failover tests of ExpressRoute",
    "stopsitefailovertest": "no failover tests of ExpressRoute",
    "prepare": "no migration of gateways",
    "execute": "no migration of gateways",
    "commit": "no migration of gateways",
    "abort": "no migration of gateways",
    "runcommand": "no commands on clusters by way of the API; use kubectl",
    "rotateclustercertificates": "no rotation of a cluster's certificates",
    "migrate": "no migration of public IP addresses",
    "retrievebootdiagnosticsdata": "no boot diagnostics, since no machine boots",
    "capture": "no images beside those of publishers",
    "generalize": "no images beside those of publishers",
    "redeploy": "no hosts to move a virtual machine between",
    "performmaintenance": "no hosts to move a virtual machine between",
    "simulateeviction": "no evictions",
    "assesspatches": "no patches of operating systems",
    "installpatches": "no patches of operating systems",
    "reimage": "no operating systems to write on disks again",
    "converttomanageddisks": "no unmanaged disks",
    "generatekeypair": "no key pairs of its own: give a public key",
    "begingetaccess": "no contents of disks",
    "endgetaccess": "no contents of disks",
}
"""Action in small letters -> what the twin lacks. Source: operations of azure-mgmt-network and "
"-containerservice."""

TYPES: Mapping[str, str] = {
    "microsoft.network/virtualnetworks/virtualnetworkpeerings": "no VNet peering",
    "microsoft.network/virtualnetworkgateways/natrules": "no NAT rules on gateways",
    "microsoft.network/natgateways": "no NAT gateways",
    "microsoft.network/loadbalancers": "no load balancers beside those of a cluster's Services",
    "microsoft.network/applicationgateways": "no application gateways",
    "microsoft.network/azurefirewalls": "no firewalls",
    "microsoft.network/bastionhosts": "no bastion hosts",
    "microsoft.network/publicipprefixes": "no public IP prefixes",
    "microsoft.network/privateendpoints": "no private endpoints",
    "microsoft.network/privatednszones": "no DNS zones",
    "microsoft.network/dnszones": "no DNS zones",
    "microsoft.network/networkwatchers": "no Network Watcher",
    "microsoft.network/virtualwans": "no Virtual WAN",
    "microsoft.network/virtualhubs": "no Virtual WAN",
    "microsoft.network/vpngateways": "no Virtual WAN",
    "microsoft.network/vpnsites": "no Virtual WAN",
    "microsoft.network/expressroutecircuits": "no ExpressRoute",
    "microsoft.compute/virtualmachines/extensions": "no extensions of virtual machines; run a command "
    "instead",
    "microsoft.compute/virtualmachines/runcommands": "no managed run commands; use the action runCommand",
    "microsoft.compute/images": "no images beside those of publishers",
    "microsoft.compute/galleries": "no images beside those of publishers",
    "microsoft.compute/snapshots": "no snapshots of disks",
    "microsoft.compute/proximityplacementgroups": "no proximity placement groups",
    "microsoft.compute/hostgroups": "no dedicated hosts",
    "microsoft.storage/storageaccounts": "no storage accounts",
    "microsoft.keyvault/vaults": "no key vaults",
    "microsoft.containerregistry/registries": "no container registries",
}
"""Full type in small letters -> what the twin lacks."""

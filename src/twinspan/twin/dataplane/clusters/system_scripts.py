"""What the system pods run: shell scripts for the system image."""

SOURCE_NAT_AWS = r"""
set -eu
. /metadata/network.env
{
  echo '*nat'
  echo ':AWS-SNAT-CHAIN-0 - [0:0]'
  if [ "${AWS_VPC_K8S_CNI_EXTERNALSNAT:-false}" != true ]; then
    for range in $NETWORK_RANGES $(echo "${AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS:-}" | tr ',' ' '); do
      echo "-A AWS-SNAT-CHAIN-0 -d $range -j RETURN"
    done
    echo "-A AWS-SNAT-CHAIN-0 -o eth0 -m addrtype ! --dst-type LOCAL -j SNAT --to-source $NODE_ADDRESS"
  fi
  echo COMMIT
} | iptables-restore --noflush
iptables -t nat -C POSTROUTING -j AWS-SNAT-CHAIN-0 2>/dev/null \
  || iptables -t nat -A POSTROUTING -j AWS-SNAT-CHAIN-0
exec httpd -f -p 127.0.0.1:61679
"""
"""Source: Amazon EKS user guide, "Enable outbound internet access for Pods"; amazon-vpc-cni-k8s, README,
AWS_VPC_K8S_CNI_EXTERNALSNAT and AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS."""

SOURCE_NAT_AZURE = r"""
set -eu
. /metadata/network.env
applied=none
config=/config/ip-masq-agent
source="-j SNAT --to-source $NODE_ADDRESS"
while :; do
  ranges=$(grep -soE '[0-9]+(\.[0-9]+){3}/[0-9]+' $config | tr '\n' ' ' || true)
  if [ "$ranges" != "$applied" ]; then
    {
      echo '*nat'
      echo ':IP-MASQ-AGENT - [0:0]'
      # Pods of a subnet of their own keep their addresses, unless somebody says what to leave alone.
      if [ "$PODS" != subnet ] || [ -n "$ranges" ]; then
        [ "$PODS" = overlay ] && kept=$POD_NETWORK || kept="$NETWORK_RANGES $ranges"
        for range in $kept; do
          echo "-A IP-MASQ-AGENT -d $range -j RETURN"
        done
        echo "-A IP-MASQ-AGENT -m addrtype ! --dst-type LOCAL $source"
      fi
      echo COMMIT
    } | iptables-restore --noflush
    for device in eth0 eth1; do
      iptables -t nat -C POSTROUTING -o "$device" -j IP-MASQ-AGENT 2>/dev/null \
        || iptables -t nat -A POSTROUTING -o "$device" -j IP-MASQ-AGENT
    done
    [ "$applied" != none ] || httpd -p 127.0.0.1:61679
    applied=$ranges
  fi
  sleep 5
done
"""
"""Source: AKS, "Configure Azure CNI networking", IP masquerading; azure-ip-masq-agent, README."""

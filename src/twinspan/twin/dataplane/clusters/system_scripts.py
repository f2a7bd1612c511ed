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

NAMES = r"""
set -u
ask() { timeout 2 kubectl get --all-namespaces "$@"; }
hosts=/run/hosts
changes=/run/changes
write() {
  ask services -o go-template='
    {{- range .items}}{{if and .spec.clusterIP (ne .spec.clusterIP "None")}}
    {{- .spec.clusterIP}} {{.metadata.name}}.{{.metadata.namespace}}.svc.cluster.local
    {{- "\n"}}{{end}}{{end}}' > $hosts.new || return 1
  ask endpoints -l service.kubernetes.io/headless -o go-template='
    {{- range .items}}{{$name := printf "%s.%s.svc.cluster.local" .metadata.name .metadata.namespace}}
    {{- range .subsets}}{{range .addresses}}
    {{- .ip}}{{if .hostname}} {{.hostname}}.{{$name}}{{end}} {{$name}}{{"\n"}}
    {{- end}}{{end}}{{end}}' >> $hosts.new || return 1
  mv $hosts.new $hosts
}
mkfifo $changes
exec 3<>$changes
for kind in services endpoints; do
  (while :; do kubectl get $kind --all-namespaces --watch -o name >$changes 2>/dev/null; sleep 1; done) &
done
until write; do sleep 0.2; done
dnsmasq --keep-in-foreground --user=root --port=53 --no-resolv --no-hosts --addn-hosts=$hosts \
  --local=/cluster.local/ --local=/in-addr.arpa/ --cache-size=0 --log-facility=- &
names=$!
while kill -0 $names; do
  if read -r -t 5 _ <&3; then
    while read -r -t 0.05 _ <&3; do :; done
    until write; do sleep 0.2; done
    kill -HUP $names
  fi
done
exit 1
"""
"""dnsmasq with the names of Services and of headless Services' pods, written anew whenever one changes."""

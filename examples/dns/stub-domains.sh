#!/bin/sh
# Lets pods of each cluster ask the other one's DNS by name: stub-domains.sh EKS_CONTEXT AKS_CONTEXT
# A Service of EKS is NAME.NAMESPACE.svc.eks.internal on AKS, one of AKS is NAME.NAMESPACE.svc.aks.internal on EKS.
set -eu
[ $# -eq 2 ] || {
  sed -n '2s/^# //p' "$0" >&2
  exit 2
}
eks=$1
aks=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

system() { # CONTEXT ARGUMENTS...
  context=$1
  shift
  kubectl --context "$context" -n kube-system "$@"
}

addresses() { # CONTEXT: of the load balancer before its DNS, on one line
  shown=$(system "$1" get service dns-internal -o jsonpath='{.status.loadBalancer.ingress[*].ip}')
  if [ -z "$shown" ]; then # a Network Load Balancer has a name, and one address per zone
    name=$(system "$1" get service dns-internal -o jsonpath='{.status.loadBalancer.ingress[*].hostname}')
    shown=$(getent ahostsv4 "${name:-none.invalid}" | awk '{ print $1 }' | sort -u | paste -sd ' ')
  fi
  [ -n "$shown" ] || {
    echo "error: the Service dns-internal of $1 has no address yet. Deploy it, or wait for it." >&2
    exit 1
  }
  echo "$shown"
}

stub_domain() { # DOMAIN ADDRESSES: a server block of CoreDNS
  cat <<END
# begin $1
$1:53 {
    errors
    cache 30
    rewrite name suffix .$1 .cluster.local answer auto
    forward . $2 {
        force_tcp
    }
}
# end $1
END
}

put() { # CONTEXT CONFIGMAP KEY: the file KEY into a ConfigMap, whose other keys stay
  kubectl create configmap "$2" --from-file="$work/$3" --dry-run=client -o json >"$work/patch"
  system "$1" patch configmap "$2" --type merge --patch-file "$work/patch"
}

to_eks=$(addresses "$eks")
to_aks=$(addresses "$aks")

# AKS makes its own Corefile again when it is changed, and imports what `coredns-custom` holds.
stub_domain eks.internal "$to_eks" >"$work/eks.server"
put "$aks" coredns-custom eks.server

# EKS has one Corefile for all. If Terraform manages the add-on, put the block into its `corefile` instead.
system "$eks" get configmap coredns -o jsonpath='{.data.Corefile}' |
  sed '/^# begin aks.internal$/,/^# end aks.internal$/d' >"$work/Corefile"
stub_domain aks.internal "$to_aks" >>"$work/Corefile"
put "$eks" coredns Corefile

for context in "$eks" "$aks"; do # sooner than `reload`, which waits for kubelet to show the new file
  system "$context" rollout restart deployment coredns
done
for context in "$eks" "$aks"; do
  system "$context" rollout status deployment coredns --timeout 2m
done

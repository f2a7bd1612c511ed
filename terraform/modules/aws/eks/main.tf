resource "aws_iam_role" "cluster" {
  name = "${var.name}-eks-cluster"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "eks.amazonaws.com" }
    }]
  })
  tags = var.tags
}

resource "aws_iam_role_policy_attachment" "cluster" {
  role       = aws_iam_role.cluster.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"
}

resource "aws_iam_role" "node" {
  name = "${var.name}-eks-node"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.amazonaws.com" }
    }]
  })
  tags = var.tags
}

resource "aws_iam_role_policy_attachment" "node" {
  for_each = toset(["AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryPullOnly"])

  role       = aws_iam_role.node.name
  policy_arn = "arn:aws:iam::aws:policy/${each.value}"
}

# The add-ons below are Terraform's from the beginning: EKS installs none of its own.
resource "aws_eks_cluster" "this" {
  name                          = var.name
  role_arn                      = aws_iam_role.cluster.arn
  version                       = var.cluster.version
  bootstrap_self_managed_addons = false
  enabled_cluster_log_types     = var.cluster.log_types
  tags                          = var.tags

  access_config {
    authentication_mode                         = "API"
    bootstrap_cluster_creator_admin_permissions = true
  }
  kubernetes_network_config {
    service_ipv4_cidr = var.cluster.service_ipv4_cidr
  }
  vpc_config {
    subnet_ids              = values(var.subnet_ids)
    endpoint_private_access = var.cluster.endpoint_private_access
    endpoint_public_access  = var.cluster.endpoint_public_access
    public_access_cidrs     = var.cluster.endpoint_public_access ? var.cluster.public_access_cidrs : null
  }

  depends_on = [aws_iam_role_policy_attachment.cluster]
}

# EKS makes this group itself and puts it on the control plane's interfaces and on every managed node. A group of the
# remote side cannot be named across a VPN, so its ranges are.
resource "aws_vpc_security_group_ingress_rule" "remote" {
  for_each = var.remote_cidr_blocks

  security_group_id = aws_eks_cluster.this.vpc_config[0].cluster_security_group_id
  description       = "Everything from the far side of the VPN"
  cidr_ipv4         = each.value
  ip_protocol       = "-1"
  tags              = merge(var.tags, { Name = "${var.name}-eks-from-far-side" })
}

# A pod that leaves the VPC takes its node's address unless the destination is excluded; the remote side would then see
# nodes, and its filters and logs could not tell pods apart. The exclusion counts only while EXTERNALSNAT is false.
# NetworkPolicies are taken in any case and enforced only with the switch; its schema wants a string.
resource "aws_eks_addon" "vpc_cni" {
  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = "vpc-cni"
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"
  configuration_values = jsonencode(merge(
    {
      env = {
        AWS_VPC_K8S_CNI_EXTERNALSNAT       = "false"
        AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS = join(",", sort(var.remote_cidr_blocks))
      }
    },
    var.cluster.network_policies ? { enableNetworkPolicy = "true" } : {}
  ))
  tags = var.tags
}

resource "aws_eks_addon" "kube_proxy" {
  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = "kube-proxy"
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"
  tags                        = var.tags
}

# A node becomes Ready only once it has a network, so the network comes first; and no pod may get an address before
# the exclusion is in force.
resource "aws_eks_node_group" "this" {
  for_each = var.node_groups

  cluster_name    = aws_eks_cluster.this.name
  node_group_name = each.key
  node_role_arn   = aws_iam_role.node.arn
  subnet_ids      = values(var.subnet_ids)
  instance_types  = each.value.instance_types
  capacity_type   = each.value.capacity_type
  labels          = each.value.labels
  tags            = merge(var.tags, { Name = "${var.name}-${each.key}" })

  scaling_config {
    desired_size = each.value.desired_size
    min_size     = each.value.min_size
    max_size     = each.value.max_size
  }
  update_config {
    max_unavailable = each.value.max_unavailable
  }

  depends_on = [
    aws_eks_addon.kube_proxy,
    aws_eks_addon.vpc_cni,
    aws_iam_role_policy_attachment.node,
    aws_vpc_security_group_ingress_rule.remote,
  ]
}

# Its pods need a node to become ready.
resource "aws_eks_addon" "coredns" {
  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = "coredns"
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"
  tags                        = var.tags

  depends_on = [aws_eks_node_group.this]
}

resource "aws_eks_access_entry" "this" {
  for_each = var.access_entries

  cluster_name      = aws_eks_cluster.this.name
  principal_arn     = each.value.principal_arn
  kubernetes_groups = each.value.kubernetes_groups
  tags              = var.tags
}

resource "aws_eks_access_policy_association" "this" {
  for_each = { for key, entry in var.access_entries : key => entry if entry.policy != null }

  cluster_name  = aws_eks_cluster.this.name
  principal_arn = aws_eks_access_entry.this[each.key].principal_arn
  policy_arn    = "arn:aws:eks::aws:cluster-access-policy/${each.value.policy}"

  access_scope {
    type       = length(each.value.namespaces) == 0 ? "cluster" : "namespace"
    namespaces = length(each.value.namespaces) == 0 ? null : each.value.namespaces
  }
}

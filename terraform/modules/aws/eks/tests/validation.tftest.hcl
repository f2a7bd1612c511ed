mock_provider "aws" {
  mock_resource "aws_iam_role" {
    defaults = {
      arn = "arn:aws:iam::123456789012:role/test"
    }
  }
}

variables {
  name               = "test"
  vpc_cidr_block     = "10.2.0.0/16"
  remote_cidr_blocks = ["10.1.0.0/16"]
  subnet_ids = {
    us-west-2a = "subnet-00000000000000001"
    us-west-2b = "subnet-00000000000000002"
  }
  node_groups = {
    default = { instance_types = ["t3.medium"], desired_size = 1, min_size = 1, max_size = 3 }
  }
}

run "pods_keep_their_address_towards_the_remote_side" {
  command = plan

  variables {
    remote_cidr_blocks = ["10.7.0.0/16", "10.1.0.0/16"]
  }

  assert {
    condition = jsondecode(aws_eks_addon.vpc_cni.configuration_values) == {
      env = {
        AWS_VPC_K8S_CNI_EXTERNALSNAT       = "false"
        AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS = "10.1.0.0/16,10.7.0.0/16"
      }
    }
    error_message = "The add-on does not exclude the remote side: ${aws_eks_addon.vpc_cni.configuration_values}."
  }
  assert {
    condition     = toset([for rule in aws_vpc_security_group_ingress_rule.remote : rule.cidr_ipv4]) == toset(["10.1.0.0/16", "10.7.0.0/16"])
    error_message = "The cluster security group does not admit exactly the remote side."
  }
}

run "network_policies_are_enforced_by_a_switch_that_is_a_string" {
  command = plan

  variables {
    cluster = { network_policies = true }
  }

  assert {
    condition     = jsondecode(aws_eks_addon.vpc_cni.configuration_values).enableNetworkPolicy == "true"
    error_message = "EKS would not enforce them: ${aws_eks_addon.vpc_cni.configuration_values}."
  }
}

run "terraform_alone_manages_the_add_ons_and_access" {
  command = plan

  assert {
    condition     = aws_eks_cluster.this.bootstrap_self_managed_addons == false && aws_eks_cluster.this.access_config[0].authentication_mode == "API"
    error_message = "EKS would install add-ons of its own, or read access from a ConfigMap."
  }
  assert {
    condition     = toset([aws_eks_addon.vpc_cni.addon_name, aws_eks_addon.kube_proxy.addon_name, aws_eks_addon.coredns.addon_name]) == toset(["vpc-cni", "kube-proxy", "coredns"])
    error_message = "An add-on that every cluster needs is missing."
  }
}

run "nodes_have_the_three_policies_and_both_subnets" {
  command = plan

  assert {
    condition     = toset(keys(aws_iam_role_policy_attachment.node)) == toset(["AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryPullOnly"])
    error_message = "The node role lacks a policy."
  }
  assert {
    condition     = aws_eks_node_group.this["default"].subnet_ids == toset(["subnet-00000000000000001", "subnet-00000000000000002"]) && aws_eks_node_group.this["default"].scaling_config[0].desired_size == 1
    error_message = "The node group is not in both private subnets, or has another size."
  }
}

run "an_operator_is_admitted_to_some_namespaces" {
  command = plan

  variables {
    access_entries = {
      operators = { principal_arn = "arn:aws:iam::123456789012:role/operators", policy = "AmazonEKSViewPolicy", namespaces = ["shop"] }
      groups    = { principal_arn = "arn:aws:iam::123456789012:user/ci", kubernetes_groups = ["deployers"] }
    }
  }

  assert {
    condition     = keys(aws_eks_access_policy_association.this) == ["operators"] && aws_eks_access_policy_association.this["operators"].access_scope[0].type == "namespace"
    error_message = "The policy must be associated with operators alone, for a namespace."
  }
}

run "one_zone_is_refused" {
  command = plan

  variables {
    subnet_ids = { us-west-2a = "subnet-00000000000000001" }
  }

  expect_failures = [var.subnet_ids]
}

run "a_bad_name_is_refused" {
  command = plan

  variables {
    name = "Test_Cluster"
  }

  expect_failures = [var.name]
}

run "a_patch_version_is_refused" {
  command = plan

  variables {
    cluster = { version = "1.34.2" }
  }

  expect_failures = [var.cluster]
}

run "a_public_service_range_is_refused" {
  command = plan

  variables {
    cluster = { service_ipv4_cidr = "100.64.0.0/16" }
  }

  expect_failures = [var.cluster]
}

run "a_link_local_service_range_is_refused" {
  command = plan

  variables {
    cluster = { service_ipv4_cidr = "169.254.0.0/16" }
  }

  expect_failures = [var.cluster]
}

run "a_service_range_of_25_bits_is_refused" {
  command = plan

  variables {
    cluster = { service_ipv4_cidr = "172.20.0.0/25" }
  }

  expect_failures = [var.cluster]
}

run "a_service_range_that_begins_elsewhere_is_refused" {
  command = plan

  variables {
    cluster = { service_ipv4_cidr = "172.20.1.0/16" }
  }

  expect_failures = [var.cluster]
}

run "services_within_the_vpc_are_refused" {
  command = plan

  variables {
    cluster = { service_ipv4_cidr = "10.2.128.0/20" }
  }

  expect_failures = [var.cluster]
}

run "services_over_the_remote_side_are_refused" {
  command = plan

  variables {
    cluster = { service_ipv4_cidr = "10.0.0.0/12" }
  }

  expect_failures = [var.cluster]
}

run "a_cluster_nobody_reaches_is_refused" {
  command = plan

  variables {
    cluster = { endpoint_private_access = false, endpoint_public_access = false }
  }

  expect_failures = [var.cluster]
}

run "no_public_range_is_refused" {
  command = plan

  variables {
    cluster = { public_access_cidrs = [] }
  }

  expect_failures = [var.cluster]
}

run "an_unknown_log_is_refused" {
  command = plan

  variables {
    cluster = { log_types = ["kubelet"] }
  }

  expect_failures = [var.cluster]
}

run "the_whole_internet_is_no_remote_side" {
  command = plan

  variables {
    remote_cidr_blocks = ["0.0.0.0/0"]
  }

  expect_failures = [var.remote_cidr_blocks]
}

run "no_remote_side_is_refused" {
  command = plan

  variables {
    remote_cidr_blocks = []
  }

  expect_failures = [var.remote_cidr_blocks]
}

run "a_vpc_that_is_no_range_is_refused" {
  command = plan

  variables {
    vpc_cidr_block = "10.2.0.0"
  }

  expect_failures = [var.vpc_cidr_block]
}

run "no_node_group_is_refused" {
  command = plan

  variables {
    node_groups = {}
  }

  expect_failures = [var.node_groups]
}

run "a_node_group_with_a_bad_name_is_refused" {
  command = plan

  variables {
    node_groups = { "Default group" = { instance_types = ["t3.medium"], desired_size = 1, min_size = 1, max_size = 3 } }
  }

  expect_failures = [var.node_groups]
}

run "more_nodes_than_the_maximum_are_refused" {
  command = plan

  variables {
    node_groups = { default = { instance_types = ["t3.medium"], desired_size = 4, min_size = 1, max_size = 3 } }
  }

  expect_failures = [var.node_groups]
}

run "fewer_nodes_than_the_minimum_are_refused" {
  command = plan

  variables {
    node_groups = { default = { instance_types = ["t3.medium"], desired_size = 0, min_size = 1, max_size = 3 } }
  }

  expect_failures = [var.node_groups]
}

run "an_update_without_any_node_missing_is_refused" {
  command = plan

  variables {
    node_groups = { default = { instance_types = ["t3.medium"], desired_size = 1, min_size = 1, max_size = 3, max_unavailable = 0 } }
  }

  expect_failures = [var.node_groups]
}

run "an_instance_type_that_is_none_is_refused" {
  command = plan

  variables {
    node_groups = { default = { instance_types = ["medium"], desired_size = 1, min_size = 1, max_size = 3 } }
  }

  expect_failures = [var.node_groups]
}

run "an_unknown_capacity_type_is_refused" {
  command = plan

  variables {
    node_groups = { default = { instance_types = ["t3.medium"], desired_size = 1, min_size = 1, max_size = 3, capacity_type = "CHEAP" } }
  }

  expect_failures = [var.node_groups]
}

run "an_access_entry_for_an_account_is_refused" {
  command = plan

  variables {
    access_entries = { all = { principal_arn = "arn:aws:iam::123456789012:root" } }
  }

  expect_failures = [var.access_entries]
}

run "a_group_of_the_system_is_refused" {
  command = plan

  variables {
    access_entries = { all = { principal_arn = "arn:aws:iam::123456789012:role/a", kubernetes_groups = ["system:masters"] } }
  }

  expect_failures = [var.access_entries]
}

run "a_policy_given_as_arn_is_refused" {
  command = plan

  variables {
    access_entries = { all = { principal_arn = "arn:aws:iam::123456789012:role/a", policy = "arn:aws:iam::aws:policy/AdministratorAccess" } }
  }

  expect_failures = [var.access_entries]
}

run "namespaces_without_a_policy_are_refused" {
  command = plan

  variables {
    access_entries = { all = { principal_arn = "arn:aws:iam::123456789012:role/a", namespaces = ["shop"] } }
  }

  expect_failures = [var.access_entries]
}

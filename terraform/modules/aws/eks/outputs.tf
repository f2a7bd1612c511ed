output "certificate_authority" {
  description = "PEM certificate of the authority that signs the API server's certificate, in base64."
  value       = aws_eks_cluster.this.certificate_authority[0].data
}

output "cluster_arn" {
  description = "ARN of the cluster."
  value       = aws_eks_cluster.this.arn
}

output "cluster_name" {
  description = "Name of the cluster; known once its nodes and add-ons exist."
  value       = aws_eks_cluster.this.name

  depends_on = [aws_eks_addon.coredns]
}

output "cluster_security_group_id" {
  description = "Id of the security group of the control plane and of every node."
  value       = aws_eks_cluster.this.vpc_config[0].cluster_security_group_id
}

output "endpoint" {
  description = "URL of the API server."
  value       = aws_eks_cluster.this.endpoint
}

output "node_group_names" {
  description = "Names of the managed node groups."
  value       = [for group in aws_eks_node_group.this : group.node_group_name]
}

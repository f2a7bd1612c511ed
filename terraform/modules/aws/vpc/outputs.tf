output "private_route_table_ids" {
  description = "Ids of the private subnets' route tables, by availability zone."
  value       = { for zone, table in aws_route_table.private : zone => table.id }
}

output "private_subnet_ids" {
  description = "Ids of the private subnets, by availability zone; known once their route tables and routes are in force."
  value       = { for zone, subnet in aws_subnet.private : zone => subnet.id }

  depends_on = [aws_route.nat, aws_route_table_association.private]
}

output "public_subnet_ids" {
  description = "Ids of the public subnets, by availability zone."
  value       = { for zone, subnet in aws_subnet.public : zone => subnet.id }
}

output "vpc_id" {
  description = "Id of the VPC."
  value       = aws_vpc.this.id
}

output "workload_security_group_id" {
  description = "Id of the security group that allows `allowed_cidr_blocks` and nothing else."
  value       = aws_security_group.workload.id
}

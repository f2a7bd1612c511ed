output "private_route_table_ids" {
  description = "Route tables of the private subnets, by availability zone."
  value       = { for zone, table in aws_route_table.private : zone => table.id }
}

output "private_subnet_ids" {
  description = "Private subnets, by availability zone, once their route tables and routes are in force."
  value       = { for zone, subnet in aws_subnet.private : zone => subnet.id }

  depends_on = [aws_route.nat, aws_route_table_association.private]
}

output "public_subnet_ids" {
  description = "Public subnets, by availability zone."
  value       = { for zone, subnet in aws_subnet.public : zone => subnet.id }
}

output "vpc_id" {
  description = "The VPC."
  value       = aws_vpc.this.id
}

output "workload_security_group_id" {
  description = "The security group that admits the remote side of the VPN."
  value       = aws_security_group.workload.id
}

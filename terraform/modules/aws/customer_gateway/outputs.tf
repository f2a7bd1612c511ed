output "id" {
  description = "Id of the customer gateway."
  value       = aws_customer_gateway.this.id
}

output "id" {
  description = "The customer gateway."
  value       = aws_customer_gateway.this.id
}

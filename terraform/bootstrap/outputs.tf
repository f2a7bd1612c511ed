output "bucket" {
  description = "Name of the bucket, for the environments' backend.hcl."
  value       = aws_s3_bucket.state.bucket
}

# The rest is in backend.hcl: `terraform init -backend-config=backend.hcl`.
# The bucket is made once, by ../../bootstrap.
terraform {
  backend "s3" {
    encrypt      = true
    use_lockfile = true
  }
}

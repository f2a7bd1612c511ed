# S3 names are global: put something of your own (your account's number, for example) into the bucket's name.
bucket = "twinspan-terraform-state"
key    = "twinspan/prod/terraform.tfstate"
region = "us-west-2"

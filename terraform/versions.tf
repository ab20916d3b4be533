# The supported versions of Terraform and of the provider.
terraform {
  required_version = ">= 1.7"

  required_providers {
    aws = {
      source = "hashicorp/aws"
      # The tested version. Its package is signed. To pin its digests for your platforms, run:
      # terraform providers lock -platform=linux_amd64 -platform=darwin_arm64
      version = "5.100.0"
    }
  }
}

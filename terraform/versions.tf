# The versions that everything in this folder is written for.
terraform {
  required_version = ">= 1.7"

  required_providers {
    aws = {
      source = "hashicorp/aws"
      # The one that everything was tried with. Its package is signed; for its digests on all your platforms:
      # terraform providers lock -platform=linux_amd64 -platform=darwin_arm64
      version = "5.100.0"
    }
  }
}

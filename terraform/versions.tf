# The versions that everything in this folder is written for.
terraform {
  required_version = ">= 1.5"
}

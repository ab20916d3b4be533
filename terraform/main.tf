# Monitoring of the nightly load: the log group that both log paths end in, what is counted there, who is told, and who
# may write. Each concern has a file of its own.

provider "aws" {
  region = var.aws_region

  default_tags {
    tags = {
      Project     = var.project_name
      Environment = var.environment
      ManagedBy   = "terraform"
    }
  }
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  # Metrics of several environments in one account stay apart.
  metric_namespace = "${var.project_name}/${var.environment}"
  # Of each event the two paths bring one copy: only one of them is counted.
  counted = "$.path = \"${var.metrics_path}\""
}

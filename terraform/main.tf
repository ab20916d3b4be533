# Monitoring of the daily load: the log group of both log paths, its metrics, alarms, and the log writer's rights. Each has
# its own file.

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
  # Keeps the metrics of several environments in one account apart.
  metric_namespace = "${var.project_name}/${var.environment}"
  # Both paths deliver a copy of each event: only one is counted.
  counted = "$.path = \"${var.metrics_path}\""
}

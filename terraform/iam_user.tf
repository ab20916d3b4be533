# The log writer: a user with a key for a machine outside AWS, or a role for a machine in AWS.

locals {
  # Limits the log writer's rights independently of its policies. The deployer cannot change the boundary.
  boundary_arn = var.permissions_boundary == "" ? null : join(":", [
    "arn", data.aws_partition.current.partition, "iam", "", data.aws_caller_identity.current.account_id,
    "policy/${var.permissions_boundary}",
  ])
}

resource "aws_iam_user" "log_writer" {
  count = var.log_writer == "user" ? 1 : 0

  name                 = "${var.project_name}-log-writer"
  permissions_boundary = local.boundary_arn
  force_destroy        = var.force_destroy_log_writer

  # Set at creation only: the deployer has no right to change or remove it.
  lifecycle {
    ignore_changes = [permissions_boundary]
  }
}

resource "aws_iam_access_key" "log_writer" {
  count = var.log_writer == "user" ? 1 : 0

  user = aws_iam_user.log_writer[0].name

  # Rotation: create the new key before deleting the old one.
  lifecycle {
    create_before_destroy = true
  }
}

locals {
  role_service = { ecs = "ecs-tasks.amazonaws.com", ec2 = "ec2.amazonaws.com" }
}

resource "aws_iam_role" "log_writer" {
  count = var.log_writer == "user" ? 0 : 1

  name                 = "${var.project_name}-log-writer"
  permissions_boundary = local.boundary_arn
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = local.role_service[var.log_writer] }
    }]
  })

  lifecycle {
    ignore_changes = [permissions_boundary]
  }
}

resource "aws_iam_instance_profile" "log_writer" {
  count = var.log_writer == "ec2" ? 1 : 0

  name = "${var.project_name}-log-writer"
  role = aws_iam_role.log_writer[0].name
}

# Who writes log events: a user with a key, for a machine that is not AWS's own, or a role that such a machine has.

resource "aws_iam_user" "log_writer" {
  count = var.log_writer == "user" ? 1 : 0

  name = "${var.project_name}-log-writer"
}

resource "aws_iam_access_key" "log_writer" {
  count = var.log_writer == "user" ? 1 : 0

  user = aws_iam_user.log_writer[0].name
}

locals {
  role_service = { ecs = "ecs-tasks.amazonaws.com", ec2 = "ec2.amazonaws.com" }
}

resource "aws_iam_role" "log_writer" {
  count = var.log_writer == "user" ? 0 : 1

  name = "${var.project_name}-log-writer"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = local.role_service[var.log_writer] }
    }]
  })
}

resource "aws_iam_instance_profile" "log_writer" {
  count = var.log_writer == "ec2" ? 1 : 0

  name = "${var.project_name}-log-writer"
  role = aws_iam_role.log_writer[0].name
}

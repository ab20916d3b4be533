locals {
  # Built from the name, not read from the resource, so that a plan shows the policies before the group exists.
  log_group_arn = join(":", [
    "arn", data.aws_partition.current.partition, "logs", var.aws_region, data.aws_caller_identity.current.account_id,
    "log-group", var.log_group_name,
  ])

  log_writer_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid    = "WriteLogEvents"
      Effect = "Allow"
      Action = [
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:DescribeLogGroups",
        "logs:DescribeLogStreams",
        "logs:PutLogEvents",
      ]
      # Only the log group and its streams. AWS does not support DescribeLogGroups for a single group, so here it allows
      # nothing; the stages and the agent do not need it.
      Resource = [local.log_group_arn, "${local.log_group_arn}:*"]
    }]
  })
}

resource "aws_iam_user_policy" "log_writer" {
  count = var.log_writer == "user" ? 1 : 0

  name   = "${var.project_name}-write-logs"
  user   = aws_iam_user.log_writer[0].name
  policy = local.log_writer_policy
}

resource "aws_iam_role_policy" "log_writer" {
  count = var.log_writer == "user" ? 0 : 1

  name   = "${var.project_name}-write-logs"
  role   = aws_iam_role.log_writer[0].name
  policy = local.log_writer_policy
}

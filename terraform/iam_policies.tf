locals {
  # Written out, not taken from the group: its name is known before it is made, and so a plan shows who may do what.
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
      # The group itself and its streams; nothing else in the account. AWS lets DescribeLogGroups be limited to no group, so here
      # it allows nothing, which neither the programs nor the agent need.
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

resource "aws_cloudwatch_log_group" "etl" {
  name              = var.log_group_name
  retention_in_days = var.log_retention_days

  tags = {
    Name = "${var.project_name}-logs"
  }
}

# One stream for each path: the process itself, and the agent that reads the log file.
resource "aws_cloudwatch_log_stream" "path" {
  for_each = toset(["console", "file"])

  name           = each.key
  log_group_name = aws_cloudwatch_log_group.etl.name
}

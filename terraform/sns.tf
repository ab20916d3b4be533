resource "aws_sns_topic" "alarms" {
  # Not encrypted with the AWS-managed key: CloudWatch may not use that key, and alarms would be lost silently.
  name = "${var.project_name}-alarms"
}

resource "aws_sns_topic_subscription" "email" {
  count = var.alarm_email == "" ? 0 : 1

  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = var.alarm_email
}

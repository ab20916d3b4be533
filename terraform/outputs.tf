output "log_group_name" {
  description = "For CLOUDWATCH_LOG_GROUP."
  value       = aws_cloudwatch_log_group.etl.name
}

output "aws_region" {
  description = "For AWS_REGION."
  value       = var.aws_region
}

output "log_writer_access_key_id" {
  description = "For AWS_ACCESS_KEY_ID; null where a role writes."
  value       = one(aws_iam_access_key.log_writer[*].id)
}

output "log_writer_secret_access_key" {
  description = "For AWS_SECRET_ACCESS_KEY; null where a role writes. It stands in the state file too, which is why that is kept private."
  value       = one(aws_iam_access_key.log_writer[*].secret)
  sensitive   = true
}

output "log_writer_role_arn" {
  description = "The task role (ECS); null where a user writes."
  value       = one(aws_iam_role.log_writer[*].arn)
}

output "log_writer_instance_profile" {
  description = "The instance profile (EC2); null otherwise."
  value       = one(aws_iam_instance_profile.log_writer[*].name)
}

output "alarm_topic_arn" {
  description = "Alarms are published there; subscribe whatever else is to hear of them."
  value       = aws_sns_topic.alarms.arn
}

output "dashboard_url" {
  description = "The dashboard in the AWS console."
  value       = "https://${var.aws_region}.console.aws.amazon.com/cloudwatch/home?region=${var.aws_region}#dashboards/dashboard/${aws_cloudwatch_dashboard.etl.dashboard_name}"
}

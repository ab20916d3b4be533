output "log_group_name" {
  description = "For CLOUDWATCH_LOG_GROUP."
  value       = aws_cloudwatch_log_group.etl.name
}

output "aws_region" {
  description = "For AWS_REGION."
  value       = var.aws_region
}

output "log_writer_access_key_id" {
  description = "For AWS_ACCESS_KEY_ID; null if a role writes."
  value       = one(aws_iam_access_key.log_writer[*].id)
}

output "log_writer_secret_access_key" {
  description = "For AWS_SECRET_ACCESS_KEY; null if a role writes. The state file contains it, too: keep that file private."
  value       = one(aws_iam_access_key.log_writer[*].secret)
  sensitive   = true
}

output "log_writer_role_arn" {
  description = "The role of an ECS task or EC2 instance; null if a user writes."
  value       = one(aws_iam_role.log_writer[*].arn)
}

output "log_writer_instance_profile" {
  description = "The instance profile (EC2); null otherwise."
  value       = one(aws_iam_instance_profile.log_writer[*].name)
}

output "alarm_topic_arn" {
  description = "The topic of all alarms: subscribe further recipients to it."
  value       = aws_sns_topic.alarms.arn
}

output "dashboard_url" {
  description = "The dashboard in the AWS console."
  value       = "https://${var.aws_region}.console.aws.amazon.com/cloudwatch/home?region=${var.aws_region}#dashboards/dashboard/${aws_cloudwatch_dashboard.etl.dashboard_name}"
}

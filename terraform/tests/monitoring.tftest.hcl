# Run with `terraform test`: it needs no account and no network.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_resource "aws_cloudwatch_metric_alarm" {
    defaults = { arn = "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:one" }
  }
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:ap-northeast-1:123456789012:alarms" }
  }
}

run "defaults" {
  assert {
    condition     = aws_cloudwatch_log_group.etl.name == "/docker/etl" && aws_cloudwatch_log_group.etl.retention_in_days == 3
    error_message = "the log group has another name or retention"
  }
  assert {
    condition     = toset(keys(aws_cloudwatch_log_stream.path)) == toset(["console", "file"])
    error_message = "each path must have one stream"
  }
  assert {
    condition = toset(keys(aws_cloudwatch_log_metric_filter.etl)) == toset([
      "ErrorCount", "ETLCompleted", "ETLFailed", "ETLFailedTemporarily", "RecordsProcessed", "RecordsRejected", "SourceAgeDays",
    ])
    error_message = "the metric filters differ"
  }
  assert {
    condition     = alltrue([for filter in aws_cloudwatch_log_metric_filter.etl : strcontains(filter.pattern, "$.path = \"console\"")])
    error_message = "a filter counts both copies of an event"
  }
  assert {
    condition = alltrue([
      for name in concat(
        [for filter in aws_cloudwatch_log_metric_filter.etl : filter.name],
        [for alarm in local.alarms : alarm.alarm_name],
        [aws_cloudwatch_dashboard.etl.dashboard_name, aws_sns_topic.alarms.name, aws_iam_user.log_writer[0].name],
      ) : startswith(name, "business-registry-")
    ])
    error_message = "a name does not begin with the project's name"
  }
  assert {
    condition     = length(aws_sns_topic_subscription.email) == 0 && length(aws_iam_role.log_writer) == 0
    error_message = "there is a subscription or a role by default"
  }
  assert {
    condition     = jsondecode(aws_cloudwatch_dashboard.etl.dashboard_body).widgets[0].type == "alarm"
    error_message = "the dashboard must begin with the alarms"
  }
}

run "log_writer_has_five_rights_on_one_group" {
  assert {
    condition = toset(jsondecode(aws_iam_user_policy.log_writer[0].policy).Statement[0].Action) == toset([
      "logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogGroups", "logs:DescribeLogStreams", "logs:PutLogEvents",
    ])
    error_message = "the log writer has other rights"
  }
  assert {
    condition = toset(jsondecode(aws_iam_user_policy.log_writer[0].policy).Statement[0].Resource) == toset([
      "arn:aws:logs:ap-northeast-1:123456789012:log-group:/docker/etl",
      "arn:aws:logs:ap-northeast-1:123456789012:log-group:/docker/etl:*",
    ])
    error_message = "the log writer has rights on another log group"
  }
}

run "missing_runs_alarm_looks_back_26_hours" {
  assert {
    condition = (
      aws_cloudwatch_metric_alarm.no_completed_run.evaluation_periods == 26
      && anytrue([for query in aws_cloudwatch_metric_alarm.no_completed_run.metric_query : try(query.metric[0].period, 0) == 3600])
      && aws_cloudwatch_metric_alarm.no_completed_run.treat_missing_data == "breaching"
      && aws_cloudwatch_metric_alarm.no_completed_run.datapoints_to_alarm == 26
    )
    error_message = "the alarm would not notice that runs never start"
  }
}

run "boundary_allows_what_the_log_writer_needs" {
  assert {
    condition     = aws_iam_user.log_writer[0].permissions_boundary == "arn:aws:iam::123456789012:policy/business-registry-boundary"
    error_message = "the log writer has no boundary"
  }
  assert {
    condition = (
      replace(replace(jsonencode(jsondecode(file("boundary-policy.json")).Statement[0].Resource), "ACCOUNT", "123456789012"), "REGION", "ap-northeast-1")
      == jsonencode(jsondecode(aws_iam_user_policy.log_writer[0].policy).Statement[0].Resource)
      && jsondecode(file("boundary-policy.json")).Statement[0].Action == jsondecode(aws_iam_user_policy.log_writer[0].policy).Statement[0].Action
    )
    error_message = "the boundary and the log writer's policy differ"
  }
}

run "boundary_is_optional" {
  variables {
    permissions_boundary = ""
  }
  assert {
    condition     = local.boundary_arn == null
    error_message = "there is a boundary although its name is empty"
  }
}

run "source_age_alarm" {
  variables {
    source_age_days = 5
  }
  assert {
    condition = (
      aws_cloudwatch_metric_alarm.source_age.threshold == 5
      && aws_cloudwatch_metric_alarm.source_age.comparison_operator == "GreaterThanThreshold"
      && aws_cloudwatch_metric_alarm.source_age.treat_missing_data == "ignore"
      && contains(keys(local.charts), "Age of the source, days")
    )
    error_message = "the alarm for the source's age clears between runs, or has another threshold"
  }
}

run "error_alarm_is_raised_and_cleared" {
  assert {
    condition = (
      aws_cloudwatch_metric_alarm.high_error_count.threshold == 5
      && aws_cloudwatch_metric_alarm.high_error_count.period == 300
      && length(aws_cloudwatch_metric_alarm.high_error_count.ok_actions) == 1
    )
    error_message = "five errors in five minutes must raise the alarm, and recovery must be notified"
  }
}

run "production" {
  variables {
    environment        = "production"
    log_retention_days = 90
    alarm_email        = "oncall@example.org"
    metrics_path       = "file"
    log_group_name     = "/registry/production"
  }
  assert {
    condition     = aws_sns_topic_subscription.email[0].endpoint == "oncall@example.org"
    error_message = "the e-mail address is not subscribed"
  }
  assert {
    condition     = aws_cloudwatch_log_metric_filter.etl["ETLFailed"].pattern == "{ $.event = \"etl_failed\" && $.temporary IS FALSE && $.path = \"file\" }"
    error_message = "the other path is counted"
  }
  assert {
    condition     = aws_cloudwatch_log_metric_filter.etl["ETLFailed"].metric_transformation[0].namespace == "business-registry/production"
    error_message = "two environments share their metrics"
  }
}

run "a_role_for_ecs" {
  variables {
    log_writer = "ecs"
  }
  assert {
    condition = (
      length(aws_iam_user.log_writer) == 0 && length(aws_iam_access_key.log_writer) == 0
      && length(aws_iam_instance_profile.log_writer) == 0
      && jsondecode(aws_iam_role.log_writer[0].assume_role_policy).Statement[0].Principal.Service == "ecs-tasks.amazonaws.com"
      && aws_iam_role.log_writer[0].permissions_boundary == "arn:aws:iam::123456789012:policy/business-registry-boundary"
      && aws_iam_role_policy.log_writer[0].policy == local.log_writer_policy
    )
    error_message = "ECS must get a role, without any key"
  }
}

run "a_role_for_ec2" {
  variables {
    log_writer = "ec2"
  }
  assert {
    condition = (
      length(aws_iam_user.log_writer) == 0 && length(aws_iam_instance_profile.log_writer) == 1
      && jsondecode(aws_iam_role.log_writer[0].assume_role_policy).Statement[0].Principal.Service == "ec2.amazonaws.com"
    )
    error_message = "EC2 must get a role in an instance profile"
  }
}

run "invalid_variables_are_rejected" {
  command = plan
  variables {
    project_name        = "Bad Name"
    aws_region          = "tokyo"
    environment         = "Prod!"
    log_group_name      = "a b"
    log_retention_days  = 4
    alarm_email         = "nobody"
    metrics_path        = "both"
    log_writer          = "everyone"
    reject_rate_percent = 0
    silence_hours       = 200
    source_age_days     = 0
    # A name, not an ARN.
    permissions_boundary = "arn:aws:iam::aws:policy/Other"
  }
  expect_failures = [
    var.project_name, var.aws_region, var.environment, var.log_group_name, var.log_retention_days, var.alarm_email,
    var.metrics_path, var.log_writer, var.reject_rate_percent, var.silence_hours, var.source_age_days, var.permissions_boundary,
  ]
}

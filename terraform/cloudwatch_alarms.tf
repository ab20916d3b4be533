# sns.tf sets the recipients. Missing data means that nothing was logged: no errors, but also no completed run.

resource "aws_cloudwatch_metric_alarm" "high_error_count" {
  alarm_name        = "${var.project_name}-high-error-count"
  alarm_description = "Five errors or more within five minutes."

  namespace           = local.metric_namespace
  metric_name         = aws_cloudwatch_log_metric_filter.etl["ErrorCount"].metric_transformation[0].name
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 5
  treat_missing_data  = "notBreaching"

  alarm_actions = [aws_sns_topic.alarms.arn]
  ok_actions    = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "etl_failed" {
  alarm_name        = "${var.project_name}-etl-failed"
  alarm_description = "A run failed and needs an operator, or was killed. The last line of its log gives the cause and hints."

  namespace           = local.metric_namespace
  metric_name         = aws_cloudwatch_log_metric_filter.etl["ETLFailed"].metric_transformation[0].name
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  treat_missing_data  = "notBreaching"

  alarm_actions = [aws_sns_topic.alarms.arn]
}

# Covers runs that never start or are not logged: cron is off, the machine is down, or a log path is broken. The alarm is raised
# if none of the last var.silence_hours hours has a completed run. Hours without data are filled with zeros: otherwise
# CloudWatch would look further back for hours with data.
resource "aws_cloudwatch_metric_alarm" "no_completed_run" {
  alarm_name        = "${var.project_name}-no-completed-run"
  alarm_description = "No run has completed in ${var.silence_hours} hours."

  evaluation_periods  = var.silence_hours
  datapoints_to_alarm = var.silence_hours
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"

  metric_query {
    id          = "completed_or_none"
    label       = "completed runs an hour"
    expression  = "FILL(completed, 0)"
    return_data = true
  }

  metric_query {
    id = "completed"

    metric {
      namespace   = local.metric_namespace
      metric_name = aws_cloudwatch_log_metric_filter.etl["ETLCompleted"].metric_transformation[0].name
      stat        = "Sum"
      period      = 3600
    }
  }

  alarm_actions = [aws_sns_topic.alarms.arn]
  ok_actions    = [aws_sns_topic.alarms.arn]
}

# The source has no new file: runs succeed, but find the same one. Without a run there is no data, and the alarm keeps its state.
resource "aws_cloudwatch_metric_alarm" "source_age" {
  alarm_name        = "${var.project_name}-source-age"
  alarm_description = "The source's date is more than ${var.source_age_days} days ago."

  namespace           = local.metric_namespace
  metric_name         = aws_cloudwatch_log_metric_filter.etl["SourceAgeDays"].metric_transformation[0].name
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.source_age_days
  treat_missing_data  = "ignore"

  alarm_actions = [aws_sns_topic.alarms.arn]
  ok_actions    = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "reject_rate" {
  alarm_name        = "${var.project_name}-reject-rate"
  alarm_description = "More than ${var.reject_rate_percent} % of a published snapshot's records were rejected."

  comparison_operator = "GreaterThanThreshold"
  threshold           = var.reject_rate_percent
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"

  metric_query {
    id          = "rate"
    label       = "rejected, %"
    expression  = "100 * rejected / (rejected + processed)"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { rejected = "RecordsRejected", processed = "RecordsProcessed" }

    content {
      id = metric_query.key

      metric {
        namespace   = local.metric_namespace
        metric_name = aws_cloudwatch_log_metric_filter.etl[metric_query.value].metric_transformation[0].name
        stat        = "Sum"
        period      = 300
      }
    }
  }

  alarm_actions = [aws_sns_topic.alarms.arn]
}

locals {
  alarms = [
    aws_cloudwatch_metric_alarm.etl_failed,
    aws_cloudwatch_metric_alarm.no_completed_run,
    aws_cloudwatch_metric_alarm.high_error_count,
    aws_cloudwatch_metric_alarm.reject_rate,
    aws_cloudwatch_metric_alarm.source_age,
  ]

  # Per hour. All metrics are sums, except the age, which is a maximum.
  charts = {
    "Completed and failed runs" = { ETLCompleted = "#2ca02c", ETLFailed = "#d62728", ETLFailedTemporarily = "#ff7f0e" }
    "Errors"                    = { ErrorCount = "#d62728" }
    "Records published"         = { RecordsProcessed = "#1f77b4" }
    "Records rejected"          = { RecordsRejected = "#ff7f0e" }
    "Age of the source, days"   = { SourceAgeDays = "#9467bd" }
  }
}

resource "aws_cloudwatch_dashboard" "etl" {
  dashboard_name = "${var.project_name}-etl"

  dashboard_body = jsonencode({
    widgets = concat(
      [
        {
          type       = "alarm"
          x          = 0
          y          = 0
          width      = 24
          height     = 3
          properties = { title = "Alarms", alarms = local.alarms[*].arn }
        }
      ],
      [
        for index, title in keys(local.charts) : {
          type   = "metric"
          x      = 12 * (index % 2)
          y      = 3 + 6 * floor(index / 2)
          width  = 12
          height = 6
          properties = {
            title   = title
            region  = var.aws_region
            view    = "timeSeries"
            stat    = endswith(title, "days") ? "Maximum" : "Sum"
            period  = 3600
            metrics = [for name, colour in local.charts[title] : [local.metric_namespace, name, { color = colour }]]
            yAxis   = { left = { min = 0 } }
          }
        }
      ],
      [
        {
          type   = "log"
          x      = 0
          y      = 3 + 6 * ceil(length(local.charts) / 2)
          width  = 24
          height = 8
          properties = {
            title  = "Recent log events"
            region = var.aws_region
            view   = "table"
            query = join(" | ", [
              "SOURCE '${aws_cloudwatch_log_group.etl.name}'",
              "filter path = '${var.metrics_path}'",
              "fields @timestamp, level, name, message, run_id",
              "sort @timestamp desc",
              "limit 100",
            ])
          }
        }
      ]
    )
  })
}

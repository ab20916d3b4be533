# What is counted in the log, each event once: of its two copies only the one of var.metrics_path.
#
# Records are counted when a run has published them. A dry run ends without etl_completed, and an unchanged day publishes
# nothing.

locals {
  # A run that loaded bears its job run; fetch or transform alone are runs too, and publish nothing.
  published = "$.event = \"etl_completed\" && $.job_run_id > 0 && ($.status = \"success\" || $.status = \"partial\")"

  metric_filters = {
    ErrorCount       = { pattern = "{ $.level = \"ERROR\" && ${local.counted} }", value = "1" }
    ETLCompleted     = { pattern = "{ $.event = \"etl_completed\" && ${local.counted} }", value = "1" }
    ETLFailed        = { pattern = "{ $.event = \"etl_failed\" && ${local.counted} }", value = "1" }
    RecordsProcessed = { pattern = "{ ${local.published} && ${local.counted} }", value = "$.records_success" }
    RecordsRejected  = { pattern = "{ ${local.published} && ${local.counted} }", value = "$.records_failed" }
  }
}

resource "aws_cloudwatch_log_metric_filter" "etl" {
  for_each = local.metric_filters

  name           = "${var.project_name}-${each.key}"
  log_group_name = aws_cloudwatch_log_group.etl.name
  pattern        = each.value.pattern

  metric_transformation {
    namespace = local.metric_namespace
    name      = each.key
    value     = each.value.value
    unit      = "Count"
  }
}

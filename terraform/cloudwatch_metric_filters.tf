# The metrics of the log. Each event has two copies; only that of var.metrics_path is counted.
#
# Records are counted when a run has published them. A dry run ends without etl_completed, and an unchanged day publishes
# nothing.

locals {
  # The registry is current: a run has published a snapshot, or has found that the source has nothing new. A single stage
  # does not show that, and must not reset the alarm for missing runs.
  current = "$.event = \"etl_completed\" && ($.registry = \"published\" || $.registry = \"unchanged\")"
  # A run that has loaded records has a job run.
  published = "$.event = \"etl_completed\" && $.job_run_id > 0 && ($.status = \"success\" || $.status = \"partial\")"

  metric_filters = {
    ErrorCount   = { pattern = "{ $.level = \"ERROR\" && ${local.counted} }", value = "1" }
    ETLCompleted = { pattern = "{ ${local.current} && ${local.counted} }", value = "1" }
    # A temporary failure is retried; if it continues, no run completes, and the alarm for missing runs is raised.
    ETLFailed            = { pattern = "{ $.event = \"etl_failed\" && $.temporary IS FALSE && ${local.counted} }", value = "1" }
    ETLFailedTemporarily = { pattern = "{ $.event = \"etl_failed\" && $.temporary IS TRUE && ${local.counted} }", value = "1" }
    RecordsProcessed     = { pattern = "{ ${local.published} && ${local.counted} }", value = "$.records_success" }
    RecordsRejected      = { pattern = "{ ${local.published} && ${local.counted} }", value = "$.records_failed" }
    SourceAgeDays        = { pattern = "{ ${local.current} && $.source_age_days >= 0 && ${local.counted} }", value = "$.source_age_days" }
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

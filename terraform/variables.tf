variable "project_name" {
  description = "The prefix of every resource's name."
  type        = string
  default     = "business-registry"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}[a-z0-9]$", var.project_name))
    error_message = "project_name: 3 to 32 lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen."
  }
}

variable "aws_region" {
  description = "The region of all resources."
  type        = string
  default     = "ap-northeast-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]{1,2}$", var.aws_region))
    error_message = "aws_region: a region's name, such as ap-northeast-1."
  }
}

variable "environment" {
  description = "Name of this installation: a tag, and part of the metrics' namespace."
  type        = string
  default     = "dev"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}$", var.environment))
    error_message = "environment: lower-case letters, digits and hyphens, such as dev, staging or production."
  }
}

variable "log_group_name" {
  description = "The log group: the same as in CLOUDWATCH_LOG_GROUP and in the agent's configuration."
  type        = string
  default     = "/docker/etl"

  validation {
    condition     = can(regex("^[-_./#A-Za-z0-9]{1,512}$", var.log_group_name)) && !startswith(var.log_group_name, "aws/")
    error_message = "log_group_name: 1 to 512 letters, digits and -_./#, not beginning with aws/."
  }
}

variable "log_retention_days" {
  description = "Retention of log events in days: 3 for a trial; 30 to 90 are recommended."
  type        = number
  default     = 3

  validation {
    # The values that CloudWatch Logs accepts (PutRetentionPolicy).
    condition = contains(
      [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653],
      var.log_retention_days
    )
    error_message = "log_retention_days: one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653."
  }
}

variable "alarm_email" {
  description = "The e-mail address for alarms. Empty: no e-mail. AWS sends this address a request to confirm."
  type        = string
  default     = ""

  validation {
    condition     = var.alarm_email == "" || can(regex("^[^@[:space:]]+@[^@[:space:]]+\\.[^@[:space:]]+$", var.alarm_email))
    error_message = "alarm_email: an e-mail address, or empty."
  }
}

variable "metrics_path" {
  description = "The log path that metrics count: console (sent by the process) or file (sent by the agent). If you use only one path, name that one."
  type        = string
  default     = "console"

  validation {
    condition     = contains(["console", "file"], var.metrics_path)
    error_message = "metrics_path: console or file."
  }
}

variable "log_writer" {
  description = "The log writer: a user with a key, or the role of an ECS task or an EC2 instance, which needs no key."
  type        = string
  default     = "user"

  validation {
    condition     = contains(["user", "ecs", "ec2"], var.log_writer)
    error_message = "log_writer: user, ecs or ec2."
  }
}

variable "permissions_boundary" {
  description = "Name of the managed policy that is the log writer's permissions boundary; an administrator creates it from boundary-policy.json. Empty: no boundary, if an administrator deploys."
  type        = string
  default     = "business-registry-boundary"

  validation {
    condition     = can(regex("^[A-Za-z0-9+=,.@_-]{0,128}$", var.permissions_boundary))
    error_message = "permissions_boundary: the name of a managed policy, or empty."
  }
}

variable "force_destroy_log_writer" {
  description = "Whether destroy deletes the user with keys that were made by hand. './pipeline.sh destroy' sets it if AWS refuses to delete the user."
  type        = bool
  default     = false
}

variable "reject_rate_percent" {
  description = "Percentage of rejected records in a published snapshot above which the alarm is raised. Set it below MAX_REJECTS (1 %), beyond which nothing is published."
  type        = number
  default     = 0.5

  validation {
    condition     = var.reject_rate_percent > 0 && var.reject_rate_percent <= 100
    error_message = "reject_rate_percent: more than 0, at most 100."
  }
}

variable "source_age_days" {
  description = "Age of the source's date, in days, above which the alarm is raised. The source is published daily."
  type        = number
  default     = 3

  validation {
    condition     = var.source_age_days >= 1 && var.source_age_days <= 365
    error_message = "source_age_days: a number from 1 to 365."
  }
}

variable "silence_hours" {
  description = "The alarm is raised after so many hours without a run that published or found nothing new: a day, plus time for a late run."
  type        = number
  default     = 26

  validation {
    # With a period of one hour, an alarm can look back seven days at most.
    condition     = var.silence_hours == floor(var.silence_hours) && var.silence_hours >= 2 && var.silence_hours <= 168
    error_message = "silence_hours: a whole number from 2 to 168."
  }
}

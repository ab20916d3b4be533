# shellcheck shell=bash
# Commands around the pipeline: setup, up, destroy, cleanup and drill, and the local files with secrets.
: "${project:?}" "${binaries:?}" "${command:?}" "${me:?}"

settings=$project/.env             # the user's
local_settings=$project/.env.local # written by setup: the log writer's key
terraform_folder=$project/terraform
agent_config=$terraform_folder/cloudwatch-agent.local.json
agent_credentials=$terraform_folder/cloudwatch-agent.local.credentials

# Prints a variable's value from a file of NAME=value lines, as Compose reads it: without quotes and a trailing comment.
# Nothing is expanded or executed.
setting() { # FILE NAME
  local value=''
  [[ ! -r $1 ]] || value=$(sed -n "s/^$2=//p" -- "$1" | tail -n 1)
  case $value in
    \'*\'*) value=${value#\'} && value=${value%%\'*} ;;
    \"*\"*) value=${value#\"} && value=${value%%\"*} ;;
    *) value=${value%% \#*} && value=${value%"${value##*[![:space:]]}"} ;;
  esac
  printf '%s' "$value"
}

# Exports the log writer's key and its log group, for a drill on this machine.
use_local_settings() {
  local name value
  unset AWS_SESSION_TOKEN AWS_PROFILE
  for name in CLOUDWATCH_LOG_GROUP AWS_REGION AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_ENDPOINT_URL; do
    value=$(setting "$local_settings" "$name")
    [[ -z $value ]] || export "$name=$value"
  done
}

# Writes stdin to a file with mode 600, by an atomic rename.
write_secret() { # FILE
  { (umask 077 && cat >"$1.new") && mv -f -- "$1.new" "$1"; } ||
    fail 74 "unable to write '$1'" "check the folder's owner and the free space of the disk"
}

# Writes the local files from Terraform's outputs.
write_local_settings() {
  local group region key_id secret password
  group=$(output log_group_name) region=$(output aws_region)
  [[ -n $group && -n $region ]] || fail 70 "Terraform's outputs have no log group or no region" "run the same command again"
  key_id=$(output log_writer_access_key_id) secret=$(output log_writer_secret_access_key)
  password=${POSTGRES_PASSWORD:-$(setting "$local_settings" POSTGRES_PASSWORD)}
  password=${password:-$(od -An -v -tx1 -N24 /dev/urandom | tr -d ' \n')}
  [[ $password != *[\'$'\n']* ]] || fail 64 "POSTGRES_PASSWORD contains a quote or a line break" "choose another password"
  {
    echo "# Written by './pipeline.sh setup', removed by './pipeline.sh cleanup'. Keep it secret."
    # A password in .env is not repeated here.
    [[ -n $(setting "$settings" POSTGRES_PASSWORD) ]] || printf "POSTGRES_PASSWORD='%s'\n" "$password"
    printf '%s=%s\n' CLOUDWATCH_LOG_GROUP "$group" AWS_REGION "$region"
    [[ -z $key_id ]] || printf '%s=%s\n' AWS_ACCESS_KEY_ID "$key_id" AWS_SECRET_ACCESS_KEY "$secret"
    [[ -z ${AWS_ENDPOINT_URL-} ]] || printf 'AWS_ENDPOINT_URL=%s\n' "$AWS_ENDPOINT_URL"
    echo AGENT_CONFIG=./terraform/cloudwatch-agent.local.json
    [[ -z $key_id ]] || echo AGENT_CREDENTIALS=./terraform/cloudwatch-agent.local.credentials
  } | write_secret "$local_settings"
  # Outside AWS, the agent reads its keys from this profile and its region from its configuration.
  if [[ -n $key_id ]]; then
    printf '[AmazonCloudWatchAgent]\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$key_id" "$secret" |
      write_secret "$agent_credentials"
  else
    rm -f -- "$agent_credentials"
  fi
  sed -e "1s|{|{\n  \"agent\": { \"region\": \"$region\" },|" -e "s|\"log_group_name\": \"[^\"]*\"|\"log_group_name\": \"$group\"|" \
    "$project/terraform/cloudwatch-agent.json" | write_secret "$agent_config"
  chmod 644 -- "$agent_config" # it contains no secret, and the agent runs as another user
}

take_flags() { # KNOWN ARGUMENT...: sets flag_<name> for each
  local known=$1 flag
  shift
  for flag; do
    [[ " $known " == *" $flag "* ]] || fail 64 "'$command' has no option '${flag%%=*}'" "$me --help lists the options"
    flag=${flag#--}
    printf -v "flag_${flag//-/_}" yes
  done
}
flag_plan='' flag_yes='' flag_volumes='' flag_rotate_key=''

setup() {
  take_flags '--plan --rotate-key' "$@"
  local replaced=()
  [[ -z $flag_rotate_key ]] || replaced=('-replace=aws_iam_access_key.log_writer[0]')
  need_terraform
  need_aws
  [[ -n $flag_plan ]] || need_docker
  terraform_prepare
  say 'setup 1/5: terraform init'
  terraform_or_fail init -input=false
  require_deployed_region
  if [[ -n $flag_plan ]]; then
    say 'setup 2/5: terraform plan'
    terraform_or_fail plan -input=false "${replaced[@]}"
    say "setup 3/5 would write the log writer's key, and a database password if there is none, to '$local_settings' (mode 600)"
    say "setup 4/5 would build the image"
    say "setup 5/5 would start PostgreSQL and the agent with Docker Compose"
    return
  fi
  say 'setup 2/5: terraform apply'
  terraform_adopt
  terraform_or_fail apply -input=false -auto-approve "${replaced[@]}"
  say "setup 3/5: writing the log writer's key and the database's password to '$local_settings'"
  write_local_settings
  say 'setup 4/5: docker compose build'
  compose_or_fail build etl
  say 'setup 5/5: docker compose up'
  # The agent reads its key only when it starts.
  compose_or_fail up --detach ${flag_rotate_key:+--force-recreate} postgres cloudwatch-agent
  say "done; the dashboard: $(output dashboard_url)"
  say "load with '$me compose run --rm etl'; test the alarms with '$me drill errors'"
}

up() {
  take_flags '' "$@"
  need_docker
  [[ -n ${POSTGRES_PASSWORD-}$(setting "$settings" POSTGRES_PASSWORD)$(setting "$local_settings" POSTGRES_PASSWORD) ]] ||
    fail 78 "POSTGRES_PASSWORD is not set" "create .env: install -m 600 .env.example .env; then set POSTGRES_PASSWORD in it (there is no default)"
  say 'docker compose up'
  compose_or_fail up --detach
}

confirm() { # QUESTION
  local answer=''
  [[ -z $flag_yes ]] || return 0
  [[ -t 0 ]] || fail 64 "'$command' needs a confirmation, but stdin is not a terminal; nothing was removed" "add --yes"
  read -r -p "$1 Type yes: " answer
  [[ $answer == yes ]] || fail 64 "not confirmed; nothing was removed" "run the same command again and type yes, or add --yes"
}

destroy() {
  take_flags --yes "$@"
  has_state || { say "there is nothing to destroy: '$terraform_folder' has no state" && return; }
  need_terraform
  need_aws
  confirm 'This removes the log group with its logs, the alarms, the dashboard and the log writer.'
  terraform_destroy
}

# Keeps only the database's password in the local settings, for as long as the database exists; with 'never', nothing.
keep_password() { # [never]
  local password=''
  [[ ${1-} == never ]] || password=$(sed -n '/^POSTGRES_PASSWORD=/p' -- "$local_settings" 2>/dev/null) || password=''
  if [[ -n $password ]]; then printf '%s\n' "$password" | write_secret "$local_settings"; else rm -f -- "$local_settings"; fi
}

cleanup() {
  take_flags '--yes --volumes' "$@"
  ! has_state || { need_terraform && need_aws; }
  confirm "This stops the containers${flag_volumes:+, removes their volumes with the registry in them}, deletes the AWS resources, and removes the local secrets."
  local left=''
  compose_down ${flag_volumes:+--volumes} || left=", but containers may be running: start Docker and run '$command' again"
  cluster_stop
  ! has_state || terraform_destroy
  keep_password ${flag_volumes:+never}
  rm -f -- "$local_settings.new" "$agent_credentials" "$agent_credentials.new" "$agent_config"
  say "removed the AWS resources and the local secrets$([[ ! -e $local_settings ]] || echo "; the database's password stays in '${local_settings##*/}', because its volume stays (--volumes removes both)")$([[ ! -e $settings ]] || echo "; '.env' is kept")$left"
}

# Runs in a container if containers are set up, because the agent reads the log file there.
drill() { # fail, errors or log
  [[ $# == 1 && $1 =~ ^(fail|errors|log)$ ]] || fail 64 "'drill' needs one word: fail, errors or log" "for example: $me drill fail"
  if [[ -e $local_settings ]] && has_docker; then
    say "drill $1, in the container"
    compose_or_fail run --rm etl drill "$1"
    return
  fi
  [[ ! -e $local_settings ]] || use_local_settings
  [[ -n ${LOG_FILE-}${CLOUDWATCH_LOG_GROUP-} ]] ||
    fail 78 "the drill has no log to write to: neither LOG_FILE nor CLOUDWATCH_LOG_GROUP is set" "run $me setup, or set one of them"
  build
  local code=0 number
  case $1 in
    fail) # like a run whose source does not exist
      "$binaries/fetch" --source '/nonexistent/drill.csv' >&2 || code=$?
      ((code == 69)) || fail 70 "the drill's run should end with exit code 69, but ended with $code" "see the message above"
      say 'drill: one run failed; expect the alarm etl-failed within about five minutes'
      ;;
    errors)
      for number in {1..6}; do drill_line error "drill: error $number of 6"; done
      say 'drill: six errors logged; expect the alarm high-error-count, and its end about five minutes later'
      ;;
    log)
      drill_line info "drill: one line, at $(date +%H:%M:%S), expected in both streams"
      say 'drill: one line logged; expect it in the streams of both paths'
      ;;
  esac
}

drill_line() { # LEVEL MESSAGE
  # A LOG_LEVEL above the line's level would suppress it.
  printf '%s\n' "$2" | LOG_LEVEL=info "$binaries/load" log --level "$1" --name drill ||
    fail 70 "unable to log the line" "see the message above"
}

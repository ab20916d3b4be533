# shellcheck shell=bash
# Commands around the pipeline: AWS resources by Terraform, containers by Docker Compose, and local files with secrets.
: "${project:?}" "${binaries:?}" "${command:?}" "${me:?}"

terraform_folder=$project/terraform
settings=$project/.env             # the user's
local_settings=$project/.env.local # written by setup: the log writer's key
agent_config=$project/terraform/cloudwatch-agent.local.json
agent_credentials=$project/terraform/cloudwatch-agent.local.credentials

# --- Requirements, checked before anything is done ----------------------------------------------------------------------

need_terraform() {
  command -v terraform >/dev/null ||
    fail 78 "Terraform is missing" "see https://developer.hashicorp.com/terraform/install"
}

need_docker() {
  command -v docker >/dev/null || fail 78 "Docker is missing" "see https://docs.docker.com/engine/install"
  docker compose version >/dev/null 2>&1 ||
    fail 78 "Docker Compose is missing: 'docker compose' fails" "see https://docs.docker.com/compose/install"
  docker info >/dev/null 2>&1 ||
    fail 78 "the Docker daemon does not answer: 'docker info' fails" "start it, or add your user to the group docker"
}

has_docker() { command -v docker >/dev/null && docker info >/dev/null 2>&1; }

need_aws() {
  [[ -n ${AWS_ACCESS_KEY_ID-}${AWS_PROFILE-}${AWS_ROLE_ARN-}${AWS_CONTAINER_CREDENTIALS_RELATIVE_URI-}${AWS_CONTAINER_CREDENTIALS_FULL_URI-} ||
    -e ${AWS_SHARED_CREDENTIALS_FILE:-${HOME-}/.aws/credentials} || -e ${AWS_CONFIG_FILE:-${HOME-}/.aws/config} ]] ||
    fail 78 "no AWS credentials are set" \
      "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, for a user with the rights in terraform/deployer-policy.json"
}

# --- Settings in files --------------------------------------------------------------------------------------------------

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

# --- Terraform ----------------------------------------------------------------------------------------------------------

# Sets Terraform's variables, and a strict umask: its state contains the log writer's key.
terraform_prepare() {
  local region line
  umask 077
  region=${AWS_REGION:-${AWS_DEFAULT_REGION:-$(setting "$settings" AWS_REGION)}}
  [[ -z $region ]] || export TF_VAR_aws_region="${TF_VAR_aws_region:-$region}"
  export TF_IN_AUTOMATION=1
  while IFS= read -r line; do
    [[ -n ${!line-} ]] || export "$line=$(setting "$settings" "$line")"
  done < <(sed -n 's/^\(TF_VAR_[a-z_]*\)=..*/\1/p' -- "$settings" 2>/dev/null)
}

terraform_or_fail() { # SUBCOMMAND ARGUMENT...
  [[ -t 2 ]] || set -- "$@" -no-color
  attend_or_stop terraform "-chdir=$terraform_folder" "$@" >&2 ||
    fail 69 "terraform $1 failed" "fix the problem that its messages above name, then run the same command again: it continues from there"
}

# Refuses a region other than the deployed one: there Terraform would find no resources, and drop them from its state.
require_deployed_region() {
  local deployed
  deployed=$(output aws_region)
  [[ $deployed =~ ^[a-z]{2}(-[a-z]+)+-[0-9]+$ ]] || return 0 # without this output, Terraform prints a warning on stdout
  [[ ${TF_VAR_aws_region:-$deployed} == "$deployed" ]] ||
    fail 64 "the AWS resources are in the region '$deployed', but the settings name '$TF_VAR_aws_region'; nothing was changed" \
      "to use region '$deployed': set AWS_REGION=$deployed" \
      "to use region '$TF_VAR_aws_region': delete the resources and their logs first: AWS_REGION=$deployed $me destroy"
  export TF_VAR_aws_region=$deployed
}

# Imports an existing log group with its streams into Terraform's state: a process that may create the group could have done
# so. Refuses the log group of another installation.
terraform_adopt() {
  local group known
  known=$(terraform "-chdir=$terraform_folder" state list 2>/dev/null) || known=''
  group=$(terraform "-chdir=$terraform_folder" console 2>/dev/null <<<'var.log_group_name' | tr -d '"') || group=''
  [[ -n $group ]] || return 0
  adopt_one aws_cloudwatch_log_group.etl "$group"
  require_own_group "$group"
  adopt_one 'aws_cloudwatch_log_stream.path["console"]' "$group:console"
  adopt_one 'aws_cloudwatch_log_stream.path["file"]' "$group:file"
}

adopt_one() { # ADDRESS ID
  [[ $known != *"$1"* ]] || return 0
  ! attend_or_stop terraform "-chdir=$terraform_folder" import -input=false -no-color "$1" "$2" >/dev/null 2>&1 ||
    say "'$2' exists already: imported into Terraform's state"
}

# Refuses a log group whose tags name another installation. A log group that a process has created has no tags.
require_own_group() { # GROUP
  local known_tags name tag value wanted
  [[ $known != *aws_cloudwatch_log_group.etl* ]] || return 0
  known_tags=$(terraform "-chdir=$terraform_folder" state show -no-color aws_cloudwatch_log_group.etl 2>/dev/null) || return 0
  while read -r name tag; do
    wanted=$(terraform "-chdir=$terraform_folder" console 2>/dev/null <<<"var.$name" | tr -d '"') || wanted=''
    value=$(sed -nE "s/^ +\"?$tag\"? += \"(.*)\"$/\1/p" <<<"$known_tags" | head -n 1)
    [[ -n $value && -n $wanted && $value != "$wanted" ]] || continue
    terraform "-chdir=$terraform_folder" state rm aws_cloudwatch_log_group.etl >/dev/null 2>&1 || :
    fail 78 "the log group '$1' belongs to another installation in this account, with $name '$value'; nothing was changed" \
      "set other names for this installation: TF_VAR_project_name and TF_VAR_log_group_name"
  done <<<$'project_name Project\nenvironment Environment'
}

output() { terraform "-chdir=$terraform_folder" output -raw "$1" 2>/dev/null || :; } # NAME; prints nothing if it is null

has_state() { compgen -G "$terraform_folder/terraform.tfstate*" >/dev/null; }

# --- Compose ------------------------------------------------------------------------------------------------------------

# Sets compose to a Docker Compose command with the settings of both files. It removes the shell's AWS keys: they are the
# deployer's, who has many more rights than writing logs.
make_compose() { # SUBCOMMAND
  local file
  compose=(env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY -u AWS_SESSION_TOKEN -u AWS_PROFILE)
  # compose.yaml requires a password, although nothing is started.
  [[ $1 != down ]] || compose+=("POSTGRES_PASSWORD=none")
  compose+=(docker compose --project-directory "$project")
  for file in "$settings" "$local_settings"; do [[ ! -e $file ]] || compose+=(--env-file "$file"); done
  if [[ $1 == down ]]; then
    compose+=(--profile aws --profile console --profile run) # all profiles of compose.yaml
  elif [[ -n $(setting "$local_settings" CLOUDWATCH_LOG_GROUP)$(setting "$settings" CLOUDWATCH_LOG_GROUP) ]]; then
    compose+=(--profile aws)
  fi
}

# Refuses to touch the containers of another folder: Docker Compose names a project only by the last part of its path.
require_own_containers() {
  local name other
  name=$("${compose[@]}" config 2>/dev/null | sed -n 's/^name: //p') || name=''
  [[ -n $name ]] || return 0
  other=$(docker ps --all --filter "label=com.docker.compose.project=$name" \
    --format '{{.Label "com.docker.compose.project.working_dir"}}' 2>/dev/null | grep -vxF -e '' -e "$project" | head -n 1) || other=''
  [[ -z $other ]] || fail 78 "the Compose project '$name' is already used by the folder '$other'; nothing was changed" \
    "set another COMPOSE_PROJECT_NAME in '$settings'"
}

compose_or_fail() { # SUBCOMMAND ARGUMENT...
  local compose
  make_compose "$1"
  [[ $1 == build ]] || require_own_containers
  attend_or_stop "${compose[@]}" "$@" >&2 ||
    fail 69 "docker compose $1 failed" "fix the problem that its messages above name, then run the same command again: it continues from there"
}

exec_compose() { # ARGUMENT...
  local compose
  make_compose "${1-}"
  exec "${compose[@]}" "$@"
}

# --- Commands -----------------------------------------------------------------------------------------------------------

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

# Stops the project's containers of all profiles. Returns 1 if containers were set up, but Docker does not answer.
compose_down() { # OPTION...
  local compose services is_set_up=''
  [[ ! -e $settings && ! -e $local_settings ]] || is_set_up=yes
  if ! has_docker; then
    [[ -n $is_set_up ]] || return 0
    say 'unable to stop containers: the Docker daemon does not answer'
    return 1
  fi
  make_compose down
  # If nothing was set up, containers of that name belong to another folder.
  if [[ -z $is_set_up ]] && ! (require_own_containers) 2>/dev/null; then return 0; fi
  services=$("${compose[@]}" ps --all --format '{{.Service}}' 2>/dev/null | sort -u | tr '\n' ' ') || services=''
  [[ -n $is_set_up || -n $services ]] || return 0
  say "docker compose down${*:+ $*}: ${services:-there are no containers}"
  compose_or_fail down --remove-orphans "$@"
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

# Destroys the resources. AWS refuses to delete a user who has keys that Terraform does not manage, such as keys made by
# hand. Then a second attempt deletes the user with all keys.
terraform_remove() {
  local user='aws_iam_user.log_writer[0]'
  ! attend_or_stop terraform "-chdir=$terraform_folder" destroy -input=false -auto-approve -no-color >&2 || return 0
  [[ $(terraform "-chdir=$terraform_folder" state list 2>/dev/null) == *"$user"* ]] ||
    fail 69 "terraform destroy failed" "fix the problem that its messages above name, then run the same command again: it continues from there"
  say 'the log writer still exists: deleting it with all its keys, also those made by hand'
  export TF_VAR_force_destroy_log_writer=true
  terraform_or_fail apply -input=false -auto-approve "-target=$user"
  terraform_or_fail destroy -input=false -auto-approve
}

# Destroys the resources, and removes the local secrets except the database's password.
terraform_destroy() {
  terraform_prepare
  say 'terraform destroy'
  terraform_or_fail init -input=false
  require_deployed_region
  terraform_remove
  # The state is empty now, but its backup contains the key.
  rm -f -- "$terraform_folder"/terraform.tfstate* "$agent_credentials" "$agent_config"
  keep_password
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

# --- Drills -------------------------------------------------------------------------------------------------------------

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

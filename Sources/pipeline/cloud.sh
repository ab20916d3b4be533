# shellcheck shell=bash
# What surrounds the pipeline: AWS by Terraform, containers by Docker Compose, and the local files with their secrets.
: "${project:?}" "${binaries:?}" "${command:?}"

terraform_folder=$project/terraform
local_settings=$project/.env.local # the log writer's key, made by setup
agent_config=$project/cloudwatch-agent/config.local.json

step() { say "$1"; } # MESSAGE: every step is announced before it begins

# --- What has to be there: asked before anything is done ----------------------------------------------------------------

need_terraform() {
  command -v terraform >/dev/null ||
    fail 78 "Terraform is missing" "https://developer.hashicorp.com/terraform/install says how to get it"
}

need_docker() {
  command -v docker >/dev/null || fail 78 "Docker is missing" "https://docs.docker.com/engine/install says how to get it"
  docker compose version >/dev/null 2>&1 ||
    fail 78 "Docker Compose is missing: 'docker compose' fails" "https://docs.docker.com/compose/install says how to get it"
  docker info >/dev/null 2>&1 ||
    fail 78 "the Docker daemon does not answer: 'docker info' fails" "start it, or get the right to use it (group docker)"
}

need_aws() {
  [[ -n ${AWS_ACCESS_KEY_ID-}${AWS_PROFILE-}${AWS_ROLE_ARN-}${AWS_CONTAINER_CREDENTIALS_RELATIVE_URI-}${AWS_CONTAINER_CREDENTIALS_FULL_URI-} ||
    -e ${AWS_SHARED_CREDENTIALS_FILE:-${HOME-}/.aws/credentials} || -e ${AWS_CONFIG_FILE:-${HOME-}/.aws/config} ]] ||
    fail 78 "no AWS credentials are set" \
      "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, of somebody with the rights in docs/monitoring.md"
}

# --- Settings in files --------------------------------------------------------------------------------------------------

# The value of a variable in a file of NAME=value lines; nothing is expanded or executed.
setting() { # FILE NAME
  [[ -r $1 ]] || return 0
  sed -n "s/^$2=//p" -- "$1" | tail -n 1
}

# Exports what a file sets.
export_settings() { # FILE
  local line
  [[ -r $1 ]] || return 0
  while IFS= read -r line || [[ -n $line ]]; do
    [[ $line =~ ^[A-Z_][A-Z0-9_]*=. ]] || continue
    export "${line%%=*}=${line#*=}"
  done <"$1"
}

# What .env, the shell and .env.local say, the last one first. AWS keys come from the files alone: those of the shell are the
# deployer's, who may do far more than write logs.
use_settings() {
  local name kept=()
  for name in POSTGRES_PASSWORD POSTGRES_PORT SOURCE_URL SPOOL JOBS MAX_REJECTS LOG_LEVEL AWS_REGION AWS_ENDPOINT_URL; do
    [[ -z ${!name-} ]] || kept+=("$name=${!name}")
  done
  unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_PROFILE
  export_settings "$project/.env"
  ((${#kept[@]} == 0)) || export "${kept[@]}"
  export_settings "$local_settings"
}

# Makes .env.local anew from Terraform's outputs. Whole or not at all, and for nobody else to read.
write_settings() {
  local group password
  group=$(output log_group_name)
  password=${POSTGRES_PASSWORD:-$(setting "$project/.env" POSTGRES_PASSWORD)}
  password=${password:-$(setting "$local_settings" POSTGRES_PASSWORD)}
  password=${password:-$(od -An -v -tx1 -N24 /dev/urandom | tr -d ' \n')}
  (
    umask 077
    {
      echo "# Made by './pipeline.sh setup'; secret. Removed by './pipeline.sh cleanup'."
      printf '%s=%s\n' POSTGRES_PASSWORD "$password" CLOUDWATCH_LOG_GROUP "$group" AWS_REGION "$(output aws_region)"
      [[ -z $(output log_writer_access_key_id) ]] ||
        printf '%s=%s\n' AWS_ACCESS_KEY_ID "$(output log_writer_access_key_id)" \
          AWS_SECRET_ACCESS_KEY "$(output log_writer_secret_access_key)"
      [[ -z ${AWS_ENDPOINT_URL-} ]] || printf 'AWS_ENDPOINT_URL=%s\n' "$AWS_ENDPOINT_URL"
      [[ $group == /docker/etl ]] || echo "AGENT_CONFIG=./cloudwatch-agent/config.local.json"
    } >"$local_settings.new"
    mv -f -- "$local_settings.new" "$local_settings"
  ) || fail 74 "unable to write '$local_settings'" "check the folder's owner and the free space of the disk"
  if [[ $group == /docker/etl ]]; then
    rm -f -- "$agent_config"
  else
    sed "s|\"log_group_name\": \"[^\"]*\"|\"log_group_name\": \"$group\"|" "$project/cloudwatch-agent/config.json" >"$agent_config"
  fi
}

# --- Terraform ----------------------------------------------------------------------------------------------------------

# Its state holds the log writer's key: nobody else may read it.
terraform_or_fail() { # SUBCOMMAND ARGUMENT...
  local code=0 region line
  umask 077
  region=${AWS_REGION:-${AWS_DEFAULT_REGION:-$(setting "$project/.env" AWS_REGION)}}
  [[ -z $region ]] || export TF_VAR_aws_region="${TF_VAR_aws_region:-$region}"
  export TF_IN_AUTOMATION=1
  while IFS= read -r line; do
    [[ ! $line =~ ^(TF_VAR_[a-z_]+)=. || -n ${!BASH_REMATCH[1]-} ]] || export "${line?}"
  done < <(cat -- "$project/.env" 2>/dev/null)
  [[ -t 2 ]] || set -- "$@" -no-color
  attend terraform "-chdir=$terraform_folder" "$@" >&2 || code=$?
  ((caught == 0)) || exit $((128 + caught))
  ((code == 0)) || fail 69 "terraform $1 failed" "its messages are above; the same command goes on from there"
}

output() { terraform "-chdir=$terraform_folder" output -raw "$1" 2>/dev/null || :; } # NAME; nothing where it is null

has_state() { compgen -G "$terraform_folder/terraform.tfstate*" >/dev/null; }

# --- Compose ------------------------------------------------------------------------------------------------------------

# Docker Compose with the settings of the files; the shell's own are as before afterwards.
compose() { # ARGUMENT...
  local code=0 name saved=() profiles=()
  for name in AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_PROFILE AWS_REGION AWS_ENDPOINT_URL; do
    [[ -z ${!name-} ]] || saved+=("$name=${!name}")
  done
  use_settings
  [[ -z ${CLOUDWATCH_LOG_GROUP-} ]] || profiles=(--profile aws)
  if [[ ${1-} == down ]]; then
    profiles=(--profile aws --profile run)
    # Nothing is started, but the file asks for one.
    export POSTGRES_PASSWORD=${POSTGRES_PASSWORD:-none}
  fi
  attend docker compose --project-directory "$project" "${profiles[@]}" "$@" || code=$?
  unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_PROFILE AWS_REGION AWS_ENDPOINT_URL
  ((${#saved[@]} == 0)) || export "${saved[@]}"
  ((caught == 0)) || exit $((128 + caught))
  return "$code"
}

compose_or_fail() { # SUBCOMMAND ARGUMENT...
  compose "$@" >&2 || fail 69 "docker compose $1 failed" "its messages are above; the same command goes on from there"
}

# --- Commands -----------------------------------------------------------------------------------------------------------

take_flags() { # KNOWN ARGUMENT...: sets flag_<name> for each
  local known=$1 flag
  shift
  for flag; do
    [[ " $known " == *" $flag "* ]] || fail 64 "'$command' knows no option '${flag%%=*}'" "./pipeline.sh --help lists the options"
    flag=${flag#--}
    printf -v "flag_${flag//-/_}" yes
  done
}
flag_plan='' flag_yes='' flag_volumes=''

setup() {
  take_flags --plan "$@"
  need_terraform
  need_aws
  [[ -n $flag_plan ]] || need_docker
  step 'setup 1/5: terraform init'
  terraform_or_fail init -input=false
  if [[ -n $flag_plan ]]; then
    step 'setup 2/5: terraform plan'
    terraform_or_fail plan -input=false
    step "setup 3/5 would write the log writer's key, and a database password where there is none, into '$local_settings' (mode 600)"
    step "setup 4/5 would build the image"
    step "setup 5/5 would start PostgreSQL and the agent with Docker Compose"
    return
  fi
  step 'setup 2/5: terraform apply'
  terraform_or_fail apply -input=false -auto-approve
  step "setup 3/5: the log writer's key and the database's password go into '$local_settings'"
  write_settings
  step 'setup 4/5: docker compose build'
  compose_or_fail build etl
  step 'setup 5/5: docker compose up'
  compose_or_fail up --detach postgres cloudwatch-agent
  say "done; the dashboard: $(output dashboard_url)"
  say 'load with: ./pipeline.sh compose run --rm etl   and see that alarms come: ./pipeline.sh drill errors'
}

up() {
  take_flags '' "$@"
  need_docker
  [[ -n ${POSTGRES_PASSWORD-}$(setting "$project/.env" POSTGRES_PASSWORD)$(setting "$local_settings" POSTGRES_PASSWORD) ]] ||
    fail 78 "POSTGRES_PASSWORD is not set" "cp .env.example .env and set it there; there is no default one"
  step 'docker compose up'
  compose_or_fail up --detach
}

# What of it is there: containers only where somebody set them up, and a daemon answers.
compose_down() { # OPTION...
  [[ -e $project/.env || -e $local_settings ]] && command -v docker >/dev/null && docker info >/dev/null 2>&1 || return 0
  step "docker compose down${*:+ $*}"
  compose_or_fail down --remove-orphans "$@"
}

confirm() { # QUESTION
  local answer=''
  [[ -z $flag_yes ]] || return 0
  [[ -t 0 ]] || fail 64 "'$command' asks before it removes anything, and nobody is there to answer" "give --yes"
  read -r -p "$1 Type yes: " answer
  [[ $answer == yes ]] || fail 64 "nothing was removed"
}

destroy() {
  take_flags --yes "$@"
  has_state || { say "there is nothing to destroy: '$terraform_folder' has no state" && return; }
  need_terraform
  need_aws
  confirm 'This removes the log group with its logs, the alarms, the dashboard and the log writer.'
  terraform_destroy
}

terraform_destroy() {
  step 'terraform destroy'
  terraform_or_fail init -input=false
  terraform_or_fail destroy -input=false -auto-approve
  # What is left of the state is empty, but its backup holds the key.
  rm -f -- "$terraform_folder"/terraform.tfstate*
}

cleanup() {
  take_flags '--yes --volumes' "$@"
  ! has_state || { need_terraform && need_aws; }
  confirm "This stops the containers${flag_volumes:+, removes their volumes with the registry in them}, destroys what Terraform made, and removes the local secrets."
  compose_down ${flag_volumes:+--volumes}
  cluster_stop
  ! has_state || terraform_destroy
  rm -f -- "$local_settings" "$local_settings.new" "$agent_config"
  say 'clean: no container runs, nothing is left at AWS, and no secret is left here'
}

# --- Drills -------------------------------------------------------------------------------------------------------------

# Where containers are set up, inside one: its log file is the one that the agent reads.
drill() { # fail, errors or log
  [[ $# == 1 && $1 =~ ^(fail|errors|log)$ ]] || fail 64 "'drill' takes one of fail, errors, log" "./pipeline.sh --help says what each does"
  if [[ -e $local_settings ]] && command -v docker >/dev/null && docker info >/dev/null 2>&1; then
    step "drill $1, in the container"
    compose_or_fail run --rm etl drill "$1"
    return
  fi
  [[ ! -e $local_settings ]] || use_settings
  [[ -n ${LOG_FILE-}${CLOUDWATCH_LOG_GROUP-} ]] ||
    fail 78 "no log is watched: neither LOG_FILE nor CLOUDWATCH_LOG_GROUP is set" "./pipeline.sh setup, or set one of them"
  build
  "drill_$1"
}

# A run that fails as runs do: its source is not there.
drill_fail() {
  local code=0
  "$binaries/fetch" --source '/nonexistent/drill.csv' >&2 || code=$?
  ((code == 69)) || fail 70 "the drill's run ended with $code, not with 69"
  say 'drill: one run has failed; the alarm etl-failed is to be raised within five minutes or so'
}

drill_errors() {
  local number
  for number in {1..6}; do drill_line error "drill: error $number of 6"; done
  say 'drill: six errors are logged; the alarm high-error-count is to be raised, and to clear about five minutes later'
}

drill_log() {
  drill_line info "drill: one line, at $(date +%H:%M:%S), that is to be in both streams"
  say "drill: one line is logged; it is to stand in the streams 'console' and 'file'"
}

drill_line() { # LEVEL MESSAGE
  printf '%s\n' "$2" | "$binaries/load" log --level "$1" --name drill ||
    fail 70 "the line could not be logged" "the reason is above"
}

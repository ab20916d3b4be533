# shellcheck shell=bash
# Docker Compose: the containers of this folder, and no other's.
: "${project:?}" "${settings:?}" "${local_settings:?}"

need_docker() {
  command -v docker >/dev/null || fail 78 "Docker is missing" "see https://docs.docker.com/engine/install"
  docker compose version >/dev/null 2>&1 ||
    fail 78 "Docker Compose is missing: 'docker compose' fails" "see https://docs.docker.com/compose/install"
  docker info >/dev/null 2>&1 ||
    fail 78 "the Docker daemon does not answer: 'docker info' fails" "start it, or add your user to the group docker"
}

has_docker() { command -v docker >/dev/null && docker info >/dev/null 2>&1; }

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
  # These three change nothing.
  [[ ${1-} =~ ^(config|help|version)$ ]] || require_own_containers
  exec "${compose[@]}" "$@"
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

# shellcheck shell=bash
# Terraform: the AWS resources of one installation, and no other's.
: "${terraform_folder:?}" "${me:?}" "${settings:?}" "${agent_config:?}" "${agent_credentials:?}"

need_terraform() {
  command -v terraform >/dev/null ||
    fail 78 "Terraform is missing" "see https://developer.hashicorp.com/terraform/install"
}

need_aws() {
  [[ -n ${AWS_ACCESS_KEY_ID-}${AWS_PROFILE-}${AWS_ROLE_ARN-}${AWS_CONTAINER_CREDENTIALS_RELATIVE_URI-}${AWS_CONTAINER_CREDENTIALS_FULL_URI-} ||
    -e ${AWS_SHARED_CREDENTIALS_FILE:-${HOME-}/.aws/credentials} || -e ${AWS_CONFIG_FILE:-${HOME-}/.aws/config} ]] ||
    fail 78 "no AWS credentials are set" \
      "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, for a user with the rights in terraform/deployer-policy.json"
}

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
  adopt_one aws_cloudwatch_log_group.etl "$group" || return 0 # without a group there are no streams
  require_own_group "$group"
  adopt_one 'aws_cloudwatch_log_stream.path["console"]' "$group:console" || :
  adopt_one 'aws_cloudwatch_log_stream.path["file"]' "$group:file" || :
}

# Returns a failure if the resource is neither in Terraform's state nor in the account.
adopt_one() { # ADDRESS ID
  [[ $known != *"$1"* ]] || return 0
  attend_or_stop terraform "-chdir=$terraform_folder" import -input=false -no-color "$1" "$2" >/dev/null 2>&1 || return
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

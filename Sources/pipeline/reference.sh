# shellcheck shell=bash
# Generates the manual page, the completions and docs/commands.md from the help texts: usage.txt and the programs' own.
: "${project:?}" "${binaries:?}" "${self:?}" "${version:?}" "${me:?}"

# Prints the commit of this build, if it is known.
commit() {
  local hash=''
  if [[ -e $project/COMMIT ]]; then read -r hash <"$project/COMMIT"; else hash=$(commit_hash 2>/dev/null) || :; fi
  echo "${hash:+ ($hash)}"
}

# Prints the entries of usage.txt as KIND, NAME, ARGUMENT and DESCRIPTION, separated by tabs.
list_usage() {
  awk '
    function flush(  names, count, i) {
      if (kind == "") return
      # Lower-case words after a command are its arguments. Otherwise | separates commands.
      if (name ~ /^[a-z-]+ [a-z]/) { count = 1; names[1] = name } else count = split(name, names, / \| /)
      for (i = 1; i <= count; i++) {
        argument = ""
        if (match(names[i], / /)) { argument = substr(names[i], RSTART + 1); names[i] = substr(names[i], 1, RSTART - 1) }
        print kind "\t" names[i] "\t" argument "\t" text
      }
      kind = ""
    }
    function begin(what,  rest) {
      flush()
      kind = what
      rest = substr($0, 3)
      if (match(rest, /  +/)) { name = substr(rest, 1, RSTART - 1); text = substr(rest, RSTART + RLENGTH) }
      else { name = rest; text = "" }
      gsub(/  +/, "  ", text)
    }
    /^  --help/ { flush(); print "option\t--help\t\tprint this help"; print "option\t--version\t\tprint version and commit"; next }
    /^  --/ { begin("option"); next }
    /^  [a-z]/ { begin("command"); next }
    /^ +[^ ]/ { sub(/^ +/, ""); text = (text == "" ? "" : text " ") $0; next }
    { flush() }
    END { flush() }
  ' < <("$self" --help)
}

# The same lines for one of the programs. A line of kind 'section' begins each of its commands, by the name that the script has for
# it: 'rollback', not 'load rollback'.
list_program() { # PROGRAM
  "$binaries/$1" --experimental-dump-help | jq -r '
    def lines($parents):
      ($parents + [.commandName]) as $path
      | ["section", ($path | if .[0] == "console" then join(" ") else .[-1] end),
         ([.arguments[]? | select(.kind == "positional" and .shouldDisplay)
           | (if .isOptional then "[]" else "" end) as $brackets
           | $brackets[:1] + (.valueName | ascii_upcase) + (if .isRepeating then "..." else "" end) + $brackets[1:]] | join(" ")),
         ([.abstract, .discussion] | map(select(. != null) | gsub("\\s+"; " ")) | join(" "))],
        (.arguments[]? | select(.kind != "positional" and .shouldDisplay and ([.preferredName.name] | inside(["help", "version"]) | not))
          | ["option", "--\(.preferredName.name)", (if .kind == "option" then .valueName else "" end), .abstract]),
        (.subcommands[]? | select(.shouldDisplay and .commandName != "help") | lines($path));
    .command | lines([]) | @tsv'
}

completion() { # SHELL
  local name=${me##*/} commands options
  [[ ${1-} =~ ^(bash|zsh|fish)$ ]] ||
    fail 64 "'completion' needs a shell: bash, zsh or fish" "for example: source <($me completion bash)"
  commands=$(list_usage | awk -F '\t' '$1 == "command" { printf "%s ", $2 }')
  options=$(list_usage | awk -F '\t' '$1 == "option" { printf "%s ", $2 }')
  case $1 in
    bash)
      cat <<TEXT
# Completion of $name for bash.
_business_registry() {
  local word=\${COMP_WORDS[COMP_CWORD]}
  case \${COMP_WORDS[COMP_CWORD - 1]} in
    --source | --export | --database-url) mapfile -t COMPREPLY < <(compgen -f -- "\$word") ;;
    --spool) mapfile -t COMPREPLY < <(compgen -d -- "\$word") ;;
    *)
      if [[ \$word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '${options% }' -- "\$word")
      elif ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(compgen -W '${commands% }' -- "\$word")
      else
        mapfile -t COMPREPLY < <(compgen -f -- "\$word")
      fi
      ;;
  esac
}
complete -F _business_registry $name ./$name
TEXT
      ;;
    zsh)
      printf '#compdef %s ./%s\n# Completion of %s for zsh.\nlocal -a commands options\ncommands=(\n' "$name" "$name" "$name"
      list_usage | zsh_entries command
      printf ')\noptions=(\n'
      list_usage | zsh_entries option
      # shellcheck disable=SC2016 # for zsh to expand
      printf ')\nif [[ $PREFIX == -* ]]; then _describe option options\nelif ((CURRENT == 2)); then _describe command commands\nelse _files\nfi\n'
      ;;
    fish)
      printf '# Completion of %s for fish.\n' "$name"
      list_usage | awk -F '\t' -v name="$name" -v quote="'" '
        { gsub(/\\/, "\\\\", $4); gsub(quote, "\\" quote, $4) }
        $1 == "command" { printf "complete -c %s -n __fish_use_subcommand -f -a %s -d %s%s%s\n", name, $2, quote, $4, quote }
        $1 == "option" { printf "complete -c %s -l %s%s -d %s%s%s\n", name, substr($2, 3), $3 == "" ? "" : " -r", quote, $4, quote }'
      ;;
  esac
}

zsh_entries() { # KIND
  awk -F '\t' -v kind="$1" -v quote="'" '
    $1 == kind { gsub(/:/, "\\:", $4); gsub(quote, quote "\\" quote quote, $4); printf "  %s%s:%s%s\n", quote, $2, $4, quote }'
}

# Prints the manual page in man(7) format.
manual_page() { # NAME DATE
  local kind program
  printf '.TH %s 1 %s "%s %s" "User commands"\n' "${1^^}" "$2" "$1" "$version"
  printf '.SH NAME\n%s \\- load the business tax registration of Taiwan into PostgreSQL\n' "$1"
  printf '.SH SYNOPSIS\n.B %s\n[\\fICOMMAND\\fR] [\\fIOPTIONS\\fR]\n' "$1"
  printf '.SH DESCRIPTION\nDownloads the file, validates it record by record, and makes the tables equal to it. Without a command it does all three.\n'
  printf 'Running the same command again is always safe: finished work is kept.\n'
  for kind in command option; do
    printf '.SH %sS\n' "${kind^^}"
    list_usage | awk -F '\t' -v kind="$kind" '$1 == kind' | manual_entries
  done
  printf '.SH OPTIONS OF EACH COMMAND\n'
  for program in fetch transform load console; do list_program "$program" | manual_entries; done
  printf '.SH EXIT STATUS\n'
  printf '.TP\n.B %s\n%s\n' 0 'done, or nothing to do' 64 'wrong usage' 65 'the data is not acceptable' 66 'the previous stage has not finished' \
    69 'permanently unavailable: no such file, a wrong password, a bad certificate' 70 'a bug' 74 'the local disk is full or has errors' \
    75 'temporary: run the same command again later' 78 'configuration error'
  printf '.SH ENVIRONMENT\nThe variables listed with the options set their defaults; an option overrides its variable.\n'
  printf '.SH SEE ALSO\n.BR psql (1),\n.BR zstd (1),\n/usr/share/doc/business\\-registry\n'
}

manual_entries() {
  awk -F '\t' '
    function escaped(text) { gsub(/\\/, "\\e", text); gsub(/-/, "\\-", text); sub(/^[.'\'']/, "\\\\\\&&", text); return text }
    $1 == "section" { printf ".SS %s%s\n%s\n", escaped($2), $3 == "" ? "" : " \\fI" escaped($3) "\\fR", escaped($4); next }
    { printf ".TP\n.B %s%s\n%s\n", escaped($2), $3 == "" ? "" : " \\fI" escaped($3) "\\fR", escaped($4) }'
}

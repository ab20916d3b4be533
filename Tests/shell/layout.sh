#!/usr/bin/env bash
# Checks the layout of the sources: few folders at the top, few fragments, unique type names, no repeated lines.
set -euo pipefail
cd "$(dirname -- "${BASH_SOURCE[0]}")/../.."

fragments=$(find Sources -name '*.swift' -exec awk 'END { if (NR < 30) print FILENAME }' {} \;)
if (($(wc -l <<<"$fragments") >= 40)); then
  printf 'FAIL: 40 or more files have fewer than 30 lines:\n%s\n' "$fragments" >&2
  exit 1
fi

folders=$(find Sources -mindepth 1 -maxdepth 1 -type d)
if (($(wc -l <<<"$folders") > 9)); then
  printf 'FAIL: more than nine folders in Sources:\n%s\n' "$folders" >&2
  exit 1
fi

# Type names must be unique, and differ from those of Swift and Foundation.
types=$(
  find Sources -name '*.swift' -exec \
    sed -nE 's/^(public |package |private |final |indirect )*(struct|class|enum|protocol|actor) ([A-Za-z0-9]+).*/\3/p' {} +
  printf '%s\n' Calendar Clock Data Date Encoding Progress Span Thread URL
)
repeated=$(sort <<<"$types" | uniq -d)
if [[ -n $repeated ]]; then
  printf 'FAIL: these names of types are used twice, or are those of Swift or Foundation:\n%s\n' "$repeated" >&2
  exit 1
fi

# Indentation and empty lines do not count.
find Sources Tests -name '*.swift' -exec awk '
  FNR == 1 { count = 0 }
  { sub(/^[ \t]+/, "") }
  $0 == "" { next }
  {
    line[count % 12] = $0
    number[count % 12] = FNR
    if (++count < 12) next
    text = ""
    for (i = count - 12; i < count; i++) text = text line[i % 12] "\n"
    place = FILENAME ":" number[count % 12]
    if (text in seen) { print "FAIL: " place " repeats " seen[text]; bad = 1 }
    seen[text] = place
  }
  END { exit bad }' {} + >&2

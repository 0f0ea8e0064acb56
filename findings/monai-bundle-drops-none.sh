#!/usr/bin/env bash
# MONAI's bundle can't switch a part of a configuration off: an override that is None is dropped without a word.
#
# A configuration often has parts that may be None, such as post-processing. `monai.bundle.run` and `python -m
# monai.bundle run` take overrides of any part, and None is a value like others there: Python Fire, which reads the
# command line, makes None of `--settings#finishing None`. But MONAI merges overrides with those that are None left out,
# so the run takes what the file says, and nothing tells that the result isn't what was asked for. An
# expression that gives None, "$None", arrives.
# Seen with MONAI 1.6.1 (and PyTorch 2.13.0, which it needs).
# Do this instead: pass "$None", and have the run write down the settings it has got.
set -euo pipefail

if ! python3 -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; then
  echo "$(basename "$0") needs Python 3.11 (for this build of PyTorch) as python3." >&2
  exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  torch==2.13.0 monai==1.6.1 fire==0.7.1 numpy==2.3.5
cd "$work"
cat >settings.json <<'JSON'
{
  "settings": {"_target_": "builtins.dict", "finishing": "smooth", "report": true},
  "run": ["$print('finishing:', @settings['finishing'], '| report:', @settings['report'])"]
}
JSON
told() {
  "$work/venv/bin/python" -W ignore -m monai.bundle run --config_file settings.json "$@" 2>/dev/null | grep '^finishing:'
}
expect() {
  echo "$3 -> $1"
  [ "$1" = "$2" ] || { echo "CHANGED: expected '$2'"; exit 1; }
}
expect "$(told)" "finishing: smooth | report: True" "no override"
expect "$(told '--settings#report' False)" "finishing: smooth | report: False" "report False"
expect "$(told '--settings#finishing' None)" "finishing: smooth | report: True" "finishing None"
expect "$(told '--settings#finishing' '$None')" "finishing: None | report: True" "finishing \$None"

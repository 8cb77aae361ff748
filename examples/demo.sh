#!/bin/sh
# Run the main job on a fresh copy of examples/greeter, with a state directory of the demo's own.
set -eu
bin=$1
here=$(pwd)
demo=$here/.demo
export TULOY_HOME="$demo/home"
repo=$demo/greeter
rm -rf "$repo"
mkdir -p "$demo"
cp -R examples/greeter "$repo"
if [ "${BREAK_A_TEST:-}" ]; then # to see how a goal ends whose tests do not pass
    printf '\n\ndef test_broken_on_purpose():\n    assert greet("Ana") == "Hello, Ana!"\n' >>"$repo/tests/test_greeting.py"
fi
git -C "$repo" init -q -b main
git -C "$repo" add -A
git -C "$repo" -c user.name=You -c user.email=you@localhost commit -q -m "greeter, with faults"
cd "$repo"
code=0
"$here/$bin/tuloy" run \
    "Fix the lint errors and format the code, then run the tests and, if they pass, build the package" || code=$?
echo "the Prefect UI stays up; to stop it: TULOY_HOME=.demo/home $bin/tuloy down" >&2
exit "$code"

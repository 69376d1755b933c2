#!/usr/bin/env bash
# tools/action/verify.sh: verifies every guarded file and annotates those that are denied. Needs no
# token, no secret and no network.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

case $NONO_ENFORCE in
  deny | warn) ;;
  *) fail "enforce: there is no '$NONO_ENFORCE'; there are deny and warn" ;;
esac
summary() {
  printf '### nono trust verify\n\n'
  # Indented: neither Markdown nor HTML.
  NO_COLOR=1 nono trust verify --all 2>&1 | tail -n 200 | sed 's/^/    /' || true
}

configure
if [ -n "$NONO_POLICY" ]; then
  kept "$NONO_POLICY" trust-policy.json
elif [ -n "$NONO_PUBLISHER_WORKFLOW" ]; then
  trust_workflow "$NONO_PUBLISHER_REPOSITORY" "$NONO_PUBLISHER_WORKFLOW" "$NONO_PUBLISHER_REF"
else
  fail "say whose signatures count: with policy, or with publisher-workflow"
fi

judged "$scratch/verdicts.json"
summary >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
denied=$(report denied <"$scratch/verdicts.json")
output denied "$denied"
report annotate "$GITHUB_WORKSPACE" "$NONO_ENFORCE" <"$scratch/verdicts.json"
if [ "$denied" -gt 0 ] && [ "$NONO_ENFORCE" = deny ]; then
  exit 1
fi

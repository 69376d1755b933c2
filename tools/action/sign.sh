#!/usr/bin/env bash
# tools/action/sign.sh: signs, as this workflow, every guarded file that this workflow has not signed
# as it is now; verifies all of them as a user will; hands the bundles on.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

case $NONO_BUNDLES in
  per-file | together) ;;
  *) fail "bundles: there is no '$NONO_BUNDLES'; there are per-file and together" ;;
esac
case $NONO_PUBLISH in
  upload | none) ;;
  commit) [[ $GITHUB_REF == refs/heads/* ]] || fail "publish: commit works on a branch, and this is $GITHUB_REF" ;;
  *) fail "publish: there is no '$NONO_PUBLISH'; there are upload, commit and none" ;;
esac

sign() { nono trust sign --keyless --json "$@" >"$scratch/signed.json"; }
failures() { report failures <"$1"; }
commit() {
  git config user.name >/dev/null || export GIT_AUTHOR_NAME=nono GIT_COMMITTER_NAME=nono
  git config user.email >/dev/null ||
    export GIT_AUTHOR_EMAIL=nono@users.noreply.github.com GIT_COMMITTER_EMAIL=nono@users.noreply.github.com
  GIT_LITERAL_PATHSPECS=1 git add --force --pathspec-from-file="$1" --pathspec-file-nul &&
    GIT_LITERAL_PATHSPECS=1 git commit --quiet --message="$NONO_COMMIT_MESSAGE" \
      --pathspec-from-file="$1" --pathspec-file-nul &&
    git push --quiet origin "HEAD:$GITHUB_REF"
}

# OWNER/NAME/PATH@REF: the workflow that the certificate will name.
workflow=${GITHUB_WORKFLOW_REF%%@*}
workflow=${workflow#"$GITHUB_REPOSITORY/"}
configure
trust_workflow "$NONO_PUBLISHER_REPOSITORY" "$workflow" "$GITHUB_REF"
output archive ""
judged "$scratch/before.json"
report unverified <"$scratch/before.json" >"$scratch/wanted"
if [ ! -s "$scratch/wanted" ]; then
  echo "every guarded file is signed as it is: nothing to do"
  output signed 0
  exit 0
fi

if [ "$NONO_BUNDLES" = together ]; then
  words=(--all --multi-subject)
else
  mapfile -d '' -t files <"$scratch/wanted"
  words=(-- "${files[@]}")
fi
deaf sign "${words[@]}" || fail "the files are not signed: see above" $?
judged "$scratch/after.json"
deaf failures "$scratch/after.json" ||
  fail "what was signed does not verify as $NONO_PUBLISHER_REPOSITORY/$workflow@$GITHUB_REF: see above" 1

report bundles "$PWD" <"$scratch/signed.json" >"$scratch/bundles"
archive=$RUNNER_TEMP/nono-bundles.tar
tar --create --file "$archive" --null --no-recursion --files-from "$scratch/bundles"
signed=$(report count <"$scratch/signed.json")
if [ "$NONO_PUBLISH" = commit ]; then
  deaf commit "$scratch/bundles" || fail "the bundles cannot be committed and pushed: see above" 125
fi
output signed "$signed"
output archive "$archive"
echo "$signed signed"

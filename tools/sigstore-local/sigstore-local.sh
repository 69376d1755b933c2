#!/usr/bin/env bash
# sigstore-local.sh install|install-cosign|where|up|down|status|token|gha-env   -- a whole Sigstore on 127.0.0.1
# OIDC issuer + Fulcio + CT log + Rekor v2 (tiles, POSIX) + Rekor v1 + Trillian (memory) + TSA + TUF-free trust files.
# Needs: bash, curl, openssl >= 3, python3 (stdlib), go >= 1.26 for `install`. No containers, no SQL, no redis.
# shellcheck disable=SC2154,SC2155,SC2206  # tree numbers are sourced; no word here holds a space
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
# The programs: SL_BIN, else the user's cache, else what somebody built for the whole machine.
if [[ -z ${SL_BIN:-} ]]; then
  SL_BIN=${XDG_CACHE_HOME:-${HOME:-/dev/null}/.cache}/nono/sigstore-local
  [[ -x $SL_BIN/fulcio || ! -x /var/cache/nono-sigstore/fulcio ]] || SL_BIN=/var/cache/nono-sigstore
fi
: "${SL_STATE:=${TMPDIR:-/tmp}/sigstore-local.$(id -u)}"
: "${SL_BASE:=35000}"                                  # first of 60 ports
: "${SL_SERVICES:=oidc trillian tsa ct fulcio rekor2 rekor1}"
FULCIO_V=v1.8.8 TSA_V=v2.1.3 TILES_V=v2.3.0 REKOR_V=v1.5.4 CT_V=v1.4.0 COSIGN_V=v3.1.3   # last ones that build with go 1.26
H=127.0.0.1
P_OIDC=$((SL_BASE+1)) P_OIDC_TLS=$((SL_BASE+2)) P_PROXY=$((SL_BASE+3))
P_FULCIO=$((SL_BASE+10)) P_FULCIO_G=$((SL_BASE+11)) P_FULCIO_M=$((SL_BASE+12))
P_TRILLIAN=$((SL_BASE+20)) P_CT=$((SL_BASE+21)) P_CT_M=$((SL_BASE+22))
P_REKOR1=$((SL_BASE+30)) P_REKOR2=$((SL_BASE+40)) P_REKOR2_G=$((SL_BASE+41)) P_REKOR2_M=$((SL_BASE+42)) P_TILES=$((SL_BASE+43)) P_TSA=$((SL_BASE+50)) P_TUF=$((SL_BASE+60))
OIDC=http://$H:$P_OIDC FULCIO=http://$H:$P_FULCIO REKOR1=http://$H:$P_REKOR1 REKOR2=http://$H:$P_REKOR2 TSA=http://$H:$P_TSA CT=http://$H:$P_CT/ctlog
GHA_ISS=https://token.actions.githubusercontent.com
REKOR2_ORIGIN=rekor2.sigstore-local.test
K=$SL_STATE/keys L=$SL_STATE/log R=$SL_STATE/pid

has() { [[ " $SL_SERVICES " == *" $1 "* ]]; }

prepare() { mkdir -p "$SL_BIN"; export GOBIN=$SL_BIN CGO_ENABLED=0 GOFLAGS="-buildvcs=false -trimpath -p=${SL_JOBS:-2}"; }
get() { [[ -x $SL_BIN/$1 && $(cat "$SL_BIN/.$1" 2>/dev/null) == "$2" ]] && return; local t=$SECONDS
    nice -n 10 go install -ldflags="-s -w" "$2"; local b=${2%@*}; b=${b##*/}; [[ $b == "$1" ]] || mv "$SL_BIN/$b" "$SL_BIN/$1"; echo "$2" >"$SL_BIN/.$1"; echo "built $1 in $((SECONDS-t))s"; }

# What go downloads and compiles on the way takes some gigabytes and serves nobody afterwards.
scratch() {
  GO_SCRATCH=$(mktemp -d "$SL_BIN/.go.XXXXXX"); trap 'rm -rf "$GO_SCRATCH"' EXIT
  local had; had=$(go env GOMODCACHE)
  [[ $had == *[!A-Za-z0-9/._-]* ]] || export GOPROXY="file://$had/cache/download,$(go env GOPROXY)"  # a list: no commas
  export GOCACHE=$GO_SCRATCH/build GOMODCACHE=$GO_SCRATCH/mod GOFLAGS="$GOFLAGS -modcacherw"
}

install_() {
  prepare; scratch
  get fulcio github.com/sigstore/fulcio@$FULCIO_V
  get timestamp-server github.com/sigstore/timestamp-authority/v2/cmd/timestamp-server@$TSA_V
  get rekor-server-posix github.com/sigstore/rekor-tiles/v2/cmd/rekor-server/posix@$TILES_V
  get ct_server github.com/google/certificate-transparency-go/trillian/ctfe/ct_server@$CT_V
  [[ -x $SL_BIN/trillian-mem ]] || (cd "$HERE/trillian-mem" && nice -n 10 go build -ldflags="-s -w" -o "$SL_BIN/trillian-mem" .)
  if has rekor1; then get rekor-server github.com/sigstore/rekor/cmd/rekor-server@$REKOR_V; fi
}

keys() {
  mkdir -p "$K"; chmod 700 "$SL_STATE" "$K"; [[ -f $K/done ]] && return 0
  pushd "$K" >/dev/null; umask 077
  ec() { openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:"$1" 2>/dev/null || openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:"$1"; }
  ec P-384 >froot.key; ec P-384 >fint.key; ec P-256 >ct.key; ec P-256 >rekor1.key; ec P-256 >troot.key; ec P-256 >tsa.key
  openssl genpkey -algorithm ED25519 -out rekor2.key; openssl pkey -in rekor2.key -pubout -out rekor2.pub
  openssl pkey -in ct.key -pubout -out ct.pub; openssl pkey -in rekor1.key -pubout -out rekor1.pub
  cat >x.cnf <<E
[req]
distinguished_name=dn
[dn]
[root]
basicConstraints=critical,CA:TRUE,pathlen:1
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
[int]
basicConstraints=critical,CA:TRUE,pathlen:0
keyUsage=critical,keyCertSign,cRLSign
extendedKeyUsage=codeSigning
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
[tsaroot]
basicConstraints=critical,CA:TRUE,pathlen:0
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
[tsa]
keyUsage=critical,digitalSignature
extendedKeyUsage=critical,timeStamping
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
[tls]
basicConstraints=critical,CA:FALSE
extendedKeyUsage=serverAuth
subjectAltName=DNS:token.actions.githubusercontent.com,DNS:gitlab.com,DNS:localhost,IP:127.0.0.1
E
  selfs() { openssl req -x509 -new -key "$1.key" -sha"$5" -days 3650 -subj "/O=nono-dev/CN=$2" -config x.cnf -extensions "$3" -out "$4"; }
  sub() { openssl req -new -key "$1.key" -subj "/O=nono-dev/CN=$2" -config x.cnf | openssl x509 -req -CA "$4" -CAkey "$5.key" -CAcreateserial -days 3600 -sha"$7" -extfile x.cnf -extensions "$3" -out "$6" 2>/dev/null; }
  selfs froot fulcio-root root froot.pem 384; sub fint fulcio-intermediate int froot.pem froot fint.pem 384; cat fint.pem froot.pem >fulcio-chain.pem
  openssl pkcs8 -topk8 -v2 aes-256-cbc -in fint.key -passout pass:local -out fint.enc.key
  selfs troot tsa-root tsaroot troot.pem 256; sub tsa tsa-leaf tsa troot.pem troot tsa.pem 256; cat tsa.pem troot.pem >tsa-chain.pem
  mkdir -p ../oidc; ec P-256 >tlsca.key; ec P-256 >../oidc/tls.key; selfs tlsca tls-ca root ../oidc/tls-ca.pem 256
  cp ../oidc/tls.key tls.key; sub tls token.actions.githubusercontent.com tls ../oidc/tls-ca.pem tlsca ../oidc/tls.pem 256
  popd >/dev/null; date -u -d '-1 hour' +%Y-%m-%dT%H:%M:%SZ >"$K/start"; : >"$K/done"
}

fulcio_config() { cat >"$SL_STATE/fulcio.yaml" <<E
oidc-issuers:
  $OIDC:
    {issuer-url: $OIDC, client-id: sigstore, type: email, contact: dev@example.test, description: "loopback e-mail issuer"}
  $OIDC/gha:
    {issuer-url: $OIDC/gha, client-id: sigstore, type: ci-provider, ci-provider: github-workflow, contact: dev@example.test, description: "loopback GitHub-shaped issuer"}
  $GHA_ISS:
    {issuer-url: $GHA_ISS, client-id: sigstore, type: ci-provider, ci-provider: github-workflow, contact: dev@example.test, description: "public issuer name, answered by the loopback issuer"}
  $OIDC/svc:
    {issuer-url: $OIDC/svc, client-id: sigstore, type: uri, subject-domain: "$OIDC", contact: dev@example.test, description: "URI subjects"}
  $OIDC/dex:
    {issuer-url: $OIDC/dex, client-id: sigstore, type: email, issuer-claim: "\$.federated_claims.connector_id", contact: dev@example.test, description: "passes other providers' people on, as the public-good instance's does"}
  $OIDC/pods:
    {issuer-url: $OIDC/pods, client-id: sigstore, type: kubernetes, contact: dev@example.test, description: "service accounts of a cluster"}
ci-issuer-metadata:
  github-workflow:
    default-template-values: {url: "https://github.com", environment: ""}
    extension-templates:
      github-workflow-trigger: event_name
      github-workflow-sha: sha
      github-workflow-name: workflow
      github-workflow-repository: repository
      github-workflow-ref: ref
      build-signer-uri: "{{ .url }}/{{ .job_workflow_ref }}"
      build-signer-digest: job_workflow_sha
      runner-environment: runner_environment
      source-repository-uri: "{{ .url }}/{{ .repository }}"
      source-repository-digest: sha
      source-repository-ref: ref
      source-repository-identifier: repository_id
      source-repository-owner-uri: "{{ .url }}/{{ .repository_owner }}"
      source-repository-owner-identifier: repository_owner_id
      build-config-uri: "{{ .url }}/{{ .workflow_ref }}"
      build-config-digest: workflow_sha
      build-trigger: event_name
      run-invocation-uri: "{{ .url }}/{{ .repository }}/actions/runs/{{ .run_id }}/attempts/{{ .run_attempt }}"
      source-repository-visibility-at-signing: repository_visibility
      deployment-environment: environment
    subject-alternative-name-template: "{{ .url }}/{{ .job_workflow_ref }}"
E
}

run() { # name cmd...   background, own pid file and log
  local n=$1; shift
  if [[ -f $R/$n ]] && kill -0 "$(<"$R/$n")" 2>/dev/null; then return; fi
  (cd "$SL_STATE" && exec setsid "$@" >"$L/$n.log" 2>&1 </dev/null) & echo $! >"$R/$n"
}
wait_http() { # name url [regex of status]
  local i; for ((i=0;i<300;i++)); do
    [[ $(curl -s -o /dev/null -m 2 -w '%{http_code}' "$2" || true) =~ ^(${3:-200})$ ]] && return
    kill -0 "$(<"$R/$1")" 2>/dev/null || { echo "$1 died:" >&2; tail -5 "$L/$1.log" >&2; return 1; }
    sleep 0.05; done; echo "$1 not ready" >&2; return 1; }

up() {
  local t0=$(date +%s%N) t; mkdir -p "$SL_STATE" "$L" "$R"; keys; fulcio_config
  lap() { t=$(date +%s%N); echo "  $1 ready at $(( (t-t0)/1000000 )) ms"; }
  has oidc && { run oidc python3 "$HERE/lib/oidc.py" serve --dir "$SL_STATE/oidc" --port $P_OIDC --tls-port $P_OIDC_TLS --proxy-port $P_PROXY --issuer "$OIDC" --issuer "$OIDC/gha" --issuer "$OIDC/svc" --issuer "$OIDC/dex" --issuer "$OIDC/pods" --issuer "$GHA_ISS"; }
  # TSA before Rekor v1: both bind :2112 for metrics, TSA exits when it cannot, Rekor v1 does not care
  has tsa && { run tsa "$SL_BIN/timestamp-server" serve --host $H --port $P_TSA --timestamp-signer file --file-signer-key-path "$K/tsa.key" --certificate-chain-path "$K/tsa-chain.pem" --disable-ntp-monitoring --log-type prod; }
  has trillian && { [[ -f $R/trillian ]] && kill -0 "$(<"$R/trillian")" 2>/dev/null || rm -f "$SL_STATE/trees"; run trillian "$SL_BIN/trillian-mem" -rpc $H:$P_TRILLIAN -trees rekor,rekorb,ct -ids "$SL_STATE/trees"; }
  has rekor2 && { mkdir -p "$SL_STATE/rekor2"; run rekor2 "$SL_BIN/rekor-server-posix" serve --http-port $P_REKOR2 --grpc-port $P_REKOR2_G --http-metrics-port $P_REKOR2_M --hostname $REKOR2_ORIGIN --storage-dir "$SL_STATE/rekor2" --signer-filepath "$K/rekor2.key" --checkpoint-interval "${SL_CHECKPOINT:-500ms}" --batch-max-age 100ms --persistent-antispam
                  run tiles python3 -m http.server --bind $H --directory "$SL_STATE/rekor2" $P_TILES; }
  has oidc && { wait_http oidc "$OIDC/healthz"; lap oidc; }
  if has trillian; then local i; for ((i=0;i<100;i++)); do [[ -s $SL_STATE/trees ]] && break; sleep 0.05; done; . "$SL_STATE/trees"; lap trillian; fi
  has ct && { local der; der=$(openssl pkey -in "$K/ct.key" -outform DER | od -An -v -tx1 | tr -d '\n' | sed 's/ /\\x/g')
              printf 'config {\n log_id: %s\n prefix: "ctlog"\n roots_pem_file: "%s/froot.pem"\n private_key: { [type.googleapis.com/keyspb.PrivateKey] { der: "%s" } }\n max_merge_delay_sec: 86400\n}\n' "$ct" "$K" "$der" >"$SL_STATE/ct.cfg"
              run ct "$SL_BIN/ct_server" --log_config "$SL_STATE/ct.cfg" --log_rpc_server $H:$P_TRILLIAN --http_endpoint $H:$P_CT --metrics_endpoint $H:$P_CT_M --quota_remote=false --quota_intermediate=false --alsologtostderr; }
  has fulcio && { [[ -f $R/fulcio ]] && kill -0 "$(<"$R/fulcio")" 2>/dev/null || rm -f "$SL_STATE/fulcio.sock"; local cta=(--ct-log-url=); has ct && cta=(--ct-log-url="$CT" --ct-log-public-key-path="$K/ct.pub")
              HTTPS_PROXY=http://$H:$P_PROXY SSL_CERT_FILE=$SL_STATE/oidc/tls-ca.pem run fulcio "$SL_BIN/fulcio" serve --host $H --port $P_FULCIO --grpc-host $H --grpc-port $P_FULCIO_G --metrics-port $P_FULCIO_M --legacy-unix-domain-socket "$SL_STATE/fulcio.sock" --ca fileca --fileca-cert "$K/fulcio-chain.pem" --fileca-key "$K/fint.enc.key" --fileca-key-passwd local --fileca-watch=false --config-path "$SL_STATE/fulcio.yaml" "${cta[@]}" --log_type prod; }
  has tsa && { wait_http tsa $TSA/ping; lap tsa; }
  has rekor1 && { run rekor1 "$SL_BIN/rekor-server" serve --rekor_server.address $H --port $P_REKOR1 --rekor_server.hostname rekor1.sigstore-local.test --rekor_server.signer "$K/rekor1.key" --trillian_log_server.address $H --trillian_log_server.port $P_TRILLIAN --trillian_log_server.tlog_id "$rekor" --enable_retrieve_api=false --enabled_api_endpoints getLogInfo,getPublicKey,getLogProof,createLogEntry,getLogEntryByIndex,getLogEntryByUUID,searchLogQuery --log_type prod; }
  has ct && { wait_http ct $CT/ct/v1/get-sth; lap ct; }
  has fulcio && { wait_http fulcio $FULCIO/healthz; lap fulcio; }
  has rekor2 && { wait_http rekor2 $REKOR2/healthz; wait_http tiles http://$H:$P_TILES/; lap rekor2; }
  has rekor1 && { wait_http rekor1 $REKOR1/api/v1/log; lap rekor1; }
  local a=(start="$(<"$K/start")" fulcio=$FULCIO tsa=$TSA oidc=$OIDC); has ct && a+=(ct=$CT); has rekor1 && a+=(rekor1=$REKOR1); has rekor2 && a+=(rekor2=$REKOR2 rekor2_origin=$REKOR2_ORIGIN)
  python3 "$HERE/lib/trust.py" "$K" "${a[@]}"; cp "$K"/trusted_root.json "$K"/signing_config*.json "$K"/trust_config*.json "$SL_STATE/"
  rm -rf "$SL_STATE/tuf"; python3 "$HERE/lib/tufrepo.py" "$SL_STATE" "$SL_STATE/tuf"; run tuf python3 -m http.server --bind $H --directory "$SL_STATE/tuf" $P_TUF; wait_http tuf http://$H:$P_TUF/1.root.json
  printf '%s\n' "SL_TUF=http://$H:$P_TUF" "SL_OIDC=$OIDC" "SL_FULCIO=$FULCIO" "SL_REKOR1=$REKOR1" "SL_REKOR2=$REKOR2" "SL_TILES=http://$H:$P_TILES" "SL_TSA=$TSA" "SL_CT=$CT" "SL_TRUSTED_ROOT=$SL_STATE/trusted_root.json" "SL_SIGNING_CONFIG=$SL_STATE/signing_config.json" >"$SL_STATE/env"
  lap all
}

down() { local f p i; for f in "$R"/*; do [[ -f $f ]] || continue; p=$(<"$f"); kill "$p" 2>/dev/null || true; done
  for f in "$R"/*; do [[ -f $f ]] || continue; p=$(<"$f"); for ((i=0;i<60;i++)); do kill -0 "$p" 2>/dev/null || break; sleep 0.05; done; kill -9 "$p" 2>/dev/null || true; rm -f "$f"; done
  [[ ${1:-} == --purge ]] && rm -rf "$SL_STATE"; return 0; }
status() { local f p; for f in "$R"/*; do [[ -f $f ]] || continue; p=$(<"$f"); kill -0 "$p" 2>/dev/null && printf '%-9s pid %-7s rss %s kB\n' "$(basename "$f")" "$p" "$(awk '/VmRSS/{print $2}' /proc/"$p"/status)" || echo "$(basename "$f") DEAD"; done; }

case ${1:-} in
  install) install_;; install-cosign) prepare; scratch; get cosign github.com/sigstore/cosign/v3/cmd/cosign@$COSIGN_V;; where) printf '%s\n' "$SL_BIN";; up) up;; down) shift; down "$@";; status) status;;
  token) shift; python3 "$HERE/lib/oidc.py" token --dir "$SL_STATE/oidc" --issuer "$OIDC" sub=alice@example.test email=alice@example.test email_verified=true "$@";;
  gha-env) printf 'export ACTIONS_ID_TOKEN_REQUEST_URL=%s ACTIONS_ID_TOKEN_REQUEST_TOKEN=%s GITHUB_ACTIONS=true\n' "'$OIDC/gha/token?api-version=2.0'" "$(<"$SL_STATE/oidc/gha.bearer")";;
  *) echo "usage: $0 install|install-cosign|where|up|down [--purge]|status|token|gha-env" >&2; exit 2;;
esac

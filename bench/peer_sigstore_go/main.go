// A peer for bench/verify: verifies one bundle with the sigstore-go library, as its conformance client does.
package main

import (
	"encoding/hex"
	"fmt"
	"os"
	"strings"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
)

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	if len(os.Args) != 6 {
		fmt.Fprintln(os.Stderr, "usage: peer BUNDLE TRUSTED_ROOT IDENTITY ISSUER FILE_OR_DIGEST")
		os.Exit(2)
	}
	b, err := bundle.LoadJSONFromPath(os.Args[1])
	fail(err)
	tr, err := root.NewTrustedRootFromPath(os.Args[2])
	fail(err)
	v, err := verify.NewVerifier(tr, verify.WithSignedCertificateTimestamps(1),
		verify.WithTransparencyLog(1), verify.WithObserverTimestamps(1))
	fail(err)
	id, err := verify.NewShortCertificateIdentity(os.Args[4], "", os.Args[3], "")
	fail(err)
	var artifact verify.ArtifactPolicyOption
	if strings.HasPrefix(os.Args[5], "sha256:") {
		d, err := hex.DecodeString(os.Args[5][7:])
		fail(err)
		artifact = verify.WithArtifactDigest("sha256", d)
	} else {
		f, err := os.Open(os.Args[5])
		fail(err)
		defer f.Close()
		artifact = verify.WithArtifact(f)
	}
	_, err = v.Verify(b, verify.NewPolicy(artifact, verify.WithCertificateIdentity(id)))
	fail(err)
}

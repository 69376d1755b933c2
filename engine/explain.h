// engine/explain.h: `trust explain`: one file's whole chain of evidence, step by step.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "engine/verify.h"

namespace nono::engine {

// Step is one stage of the way to the decision. Its facts may hold foreign bytes.
struct Step {
  std::string name;  // stable: "file", "guard", "place", "policy", "evidence", "decision"
  std::vector<std::pair<std::string, std::string>> facts;  // stable keys
};
struct Explanation {
  std::vector<Step> steps;
  FileReport report;
};

// explain judges `path` and tells every step: each policy layer with its standing, and each bundle
// with its own finding, also those that came too late to decide. The decision is the gate's.
Explanation explain(Gate& gate, const std::string& path);

// binding_text says in words how a statement named the file.
std::string binding_text(attest::NameBinding binding);
// binding_code is its stable code: "path", "bundle-path", "basename-only", "digest-only".
std::string_view binding_code(attest::NameBinding binding);
// signer_text names a signer: "SHA256:…" of a key, or the certificate's identity.
std::string signer_text(const attest::SignerIdentity& signer);

}  // namespace nono::engine

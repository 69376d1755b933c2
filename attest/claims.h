// attest/claims.h: what a signed statement claims, held against who signed it. Internal to attest/.
#pragma once

#include <expected>

#include "attest/predicate.h"
#include "attest/rejection.h"
#include "attest/signatory.h"
#include "attest/subject.h"
#include "base/json.h"
#include "dsse/statement.h"

namespace nono::attest {

// weigh_statement takes a statement whose signature was good and checks, in this order: version,
// predicate type for the purpose, predicate, subject.
Bound weigh_statement(const Specimen& specimen, const Evidence& evidence, Purpose purpose,
                      const dsse::Statement& statement, const Signatory& signatory);

// read_predicate reads nono's own predicate and the names in it: {version: 1, signer: {kind:
// "keyed", key_id} | {kind: "keyless", issuer?, subject?, repository?, workflow?, ref?,
// workflow_ref?}}; under a certificate the signer may be absent. What it says of its signer must
// not contradict who signed.
std::expected<Names, Rejection> read_predicate(const Json& predicate, const Signatory& signatory);

}  // namespace nono::attest

// tuf/canonical.h: the bytes over which TUF signatures are made (OLPC canonical JSON, TUF
// specification 4.2.1).
//
// Members are sorted by the bytes of their names, there is no white space, and strings escape the
// quotation mark and the backslash only: control characters stand as they are.
#pragma once

#include <string>

#include "base/json.h"
#include "base/result.h"

namespace nono::tuf {

// canonical_json is InvalidInput for a number that is no 64-bit integer: it has no canonical form.
Result<std::string> canonical_json(const Json& json);

}  // namespace nono::tuf

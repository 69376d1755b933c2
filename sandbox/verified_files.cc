#include "sandbox/verified_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "sandbox/drafts.h"
#include "sandbox/name_rules.h"

namespace nono::sandbox {

using trustpolicy::GuardClass;

Answer<void> may_change(BrokerRules& rules, const Call& call, BorrowedFd object,
                        const Touched& touched, GuardClass guard_class) {
  struct stat status{};
  const bool one_name = ::fstat(object.raw(), &status) == 0 && status.st_nlink == 1;
  return one_name && speaks_to_own(rules, touched.resolved)
             ? Answer<void>()
             : rules.change_verdict(call, object, touched, guard_class);
}

Answer<void> may_change_evidence(BrokerRules& rules, const Call& call,
                                 const std::string& canonical) {
  if (rules.config().edit == InstructionEdit::Allowed) {
    return {};
  }
  const auto bundle = bundle_name(canonical);
  if (!bundle) {
    return {};
  }
  if (bundle->of_many) {
    if (speaks_to_own(rules, canonical)) {
      return {};
    }
    rules.report(call, "change", canonical, "evidence",
                 "the signatures of verified files lie in it");
    return std::unexpected(EACCES);
  }
  const std::string& signed_file = bundle->signed_file;
  const GuardClass guard_class = rules.config().names->classify(signed_file);
  if (guard_class == GuardClass::None) {
    return {};
  }
  const OwnedFd object(::open(signed_file.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!object.valid()) {
    return {};  // it speaks for nothing
  }
  return may_change(rules, call, object, {signed_file, signed_file}, guard_class);
}

}  // namespace nono::sandbox

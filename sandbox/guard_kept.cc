#include "sandbox/guard_kept.h"

#include <cerrno>

namespace nono::sandbox {

using trustpolicy::GuardClass;

Answer<void> stays_guarded(BrokerRules& rules, const Call& call, std::string_view operation,
                           const std::string& name, const Guarded& what) {
  if (rules.guard_of({name, name}) >= what.guard_class || keeps_number(what.object)) {
    return {};
  }
  rules.report(call, operation, name, "guarded-name",
               "its file system may number it anew: it is known to be guarded by its name only");
  return std::unexpected(EACCES);
}

GuardClass class_before(const BrokerRules& rules, const Touched& touched, const struct stat& before,
                        const struct stat& now, const ObjectPlace& object) {
  const bool same = now.st_ino == before.st_ino && now.st_dev == before.st_dev;
  return same || before.st_ino == 0 ? GuardClass::None : rules.guard_of(touched, before, object);
}

}  // namespace nono::sandbox

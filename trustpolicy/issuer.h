// trustpolicy/issuer.h: is this the address of an OpenID issuer as certificates name it?
#pragma once

#include <string>
#include <string_view>

namespace nono::trustpolicy {

// issuer_fault says why no certificate names `issuer`, to stand behind the field's name; empty
// where one may. Certificates are compared with it byte for byte, so that a wildcard, a blank or
// another spelling of a well-known issuer (issuer_meant) would match nobody.
std::string issuer_fault(std::string_view issuer);

// issuer_meant is the well-known issuer of which `address` is another spelling: capitals, slashes
// at the end, http. Empty for the right spelling and for any other issuer: some end in a slash.
std::string_view issuer_meant(std::string_view address);

}  // namespace nono::trustpolicy

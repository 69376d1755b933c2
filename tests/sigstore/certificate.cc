// tests/sigstore/certificate.cc: RFC 5280, RFC 6962 section 3.2 and Fulcio's profile.
#include "tests/sigstore/certificate.h"

#include <algorithm>
#include <utility>

#include "tests/sigstore/der.h"

namespace nono::factory {
namespace {

constexpr const char* kSctList = "1.3.6.1.4.1.11129.2.4.2";
constexpr const char* kFulcioArc = "1.3.6.1.4.1.57264.1.";

Bytes sequence_of(const std::vector<Bytes>& members) {
  Bytes contents;
  for (const Bytes& member : members) {
    contents = joined({contents, member});
  }
  return der(kSequence, {contents});
}

Bytes general_name(const SubjectName& name) {
  const auto other = [&](std::string_view oid) {
    return der(kContextConstructed,
               {der_oid(oid), der(kContextConstructed, {der_text(kUtf8, name.value)})});
  };
  switch (name.kind) {
    case NameKind::Email:
      return der_text(kContext + 1, name.value);
    case NameKind::Dns:
      return der_text(kContext + 2, name.value);
    case NameKind::Uri:
      return der_text(kContext + 6, name.value);
    case NameKind::Ip:
      return der_text(kContext + 7, name.value);
    case NameKind::Other:
      return other("1.3.6.1.4.1.57264.1.7");
    case NameKind::ForeignOther:
      return other("1.3.6.1.4.1.311.20.2.3");
  }
  return {};
}

Bytes claim(unsigned arc, std::string_view value) {
  return extension({.oid = kFulcioArc + std::to_string(arc),
                    .critical = false,
                    .value = arc < 8 ? bytes_of(value) : der_text(kUtf8, value)});
}

std::vector<Bytes> leaf_extensions(const LeafRecipe& recipe) {
  std::vector<Bytes> all = usage_extensions(recipe.usage);
  if (!recipe.names.empty()) {
    std::vector<Bytes> names;
    for (const SubjectName& name : recipe.names) {
      names.push_back(general_name(name));
    }
    all.push_back(extension({"2.5.29.17", recipe.names_critical, sequence_of(names)}));
  }
  if (recipe.issuer_v1) {
    all.push_back(claim(1, recipe.issuer));
  }
  if (recipe.issuer_v2) {
    all.push_back(claim(8, recipe.issuer));
  }
  for (const auto& [arc, value] : recipe.claims) {
    all.push_back(claim(arc, value));
  }
  for (const Extension& extra : recipe.extra) {
    all.push_back(extension(extra));
  }
  return all;
}

// with_length writes a TLS vector with its length before it.
Bytes with_length(const Bytes& contents, std::size_t width) {
  return joined({big_endian(contents.size(), width), contents});
}

Bytes encode_sct(const SctRecipe& recipe, const CtLog& log, const Bytes& issuer_spki,
                 const Bytes& precertificate) {
  const auto ms =
      static_cast<std::uint64_t>(recipe.at.time_since_epoch().count()) * 1000 + recipe.milliseconds;
  const Bytes extensions = with_length(recipe.extensions, 2);
  Bytes blob = joined({big_endian(0, 2), big_endian(ms, 8), big_endian(1, 2), sha256(issuer_spki),
                       with_length(precertificate, 3), extensions});
  if (recipe.signed_before) {
    recipe.signed_before(blob);
  }
  const unsigned kind = is_rsa(log.key.kind()) ? 1 : 3;
  Bytes sct = joined({big_endian(recipe.version, 1), log.id, big_endian(ms, 8), extensions,
                      big_endian(recipe.hash.value_or(4), 1),
                      big_endian(recipe.signature_kind.value_or(kind), 1),
                      with_length(log.key.sign(blob, Hash::Sha256), 2)});
  if (recipe.encoded_after) {
    recipe.encoded_after(sct);
  }
  return sct;
}

Bytes sct_extension(const LeafRecipe& recipe, const Issued& issuer, const std::vector<CtLog>& logs,
                    const Bytes& precertificate) {
  Bytes items;
  for (const SctRecipe& sct : recipe.scts) {
    const Bytes encoded = encode_sct(sct, logs.at(sct.log), issuer.key.spki(), precertificate);
    items = joined({items, with_length(encoded, 2)});
  }
  Bytes list = with_length(items, 2);
  if (recipe.sct_list_before) {
    recipe.sct_list_before(list);
  }
  return extension({kSctList, false, der(kOctets, {list})});
}

}  // namespace

Bytes common_name(std::string_view text) {
  const auto part = [](std::string_view oid, std::string_view value) {
    return der(kSet, {der(kSequence, {der_oid(oid), der_text(kUtf8, value)})});
  };
  return der(kSequence, {part("2.5.4.10", "factory.example"), part("2.5.4.3", text)});
}

Bytes extension(const Extension& extension) {
  return der(kSequence, {der_oid(extension.oid), extension.critical ? der_true() : Bytes(),
                         der(kOctets, {extension.value})});
}

std::vector<Bytes> usage_extensions(const Usage& usage) {
  std::vector<Bytes> all;
  if (usage.key_usage) {
    unsigned unused = 0;
    while ((*usage.key_usage >> unused & 1) == 0 && unused < 7) {
      ++unused;
    }
    all.push_back(
        extension({"2.5.29.15", true, der_bits(big_endian(*usage.key_usage, 1), unused)}));
  }
  if (!usage.extended.empty()) {
    std::vector<Bytes> uses;
    for (const std::string& oid : usage.extended) {
      uses.push_back(der_oid(oid));
    }
    all.push_back(extension({"2.5.29.37", usage.extended_critical, sequence_of(uses)}));
  }
  if (usage.authority) {
    const Bytes length = usage.path_length ? der_integer(*usage.path_length) : Bytes();
    const Bytes flag = *usage.authority ? der_true() : Bytes();
    all.push_back(extension({"2.5.29.19", true, der(kSequence, {flag, length})}));
  }
  return all;
}

std::vector<Bytes> key_identifiers(const Bytes& subject_spki, const Bytes& issuer_spki) {
  const auto id = [](const Bytes& spki) { return digest(Hash::Sha1, spki); };
  return {extension({"2.5.29.14", false, der(kOctets, {id(subject_spki)})}),
          extension({"2.5.29.35", false, der(kSequence, {der(kContext, {id(issuer_spki)})})})};
}

Bytes next_serial() {
  static std::uint64_t last = 0x4E6F4E6F00000000;
  return der_integer(++last);
}

Bytes tbs(const Draft& draft) {
  const Bytes version = der(kContextConstructed, {der_integer(2)});
  const Bytes validity =
      der(kSequence, {der_time(draft.validity.from), der_time(draft.validity.until)});
  const Bytes extensions = draft.extensions.empty()
                               ? Bytes()
                               : der(kContextConstructed + 3, {sequence_of(draft.extensions)});
  return der(kSequence, {version, draft.serial, draft.algorithm, draft.issuer_name, validity,
                         draft.subject_name, draft.spki, extensions});
}

Bytes sign(const Bytes& tbs, const Key& issuer) {
  return der(kSequence, {tbs, issuer.signature_algorithm(), der_bits(issuer.sign(tbs))});
}

Issued certify(const Certified& recipe, std::string_view role, const Issued* issuer) {
  const Key key = Key::of(recipe.key, role);
  const Key& signer = issuer != nullptr ? issuer->key : key;
  const Bytes name = common_name(recipe.name.empty() ? role : recipe.name);
  Draft draft{.issuer_name = issuer != nullptr ? issuer->name : name,
              .subject_name = name,
              .validity = recipe.validity,
              .spki = key.spki(),
              .algorithm = signer.signature_algorithm(),
              .serial = next_serial(),
              .extensions = usage_extensions(recipe.usage)};
  std::ranges::copy(key_identifiers(key.spki(), signer.spki()),
                    std::back_inserter(draft.extensions));
  for (const Extension& extra : recipe.extra) {
    draft.extensions.push_back(extension(extra));
  }
  Bytes body = tbs(draft);
  if (recipe.tbs_before) {
    recipe.tbs_before(body);
  }
  return {key, draft.subject_name, draft.serial, sign(body, signer)};
}

Issued issue_leaf(const LeafRecipe& recipe, const Issued& issuer, const std::vector<CtLog>& logs) {
  const Key key = Key::of(recipe.key, "leaf");
  const Bytes spki = recipe.spki.empty() ? key.spki() : recipe.spki;
  Draft draft{.issuer_name = issuer.name,
              .subject_name = der(kSequence, {}),
              .validity = recipe.validity,
              .spki = spki,
              .algorithm = issuer.key.signature_algorithm(),
              .serial = next_serial(),
              .extensions = leaf_extensions(recipe)};
  std::ranges::copy(key_identifiers(spki, issuer.key.spki()), std::back_inserter(draft.extensions));
  if (!recipe.scts.empty() || recipe.sct_list_before) {
    const auto place = recipe.scts_first ? draft.extensions.begin() : draft.extensions.end();
    const Bytes scts = sct_extension(recipe, issuer, logs, tbs(draft));
    draft.extensions.insert(place, scts);
  }
  Bytes body = tbs(draft);
  if (recipe.tbs_before) {
    recipe.tbs_before(body);
  }
  const Key forger = Key::of(issuer.key.kind(), "forger");
  Bytes whole = sign(body, recipe.forged ? forger : issuer.key);
  if (recipe.certificate_after) {
    recipe.certificate_after(whole);
  }
  return {key, draft.subject_name, draft.serial, whole};
}

}  // namespace nono::factory

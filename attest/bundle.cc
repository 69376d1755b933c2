// attest/bundle.cc: from text to a well-formed Bundle, or one reason why not.
#include "attest/bundle.h"

#include <optional>
#include <string>
#include <utility>

#include "attest/bundle_json.h"

namespace nono::attest {

namespace {

using Content = std::variant<dsse::Envelope, MessageSignature>;

struct Read {
  Material material;
  Content content;
};

std::unexpected<Rejection> malformed(const Error& error) {
  return reject(Reason::MalformedBundle, "the bundle is malformed: " + error.message());
}

Result<Content> read_content(const JsonView& root) {
  NONO_TRY(const std::optional<JsonView> message, root.maybe("messageSignature"));
  NONO_TRY(const std::optional<JsonView> envelope, root.maybe("dsseEnvelope"));
  if (message.has_value() == envelope.has_value()) {
    return std::unexpected(
        root.error("must hold exactly one of dsseEnvelope and messageSignature"));
  }
  if (envelope) {
    NONO_TRY(dsse::Envelope parsed, dsse::Envelope::parse(*envelope));
    return parsed;
  }
  NONO_TRY(MessageSignature parsed, read_message_signature(*message));
  return parsed;
}

// Unknown members of an open outermost object are passed over (docs/format-bundle.md says why),
// those of every object within are refused by its reader.
Result<Read> read_bundle(const JsonView& root, BundleVersion version, Outermost outermost) {
  if (outermost == Outermost::Closed) {
    NONO_CHECK(
        root.only({"mediaType", "verificationMaterial", "messageSignature", "dsseEnvelope"}));
  }
  NONO_TRY(const JsonView material_view, root.at("verificationMaterial"));
  NONO_TRY(Material material, read_material(material_view, version));
  NONO_TRY(Content content, read_content(root));
  return Read{std::move(material), std::move(content)};
}

Result<std::string> read_media_type(const JsonView& root) {
  NONO_TRY(const JsonView view, root.at("mediaType"));
  return view.nonempty_string();
}

}  // namespace

std::expected<Bundle, Rejection> Bundle::parse(std::string_view text, Outermost outermost) {
  Result<Json> document = Json::parse(text, kBundleLimits);
  if (!document) {
    return malformed(document.error());
  }
  if (const Result<void> settled = settle_spellings(*document); !settled) {
    return malformed(settled.error());
  }
  const JsonView root(*document);
  Result<std::string> media_type = read_media_type(root);
  if (!media_type) {
    return malformed(media_type.error());
  }
  const std::optional<BundleVersion> version = bundle_version(*media_type);
  if (!version) {
    return reject(Reason::UnsupportedVersion, "/mediaType: this version does not read \"" +
                                                  *media_type +
                                                  "\"; it reads Sigstore bundles 0.1, 0.2 and 0.3");
  }
  Result<Read> read = read_bundle(root, *version, outermost);
  if (!read) {
    return malformed(read.error());
  }
  Bundle bundle(*std::move(media_type), std::move(read->material.signer), std::move(read->content));
  bundle.log_entries_ = std::move(read->material.log_entries);
  bundle.timestamps_ = std::move(read->material.timestamps);
  return bundle;
}

}  // namespace nono::attest

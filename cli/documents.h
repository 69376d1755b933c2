// cli/documents.h: the JSON documents of --json (docs/json-output.md).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "cli/render.h"
#include "crypto/keys.h"
#include "engine/explain.h"
#include "engine/verify.h"

namespace nono::cli {

// document starts a document: {"schema": "nono/<name>/1"}.
Json document(std::string_view name);
// json_text is foreign text for JSON, which can hold UTF-8 only: other bytes are spelt out.
Json json_text(std::string_view text);
// text_or_null is null where the text is empty.
Json text_or_null(std::string_view text);
// set_path sets `key`, and `<key>_base64` too where the path is not UTF-8.
void set_path(Json& object, std::string_view key, std::string_view path);

Json file_json(const engine::FileReport& file);
// steps_json and print_steps show the same steps.
Json steps_json(const std::vector<engine::Step>& steps);
void print_steps(Render& render, const std::vector<engine::Step>& steps);
Json tally_json(const engine::Tally& tally);
Json key_json(std::string_view id, const crypto::PublicKey& key);

}  // namespace nono::cli

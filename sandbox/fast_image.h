// sandbox/fast_image.h: the shim of the fast gate as a file, compiled in.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "trustpolicy/name_shape.h"

namespace nono::sandbox {

// fast_library is the shared library that fast_shim.cc makes; empty where there is none.
std::span<const std::byte> fast_library();

// packed_shapes is the form in which the shim reads them (fast_names.h).
std::vector<unsigned char> packed_shapes(std::span<const trustpolicy::NameShape> shapes);

}  // namespace nono::sandbox

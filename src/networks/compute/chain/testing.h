// What this folder's tests say about results.
#pragma once

#include <gtest/gtest.h>

#include <string_view>

#include "base/result.h"

namespace tp::compute {

// The result is this error, and its text contains `text`.
template <class T, ErrorEnum E>
::testing::AssertionResult refused(const Result<T>& result, E error, std::string_view text = {}) {
  if (result) return ::testing::AssertionFailure() << "it was accepted";
  if (!is(result.error(), error))
    return ::testing::AssertionFailure()
           << result.error().codespace << " " << result.error().code << ": " << result.error().text;
  if (result.error().text.find(text) == std::string::npos)
    return ::testing::AssertionFailure() << "the text is: " << result.error().text;
  return ::testing::AssertionSuccess();
}

}  // namespace tp::compute

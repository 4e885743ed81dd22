// What leaves the state says how it was: an event that carries the answer to the query for it, so
// that whoever keeps blocks can go on answering. Rules: design.md §5; docs/decisions/0010.
//
//   left_state   query    "/akash.deployment.v1beta4.Query/Deployment turn1.../12"    indexed
//                answer   the response, in base64
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "chain/context.h"
#include "chain/event.h"
#include "chain/router.h"

namespace tp::chain {

inline constexpr std::string_view kLeftState = "left_state";
inline constexpr std::string_view kLeftStateQuery = "left_state.query";  // as the index names it

// How history names an object: by the query that asks for one, and its id as text.
std::string history_key(std::string_view path, std::string_view id);

// Before the object is erased. `id` is what the route of `path` makes of a request for the object
// (QueryRouter::add_leaving). A name that is used again may leave again; the last time counts.
// Cost: an event.
void tell_left_state(Context& context, std::string_view path, std::string_view id,
                     const ProtoMessage& answer);

// The last answer that the events of a block have for `key`; nothing when they have none.
// Cost: O(events).
std::optional<Bytes> answer_in(const EventList& events, std::string_view key);

}  // namespace tp::chain

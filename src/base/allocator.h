// The allocator of the programs that serve (mimalloc, cmake/TurnpikeBuild.cmake).
#pragma once

namespace tp {

// Memory that was freed goes back to the system after a second without use instead of after a
// fortieth of one: what a block frees, the next block wants again, and a page that the system finds
// and clears anew costs up to six microseconds in a virtual machine (bench/results). Call it first
// in main(). Does nothing where another allocator serves (sanitizers).
void keep_freed_memory_a_second();

}  // namespace tp

import Glibc

/// CLOCK_MONOTONIC in nanoseconds: one time line for all threads and processes of the machine.
@inline(__always)
package func monotonicNow() -> Int64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

import Glibc

/// ln x, as log(3) of the C library: −∞ for 0, not a number below.
package func naturalLogarithm(_ x: Double) -> Double { log(x) }

/// log₂ x, as log2(3).
package func binaryLogarithm(_ x: Double) -> Double { log2(x) }

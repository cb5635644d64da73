import Glibc

/// ln x, as log(3) of the C library: −∞ for 0, not a number below.
package func naturalLogarithm(_ x: Double) -> Double { log(x) }

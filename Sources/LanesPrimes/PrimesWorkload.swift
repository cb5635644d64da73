import LanesCore
import LanesOS

/// What is asked about the primes of a range.
package enum PrimesMode: UInt8, Sendable, CaseIterable {
  /// How many there are.
  case count
  /// All of them as decimal text, ascending, one a line; counted as well.
  case list
  /// All of them, ascending, each as a JSON object on a line of its own; counted as well.
  case listJSON
  /// Their sum; counted as well.
  case sum
  /// How many groups there are of 2 to 6 primes that lie as close as primes can, all of them in the range: pairs
  /// p, p + 2; triplets over 6, quadruplets over 8, quintuplets over 12 and sextuplets over 16 numbers, in every form.
  case twins, triplets, quadruplets, quintuplets, sextuplets

  /// The mode that counts groups of `size` primes, or nil when `size` is not 2…6.
  package init?(tupletsOf size: Int) {
    guard let mode = Self.allCases.first(where: { $0.tupletSize == size }) else { return nil }
    self = mode
  }

  /// True for the modes that write every prime.
  package var isList: Bool { self == .list || self == .listJSON }

  /// Primes in a group, for the modes that count groups.
  package var tupletSize: Int? {
    switch self {
    case .count, .list, .listJSON, .sum: nil
    case .twins: 2
    case .triplets: 3
    case .quadruplets: 4
    case .quintuplets: 5
    case .sextuplets: 6
    }
  }
}

/// Finds primes by sieving: every unit is a closed interval, sieved on its own.
///
/// Memory per unit in progress is below 10 MB up to 10^12 and below 64 MB up to 2^64, output aside, which may be a bitmap of 32 MiB; worker processes, the
/// program itself included, peaked at 12 and 44 MiB.
package struct PrimesWorkload: Workload {
  package static let name = "primes"
  package static let noun = UnitNoun("interval", "intervals")
  package let mode: PrimesMode
  /// Which code sieves; other processes choose for themselves.
  package let instructions: SieveInstructions

  /// The caches that the sieve is set up for; other processes look for themselves.
  package let caches: Caches

  package init(mode: PrimesMode, instructions: SieveInstructions = .best, caches: Caches = Caches.found ?? .usual) {
    self.mode = mode
    self.instructions = instructions
    self.caches = caches
  }

  package init(from reader: inout WireReader) throws(WireError) {
    guard let mode = PrimesMode(rawValue: try reader.read()) else { throw WireError("an unknown mode of primes") }
    self.init(mode: mode)
  }

  package func describe(to writer: inout WireWriter) { writer.write(mode.rawValue) }

  /// Sieves the unit's interval; the partial result is a `PrimesPartial`, or a bitmap in `output` where the interval is shared.
  package func perform(
    _ unit: Unit, input: RawSpan, output: OutputBuffer, deadline: Deadline
  ) throws(UnitFailure) -> Bytes {
    let task: PrimesTask
    do {
      task = try PrimesTask(wire: unit.task)
    } catch {
      throw UnitFailure(.rejected, error.reason)
    }
    if let share = task.share {
      try share.sieve(low: task.start, high: task.stop, instructions, caches, deadline, into: output)
      return []
    }
    var partial = PrimesPartial()
    try addTiny(task, to: &partial, output)
    guard task.stop >= 7 else { return partial.wire }
    let sieve = try SegmentSieve(
      low: max(task.start, 7), high: task.stop, instructions: instructions, caches: caches, deadline: deadline)
    while let segment = try sieve.next(deadline: deadline) { try add(segment, to: &partial, output) }
    return partial.wire
  }

  private var textForm: PrimeText.Form { mode == .listJSON ? .json : .plain }

  private func add(_ segment: Segment, to partial: inout PrimesPartial, _ output: OutputBuffer) throws(UnitFailure) {
    partial.add(segment, mode)
    if mode.isList { try PrimeText.append(segment, as: textForm, to: output) }
  }

  /// The groups with a member below 7, as primesieve counts them.
  private static let tinyTuplets: [(size: Int, first: UInt64, last: UInt64)] = [
    (2, 3, 5), (2, 5, 7), (3, 5, 11), (4, 5, 13), (5, 5, 17),
  ]

  /// Adds 2, 3 and 5, which the sieve's wheel leaves out.
  private func addTiny(
    _ task: PrimesTask, to partial: inout PrimesPartial, _ output: OutputBuffer
  ) throws(UnitFailure) {
    if let size = mode.tupletSize {
      let groups = Self.tinyTuplets.filter { $0.size == size && task.start <= $0.first && $0.last <= task.stop }
      partial.tuplets += UInt64(groups.count)
      return
    }
    for prime: UInt64 in [2, 3, 5] where task.start <= prime && prime <= task.stop {
      partial.count += 1
      if mode == .sum { partial.sum += UInt128(prime) }
      if mode.isList { try output.append(textForm.line(of: prime)) }
    }
  }
}

/// A unit's own description: its closed interval, and its share of the sieving primes where other units have the others.
struct PrimesTask: Equatable {
  let start: UInt64
  let stop: UInt64
  let share: SievingShare?

  init(start: UInt64, stop: UInt64, share: SievingShare? = nil) {
    self.start = start
    self.stop = stop
    self.share = share
  }

  var wire: Bytes {
    var writer = WireWriter()
    writer.write(start)
    writer.write(stop)
    share?.write(to: &writer)
    return writer.bytes
  }

  init(wire bytes: Bytes) throws(WireError) {
    var reader = WireReader(bytes)
    start = try reader.read()
    stop = try reader.read()
    guard start <= stop, stop - start <= UnitLength.longest + 64 else { throw WireError("its interval is not one") }
    share = reader.remaining > 0 ? try SievingShare(from: &reader) : nil
    guard share == nil || start >= SievingShare.leastStart else { throw WireError("its sieving primes are too large") }
  }
}

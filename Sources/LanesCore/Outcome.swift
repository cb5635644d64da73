/// How a unit ended.
package enum Outcome: Sendable, Equatable {
  /// Done, with the workload's partial result as bytes.
  case done(Bytes)
  case failed(UnitFailure)

  /// True for a failure after which every other unit would fail in the same way.
  package var haltsBatch: Bool { if case .failed(let failure) = self { failure.haltsBatch } else { false } }
}

/// Why one unit failed; the batch goes on.
package struct UnitFailure: Error, Sendable, Equatable {
  package enum Kind: UInt8, Sendable, CaseIterable {
    /// The source could not be read, or changed while it was read.
    case input
    /// The workload refused the bytes: damaged, unsupported, too large.
    case rejected
    /// The output could not be stored.
    case output
    /// The worker process died.
    case crashed
    /// The unit took longer than allowed.
    case timedOut
    /// Memory or descriptors ran out.
    case resources
  }

  package let kind: Kind
  /// One clause without the unit's name and without a full stop, such as "it ends inside scan line 12".
  package let reason: String
  /// True when carrying on would fail in the same way for every unit, such as a full disk.
  package let haltsBatch: Bool

  package init(_ kind: Kind, _ reason: String, haltsBatch: Bool = false) {
    self.kind = kind
    self.reason = reason
    self.haltsBatch = haltsBatch
  }
}

/// A call to the system that failed, as far as outcomes tell it.
package protocol FailedCall: Error {
  /// In the system's words.
  var reason: String { get }
  /// True when descriptors, processes or memory ran out.
  var isShortage: Bool { get }
  /// True when nothing more can be opened.
  var isOutOfDescriptors: Bool { get }
}

extension UnitFailure {
  /// An input that the system would not give, or not tell of. Lack of descriptors halts the batch: no later input could be opened
  /// either.
  package static func unreadable(_ error: some FailedCall) -> UnitFailure {
    UnitFailure(error.isShortage ? .resources : .input, error.reason, haltsBatch: error.isOutOfDescriptors)
  }

  /// A file that lost bytes after it was planned; `offset` counts from the start of the file.
  package static func cutShort(at offset: Int) -> UnitFailure {
    UnitFailure(.input, "it was cut short while it was read, near byte \(offset)")
  }

  /// Memory that is not there.
  package static func noMemory(_ shortage: MemoryShortage) -> UnitFailure {
    let size = ByteCount.text(shortage.bytes)
    guard let reason = shortage.sharedReason else {
      return UnitFailure(.resources, "there is not enough memory: \(size) were asked for")
    }
    // Of what the machine lacks no later unit would get more.
    return UnitFailure(
      .resources, "there is not enough shared memory: \(size) were asked for (\(reason))",
      haltsBatch: shortage.isMachines)
  }

  /// An input that is taken whole and is larger than all that may be in flight.
  package static func tooLarge(_ size: Int, budget: Int) -> UnitFailure {
    UnitFailure(
      .resources,
      "it is \(ByteCount.text(size)), more than the \(ByteCount.text(budget)) of --memory: raise --memory")
  }
}

extension WireWriter {
  package mutating func write(_ outcome: Outcome) {
    switch outcome {
    case .done(let partial):
      write(UInt8(0))
      write(partial)
    case .failed(let failure):
      write(UInt8(1))
      write(failure.kind.rawValue)
      write(failure.haltsBatch)
      write(failure.reason)
    }
  }
}

extension WireReader {
  package mutating func readOutcome() throws(WireError) -> Outcome {
    switch try read(UInt8.self) {
    case 0: return .done(try readBytes())
    case 1:
      guard let kind = UnitFailure.Kind(rawValue: try read()) else { throw WireError("an unknown kind of failure") }
      let halts = try readBool()
      return .failed(UnitFailure(kind, try readString(), haltsBatch: halts))
    default: throw WireError("an unknown kind of outcome")
    }
  }
}

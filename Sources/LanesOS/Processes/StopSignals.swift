import CLinux
import Glibc
import LanesCore

/// SIGINT and SIGTERM as a request that everybody can ask about.
///
/// The handler counts: the first signal is remembered, wakes whoever waits for `wakeDescriptor` and is acknowledged on standard
/// error; the second removes unfinished files and ends the process by that signal.
package enum StopSignals {
  /// Installs the handlers; call once, early, on the main thread. SIGPIPE is ignored: writes report EPIPE instead.
  package static func install() throws(SystemError) {
    ignoreBrokenPipes()
    guard wakeDescriptor >= 0 else { throw SystemError("eventfd", errno: EMFILE) }
    _ = try retrying("sigaction") { clinux_stop_install(wakeDescriptor) }
  }

  /// Makes writes to a pipe without a reader report EPIPE instead of ending the process.
  package static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

  /// Readable once a stop was asked for; lives as long as the process.
  package static let wakeDescriptor: Int32 = clinux_eventfd()

  /// From now on the first signal is answered at once with how many units are going to be finished, such as "finishing 2
  /// images; again to stop now": by the handler itself, since all threads may be busy. It says nothing when no lane is.
  ///
  /// - Parameter noun: what units are called, with at most 31 bytes each.
  package static func acknowledge(as noun: UnitNoun) {
    let start = Terminal.isTerminal(2) ? Terminal.lineStart : ""
    clinux_stop_words(start, noun.one, noun.many, noun.onePart, noun.manyParts)
  }

  /// What `lane` is going to finish whatever happens; called by the lane's own thread. Costs one store.
  @inline(__always)
  package static func lane(_ lane: Int, isBusyWith units: BusyUnits) {
    clinux_stop_busy(UInt32(truncatingIfNeeded: lane), UInt32(clamping: units.whole), UInt32(clamping: units.parts))
  }

  /// The signal that asked to stop, if one did.
  package static var received: Int32? {
    let signal = clinux_stop_signal()
    return signal == 0 ? nil : signal
  }

  /// Asks to stop as the signal would, before it returns: kill(2) may choose another thread, which takes the signal later.
  /// For tests.
  package static func request(_ signal: Int32) { raise(signal) }

  /// Forgets a request; for tests.
  package static func reset() {
    clinux_stop_reset()
    var value: UInt64 = 0
    _ = withUnsafeMutableBytes(of: &value) { read(wakeDescriptor, $0.baseAddress, 8) }
  }

  /// Ends this process by `signal`, so that the parent sees why.
  package static func die(by signal: Int32) -> Never {
    clinux_die_by(signal)
    exit(128 + signal)
  }
}

/// A number of units, told apart by whether they are whole inputs or parts of one.
package struct BusyUnits: Sendable, Equatable {
  package var whole = 0
  /// Slices of files and pieces of streams.
  package var parts = 0

  package init() {}

  /// One unit that reads `source`.
  package init(_ source: Source) { add(source) }

  package mutating func add(_ source: Source) {
    switch source {
    case .none, .file: whole += 1
    case .slice, .bytes: parts += 1
    }
  }

  package mutating func remove(_ source: Source) {
    switch source {
    case .none, .file: whole -= 1
    case .slice, .bytes: parts -= 1
    }
  }

  package static let none = BusyUnits()
}

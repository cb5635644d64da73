import CLinux
import Glibc

/// SIGINT and SIGTERM as a request that everybody can ask about.
///
/// The handler counts: the first signal is remembered, wakes whoever waits for `wakeDescriptor` and is acknowledged on standard
/// error; the second removes unfinished files and ends the process by that signal.
package enum StopSignals {
  /// Installs the handlers; call once, early, on the main thread. Writes report what they met instead of ending the process.
  package static func install() throws(SystemError) {
    ignoreWriteSignals()
    guard wakeDescriptor >= 0 else { throw SystemError("eventfd", errno: EMFILE) }
    _ = try retrying("sigaction") { clinux_stop_install(wakeDescriptor) }
  }

  /// Makes writes report EPIPE, of a pipe without a reader, and EFBIG, beyond RLIMIT_FSIZE, instead of ending the process.
  package static func ignoreWriteSignals() {
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
  }

  /// Readable once a stop was asked for; lives as long as the process.
  package static let wakeDescriptor: Int32 = clinux_eventfd()

  /// What the pieces of work are called that a stop request waits for, each with at most 31 bytes.
  package struct Nouns {
    package let one: String
    package let many: String
    package let onePart: String
    package let manyParts: String

    package init(one: String, many: String, onePart: String, manyParts: String) {
      self.one = one
      self.many = many
      self.onePart = onePart
      self.manyParts = manyParts
    }
  }

  /// From now on the first signal is answered at once with how much is going to be finished, such as "finishing 2 images;
  /// again to stop now": by the handler itself, since all threads may be busy. It says nothing when no lane is.
  package static func acknowledge(as nouns: Nouns) {
    let start = Terminal.isTerminal(2) ? Terminal.lineStart : ""
    clinux_stop_words(start, nouns.one, nouns.many, nouns.onePart, nouns.manyParts)
  }

  /// What `lane` is going to finish whatever happens; called by the lane's own thread. Costs one store.
  ///
  /// - Parameters:
  ///   - whole: whole inputs.
  ///   - parts: parts of inputs.
  package static func lane(_ lane: Int, isBusyWith whole: Int, parts: Int) {
    clinux_stop_busy(UInt32(truncatingIfNeeded: lane), UInt32(clamping: whole), UInt32(clamping: parts))
  }

  /// A number that no lane of a run has: of what lanes have left to be finished.
  package static let lastLane = Int(clinux_stop_lanes) - 1

  /// The signal that asked to stop, if one did.
  package static var received: Int32? {
    let signal = clinux_stop_signal()
    return signal == 0 ? nil : signal
  }

  /// Asks to stop as the signal would, and returns when that is answered; for tests.
  ///
  /// kill(2) may choose any thread, which takes the signal later; raise(3) chooses this one, which may have blocked it, as
  /// those of a dispatch queue have.
  package static func request(_ signal: Int32) {
    let answered = clinux_stop_answered()
    kill(getpid(), signal)
    while clinux_stop_answered() == answered { sched_yield() }
  }

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

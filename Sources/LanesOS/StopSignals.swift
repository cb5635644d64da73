import CLinux
import Glibc

/// SIGINT and SIGTERM as a request that everybody can ask about.
///
/// The handler counts: the first signal is remembered and wakes whoever waits for `wakeDescriptor`; the second removes
/// unfinished files and ends the process by that signal.
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

  /// The signal that asked to stop, if one did.
  package static var received: Int32? {
    let signal = clinux_stop_signal()
    return signal == 0 ? nil : signal
  }

  /// Asks to stop as the signal would; for tests and for engines that give up.
  package static func request(_ signal: Int32) { kill(getpid(), signal) }

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

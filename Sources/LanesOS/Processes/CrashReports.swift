import CLinux

/// What is told of a crash in this process: the unit that the crashed thread worked on, and how to go on.
///
/// The handlers (`CLinux/crash.c`) also remove unfinished files; the process then ends by the signal as it would have without
/// them, and Swift's runtime says what it has to say.
package enum CrashReports {
  /// Installs the handlers; call once, early, on the main thread. Ahead of the guard of mappings, which gives them what is
  /// not its own.
  package static func install() {
    guard clinux_crash_install() == 0 else { return }
    // The main thread's lives as long as the process.
    _ = clinux_crash_stack()
  }

  /// What the message ends with, such as "; go on so"; at most 511 bytes.
  package static func advise(_ text: String) { clinux_crash_advice(text) }

  /// From now on the calling thread works on what `label` names; copies at most 255 bytes.
  package static func begin(_ label: UnsafeRawBufferPointer) {
    guard let bytes = label.baseAddress else { return }
    clinux_crash_begin(bytes.assumingMemoryBound(to: CChar.self), label.count)
  }

  /// The calling thread works on nothing any more. Costs one store.
  package static func end() { clinux_crash_end() }

  /// Runs `body` on a thread that can tell of a crash even when its stack is full.
  static func withStack(_ body: () -> Void) {
    let stack = clinux_crash_stack()
    defer { clinux_crash_stack_free(stack) }
    body()
  }
}

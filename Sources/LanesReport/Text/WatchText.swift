import LanesCore

/// What a person can look at while a run goes on, in another terminal; `--stats` says it as the run begins.
package enum WatchText {
  /// Workers whose numbers are told; the others are found by their parent.
  private static let mostTold = 8

  /// Lines without their ends: who runs the batch, then commands that show it, each with what it shows where there is room.
  ///
  /// - Parameters:
  ///   - process: the coordinating process (PID).
  ///   - workers: its worker processes, none for engines without them.
  ///   - width: columns that a line may have, as far as a command fits.
  package static func lines(process: Int32, workers: [Int32] = [], width: Int) -> [String] {
    let (who, commands) =
      workers.isEmpty ? alone(process) : (coordinator(process, workers), coordinating(process, workers[0]))
    let longest = commands.map(\.words.count).max() ?? 0
    return ComparisonText.wrap(who, width: max(20, width))
      + commands.map { words, meaning in
        let line = "  " + words.rightPadded(to: longest) + "  " + meaning
        return line.count <= width ? line : "  " + words
      }
  }

  private typealias Command = (words: String, meaning: String)

  private static func alone(_ process: Int32) -> (String, [Command]) {
    (
      "lanes: process \(process); while it runs, another terminal can look at it:",
      [
        ("ls /proc/\(process)/task", "its threads"),
        ("strace -f -c -p \(process)", "its system calls, until Ctrl-C"),
        ("perf stat -p \(process)", "its switches and faults"),
      ]
    )
  }

  private static func coordinator(_ process: Int32, _ workers: [Int32]) -> String {
    let told = workers.prefix(mostTold).map(String.init)
    let names = workers.count > mostTold ? (told + [Glyphs.ellipsis]).joined(separator: ", ") : Readable.list(told)
    let noun = workers.count == 1 ? "worker" : "workers"
    return "lanes: process \(process), \(noun) \(names); while they run, another terminal can look at them:"
  }

  private static func coordinating(_ process: Int32, _ worker: Int32) -> [Command] {
    [
      ("ps -fL -p \(process) --ppid \(process)", "all of them, thread by thread"),
      ("ls /proc/\(worker)/task", "the threads of a worker"),
      ("strace -f -c -p \(worker)", "its system calls, until Ctrl-C"),
      ("perf stat -p \(worker)", "its switches and faults"),
    ]
  }
}

import ArgumentParser
import LanesCore
import LanesFiles
import LanesReport

/// `lanes files top`: the most frequent words or lines.
struct FilesTopCommand: FilesOperation, StatedCommand {
  static let configuration = CommandConfiguration(
    commandName: "top",
    abstract: "Print the most frequent words or lines with their counts.",
    usage: "lanes files top [OPTION]... [FILE]...",
    discussion: """
      Counts are exact, over all files together; what is equally frequent comes in the order of its bytes. Words are runs \
      of bytes without white space, as for wc and awk. Same as sort | uniq -c | LC_ALL=C sort -k1,1nr -k2 | head.

      EXAMPLES
        lanes files top -k 20 huge.log
        lanes files top --lines access.log
      """)

  static let statuses = ExitStatus.page(
    "Every file was read.", "Some files could not be read; the others were counted.")

  @OptionGroup(title: "What to count")
  var asked: Asked

  @OptionGroup(title: "Input options")
  var operands: FileOperands

  @OptionGroup(title: "Engine options")
  var engine: EngineArguments

  /// The options of this command alone.
  struct Asked: ParsableArguments {
    @Option(
      name: [.customShort("k", allowingJoined: true), .customLong("count")], parsing: .unconditional,
      help: ArgumentHelp("How many to print.", valueName: "N"))
    var count = 10

    @Flag(exclusivity: .exclusive, help: "Count words (default) or lines.")
    var kind = Kind.words

    enum Kind: String, EnumerableFlag { case words, lines }
  }

  private var count: Int { asked.count }
  private var kind: Asked.Kind { asked.kind }

  func validate() throws {
    guard count > 0 else { throw ValidationError("-k takes a number from 1 up, not \(count)") }
  }

  func run() throws {
    // A class: the closure that adds and the one that prints share it.
    let total = TopPartial()
    var settings = operands.settings(cut: .lines(.newline), engine)
    // Each slice sends all its different words: larger slices send fewer in all. 16 MiB of text have a few hundred kB
    // of them.
    settings.sliceBytes = 16 << 20
    // Chunks of a pipe, too, are four times the usual size.
    settings.chunkBytes = 4 << 20
    let workload = TopWorkload(kind: kind == .words ? .words : .lines)
    try operands.makeOneResult(workload, settings, engine) { (partial: TopPartial) throws(UnitFailure) in
      // Throws where there is no memory for the table; there is no result then.
      try total.merge(partial)
    } show: {
      print(total, $0)
    }
  }

  /// Prints the most frequent keys, byte for byte, and in JSON a total of all keys.
  private func print(_ total: TopPartial, _ printer: ResultPrinter) {
    let best = total.top(count)
    // Seven columns and a blank, as in GNU uniq -c. The first count is the largest.
    let width = max(7, best.first.map { String($0.count).utf8.count } ?? 0)
    for (key, count) in best {
      // Standard output may be closed early, as by `| head`.
      guard printer.isOpen else { return }
      if engine.json {
        var json = JSONWriter()
        json.object {
          $0.member("type", kind == .words ? "word" : "line")
          $0.member("text", utf8: key)
          $0.member("count", count)
        }
        printer.line(json.text)
      } else {
        let digits = String(count)
        let padding = String(repeating: " ", count: width - digits.utf8.count)
        printer.bytes(Bytes("\(padding)\(digits) ".utf8) + key + [0x0A])
      }
    }
    guard engine.json else { return }
    var json = JSONWriter()
    json.object {
      $0.member("type", "total")
      $0.member("distinct", total.distinct)
      $0.member("count", total.total)
    }
    printer.line(json.text)
  }
}

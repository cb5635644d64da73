import ArgumentParser
import LanesCore
import LanesJournal
import LanesOS
import LanesReport
import SystemPackage

/// `lanes verify`: proves from its run file that a run has left what it made, all of it, and nothing else.
struct VerifyCommand: ParsableCommand, StatedCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Prove from a run file that the results of a run are all there, unchanged, and nothing besides.",
    usage: "lanes verify [OPTION]... RUNFILE",
    discussion: """
      RUNFILE is what --journal wrote. Every result is read and its SHA-256 compared; the outcomes of all units must add up \
      to what the run told in the end; the folder of the results must hold no other file, except results that were there \
      before and were skipped. One line is printed for each difference, or else one line in all.

      A unit that failed is a difference, too: its result is not there, and whoever relies on the results must know. So is \
      a run that was not completed.

      EXAMPLES
        lanes images convert photos -o small --resize 800x800 --journal small.run
        lanes verify small.run && rm -r photos
      """)

  static let statuses = ExitStatus.page(
    "Everything is as the run left it.", "Something is different, a unit failed, or the run is not complete.")

  @Flag(help: "Print one JSON object per difference and one for the verdict.")
  var json = false

  @Argument(help: ArgumentHelp("The run file.", valueName: "RUNFILE"), completion: .file())
  var file: String

  func run() throws {
    let path = RawArguments.path(file)
    let opened: RunFile.Opened
    do {
      // Reads the whole file, under a lock that a run in progress does not give.
      opened = try RunFile.examine(path)
    } catch {
      throw Self.refusal(error, path)
    }
    let printer = ResultPrinter()
    let report = VerifyReport(name: path.forDisplay, isJSON: json, printer: printer)
    // `examine` gives an earlier run whenever it returns. The run file itself may lie among the results.
    guard let run = opened.earlier, let own = try? opened.file.status().identity else { return }
    var verification = Verification(run, own: own, tell: report.tell)
    do {
      try verification.verify()
    } catch {
      throw Self.refusal(.unusable(error), path)
    }
    report.end(verification)
    printer.flush()
    if report.differences > 0 { throw ExitCode(ExitStatus.someFailed.rawValue) }
  }

  /// A run file that cannot be read proves nothing, which is not the same as a difference.
  private static func refusal(_ problem: RunFile.Problem, _ path: FilePath) -> ExitCode {
    let sentence =
      switch problem {
      case .inUse: "belongs to a run that has not ended"
      case .missing: "does not exist"
      case .notRegular: "is not a regular file, which a run file is"
      case .unusable(let error): error.reason
      case .system(let error): "cannot be read: \(error.reason)"
      case .exists: "exists"
      }
    return ExitStatus.usage.failing("\(path.forDisplay) \(sentence)")
  }
}

/// Prints what a verification finds.
private final class VerifyReport {
  private let name: String
  private let isJSON: Bool
  private let printer: ResultPrinter
  /// Counted as they are printed; any makes the status 1.
  private(set) var differences = 0

  init(name: String, isJSON: Bool, printer: ResultPrinter) {
    self.name = name
    self.isJSON = isJSON
    self.printer = printer
  }

  /// Prints a difference as soon as it is found.
  func tell(_ difference: Verification.Difference) {
    differences += 1
    // Names are shown for people in text, and byte for byte in JSON.
    let words = difference.words(runFile: name)
    guard isJSON else { return printer.line("\(words.subject.forDisplay): \(words.text)") }
    var json = JSONWriter()
    json.object {
      $0.member("type", "difference")
      $0.member("kind", words.kind)
      $0.member("path", utf8: words.subject.rawBytes)
      $0.member("text", words.text)
    }
    printer.line(json.text)
  }

  /// Prints the verdict, after all differences.
  func end(_ verification: Verification) {
    let (units, files) = (verification.counted, verification.files)
    if isJSON {
      var json = JSONWriter()
      json.object {
        $0.member("type", "verdict")
        $0.member("differences", differences)
        $0.member("units_done", units.done)
        $0.member("units_failed", units.failed)
        $0.member("files", files)
        $0.member("bytes", verification.bytes)
      }
      printer.line(json.text)
    } else if differences == 0 {
      // Success is one line on standard output; a count of differences goes to standard error, after their lines.
      let found =
        files == 0 ? "no files" : "\(Readable.counted(files, "file")) of \(Readable.bytes(verification.bytes))"
      printer.line("\(name): \(Readable.counted(units.done, "unit")) done, \(found) as written, nothing besides")
    } else {
      StandardError.line("lanes: \(name): \(Readable.counted(differences, "difference"))")
    }
  }
}

extension Verification.Difference {
  /// What differs, which kind of difference it is, and a clause to follow the name.
  ///
  /// Kinds are words of the JSON output. Differences of the run as a whole have the run file as their subject.
  fileprivate func words(runFile: String) -> (subject: FilePath, kind: String, text: String) {
    let own = FilePath(runFile)
    switch self {
    case .incomplete(let units):
      return (own, "incomplete", "the run is not complete: \(Readable.counted(units, "unit")) written down so far")
    case .totals(let told, let counted):
      let (one, other) = ("\(told.done) done and \(told.failed) failed", "\(counted.done) and \(counted.failed)")
      return (own, "totals", "the run told of \(one), and its records are of \(other)")
    case .failed(let label, let failure): return (FilePath(rawBytes: label), "failed", "failed: \(failure.reason)")
    case .missing(let path): return (path, "missing", "missing")
    case .unreadable(let path, let reason): return (path, "unreadable", reason)
    case .size(let path, let recorded, let found):
      return (path, "size", "\(Readable.counted(found, "byte")), and the run wrote \(Readable.count(recorded))")
    case .content(let path): return (path, "content", "other bytes than the run wrote")
    case .extra(let path): return (path, "extra", "not made by the run")
    }
  }
}

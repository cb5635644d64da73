import ArgumentParser
import LanesCore
import LanesFiles
import LanesOS
import LanesReport
import SystemPackage

extension FilesHashCommand {
  /// What a check came to.
  private struct Tally {
    var failed = 0
    var unreadable = 0
    var misformatted = 0
    var isHopeless = false
    /// How the run ended where that was early.
    var early: ExitCode?
  }

  /// Checks what each list says, one list after the other.
  func checkLists() throws {
    let printer = ResultPrinter()
    let console = Console(engine, resultsOnScreen: true)
    var isGood = true
    for input in operands.inputs {
      let tally = try checkList(input, printer, console)
      printer.flush()
      if let early = tally.early { throw early }
      if tally.failed + tally.unreadable > 0 || tally.isHopeless { isGood = false }
      warn(tally, console)
    }
    if !isGood { throw ExitCode(ExitStatus.someFailed.rawValue) }
  }

  private func checkList(_ input: FileInput, _ printer: ResultPrinter, _ console: Console) throws -> Tally {
    var tally = Tally()
    let list = input.path?.forDisplay ?? "standard input"
    guard let lines = read(input, list, console) else {
      tally.isHopeless = true
      return tally
    }
    let parsed = lines.map { ChecksumLine($0, algorithm) }
    let entries = parsed.compactMap { $0 }
    tally.misformatted = parsed.count - entries.count
    guard !entries.isEmpty else {
      tally.isHopeless = true
      tally.misformatted = 0
      console.say("lanes: \(list): no properly formatted checksum lines found")
      return tally
    }
    // Lines that name another algorithm than the first do not go together with it.
    let chosen = entries[0].algorithm ?? algorithm
    let wanted = entries.filter { ($0.algorithm ?? algorithm) == chosen }
    tally.misformatted += entries.count - wanted.count
    var next = 0
    let inputs: [FileInput] = wanted.map { $0.name == "-" ? .standardInput(named: true) : .path($0.name) }
    let record = try hash(inputs, chosen, printer, console) { file in
      defer { next += 1 }
      tell(file, wanted[next], &tally, printer, console)
    }
    record.printStatistics(engine, to: printer)
    if record.ending != .complete { tally.early = ExitStatus.of(record) }
    return tally
  }

  /// The lines of a list that are not empty or comments; nil, and told, when it cannot be read.
  private func read(_ input: FileInput, _ list: String, _ console: Console) -> [ArraySlice<UInt8>]? {
    let loader = BlockingLoader()
    do {
      try loader.load(.file(input.path ?? "/dev/stdin"))
    } catch {
      console.say("lanes: \(list): \(error.reason)")
      return nil
    }
    let bytes = loader.withInput { input in input.withUnsafeBytes { Bytes($0) } }
    return bytes.split(separator: 0x0A).filter { $0.first != UInt8(ascii: "#") }
  }

  private func tell(
    _ file: HashedFile, _ line: ChecksumLine, _ tally: inout Tally, _ printer: ResultPrinter, _ console: Console
  ) {
    let name = ChecksumLine.shown(file.name ?? "-")
    if let failure = file.failure {
      tally.unreadable += 1
      if !status { console.say("lanes: \(file.name?.forDisplay ?? "-"): \(failure.reason)") }
      report(name, "FAILED open or read", printer, console)
    } else if file.digest != line.digest {
      tally.failed += 1
      report(name, "FAILED", printer, console)
    } else if !engine.quiet || engine.json {
      report(name, "OK", printer, console)
    }
  }

  private func report(_ name: Bytes, _ verdict: String, _ printer: ResultPrinter, _ console: Console) {
    guard !status else { return }
    console.clear()
    guard engine.json else { return printer.bytes(name + Bytes(": \(verdict)\n".utf8)) }
    var json = JSONWriter()
    json.object {
      $0.member("type", "check")
      $0.member("path", utf8: name)
      $0.member("result", verdict)
    }
    printer.line(json.text)
  }

  /// Says in the words of sha256sum how many of each kind there were.
  private func warn(_ tally: Tally, _ console: Console) {
    guard !status else { return }
    func say(_ count: Int, _ one: String, _ many: String) {
      if count > 0 { console.say("lanes: WARNING: \(count) \(count == 1 ? one : many)") }
    }
    say(tally.misformatted, "line is improperly formatted", "lines are improperly formatted")
    say(tally.unreadable, "listed file could not be read", "listed files could not be read")
    say(tally.failed, "computed checksum did NOT match", "computed checksums did NOT match")
  }
}

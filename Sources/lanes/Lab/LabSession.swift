import LanesCore
import LanesLab
import LanesOS
import LanesReport

/// Experiments as a person meets them: guess, measurement, verdict.
struct LabSession {
  let loop: LabLoop
  let width: Int
  /// True asks for a guess at each claim first.
  let predicts: Bool
  let printer: ResultPrinter

  struct Outcome {
    let measurements: LabMeasurements
    let page: LabPage.Entry
  }

  /// Measures an experiment, prints what came of it, and remembers the verdicts.
  func measure(_ experiment: Experiment) throws -> Outcome {
    let guesses = predicts ? ask(experiment) : [:]
    let outcome = try run(experiment)
    let description = experiment.description
    let picture = experiment.picture(outcome.measurements, width)
    LabText(description, outcome.measurements, width: width).lines(picture: picture).forEach(printer.line)
    for line in Self.comparison(guesses, experiment, outcome.measurements) {
      LabLists.paragraph("", line, width, indent: 3).forEach(printer.line)
    }
    printer.flush()
    return outcome
  }

  /// The same as lines of JSON.
  func measureForPrograms(_ experiment: Experiment) throws -> Outcome {
    let outcome = try run(experiment)
    LabJSON.lines(experiment.description, outcome.measurements).forEach(printer.line)
    printer.flush()
    return outcome
  }

  private func run(_ experiment: Experiment) throws -> Outcome {
    let began = monotonicNow()
    let measurements: LabMeasurements
    do {
      measurements = try LabProcess.run(experiment, loop)
    } catch {
      throw ExitStatus.stoppedEarly.failing("\(experiment.name): its process could not be started: \(error.reason)")
    }
    if let signal = StopSignals.received { StopSignals.die(by: signal) }
    LabHistory.keep(experiment, measurements, nanoseconds: monotonicNow() - began)
    // A page has room for wide pictures, and is read in any locale.
    let picture = Glyphs.with(.unicode) { experiment.picture(measurements, 80) }
    return Outcome(
      measurements: measurements, page: LabPage.Entry(experiment.description, measurements, picture: picture))
  }

  /// Asks for a verdict on each claim, again where the answer is none; Enter alone is no guess.
  private func ask(_ experiment: Experiment) -> [String: LabVerdict.Kind] {
    var guesses: [String: LabVerdict.Kind] = [:]
    ComparisonText.wrap(experiment.title, width: width).forEach(printer.line)
    for claim in experiment.claims {
      LabLists.paragraph("  \(claim.id)  ", claim.text, width, indent: 5).forEach(printer.line)
      switch answer() {
      case .guess(let kind): guesses[claim.id] = kind
      case .none: break
      case .end:
        printer.line("\n")
        return guesses
      }
    }
    printer.line("")
    return guesses
  }

  private enum Answer {
    case guess(LabVerdict.Kind)
    case none
    /// Nobody answers any more.
    case end
  }

  private func answer() -> Answer {
    while true {
      printer.bytes(Bytes("     confirmed or refuted on this machine? (c, r, Enter for neither) ".utf8))
      printer.flush()
      guard let line = LabInput.line() else { return .end }
      if !Terminal.isTerminal(0) { printer.line(line) }
      switch line.lowercased().first(where: { $0 != " " }) {
      case "c": return .guess(.confirmed)
      case "r": return .guess(.refuted)
      case nil: return .none
      default: break
      }
    }
  }

  /// A line for each guess.
  private static func comparison(
    _ guesses: [String: LabVerdict.Kind], _ experiment: Experiment, _ measurements: LabMeasurements
  ) -> [String] {
    experiment.claims.compactMap { claim in
      guard let guess = guesses[claim.id] else { return nil }
      let kind = LabVerdict(claim, measurements).kind
      let outcome =
        kind == .undecidable ? "nobody can tell here" : kind == guess ? "and so it is" : "but it is \(kind.rawValue)"
      return "\(claim.id): you said \(guess.rawValue), \(outcome)."
    }
  }
}

/// Lines that a person types.
enum LabInput {
  /// The next line of standard input without its end; nil when there is none, or a signal asked to stop.
  static func line() -> String? {
    var bytes = Bytes()
    let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 1, alignment: 1)
    defer { room.deallocate() }
    // A byte at a time: what comes after this line is for the next question.
    while StopSignals.received == nil {
      // A read would not end when a signal comes; this does, and the loop's condition looks again.
      try? DescriptorIO.wait(for: [0, StopSignals.wakeDescriptor].map { ($0, .readable) })
      guard StopSignals.received == nil, let count = try? DescriptorIO.read(0, into: room), count > 0 else { break }
      if room[0] == 0x0A { return String(decoding: bytes, as: UTF8.self) }
      bytes.append(room[0])
    }
    if let signal = StopSignals.received { StopSignals.die(by: signal) }
    return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
  }
}

/// `lanes lab course`: all experiments in their order, with a pause after each.
struct LabCourse {
  private let session: LabSession

  init(_ session: LabSession) { self.session = session }

  /// Goes on where the last course was left, from the beginning where it was finished.
  func run() throws {
    let all = Experiment.all
    let printer = session.printer
    var place = LabHistory.place(among: all)
    if place > 0 {
      printer.line("Going on at \(place + 1) of \(all.count); the course begins anew when it is finished.\n")
    }
    while place < all.count, printer.isOpen {
      printer.line("\(place + 1) of \(all.count)")
      _ = try session.measure(all[place])
      place += 1
      let isKept = LabHistory.keep(place: place < all.count ? all[place].name : nil)
      guard place < all.count else { break }
      printer.bytes(Bytes("\nEnter for \(all[place].name), q to stop: ".utf8))
      printer.flush()
      guard let answer = LabInput.line(), !answer.lowercased().hasPrefix("q") else {
        printer.line(
          isKept
            ? "\nlanes lab course goes on here."
            : "\nlanes lab course begins anew: its place cannot be remembered. Name a folder in XDG_STATE_HOME that you may "
              + "write to.")
        return
      }
      printer.line("")
    }
    if place == all.count {
      printer.line("\nThat was all. lanes lab shows the verdicts, lanes lab engines what lanes itself costs.")
    }
  }
}

import ArgumentParser
import LanesCore
import LanesEngines
import LanesFiles
import LanesImages
import LanesOS
import LanesReport
import SystemPackage

/// `lanes doctor`: whether the sandbox of worker processes holds here, tried by attacks, and what the machine offers.
struct DoctorCommand: ParsableCommand, StatedCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Attack a sandboxed worker of its own, and tell what this machine offers.",
    usage: "lanes doctor [OPTION]...",
    discussion: """
      A worker process, sandboxed as those that decode images are, tries what a hijacked decoder would try: to read and \
      make files, reach the network, start programs, look into other processes. None of it does harm where it succeeds.

      EXAMPLES
        lanes doctor
        lanes doctor --isolation process
        lanes doctor --json
      """)

  static let statuses = ExitStatus.page("Every attack was refused.", "An attack succeeded.")

  @Option(help: ArgumentHelp("What protects the worker that is attacked: process or sandbox.", valueName: "LEVEL"))
  var isolation = IsolationLevel.sandbox

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    if isolation == .none {
      throw ValidationError("--isolation none has no worker that could be attacked; use process or sandbox.")
    }
  }

  func run() throws {
    try StopSignals.install()
    let fold = AttackFold()
    do {
      let record = try engine.run(
        Batch(workload: AttackWorkload(parent: WorkerProcess.currentID), plan: try plan(), fold: fold),
        observer: SilentObserver())
      // Workers that the kernel ended are failed units, which is what the attacks are meant to come to.
      if let status = ExitStatus.of(record), record.ending != .complete { throw status }
    } catch let error as EngineError {
      throw ExitStatus.of(error)
    }
    // One unit for each attack, folded in unit order.
    let report = DoctorReport(Array(zip(Attack.allCases, fold.refusals)), isolation)
    let printer = ResultPrinter()
    if json { printer.line(report.json) } else { report.lines.forEach(printer.line) }
    printer.flush()
    if !report.holds { throw ExitCode(ExitStatus.someFailed.rawValue) }
  }

  /// One worker at a time, and one chance for each attack: an attack that ends its worker is not tried again.
  private var engine: any Engine {
    var options = EngineOptions(lanes: 1, retries: 0)
    options.isolation = isolation
    return ProcessesEngine(options, channel: .shm, worker: WorkerMode.command)
  }

  /// All attacks. The file that a unit is given is this program, which exists on every machine.
  private func plan() throws -> AttackPlan {
    do {
      let program = FilePath("/proc/self/exe")
      let status = try FileStatus(of: program)
      return AttackPlan(
        Attack.allCases,
        given: .slice(FileSlice(path: program, offset: 0, length: 4096, identity: status.identity)))
    } catch {
      throw ExitStatus.missing.failing("/proc is needed and cannot be read: \(error.reason)")
    }
  }
}

/// What the doctor found.
struct DoctorReport {
  /// Attacks and the reason for which each was refused; nil for one that succeeded.
  private let attacks: [(attack: Attack, refusal: String?)]
  private let isolation: IsolationLevel

  init(_ attacks: [(Attack, String?)], _ isolation: IsolationLevel) {
    self.attacks = attacks
    self.isolation = isolation
  }

  /// True when every attack was refused.
  var holds: Bool { attacks.allSatisfy { $0.refusal != nil } }

  /// What the machine offers: names and values.
  private var machine: [(name: String, value: String)] {
    let libraries = (Codecs.standard.libraries + FileLibraries.versions).map { "\($0.name) \($0.version)" }
    // The time of the report is no fact about the machine.
    return MachineFacts.all().filter { $0.name != "Time" } + [
      ("Landlock", Sandbox.landlockVersion.map { "version \($0)" } ?? "missing"),
      ("Sandbox", Sandbox.missing.isEmpty ? "complete" : "incomplete: \(Sandbox.missing.joined(separator: ", "))"),
      ("io_uring", RingLibrary.isAllowed ? "available" : "refused"),
      ("Huge pages", MachineFacts.hugePages ?? "not told"),
      ("Kernels", Instructions.name),
      ("Limits", MachineFacts.limits),
      ("Libraries", libraries.joined(separator: ", ")),
    ]
  }

  /// The report for people: attacks, verdict, machine.
  var lines: [String] {
    let width = attacks.map(\.attack.words.count).max() ?? 0
    let tries = attacks.map { attack, refusal in
      let name = attack.words + String(repeating: " ", count: width - attack.words.count)
      return "  \(name)  \(refusal.map { "refused: \($0)" } ?? "SUCCEEDED")"
    }
    let succeeded = attacks.count { $0.refusal == nil }
    let verdict =
      holds
      ? "All \(attacks.count) attacks were refused."
      : "\(succeeded) of \(attacks.count) attacks succeeded."
    let names = machine.map(\.name.count).max() ?? 0
    let facts = machine.map { name, value in
      "  \(name + String(repeating: " ", count: names - name.count))  \(value)"
    }
    return ["A worker process (--isolation \(isolation.rawValue)) tried to"] + tries + [verdict, "", "This machine"]
      + facts
  }

  /// The report as one JSON object; `reason` is null for an attack that succeeded.
  var json: String {
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("isolation", isolation.rawValue)
      writer.key("holds")
      writer.value(holds)
      writer.key("attacks")
      writer.array { writer in
        for (attack, refusal) in attacks {
          writer.object { writer in
            writer.member("attack", attack.words)
            writer.key("refused")
            writer.value(refusal != nil)
            writer.member("reason", refusal)
          }
        }
      }
      writer.key("machine")
      writer.object { writer in
        for (name, value) in machine { writer.member(name, value) }
      }
    }
    return writer.text
  }
}

import ArgumentParser
import LanesCore
import LanesImages
import LanesOS
import LanesUsage
import SystemPackage

/// What the shell sees. One place for all of them; the README lists the same.
enum ExitStatus: Int32 {
  case good = 0
  /// The batch ended; some units failed, or a report about it that was asked for could not be written.
  case someFailed = 1
  /// A search that could not be done, or not for every file.
  case trouble = 2
  /// Wrong usage or a refused plan; nothing was written.
  case usage = 64
  /// Something that is required is missing.
  case missing = 69
  /// Stopped early; nothing partial is left.
  case stoppedEarly = 74
  /// Parts of a divided batch are missing; the same words may do later (EX_TEMPFAIL of sysexits.h).
  case unfinished = 75
  /// Two parts of one shard tell different outcomes.
  case contradiction = 76

  /// Ends a command with one sentence on standard error.
  func failing(_ sentence: String) -> ExitCode {
    StandardError.line("lanes: \(sentence)")
    return ExitCode(rawValue)
  }

  /// The status of a run; tells why it ended early, and dies by the signal that ended it.
  static func of(_ record: RunRecord) -> ExitCode? {
    switch record.ending {
    case .complete, .satisfied, .outputClosed:
      return record.unitsFailed > 0 || record.isTraceIncomplete ? ExitCode(someFailed.rawValue) : nil
    case .halted(let reason):
      return stoppedEarly.failing("stopped early: \(reason)")
    case .signalled(let signal):
      StopSignals.die(by: signal)
    }
  }

  /// The status for a run that could not be done at all.
  static func of(_ error: EngineError) -> ExitCode {
    switch error {
    case .missing(let reason): missing.failing(reason)
    case .system(let reason): stoppedEarly.failing(reason)
    }
  }

  static func of(_ refusal: PlanRefusal) -> ExitCode {
    for message in refusal.messages { StandardError.line("lanes: \(message)") }
    return ExitCode(refusal.isUsage ? usage.rawValue : stoppedEarly.rawValue)
  }

  /// The status where a file that was named for results cannot be made, such as "the trace", found before any work.
  static func unwritable(_ file: String, _ error: SystemError) -> ExitCode {
    let remedy =
      error.isFullOrBroken ? "in a folder on another disk" : "in a folder that exists and that you may write to"
    return stoppedEarly.failing("\(file) cannot be written: \(error.reason); name a file \(remedy)")
  }

  /// The same for a file that nobody named, such as those in the folder of a plan.
  static func unwritableOwn(_ file: FilePath, _ error: SystemError) -> ExitCode {
    stoppedEarly.failing("\(file.forDisplay) cannot be written: \(error.reason)")
  }
}

extension ExitStatus {
  /// The statuses of a command for its manual page.
  ///
  /// - Parameters:
  ///   - good: what 0 tells.
  ///   - someFailed: what 1 tells; nil for commands that never end with it.
  ///   - trouble: what 2 tells, likewise.
  static func page(_ good: String, _ someFailed: String?, trouble: String? = nil) -> [ManualPage.Status] {
    let own = [("0", good), ("1", someFailed), ("2", trouble)].compactMap { code, meaning in
      meaning.map { ManualPage.Status(code, $0) }
    }
    return own + [
      ManualPage.Status("64", "Wrong usage, or a refused plan; nothing was written."),
      ManualPage.Status("69", "Something required is missing."),
      ManualPage.Status("74", "Stopped early, or results could not be delivered; nothing partial is left."),
      ManualPage.Status("130, 143", "Stopped by SIGINT or SIGTERM."),
    ]
  }

  /// What commands that look at parts of a divided batch add.
  static let clusterPage = [
    ManualPage.Status("75", "Parts are missing or cannot be used; they are named."),
    ManualPage.Status("76", "Two parts of one shard tell different outcomes."),
  ]

  /// The statuses of a name that only groups commands.
  static let familyPage = [
    ManualPage.Status("0", "Help was printed."), ManualPage.Status("64", "There is no such command."),
  ]
}

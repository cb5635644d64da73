import LanesCore
import LanesJournal
import LanesOS
import LanesUsage
import SystemPackage

/// What results depend on beside the words: program, libraries, and where names begin.
struct RunSurroundings {
  let program: String
  let libraries: String
  /// The current directory, where relative names begin.
  let directory: FilePath

  /// Those of this process.
  static func current() -> RunSurroundings {
    RunSurroundings(
      program: ProgramVersion.program, libraries: ProgramVersion.libraries,
      directory: (try? Folders.current()) ?? FilePath("."))
  }
}

/// Why a command cannot go on with a run file: its results would not be those of the command that began it.
struct RunDifference {
  /// A clause to follow the file's name.
  let sentence: String

  private init(_ sentence: String) { self.sentence = sentence }

  /// Nil where the command may go on. Options of engines, which results do not depend on, may be others.
  init?(_ header: RunHeader, _ words: [String], _ now: RunSurroundings) {
    if header.program != now.program {
      self.init("was written by lanes \(header.program), and this is lanes \(now.program)")
    } else if header.libraries != now.libraries {
      self.init("was written with \(header.libraries), and this program has \(now.libraries)")
    } else if header.directory != now.directory {
      let (there, here) = (header.directory.forDisplay, now.directory.forDisplay)
      self.init("was written in \(there), and names mean other files in \(here): resume it there")
    } else {
      guard header.words != words, let difference = Self.difference(header, words, isOnly: false) else { return nil }
      self = difference
    }
  }

  /// How options of engines differ; for a workload that turned out to be another although all other words agree.
  static func ofEngineOptions(_ header: RunHeader, _ words: [String]) -> RunDifference? {
    difference(header, words, isOnly: true)
  }

  /// - Parameter isOnly: only options of engines are compared; otherwise all others and the operands.
  private static func difference(_ header: RunHeader, _ words: [String], isOnly: Bool) -> RunDifference? {
    guard let table = CommandTable(dump: LanesCommand._dumpHelp()) else { return nil }
    // The command's own name: one word for primes, a group and a word for all others.
    let family = { (words: [String]) in words.prefix(words.first == "primes" ? 1 : 2).joined(separator: " ") }
    guard family(header.words) == family(words) else {
      return RunDifference("was written by lanes \(family(header.words)), and this is lanes \(family(words))")
    }
    let (earlier, given) = (withoutRunFile(header.words, table), withoutRunFile(words, table))
    let found = given.difference(from: earlier, leavingOut: EngineArguments.section, isOnly: isOnly)
    return found.map { RunDifference("was written \($0.earlier), and this command \($0.now)") }
  }

  /// The option that names the run file differs between beginning and going on.
  private static func withoutRunFile(_ words: [String], _ table: CommandTable) -> GivenWords {
    GivenWords(words, table, leavingOut: ["--journal", "--resume"])
  }
}

import ArgumentParser
import LanesCore
import LanesFiles
import LanesOS

/// The options of `lanes files search`, with grep's letters.
struct SearchArguments: ParsableArguments {
  @Option(
    name: [.customShort("e", allowingJoined: true), .customLong("regexp")],
    help: ArgumentHelp("Search for PATTERN; may be given several times.", valueName: "PATTERN"))
  var expressions: [String] = []

  @Flag(name: [.customShort("F"), .long], help: "PATTERN is text, not a regular expression.")
  var fixedStrings = false

  @Flag(name: [.short, .long], help: "Match both cases of the letters A to Z.")
  var ignoreCase = false

  @Flag(name: [.customShort("v"), .long], help: "Select lines that do not match.")
  var invertMatch = false

  @Flag(name: [.short, .long], help: "Match whole words only.")
  var wordRegexp = false

  @Flag(name: [.customShort("x"), .long], help: "Match whole lines only.")
  var lineRegexp = false

  @Flag(name: [.short, .long], help: "Print how many lines of each file are selected.")
  var count = false

  @Flag(name: [.customShort("l"), .long], help: "Print only names of files with selected lines.")
  var filesWithMatches = false

  @Option(
    name: [.customShort("m", allowingJoined: true), .long],
    help: ArgumentHelp("Stop reading a file after NUM selected lines.", valueName: "NUM"), transform: parseCount)
  var maxCount: UInt64?

  @Flag(name: [.customShort("n"), .long], help: "Print line numbers.")
  var lineNumber = false

  @Flag(name: [.short, .long], help: "Print only what matches, each match on a line.")
  var onlyMatching = false

  @Flag(name: [.customShort("H"), .long], help: "Print the name of the file with each line.")
  var withFilename = false

  @Flag(name: [.customShort("h"), .long], help: "Never print names of files.")
  var noFilename = false

  @Flag(name: [.customShort("a"), .long], help: "Search binary files as if they were text.")
  var text = false

  @Option(help: ArgumentHelp("Mark matches, names and numbers by colours: auto, always, never.", valueName: "WHEN"))
  var color = ColorChoice.auto

  enum ColorChoice: String, ExpressibleByArgument, CaseIterable { case auto, always, never }

  func validate() throws {
    if withFilename && noFilename { throw ValidationError("-H and -h exclude each other.") }
  }

  /// Whether lines and counts bear names: where there are several files, unless told otherwise, as with grep.
  func showsNames(_ inputs: [FileInput], recursive: Bool) -> Bool {
    if noFilename || withFilename { return withFilename }
    return inputs.count > 1 || recursive && inputs.contains { $0.isDirectory }
  }

  /// - Parameter patterns: each may hold several, one a line.
  func options(_ patterns: [Bytes], isNamed: Bool, isJSON: Bool, noColor: Bool) -> SearchOptions {
    var options = SearchOptions(
      patterns.flatMap { $0.split(separator: 0x0A, omittingEmptySubsequences: false).map(Bytes.init) })
    options.isFixed = fixedStrings
    options.ignoresCase = ignoreCase
    options.isInverted = invertMatch
    options.matchesWords = wordRegexp
    options.matchesLines = lineRegexp
    options.isText = text
    options.report = filesWithMatches ? .names : count ? .counts : .lines
    options.onlyMatching = onlyMatching
    options.numbersLines = (lineNumber || isJSON) && options.report == .lines
    options.separatesLines = isNamed || isJSON
    options.limit = maxCount
    options.marksMatches = isColored(noColor) && !isJSON && !invertMatch
    return options
  }

  private func isColored(_ noColor: Bool) -> Bool {
    switch color {
    case .always: true
    case .never: false
    case .auto: !noColor && Terminal.variable("NO_COLOR") == nil && Terminal.isTerminal(1)
    }
  }
}

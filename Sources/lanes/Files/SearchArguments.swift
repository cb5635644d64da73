import ArgumentParser
import LanesCore
import LanesFiles
import LanesOS
import Synchronization

/// The options of `lanes files search`, with grep's letters.
struct SearchArguments: ParsableArguments {
  // `.unconditionalSingleValue`: patterns may begin with a hyphen.
  @Option(
    name: [.customShort("e", allowingJoined: true), .customLong("regexp")], parsing: .unconditionalSingleValue,
    help: ArgumentHelp("Search for PATTERN; may be given several times.", valueName: "PATTERN"))
  var expressions: [String] = []

  @Option(
    name: [.customShort("f", allowingJoined: true), .customLong("file")],
    help: ArgumentHelp(
      "Search for the patterns in FILE, one a line; none of them matches where it is empty.", valueName: "FILE"),
    completion: .file())
  var patternFiles: [String] = []

  @Flag var syntax: [SyntaxChoice] = []

  @Flag(exclusivity: .chooseLast) var letterCase: CaseChoice?

  @Flag(name: [.customShort("v"), .long], help: "Select lines that do not match.")
  var invertMatch = false

  @Flag(name: [.short, .long], help: "Match whole words only.")
  var wordRegexp = false

  @Flag(name: [.customShort("x"), .long], help: "Match whole lines only.")
  var lineRegexp = false

  @Flag(name: [.short, .long], help: "Print how many lines of each file are selected.")
  var count = false

  @Flag(help: "Print how many matches each file has, of those that -o prints.")
  var countMatches = false

  @Flag(exclusivity: .chooseLast) var listing: ListingChoice?

  @Option(
    name: [.customShort("m", allowingJoined: true), .long], parsing: .unconditional,
    help: ArgumentHelp("Stop reading a file after NUM selected lines.", valueName: "NUM"), transform: parseLimit)
  var maxCount: UInt64?

  @Flag(name: [.customShort("n"), .long], help: "Print line numbers.")
  var lineNumber = false

  @Flag(name: [.short, .long], help: "Print only what matches, each match on a line.")
  var onlyMatching = false

  @Option(
    name: [.customShort("A", allowingJoined: true), .long],
    help: ArgumentHelp("Print NUM lines behind each selected line, too.", valueName: "NUM"), transform: parseContext)
  var afterContext: Int?

  @Option(
    name: [.customShort("B", allowingJoined: true), .long],
    help: ArgumentHelp("Print NUM lines ahead of each selected line, too.", valueName: "NUM"), transform: parseContext)
  var beforeContext: Int?

  @Option(
    name: [.customShort("C", allowingJoined: true), .long],
    help: ArgumentHelp("Print NUM lines ahead and behind; -NUM means the same.", valueName: "NUM"),
    transform: parseContext)
  var context: Int?

  @Flag(exclusivity: .chooseLast) var names: NamesChoice?

  @Flag(
    name: [.customShort("Z"), .long], help: "Print a zero byte behind each name of a file instead of what follows it.")
  var null = false

  @Flag(name: [.customShort("s"), .long], help: "Say nothing of files that cannot be read.")
  var noMessages = false

  @Flag(exclusivity: .chooseLast) var binaryChoice: BinaryChoice?

  @Option(
    help: ArgumentHelp(
      "What becomes of binary files: binary (only that they match is told), text, without-match.", valueName: "TYPE"))
  var binaryFiles: BinaryFiles?

  @OptionGroup(title: "Layout options")
  var layout: SearchLayout

  @Option(
    help: ArgumentHelp(
      "Search only files whose names match GLOB; of several such options the last counts.", valueName: "GLOB"),
    transform: OrderedGlob.init)
  var include: [OrderedGlob] = []

  @Option(help: ArgumentHelp("Pass over files whose names match GLOB.", valueName: "GLOB"), transform: OrderedGlob.init)
  var exclude: [OrderedGlob] = []

  @Option(help: ArgumentHelp("Pass over directories whose names match GLOB.", valueName: "GLOB"))
  var excludeDir: [String] = []

  @Option(help: ArgumentHelp("Mark matches, names and numbers by colors: auto, always, never.", valueName: "WHEN"))
  var color = ColorChoice.auto

  /// `--color`: `auto` marks matches where a terminal that takes color reads.
  enum ColorChoice: String, ExpressibleByArgument, CaseIterable { case auto, always, never }

  func validate() throws {
    // The same letter twice is harmless.
    if Set(syntax).count > 1 { throw ValidationError("-E, -F and -P exclude each other") }
    if layout.replacement != nil, maxCount != nil, beforeContext ?? afterContext ?? context != nil {
      throw ValidationError("--replace, --max-count and lines around selected ones do not go together; leave one out")
    }
  }
}

/// A glob and its place among all globs of the command line: of `--include` and `--exclude` the last one that matches counts.
struct OrderedGlob {
  let glob: String
  let place: Int
  private static let places = Atomic<Int>(0)

  @Sendable init(_ glob: String) {
    self.glob = glob
    // The parser transforms values on one thread, in the order of the command line; relaxed ordering is enough.
    place = Self.places.wrappingAdd(1, ordering: .relaxed).newValue
  }
}

/// `--max-count`. Below zero means without a limit, as with grep.
@Sendable func parseLimit(_ text: String) throws -> UInt64 {
  text.hasPrefix("-") && Int(text) != nil ? .max : try parseCount(text)
}

/// `-A`, `-B`, `-C`. Clamped to 2^48 lines, more than any input has: adding a line number cannot overflow.
@Sendable func parseContext(_ text: String) throws -> Int { Int(min(try parseCount(text), 1 << 48)) }

extension SearchArguments {
  /// Whether lines and counts bear names: as with grep, unless told otherwise, where there may be several files.
  func showsNames(_ inputs: [FileInput], recursive: Bool) -> Bool {
    if let names { return names == .withFilename }
    if layout.vimgrep { return true }
    return inputs.count > 1 || recursive && inputs.contains { $0.isDirectory }
  }

  /// The files and directories to pass over.
  var filter: NameFilter? {
    // The parser keeps each option's values apart; their places put them into one order again.
    let rules = include.map { ($0, true) } + exclude.map { ($0, false) }
    return NameFilter(
      files: rules.sorted { $0.0.place < $1.0.place }.map {
        NameFilter.Rule(RawArguments.bytes($0.0.glob), isIncluding: $0.1)
      },
      excludedDirectories: excludeDir.map { RawArguments.bytes($0) })
  }

  /// What these arguments ask for.
  ///
  /// - Parameters:
  ///   - patterns: one each.
  ///   - isNamed: lines bear the names of their files.
  ///   - isQuiet: nothing is to be printed.
  func options(_ patterns: [Bytes], isNamed: Bool, isQuiet: Bool, isJSON: Bool, noColor: Bool) -> SearchOptions {
    var options = SearchOptions(patterns)
    // `validate` has seen to it that all given are the same.
    options.syntax =
      switch syntax.first {
      case .extendedRegexp: .extended
      case .fixedStrings: .fixed
      case .perlRegexp, nil: .perl
      }
    options.ignoresCase =
      switch letterCase {
      case .ignoreCase: true
      case .smartCase: SmartCase.ignoresCase(patterns, isText: options.syntax == .fixed)
      case .noIgnoreCase, nil: false
      }
    options.isInverted = invertMatch
    options.matchesWords = wordRegexp
    options.matchesLines = lineRegexp
    // The option with a word counts where both are given.
    let binary = binaryFiles ?? binaryChoice.map { $0 == .text ? .text : .withoutMatch } ?? .binary
    options.isText = binary == .text
    options.skipsBinary = binary == .withoutMatch
    // As with grep, -q overrides -l and -L, and these override -c.
    options.report =
      isQuiet
      ? .nothing
      : listing.map { $0 == .filesWithMatches ? .names : .namesWithout } ?? (count || countMatches ? .counts : .lines)
    options.countsMatches = options.report == .counts && countMatches
    options.onlyMatching = onlyMatching
    // Numbers take counting the newlines of every slice, so they are asked for only where lines are printed.
    options.numbersLines = (lineNumber || layout.vimgrep || isJSON) && options.report == .lines
    if options.report == .lines {
      options.tellsOffsets = layout.byteOffset
      options.tellsColumns = layout.column || layout.vimgrep
      options.repeatsLines = layout.vimgrep && !onlyMatching
      options.replacement = layout.replacement.map { RawArguments.bytes($0) }
      options.longestLine = layout.maxColumns
    }
    // Otherwise the lines of a slice can be printed in one piece.
    options.separatesLines = isNamed || isJSON
    options.limit = maxCount == .max ? nil : maxCount
    // Escape sequences would be part of the JSON text. What shards find and what is printed of it has the same colors.
    if isColored(noColor), !isJSON {
      options.colors = SearchColors(
        Division.frozen("colors") { Bytes((Terminal.variable("GREP_COLORS") ?? "").utf8) })
    }
    // -A and -B override -C on their own side, as with grep; -A alone means no lines before.
    if options.report == .lines, let before = beforeContext ?? context ?? afterContext.map({ _ in 0 }) {
      options.context = SearchOptions.Context(before: before, after: afterContext ?? context ?? 0)
    }
    return options
  }

  /// Only `auto` looks at the terminal and at --no-color.
  private func isColored(_ noColor: Bool) -> Bool {
    switch color {
    case .always: true
    case .never: false
    // What shards find is colored before anybody knows where it will be printed.
    case .auto: !noColor && !Division.isDivided && Terminal.takesColor(1)
    }
  }
}

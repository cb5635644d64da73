import LanesCore

/// What is searched for and what of it is told.
package struct SearchOptions: Sendable, Equatable {
  /// What is told of an input.
  package enum Report: UInt8, Sendable {
    /// Selected lines.
    case lines
    /// Their number.
    case counts
    /// The name, where there is one.
    case names
    /// The name, where there is none.
    case namesWithout
    /// Nothing: it is enough to know whether there is one, and the search ends with the first.
    case nothing
  }

  /// How patterns are written.
  package enum Syntax: UInt8, Sendable {
    /// As PCRE2 reads them, which is how Perl does; of several matches at one place the first alternative counts.
    case perl
    /// POSIX's extended expressions with GNU's additions; of several matches at one place the longest counts.
    case extended
    /// Text that matches itself; of several texts at one place the longest counts.
    case fixed
  }

  /// How many lines are told before a selected one and after it.
  package struct Context: Sendable, Equatable {
    package var before: Int
    package var after: Int

    package init(before: Int, after: Int) {
      self.before = before
      self.after = after
    }
  }

  /// A line is selected when it matches one of these.
  package var patterns: [Bytes]
  package var syntax = Syntax.perl
  /// Letters of ASCII match both cases.
  package var ignoresCase = false
  /// Lines are selected that do not match.
  package var isInverted = false
  /// Matches begin and end at words, of letters, digits and underscores.
  package var matchesWords = false
  /// Matches are whole lines.
  package var matchesLines = false
  /// Zero bytes do not make a file binary and do not end lines.
  package var isText = false
  package var report = Report.lines
  /// Only what matches is told of a line.
  package var onlyMatching = false
  /// Line numbers are wanted.
  package var numbersLines = false
  /// Lines of an input are told apart, since each gets something of its own, such as a name.
  package var separatesLines = false
  /// Matches and lines are put between the escape sequences of these colors.
  package var colors: SearchColors?
  /// Where each line begins is wanted, or each match where only these are told.
  package var tellsOffsets = false
  /// Where the first match of a line begins is wanted.
  package var tellsColumns = false
  /// A line is told once for each of its matches.
  package var repeatsLines = false
  /// Of inputs, it is counted how many matches they have; otherwise how many selected lines.
  package var countsMatches = false
  /// A file that holds a zero byte is searched up to there, and not at all where that is among its first bytes.
  package var skipsBinary = false
  /// What is told in place of each match; see `Replacement`.
  package var replacement: Bytes?
  /// Bytes that a told line may have; instead of a longer one, it is told that there is one.
  package var longestLine: Int?
  /// Lines to select in each input at most.
  package var limit: UInt64?
  /// Lines around selected ones that are told as well; nil also tells no groups apart.
  package var context: Context?

  /// A search for lines that match `patterns`, with all else as stated above.
  package init(_ patterns: [Bytes]) { self.patterns = patterns }

  /// True where it counts which part of a line matches.
  var looksIntoLines: Bool {
    onlyMatching || colors != nil || replacement != nil || tellsColumns || repeatsLines || countsMatches
  }

  /// True where what is told of lines goes in one piece no more.
  var notesLines: Bool { separatesLines || countsLines || limit != nil || tellsOffsets || tellsColumns }

  /// False for a replacement by groups, unless patterns are Perl's: the longest match is found without its groups.
  package var canReplace: Bool {
    syntax == .perl || replacement.map { Replacement($0).needsNoGroups } ?? true
  }

  /// True when each told line is known by its number in the slice.
  var countsLines: Bool { numbersLines || context != nil }

  /// What ends a line: where a slice, or a piece of one, may end.
  package var ends: LineEnds { isText ? .newline : .newlineOrZero }

  /// True when not a single line can be selected whatever is read, so that GNU grep reads nothing: at most none are
  /// wanted, or none is left by what was asked for.
  package var isHopeless: Bool {
    guard report != .namesWithout else { return false }
    if limit == 0 { return true }
    if patterns.isEmpty { return !isInverted }
    return patterns == [[]] && isInverted && !matchesWords && !matchesLines
  }
}

extension SearchOptions {
  /// Writes everything that searching needs; reading takes the members in the same order.
  func write(to writer: inout WireWriter) {
    writer.write(UInt32(patterns.count))
    for pattern in patterns { writer.write(pattern) }
    for flag in [
      ignoresCase, isInverted, matchesWords, matchesLines, isText, onlyMatching, numbersLines, separatesLines,
      tellsOffsets, tellsColumns, repeatsLines, countsMatches, skipsBinary,
    ] { writer.write(flag) }
    writer.write(colors != nil)
    colors?.write(to: &writer)
    writer.write(replacement != nil)
    if let replacement { writer.write(replacement) }
    writer.write(optional: longestLine.map(Int64.init))
    writer.write(syntax.rawValue)
    writer.write(report.rawValue)
    writer.write(optional: limit)
    writer.write(context != nil)
    guard let context else { return }
    writer.write(Int64(context.before))
    writer.write(Int64(context.after))
  }

  /// Throws on kinds that this program does not know.
  init(from reader: inout WireReader) throws(WireError) {
    self.init([])
    for _ in 0..<(try reader.read(UInt32.self)) { patterns.append(try reader.readBytes()) }
    ignoresCase = try reader.readBool()
    isInverted = try reader.readBool()
    matchesWords = try reader.readBool()
    matchesLines = try reader.readBool()
    isText = try reader.readBool()
    onlyMatching = try reader.readBool()
    numbersLines = try reader.readBool()
    separatesLines = try reader.readBool()
    tellsOffsets = try reader.readBool()
    tellsColumns = try reader.readBool()
    repeatsLines = try reader.readBool()
    countsMatches = try reader.readBool()
    skipsBinary = try reader.readBool()
    if try reader.readBool() { colors = try SearchColors(from: &reader) }
    if try reader.readBool() { replacement = try reader.readBytes() }
    longestLine = try reader.readOptional(Int64.self).map { Int($0) }
    guard let syntax = Syntax(rawValue: try reader.read()), let report = Report(rawValue: try reader.read()) else {
      throw WireError("an unknown kind of search")
    }
    (self.syntax, self.report) = (syntax, report)
    limit = try reader.readOptional()
    guard try reader.readBool() else { return }
    context = Context(before: Int(try reader.read(Int64.self)), after: Int(try reader.read(Int64.self)))
  }
}

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
  }

  /// A line is selected when it matches one of these.
  package var patterns: [Bytes]
  /// Patterns are text, not regular expressions.
  package var isFixed = false
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
  /// Matches are put between the escape sequences of a colour.
  package var marksMatches = false
  /// Lines to select in each input at most.
  package var limit: UInt64?

  package init(_ patterns: [Bytes]) { self.patterns = patterns }
}

extension SearchOptions {
  func write(to writer: inout WireWriter) {
    writer.write(UInt32(patterns.count))
    for pattern in patterns { writer.write(pattern) }
    for flag in [
      isFixed, ignoresCase, isInverted, matchesWords, matchesLines, isText, onlyMatching, numbersLines, separatesLines,
      marksMatches,
    ] { writer.write(flag) }
    writer.write(report.rawValue)
    writer.write(optional: limit)
  }

  init(from reader: inout WireReader) throws(WireError) {
    self.init([])
    for _ in 0..<(try reader.read(UInt32.self)) { patterns.append(try reader.readBytes()) }
    isFixed = try reader.readBool()
    ignoresCase = try reader.readBool()
    isInverted = try reader.readBool()
    matchesWords = try reader.readBool()
    matchesLines = try reader.readBool()
    isText = try reader.readBool()
    onlyMatching = try reader.readBool()
    numbersLines = try reader.readBool()
    separatesLines = try reader.readBool()
    marksMatches = try reader.readBool()
    guard let report = Report(rawValue: try reader.read()) else { throw WireError("an unknown kind of report") }
    self.report = report
    limit = try reader.readOptional()
  }
}

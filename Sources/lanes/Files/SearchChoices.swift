import ArgumentParser
import LanesCore

/// `-E`, `-F`, `-P`: how patterns are written.
enum SyntaxChoice: EnumerableFlag {
  case extendedRegexp, fixedStrings, perlRegexp

  static func name(for value: SyntaxChoice) -> NameSpecification {
    switch value {
    case .extendedRegexp: [.customShort("E"), .long]
    case .fixedStrings: [.customShort("F"), .long]
    case .perlRegexp: [.customShort("P"), .long]
    }
  }

  static func help(for value: SyntaxChoice) -> ArgumentHelp? {
    switch value {
    case .extendedRegexp: "PATTERN is an extended regular expression, as grep -E reads it."
    case .fixedStrings: "PATTERN is text, not a regular expression."
    case .perlRegexp: "PATTERN is a regular expression in Perl's syntax (default)."
    }
  }
}

/// `-l`, `-L`: which names are printed. The last one given counts, as with grep.
enum ListingChoice: EnumerableFlag {
  case filesWithMatches, filesWithoutMatch

  static func name(for value: ListingChoice) -> NameSpecification {
    switch value {
    case .filesWithMatches: [.customShort("l"), .long]
    case .filesWithoutMatch: [.customShort("L"), .long]
    }
  }

  static func help(for value: ListingChoice) -> ArgumentHelp? {
    switch value {
    case .filesWithMatches: "Print only names of files with selected lines."
    case .filesWithoutMatch: "Print only names of files without selected lines."
    }
  }
}

/// `-H`, `-h`: whether lines bear names. The last one given counts, as with grep.
enum NamesChoice: EnumerableFlag {
  case withFilename, noFilename

  static func name(for value: NamesChoice) -> NameSpecification {
    switch value {
    case .withFilename: [.customShort("H"), .long]
    case .noFilename: [.customShort("h"), .long]
    }
  }

  static func help(for value: NamesChoice) -> ArgumentHelp? {
    switch value {
    case .withFilename: "Print the name of the file with each line."
    case .noFilename: "Never print names of files."
    }
  }
}

/// `-i`, `-S`: whether letters match both cases. The last one given counts, as with grep and ripgrep.
enum CaseChoice: EnumerableFlag {
  case ignoreCase, smartCase, noIgnoreCase

  static func name(for value: CaseChoice) -> NameSpecification {
    switch value {
    case .ignoreCase: [.customShort("i"), .long]
    case .smartCase: [.customShort("S"), .long]
    case .noIgnoreCase: .long
    }
  }

  static func help(for value: CaseChoice) -> ArgumentHelp? {
    switch value {
    case .ignoreCase: "Match both cases of the letters A to Z."
    case .smartCase: "Do so where patterns have letters and none of them is a capital."
    case .noIgnoreCase: "Tell the cases apart (default)."
    }
  }
}

/// `-a`, `-I`: what becomes of files that hold zero bytes. The last one given counts.
enum BinaryChoice: EnumerableFlag {
  case text, noBinary

  static func name(for value: BinaryChoice) -> NameSpecification {
    switch value {
    case .text: [.customShort("a"), .long]
    case .noBinary: .customShort("I")
    }
  }

  static func help(for value: BinaryChoice) -> ArgumentHelp? {
    switch value {
    case .text: "Search binary files as if they were text."
    case .noBinary: "Pass over binary files."
    }
  }
}

/// `--binary-files`: the same by a word.
enum BinaryFiles: String, ExpressibleByArgument, CaseIterable {
  case binary, text
  case withoutMatch = "without-match"
}

/// Whether -S has patterns match both cases.
enum SmartCase {
  /// True where some letter stands for itself in the patterns and no capital does. What follows a backslash stands for
  /// something else.
  static func ignoresCase(_ patterns: [Bytes], isText: Bool) -> Bool {
    var hasLetter = false
    for pattern in patterns {
      var rest = pattern[...]
      while let byte = rest.popFirst() {
        if byte == UInt8(ascii: "\\"), !isText {
          skipEscape(&rest)
        } else if (0x41...0x5A).contains(byte) {
          return false
        } else if (0x61...0x7A).contains(byte) {
          hasLetter = true
        }
      }
    }
    return hasLetter
  }

  /// Passes over what a backslash gives a meaning to: a letter, and a name in braces where one may follow.
  private static func skipEscape(_ rest: inout ArraySlice<UInt8>) {
    guard let letter = rest.popFirst() else { return }
    if Bytes("pPxogkN".utf8).contains(letter), rest.first == UInt8(ascii: "{"),
      let end = rest.firstIndex(of: UInt8(ascii: "}"))
    {
      rest = rest[(end + 1)...]
    } else if letter == UInt8(ascii: "x") {
      let digits = rest.prefix(2).prefix { Character(UnicodeScalar($0)).isHexDigit }
      rest = rest.dropFirst(digits.count)
    }
  }
}

/// The options that say what is printed in front of lines, between them and instead of them.
struct SearchLayout: ParsableArguments {
  @Flag(
    name: [.customShort("b"), .long], help: "Print where each line begins, in bytes from 0, or with -o each match.")
  var byteOffset = false

  @Flag(help: "Print in which column of its line the first match begins, in bytes from 1.")
  var column = false

  @Flag(help: "Print a line for each match, with name, line number and column.")
  var vimgrep = false

  @Option(
    name: .customLong("replace"),
    help: ArgumentHelp(
      "Print TEXT in place of each match; $1 or ${name} in it is a group, $0 the match, $$ a dollar sign.",
      valueName: "TEXT"))
  var replacement: String?

  @Option(
    name: [.customShort("M", allowingJoined: true), .long],
    help: ArgumentHelp("Leave out lines of more than NUM bytes, and say so; 0 for no limit.", valueName: "NUM"),
    transform: parseColumns)
  var maxColumns: Int?

  @Option(
    help: ArgumentHelp("Print TEXT between groups of lines with -A, -B or -C.", valueName: "TEXT"))
  var groupSeparator = "--"

  @Flag(help: "Print nothing between groups of lines.")
  var noGroupSeparator = false

  @Option(help: ArgumentHelp("Call standard input NAME.", valueName: "NAME"))
  var label: String?

  @Flag(help: "Print each line as soon as it is read, from a program that goes on writing.")
  var lineBuffered = false
}

/// `--max-columns`. Nothing is limited by 0, as with ripgrep.
@Sendable func parseColumns(_ text: String) throws -> Int {
  let count = try parseCount(text)
  return count == 0 ? .max : Int(clamping: count)
}

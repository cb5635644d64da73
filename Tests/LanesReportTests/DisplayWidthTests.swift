import LanesCore
import LanesReport
import Testing

@Suite struct DisplayWidthTests {
  @Test(arguments: [
    ("", 0), ("grep -c", 7), ("±×µ–", 4), ("日本語", 6), ("한국어", 6), ("한", 2), ("ｗｉｄｅ", 8), ("ｶﾅ", 2), ("🎉", 2), ("👩‍👩‍👧‍👦", 2),
    ("🇯🇵", 2), ("❤️", 2), ("❤", 1), ("e\u{301}", 1), ("नमस्ते", 4), ("a\u{200B}b", 2), ("。、", 4), ("1", 1), ("©", 1),
    ("𠀀", 2),
  ]) func `a text takes the columns that a terminal gives it`(_ text: String, _ columns: Int) {
    #expect(text.displayWidth == columns)
  }

  @Test func `text is padded and cut by columns`() {
    #expect("日本".rightPadded(to: 6) == "日本  " && "日本".leftPadded(to: 6) == "  日本" && "日本".leftPadded(to: 3) == "日本")
    #expect("日本語".prefix(columns: 5) == "日本" && "日本語".suffix(columns: 5) == "本語" && "日本".prefix(columns: 0) == "")
    #expect(Readable.shortened("日本語の長い名前です", to: 11).displayWidth <= 11)
    #expect(Readable.shortened("日本語", to: 6) == "日本語")
  }

  @Test(arguments: [60, 100]) func `columns of a table stand below each other whatever the script of the names`(
    _ width: Int
  ) {
    func contender(_ name: String, _ wall: Int64) -> CommandContender {
      let runs = (0..<5).map { CommandRun(exit: .status(0), wall: wall + Int64($0) * 1_000, usage: ProcessUsage()) }
      return CommandContender(name: name, command: name, runs: runs)
    }
    let names = ["plain", "日本語の命令", "🎉 fête", "名前がとても長くて切らなければならない命令、そしてもっと長い命令", "한국어 e\u{301}"]
    let comparison = CommandComparison(names.enumerated().map { contender($1, Int64($0 + 1) * 10_000_000) })
    let lines = CommandText(comparison, width: width).lines()
    let rows = lines.filter { $0.contains("ms") && ($0.hasPrefix("  ") || $0.hasPrefix("* ")) }
    #expect(rows.count == names.count, "\(lines)")
    // The first figure ends in the same column in each row.
    let ends = rows.map { row in row.firstRange(of: "ms").map { String(row[..<$0.lowerBound]).displayWidth } }
    #expect(Set(ends).count == 1, "\(lines)")
    // A sentence may hold a name that has no place to break it.
    #expect(rows.allSatisfy { $0.displayWidth <= width }, "\(lines)")
  }
}

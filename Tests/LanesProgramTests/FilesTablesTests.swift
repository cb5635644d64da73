import LanesCore
import LanesOS
import LanesTesting
import SystemPackage
import Testing

/// `lanes files stats`, `top` and `histogram` as a user runs them.
@Suite struct FilesTablesTests {
  /// A table of 18 MB, so that there are several slices, with what awk makes of it in whole numbers.
  private static let table: (folder: TemporaryFolder, expected: [String])? = {
    let folder = TemporaryFolder()
    let make = """
      cd "$1" && awk 'BEGIN {
        for (i = 0; i < 900000; i++) { x = (i * 7919) % 20011 - 9000; printf "name %d;%d.%d\\n", i % 417, x / 10, (x < 0 ? -x : x) % 10 }
      }' > table && awk -F'[;.]' '{
        x = ($2 ~ /^-/) ? $2 * 10 - $3 : $2 * 10 + $3
        n[$1]++; s[$1] += x
        if (n[$1] == 1 || x < low[$1]) low[$1] = x
        if (n[$1] == 1 || x > high[$1]) high[$1] = x
      } END { for (k in n) printf "%s|%d|%d|%d|%d\\n", k, n[k], s[k], low[k], high[k] }' table | sort
      """
    guard let made = try? Program.shell(make, [folder.path.string]), made.exit == .status(0) else { return nil }
    return (folder, made.lines)
  }()

  private let stats = ["files", "stats", "-d", ";", "--column", "2", "--by", "1"]

  /// A number of tenths, as awk added them up.
  private func tenths(_ text: Substring) -> Int {
    let parts = text.split(separator: ".")
    let whole = (Int(parts[0]) ?? 0) * 10
    guard parts.count == 2, let tenth = Int(parts[1]) else { return whole }
    return text.hasPrefix("-") ? whole - tenth : whole + tenth
  }

  @Test(arguments: EngineChoice.all) func `statistics by a key are those of awk`(_ engine: EngineChoice) throws {
    let (folder, expected) = try #require(Self.table)
    #expect(expected.count == 417)
    for split in ["data", "tasks"] {
      let run = try Program.run(stats + ["table", "--split", split] + engine.flags, directory: folder.path)
      #expect(run.exit == .status(0) && run.errors == "")
      let rows = run.text.split(separator: "\n").dropFirst().map { line -> String in
        let cells = line.split(separator: " ", maxSplits: 6, omittingEmptySubsequences: true)
        return "\(cells[6].drop { $0 == " " })|\(cells[0])|"
          + cells[1...3].map { "\(tenths($0))" }.joined(separator: "|")
      }
      #expect(rows.sorted() == expected.sorted())
    }
  }

  @Test func `any number of lanes prints the same bytes`() throws {
    let (folder, _) = try #require(Self.table)
    let operations = [stats, ["files", "top", "-k", "50"], ["files", "top", "--lines"], ["files", "histogram"]]
    for operation in operations {
      let expected = try Program.run(operation + ["table", "--mode", "serial"], directory: folder.path)
      #expect(expected.exit == .status(0) && !expected.text.isEmpty)
      for lanes in [1, 3, 8] {
        for mode in ["threads", "processes"] {
          let run = try Program.run(
            operation + ["table", "--mmap", "--mode", mode, "--cores", "\(lanes)"], directory: folder.path)
          #expect(run.text == expected.text, "\(operation) \(mode) \(lanes)")
        }
      }
    }
  }

  @Test(arguments: EngineChoice.all) func `words and lines are counted as sort and uniq count them`(
    _ engine: EngineChoice
  ) throws {
    let (folder, _) = try #require(Self.table)
    for (flag, expected) in Self.sorted {
      for (words, input) in [(["table"], RunningProgram.Input.nothing), ([], .file(folder.file("table")))] {
        let run = try Program.run(
          ["files", "top", "-k", "20", flag] + words + engine.flags, input: input, directory: folder.path)
        #expect(run.text == expected)
      }
    }
    #expect(Self.sorted.count == 2)
  }

  /// What sort and uniq make of the table, by option; made once, for it takes seconds.
  private static let sorted: [String: String] = ["--words": "tr -s ' \\n' '\\n\\n' < table", "--lines": "cat table"]
    .compactMapValues { split in
      table.flatMap { table in
        try? Program.shell(
          "cd \"$1\" && \(split) | sort | uniq -c | sort -k1,1nr -s | head -n 20", [table.folder.path.string]
        ).text
      }
    }

  @Test(arguments: EngineChoice.all) func `bytes are counted as od and uniq count them`(_ engine: EngineChoice) throws {
    let expected = try Program.shell(
      "cd \"$1\" && od -An -v -tx1 bytes.bin utf8.txt | tr -s ' ' '\\n' | grep . | sort | uniq -c | awk '{print $2, $1}'",
      [Fixtures.texts.string])
    let run = try Program.run(
      ["files", "histogram", "bytes.bin", "utf8.txt"] + engine.flags, directory: Fixtures.texts)
    let rows = run.text.split(separator: "\n").dropFirst().dropLast().map { line -> String in
      let cells = line.split(separator: " ")
      return "\(cells[0]) \(cells[cells.count - 3])"
    }
    #expect(rows.joined(separator: "\n") + "\n" == expected.text)
    #expect(rows.count == 256)
  }

  @Test(arguments: EngineChoice.all) func `a bad number names its line, and the other files count`(
    _ engine: EngineChoice
  ) throws {
    let (folder, _) = try #require(Self.table)
    let spoil = "cd \"$1\" && sed '734567s/;.*/;bad/' table > \"$2\" && printf 'a;1\\na;2\\n' > small-\"$2\""
    let name = "spoiled-\(engine.testDescription.replacing("/", with: "-"))"
    _ = try Program.shell(spoil, [folder.path.string, name])
    let run = try Program.run(stats + [name, "small-\(name)", "missing"] + engine.flags, directory: folder.path)
    #expect(run.exit == .status(1))
    #expect(
      run.errorLines == [
        "lanes: \(name): line 734567: \"bad\" is not a number", "lanes: missing: no such file or directory",
      ])
    #expect(
      run.text
        == "count  sum  min  max  mean              stddev  key\n    2    3    1    2   1.5  0.7071067811865476  a\n")
  }

  @Test func `results come as JSON`() throws {
    let input = RunningProgram.Input.bytes(Bytes("x,y\na,0.1\na,0.2\n\"b\",\n".utf8))
    let stats = try Program.run(
      ["files", "stats", "--header", "--column", "y", "--by", "x", "--json"], input: input)
    #expect(
      stats.text.split(separator: "\n") == [
        #"{"type":"stats","key":"a","count":2,"sum":0.3,"min":0.1,"max":0.2,"mean":0.15,"stddev":0.07071067811865475}"#,
        #"{"type":"stats","key":"b","count":0,"sum":0,"min":null,"max":null,"mean":null,"stddev":null}"#,
        #"{"type":"total","groups":2,"files":1,"files_failed":0}"#,
      ])
    let top = try Program.run(["files", "top", "--json", "-k", "1"], input: .bytes(Bytes("b a b\n".utf8)))
    #expect(
      top.text == "{\"type\":\"word\",\"text\":\"b\",\"count\":2}\n{\"type\":\"total\",\"distinct\":2,\"count\":3}\n")
    let histogram = try Program.run(["files", "histogram", "--json"], input: .bytes(Bytes("abab".utf8)))
    #expect(histogram.text.hasPrefix("{\"type\":\"histogram\",\"bytes\":4,\"entropy\":1.0,\"counts\":[0,0,"))
  }

  @Test(arguments: [
    ["stats", "x"], ["stats", "--column", "name", "x"], ["stats", "--column", "0", "x"],
    ["stats", "--column", "1", "--by", "-1", "x"], ["stats", "--column", "1", "-d", ";;", "x"],
    ["stats", "--column", "1", "-d", "\"", "x"], ["stats", "--column", "1", "--split", "both", "x"],
    ["top", "-k", "0", "x"], ["top", "--words", "--lines", "x"],
  ]) func `wrong usage is refused`(words: [String]) throws {
    let run = try Program.run(["files"] + words)
    #expect(run.exit == .status(64) && run.text == "" && !run.errors.isEmpty)
  }

  @Test(arguments: ["threads", "serial"]) func `a file cut short while it is read is named, and the rest counts`(
    mode: String
  ) throws {
    let folder = TemporaryFolder()
    _ = try Program.shell("cd \"$1\" && truncate -s 64G huge && printf ab > small", [folder.path.string])
    let running = try Program.start(
      ["files", "histogram", "huge", "small", "--mmap", "--mode", mode, "--cores", "2"],
      directory: folder.path)
    let maps = "/proc/\(running.pid)/maps"
    let isMapped = eventually { (ProcessFile(maps)?.text ?? "").contains("huge") }
    #expect(isMapped)
    _ = try Program.shell("truncate -s 1000 \"$1/huge\"", [folder.path.string])
    let run = try running.finish()
    #expect(run.exit == .status(1))
    #expect(run.errorLines.count == 1 && run.errors.contains("huge: it was cut short while it was read, near byte "))
    #expect(run.text.hasSuffix("2 bytes, entropy 1.0000 bits per byte\n"))
  }

  @Test func `a comparison runs every operation`() throws {
    let (folder, _) = try #require(Self.table)
    let run = try Program.run(
      ["compare", "--rounds", "1", "--warmup", "0", "--cores", "2"] + stats + ["table", "--split", "tasks"],
      directory: folder.path)
    #expect(run.exit == .status(0), "\(run.errors)")
    #expect(run.text.contains("processes/shm ×2") && run.text.contains("--split tasks"))
  }
}

import LanesCore
import LanesTesting
import SystemPackage
import Testing

/// `lanes files … -z` as a user runs it.
@Suite struct FilesUnpackingTests {
  /// A text of 7 MB that does not become small, what gzip makes of it, of its halves, and of pieces as rotated logs are, a file
  /// that ends too early and one of those pieces that is damaged in the middle.
  private static let folder: TemporaryFolder? = {
    let folder = TemporaryFolder()
    let make = """
      cd "$1" && awk 'BEGIN { for (i = 0; i < 120000; i++) printf "%d;%d line of words %d %d%d%d\\n", i % 9, i * 7919 % 1000, i, rand() * 1e9, rand() * 1e9, rand() * 1e9 }' > text &&
      gzip -1k text && split -b 300000 --filter='gzip -1' text > rotated.gz && { head -c 1000000 text | gzip -c; tail -c +1000001 text | gzip -c; } > members.gz && head -c 90000 text.gz > cut.gz &&
      { head -c 1500000 rotated.gz; printf damage; tail -c +1500007 rotated.gz; } > damaged.gz
      """
    guard let made = try? Program.shell(make, [folder.path.string]), made.exit == .status(0) else { return nil }
    return folder
  }()

  private static let operations = [
    ["count", "-lwcm"], ["search", "-n", "words 1.*7$"], ["search", "-C1", "-m", "9", "words 99"], ["hash"],
    ["hash", "-a", "crc32"],
    ["top", "-k", "7"], ["histogram"], ["stats", "-d", ";", "--column", "1"],
  ]

  /// What an operation prints, without names of files and the width that sizes of files ask for.
  private func words(_ text: String) -> [Substring] {
    text.split { $0 == " " || $0 == "\n" }.filter {
      !["text", "text.gz", "members.gz", "rotated.gz", "-"].contains($0)
    }
  }

  @Test(arguments: EngineChoice.all + [EngineChoice.automatic, EngineChoice.isolated])
  func `every engine finds in compressed files what is in the text`(_ engine: EngineChoice) throws {
    let folder = try #require(Self.folder)
    for operation in Self.operations {
      let expected = try Program.run(["files"] + operation + ["text", "--mode", "serial"], directory: folder.path)
      #expect(expected.exit == .status(0) && expected.errors == "")
      // One that is divided, and one that is not.
      for name in operation[0] == "search" ? ["members.gz", "rotated.gz"] : ["rotated.gz"] {
        let run = try Program.run(["files"] + operation + ["-z", name] + engine.flags, directory: folder.path)
        #expect(run.exit == .status(0) && run.errors == "", "\(operation) \(name): \(run.errors)")
        #expect(words(run.text) == words(expected.text), "\(operation) \(name)")
      }
    }
  }

  @Test func `a pipe is unpacked as it comes, and nothing without -z`() throws {
    let folder = try #require(Self.folder)
    let piped = try Program.shell(
      "cd \"$1\" && cat text.gz | \"$LANES\" files hash -z; \"$LANES\" files hash < text; \"$LANES\" files count -c text.gz; wc -c text.gz",
      [folder.path.string])
    #expect(piped.errors == "")
    #expect(piped.lines.count == 4 && piped.lines[0] == piped.lines[1] && piped.lines[2] == piped.lines[3])
  }

  @Test func `a file that is cut off is no answer, and what was found ahead of it is followed by the message`() throws {
    let folder = try #require(Self.folder)
    let message = "lanes: cut.gz: its gzip data is cut off at byte 90000\n"
    for (operation, status) in [(["count"], 1), (["hash"], 1), (["top"], 1), (["search", "-c", "line"], 2)] {
      let run = try Program.run(["files"] + operation + ["-z", "cut.gz"], directory: folder.path)
      #expect(run.exit == .status(Int32(status)), "\(operation)")
      #expect(run.text == "" && run.errors == message, "\(operation): \(run.text)\(run.errors)")
    }
    let both = try Program.run(["files", "count", "-lz", "cut.gz", "text.gz"], directory: folder.path)
    #expect(both.exit == .status(1) && both.errors == message)
    #expect(
      both.text.split(separator: "\n").map { $0.split(separator: " ") } == [
        ["120000", "text.gz"], ["120000", "total"],
      ])
  }

  @Test func `shards unpack files, and their parts are the whole`() throws {
    let folder = try #require(Self.folder)
    for operation in [["count", "-lwcm"], ["search", "-n", "words 1.*7$"], ["hash"]] {
      let command = (["files"] + operation + ["-z", "text.gz", "rotated.gz"]).joined(separator: "' '")
      let run = try Program.shell(
        """
        cd "$1" && plan=$(mktemp -d) && "$LANES" plan "$plan/p" --shards 2 -- '\(command)' > "$plan/said" && "$LANES" shard 0 "$plan/p" -q > "$plan/said" &&
        "$LANES" shard 1 "$plan/p" -q > "$plan/said" && "$LANES" merge "$plan/p" > "$plan/merged"; "$LANES" '\(command)' > "$plan/alone"
        cmp "$plan/merged" "$plan/alone" && wc -l < "$plan/merged"; rm -r "$plan"
        """, [folder.path.string])
      #expect(
        run.errors == "" && Int(run.text.split(separator: "\n").last ?? "") ?? 0 > 0, "\(operation) \(run.errors)")
    }
  }

  @Test func `a pipe is not unpacked outside of the isolation that was asked for`() throws {
    let folder = try #require(Self.folder)
    let run = try Program.shell(
      "cat \"$1/text.gz\" | \"$LANES\" files count -z --isolation process", [folder.path.string])
    #expect(run.exit == .status(1))
    #expect(run.errors.hasSuffix("--isolation has files unpacked by workers: save it to a file first\n"))
  }

  @Test func `damage among members ends the file where it would without division`() throws {
    let folder = try #require(Self.folder)
    let piped = try Program.shell(
      "cd \"$1\" && \"$LANES\" files search -zn 'words 1.*7$' < damaged.gz; \"$LANES\" files count -z < damaged.gz",
      [folder.path.string])
    let named = try Program.shell(
      "cd \"$1\" && \"$LANES\" files search -zn 'words 1.*7$' damaged.gz; \"$LANES\" files count -z damaged.gz",
      [folder.path.string])
    #expect(piped.text == named.text && piped.lines.count > 1000)
    #expect(piped.errors.replacing("standard input", with: "damaged.gz") == named.errors)
    #expect(named.errors.contains("its gzip data is damaged near byte 15"))
  }

  @Test func `a run that is resumed finds the same, whatever is known of it`() throws {
    let folder = try #require(Self.folder)
    for name in ["rotated.gz", "text.gz", "damaged.gz"] {
      let run = try Program.shell(
        """
        cd "$1" && kept=$(mktemp -d)
        "$LANES" files search -zn 'words 1.*7$' "$2" > "$kept/alone" 2> "$kept/said"
        "$LANES" files search -zn 'words 1.*7$' "$2" --journal "$kept/run" > "$kept/first" 2>> "$kept/said.first"
        cp "$kept/run" "$kept/half"; truncate -s $(($(stat -c %s "$kept/run") / 2)) "$kept/half"
        "$LANES" files search -zn 'words 1.*7$' "$2" --resume "$kept/run" > "$kept/again" 2> "$kept/said.again"
        "$LANES" files search -zn 'words 1.*7$' "$2" --resume "$kept/half" > "$kept/rest" 2> "$kept/said.rest"
        for one in first again rest; do cmp "$kept/alone" "$kept/$one" && echo same; done; rm -r "$kept"
        """, [folder.path.string, name])
      #expect(run.text == "same\nsame\nsame\n", "\(name): \(run.text)\(run.errors)")
    }
  }

  @Test func `a folder of all kinds is searched, whatever its files are called`() throws {
    let folder = try #require(Self.folder)
    let run = try Program.shell(
      """
      cd "$1" && tree=$(mktemp -d) && cp rotated.gz "$tree/log" && cp text "$tree/text.gz" && cp members.gz "$tree/b.txt" && : > "$tree/empty.gz"
      printf '\\037\\235\\220' > "$tree/old.Z"
      cd "$tree" && "$LANES" files search -rzc 'words 1.*7$' . | sort; rm -r "$tree"
      """, [folder.path.string])
    let count = try Program.shell("grep -c 'words 1.*7$' \"$1/text\"", [folder.path.string]).text.dropLast()
    #expect(run.text == "./b.txt:\(count)\n./empty.gz:0\n./log:\(count)\n./text.gz:\(count)\n")
    #expect(
      run.errors == "lanes: ./old.Z: it is compressed by compress (.Z), which lanes does not unpack: unpack it first\n")
  }

  @Test func `percentiles, JSON lines and tops of compressed files are those of their text`() throws {
    let folder = try #require(Self.folder)
    let tables = [
      ["-d", ";", "--column", "1", "--percentiles", "1,50,99.9"],
      ["-d", ";", "--column", "1", "--percentiles", "50", "--approximate"],
    ]
    for options in tables {
      let expected = try Program.run(
        ["files", "stats"] + options + ["text", "--mode", "serial"], directory: folder.path)
      #expect(expected.exit == .status(0), "\(expected.errors)")
      for name in ["text.gz", "rotated.gz"] {
        let run = try Program.run(["files", "stats", "-z", name] + options, directory: folder.path)
        #expect(run.errors == "")
        // What is estimated depends on where slices end.
        if options.last != "--approximate" { #expect(run.text == expected.text, "\(name)") }
        #expect(run.lines.count == expected.lines.count)
      }
    }
    let json = try Program.shell(
      """
      cd "$1" && kept=$(mktemp -d) && awk '{ printf "{\\"ms\\":%d,\\"a\\":\\"%s\\"}\\n", NR % 977, $6 }' text > "$kept/lines"
      split -b 300000 --filter='gzip -1' "$kept/lines" > "$kept/lines.gz"
      "$LANES" files stats --json-lines --column ms "$kept/lines"; "$LANES" files stats -z --json-lines --column ms "$kept/lines.gz"; rm -r "$kept"
      """, [folder.path.string])
    #expect(json.lines.count == 4 && json.lines[1] == json.lines[3] && json.errors == "")
  }

  @Test func `compressed tables with newlines in fields are read like their text`() throws {
    let folder = try #require(Self.folder)
    let run = try Program.shell(
      """
      cd "$1" && kept=$(mktemp -d) && awk 'BEGIN { print "id,note,n"; for (i = 0; i < 90000; i++) printf "%d,\\"a\\n\\"\\"b%d\\",%d\\n", i % 7, i, i * 7919 % 1000 }' > "$kept/a"
      gzip -1k "$kept/a" && split -b 200000 --filter='gzip -1' "$kept/a" > "$kept/b.gz" && cd "$kept"
      for files in a a.gz b.gz; do "$LANES" files stats -z --csv --header --column n --by id $files; done
      "$LANES" files stats -z --csv --header --column n --by id a.gz b.gz a | head -2; rm -r "$kept"
      """, [folder.path.string])
    let lines = run.lines
    #expect(run.errors == "" && lines.count == 8 * 3 + 2, "\(run.errors)")
    #expect(lines[..<8] == lines[8..<16] && lines[..<8] == lines[16..<24])
    #expect(lines.last?.split(separator: " ").first == "38574")
  }

  @Test func `a bomb is counted in little memory, and refused where a line of it has to be held`() throws {
    // 1.5 GB of zeros, more than there is memory for: members of 20 MB that are divided among lanes, and as one piece twice over.
    let make = """
      cd "$1" && head -c 20000000 /dev/zero | gzip -1 > zeros && for i in $(seq 75); do cat zeros; done > bomb.gz && gzip -c bomb.gz > twice.gz && rm zeros && ulimit -v 1200000
      """
    let folder = TemporaryFolder()
    let run = try Program.shell(
      """
      \(make)
      "$LANES" files count -cz --memory 64M bomb.gz; "$LANES" files count -cz --memory 64M twice.gz
      "$LANES" files top -z --lines --memory 64M bomb.gz; "$LANES" files stats -z --column 1 --memory 64M --mode processes bomb.gz; stat -c %s bomb.gz
      """, [folder.path.string])
    #expect(run.lines.count == 3)
    #expect(run.lines.first == "1500000000 bomb.gz")
    #expect(run.lines[1] == "\(run.lines[2]) twice.gz")
    let refusal = "lanes: bomb.gz: it has a line of more than 16.0 MiB, and lines are read whole: raise --memory\n"
    #expect(run.errors == refusal + refusal)
  }
}

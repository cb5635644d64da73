import LanesCore
import LanesTesting
import SystemPackage
import Testing

/// `lanes files … -z` as a user runs it.
@Suite struct FilesUnpackingTests {
  /// A text of 3 MB, what gzip makes of it, and the same as two streams of xz in one file.
  private static let folder: TemporaryFolder? = {
    let folder = TemporaryFolder()
    let make = """
      cd "$1" && awk 'BEGIN { for (i = 0; i < 120000; i++) printf "%d;%d line of words %d\\n", i % 9, i * 7919 % 1000, i }' > text &&
      gzip -k text && { head -c 1000000 text | gzip -c; tail -c +1000001 text | gzip -c; } > members.gz && head -c 90000 text.gz > cut.gz
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
    text.split { $0 == " " || $0 == "\n" }.filter { !["text", "text.gz", "members.gz", "-"].contains($0) }
  }

  @Test(arguments: EngineChoice.all + [EngineChoice.automatic, EngineChoice.isolated])
  func `every engine finds in compressed files what is in the text`(_ engine: EngineChoice) throws {
    let folder = try #require(Self.folder)
    for operation in Self.operations {
      let expected = try Program.run(["files"] + operation + ["text", "--mode", "serial"], directory: folder.path)
      #expect(expected.exit == .status(0) && expected.errors == "")
      for name in ["members.gz"] {
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
      let command = (["files"] + operation + ["-z", "text.gz", "members.gz"]).joined(separator: "' '")
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
}

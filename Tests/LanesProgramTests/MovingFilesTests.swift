import Glibc
import LanesCore
import LanesTesting
import SystemPackage
import Testing

/// Files that change while they are read. `Scripts/moving-files` does the same with more operations, a hundred times.
@Suite struct MovingFilesTests {
  private static let line = Bytes("one line of sixty-four bytes, so that its number tells of bytes\n".utf8)
  /// 32 MB: four slices.
  private static let text = Bytes(repeatElement(line, count: 500_000).joined())
  /// From before anything is opened until most runs are over.
  private static let moments: [UInt32] = [0, 4, 8, 12, 16, 24, 32, 64]

  /// What was counted: lines and bytes of the file that moved, nil where it failed, and the whole run.
  private struct Count {
    var lines: Int?
    var bytes: Int?
    var run: Program.Result
  }

  /// Counts a file and its neighbor, and changes the file some milliseconds after the start.
  private func count(
    _ engine: EngineChoice, after moment: UInt32, _ flags: [String], _ change: (FilePath) throws -> Void
  )
    throws -> Count
  {
    let folder = TemporaryFolder()
    let moving = try folder.write("moving", Self.text)
    try folder.write("neighbor", Self.line)
    let program = try Program.start(
      ["files", "count", "-lc", "moving", "neighbor", "--retries", "0"] + flags + engine.flags, directory: folder.path)
    usleep(moment * 1000)
    try change(moving)
    let run = try program.finish()
    let rows = run.lines.map { $0.split(separator: " ") }
    #expect(rows.contains(["1", "64", "neighbor"]), "\(run.text)")
    let row = rows.first { $0.last == "moving" }
    return Count(lines: row.flatMap { Int($0[0]) }, bytes: row.flatMap { Int($0[1]) }, run: run)
  }

  @Test(arguments: EngineChoice.all, [[], ["--mmap"]]) func `a file cut short is counted right or told`(
    _ engine: EngineChoice, _ flags: [String]
  ) throws {
    let size = Self.text.count
    for (moment, cut) in zip(Self.moments, [0, size / 2 + 13, size - 1, size - 1, 0, size / 2 + 13, size - 1, 0]) {
      let count = try count(engine, after: moment, flags) { path in #expect(truncate(path.string, cut) == 0) }
      if count.run.exit == .status(0) {
        #expect(count.run.errors == "")
        #expect([size, cut].contains(count.bytes) && count.lines == count.bytes.map { $0 / 64 })
      } else {
        #expect(count.run.exit == .status(1) && count.bytes == nil)
        #expect(count.run.errorLines.count == 1)
        #expect(count.run.errors.hasPrefix("lanes: moving: it was cut short while it was read, near byte "))
      }
    }
  }

  @Test(arguments: EngineChoice.all, [[], ["--mmap"]]) func `a file that grows is counted as it was at one moment`(
    _ engine: EngineChoice, _ flags: [String]
  ) throws {
    let size = Self.text.count
    for moment in Self.moments {
      let count = try count(engine, after: moment, flags) { path in
        let descriptor = path.withPlatformString { open($0, O_WRONLY | O_APPEND) }
        defer { close(descriptor) }
        for _ in 0..<100 { #expect(write(descriptor, Self.line, Self.line.count) == Self.line.count) }
      }
      #expect(count.run.exit == .status(0) && count.run.errors == "")
      let bytes = try #require(count.bytes)
      #expect((size...size + 6400).contains(bytes) && bytes % 64 == 0 && count.lines == bytes / 64)
    }
  }
}

import LanesCore
import LanesTesting
import Testing

/// `lanes lab`: the costs of the engines themselves.
@Suite struct LabTests {
  private static let engines = [
    "serial", "threads ×2", "processes/pipe ×2", "processes/socket ×2", "processes/shm ×2", "eventloop",
    "hybrid ×2",
  ]

  private func rows(_ words: [String]) throws -> [JSONValue] {
    let result = try Program.run(["lab", "--rounds", "1", "--json"] + words)
    #expect(result.exit == .status(0))
    #expect(result.errors == "")
    return result.lines.compactMap { JSONValue($0) }
  }

  private func number(_ row: JSONValue, _ key: String) -> Double? {
    guard case .number(let text)? = row[key] else { return nil }
    return Double(text)
  }

  @Test func `every engine says what an empty unit costs`() throws {
    let rows = try rows(["units", "--cores", "2"])
    #expect(rows.map { $0["engine"] } == Self.engines.map { .string($0) })
    #expect(rows.allSatisfy { $0["experiment"] == .string("units") && (number($0, "unit_ns") ?? 0) > 0 })
  }

  @Test func `a batch of a size that is asked for says what a unit costs and what memory it takes`() throws {
    let rows = try rows(["units", "--cores", "2", "--count", "1e4"])
    #expect(rows.map { $0["engine"] } == Self.engines.map { .string($0) })
    for row in rows {
      let (units, unit, batch) = (number(row, "units"), number(row, "unit_ns") ?? 0, number(row, "batch_ns") ?? 0)
      #expect(units == 10_000 && unit > 0 && abs(batch - unit * 10_000) < 1)
      #expect(row["peak_memory_bytes"] == .null || (number(row, "peak_memory_bytes") ?? 0) > 0)
    }
    for words in [
      ["units", "--count", "15"], ["units", "--count", "1e10"], ["start-up", "--count", "1e4"],
      ["switch", "--count", "20"],
    ] {
      let refused = try Program.run(["lab"] + words)
      #expect(
        refused.exit == .status(64) && refused.errors.contains("lanes lab units --count 1e7"), "\(refused.errors)")
    }
  }

  @Test func `payloads of every size arrive whole, and only processes are measured beside a copy`() throws {
    let rows = try rows(["payloads", "--cores", "1"])
    #expect(rows.count == 5 * Self.engines.count)
    #expect(Set(rows.compactMap { number($0, "payload_bytes") }) == [0, 4096, 65_536, 1_048_576, 16_777_216])
    for row in rows {
      #expect((number(row, "units_per_second") ?? 0) > 0)
      guard case .string(let engine)? = row["engine"], let size = number(row, "payload_bytes") else { continue }
      let moves = engine.hasPrefix("processes") && size > 0
      #expect((number(row, "copy_bytes_per_second") != nil) == moves)
      #expect((number(row, "bytes_per_second") != nil) == moves, "no figure for bytes that nobody touched")
    }
  }

  @Test func `starting lanes is measured for one to eight, and all experiments are run once`() throws {
    let rows = try rows(["start-up", "units", "start-up", "--cores", "1"])
    let started = rows.filter { $0["experiment"] == .string("start-up") }
    #expect(started.count == 20)
    #expect(started.allSatisfy { (number($0, "ended_ns") ?? 0) >= (number($0, "answered_ns") ?? .infinity) })
    #expect(rows.count == 20 + Self.engines.count)
  }

  @Test func `tables fit a hundred columns`() throws {
    let result = try Program.run(["lab", "units", "start-up", "--rounds", "1"])
    #expect(result.lines.allSatisfy { $0.count <= 100 })
    #expect(result.text.contains("threads"))
    #expect(result.text.contains("±") || result.text.contains("–"))
    let plain = try Program.run(["lab", "start-up", "--rounds", "1"], environment: ["LC_ALL": "C"])
    #expect(plain.text.utf8.allSatisfy { $0 < 0x80 })
  }
}
